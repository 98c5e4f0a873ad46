//! The gallery's pages and its API, held against what is written of them; no stack is needed.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use scrubjay_tests::iac::cloudformation::Template;
use scrubjay_tests::iac::example::TEMPLATE_VALUES;
use scrubjay_tests::iac::{read, root};
use sha2::{Digest, Sha256};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn vendored_libraries_are_those_that_the_readme_names() {
    let folder = root().join("gallery/pages/vendor");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut named = BTreeSet::new();
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [file, _, _, licence, hash] = cells[..] else {
            panic!("{row}");
        };
        let file = file.trim_matches('`');
        let bytes = fs::read(folder.join(file)).unwrap();
        let found = Sha256::digest(&bytes)
            .iter()
            .fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("a string takes everything");
                hex
            });
        assert_eq!(hash.trim_matches('`'), found, "{file}");
        assert!(
            licence.starts_with("MIT") || licence.starts_with("ISC"),
            "{file}: {licence}"
        );
        named.insert(file.to_owned());
    }
    let there: BTreeSet<String> = files(&folder)
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(named, there);
}

#[test]
fn the_pages_need_no_inline_script_or_style() {
    let pages = root().join("gallery/pages");
    let index = fs::read_to_string(pages.join("index.html")).unwrap();
    for tag in index.split('<').skip(1) {
        if tag.starts_with("script") {
            assert!(tag.contains(" src=") && tag.ends_with('>'), "<{tag}");
        }
        assert!(
            !tag.starts_with("style") && !tag.contains(" style=") && !tag.contains(" on"),
            "<{tag}"
        );
    }
    let vendored = pages.join("vendor");
    let own = files(&pages)
        .into_iter()
        .filter(|path| !path.starts_with(&vendored));
    for path in own.filter(|path| path.extension().is_some_and(|e| e == "js")) {
        let text = fs::read_to_string(&path).unwrap();
        for wrong in [
            ".innerHTML",
            ".outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "setAttribute(\"style\"",
        ] {
            assert!(!text.contains(wrong), "{}: {wrong}", path.display());
        }
    }
    assert!(!read("gallery/template.yaml").contains("unsafe-"));
}

/// The function holds its routes against the document, this the template's.
#[test]
fn the_template_has_the_documents_routes() {
    let text = read("gallery/openapi.yaml");
    let document = &Yaml::load_from_str(&text).unwrap()[0];
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_mapping().unwrap() {
        for (method, operation) in item.as_mapping().unwrap() {
            if let Some(scope) = operation.as_mapping_get("x-scrubjay-scope") {
                let method = method.as_str().unwrap().to_uppercase();
                let route = format!("{method} {}", path.as_str().unwrap());
                documented.insert((route, scope.as_str().unwrap() != "open"));
            }
        }
    }
    let template = Template::read("gallery/template.yaml", TEMPLATE_VALUES);
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let deployed: BTreeSet<(String, bool)> = routes
        .values()
        .map(|route| {
            let guarded = route["AuthorizationType"] == "JWT";
            // An ID token has no scopes, and is refused by this one.
            assert!(!guarded || route["AuthorizationScopes"][0] == "openid");
            (route["RouteKey"].as_str().unwrap().to_owned(), guarded)
        })
        .collect();
    assert_eq!(documented, deployed);
}
