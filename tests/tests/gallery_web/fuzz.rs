//! schemathesis (<https://schemathesis.readthedocs.io>) against the deployed API: made-up calls by the OpenAPI document, always the
//! same ones.

use std::env;
use std::process::Command;

use scrubjay_tests::gallery::{OPERATOR, on_gallery};
use scrubjay_tests::iac::root;

/// Set by `.ci/run`: the path of the program.
const PROGRAM: &str = "SCRUBJAY_SCHEMATHESIS";

#[test]
fn made_up_calls_find_nothing() {
    let Some(program) = env::var_os(PROGRAM) else {
        eprintln!(
            "LEFT OUT: schemathesis against the API; `pip install -r tests/schemathesis/requirements.txt` and name the program in {PROGRAM}"
        );
        return;
    };
    on_gallery(async |gallery| {
        let token = gallery.token(OPERATOR).await;
        let mut command = Command::new(program);
        command
            .current_dir(root().join("tests/schemathesis"))
            .arg("run")
            .arg(root().join("gallery/openapi.yaml"))
            .args(["--url", gallery.output("apiUrl")])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args(["--seed", "20261125", "--workers", "1", "--no-color"]);
        let status = tokio::task::spawn_blocking(move || command.status()).await;
        assert!(
            status.unwrap().unwrap().success(),
            "schemathesis found something"
        );
    });
}
