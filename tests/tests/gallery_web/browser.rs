//! The pages in a real browser: `tests/browser/suite.mjs`, run by Node on the stack that the other tests use too.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use scrubjay_tests::gallery::{OPERATOR, Person, UPLOADER, VIEWER, on_gallery};
use scrubjay_tests::iac::root;
use serde_json::json;

/// Set by `.ci/run`: the tests must not be left out.
const REQUIRED: &str = "SCRUBJAY_BROWSER_REQUIRED";

/// Where browsers are looked for, if `SCRUBJAY_CHROMIUM` names none.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// The browser, or what is missing and how to get it.
fn browser(folder: &Path) -> Result<PathBuf, String> {
    let chromium = env::var_os("SCRUBJAY_CHROMIUM").map(PathBuf::from);
    let chromium = chromium.or_else(|| BROWSERS.iter().find_map(|name| on_path(name)));
    let chromium =
        chromium.ok_or("no Chromium: `apt install chromium`, or name one in SCRUBJAY_CHROMIUM")?;
    if on_path("node").is_none() {
        return Err("no Node.js: `apt install nodejs npm`".into());
    }
    if !folder.join("node_modules/playwright-core").is_dir() {
        return Err("no Playwright: `npm ci --prefix tests/browser`".into());
    }
    Ok(chromium)
}

fn user(person: Person) -> serde_json::Value {
    json!({"email": person.email, "password": person.password})
}

#[test]
fn the_pages_work_in_a_browser() {
    let folder = root().join("tests/browser");
    let chromium = match browser(&folder) {
        Ok(chromium) => chromium,
        Err(missing) => {
            assert!(env::var_os(REQUIRED).is_none(), "{missing}");
            eprintln!("LEFT OUT: the browser tests of the gallery's pages; {missing}");
            return;
        }
    };
    on_gallery(async |gallery| {
        let pictures = env::var_os("SCRUBJAY_PICTURES")
            .map_or_else(|| root().join("target/scrubjay-pictures"), PathBuf::from);
        std::fs::create_dir_all(&pictures).unwrap();
        let told = json!({
            "pages": gallery.output("pagesUrl"),
            "api": gallery.output("apiUrl"),
            "endpoint": gallery.world().names().endpoint,
            "samples": root().join("tests/samples"),
            "pictures": pictures,
            "chromium": chromium,
            "users": {"uploader": user(UPLOADER), "viewer": user(VIEWER), "operator": user(OPERATOR)},
        });
        let mut command = Command::new("node");
        command
            .arg("--test")
            .arg("--test-reporter=spec")
            .arg(folder.join("suite.mjs"))
            .env("SCRUBJAY_WEB", told.to_string());
        let status = tokio::task::spawn_blocking(move || command.status()).await;
        assert!(
            status.unwrap().unwrap().success(),
            "the browser tests failed"
        );
        if env::var_os("UPDATE_DOCS").is_some() {
            for (picture, page) in [("upload", "upload"), ("photos", "search")] {
                let docs = root().join("docs/pictures");
                std::fs::create_dir_all(&docs).unwrap();
                std::fs::copy(
                    pictures.join(format!("{picture}.png")),
                    docs.join(format!("page-{page}.png")),
                )
                .unwrap();
            }
        }
    });
}
