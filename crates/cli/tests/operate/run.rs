//! The whole pipeline on this machine, by one command.

use std::path::Path;

use scrubjay_tests::{clean, sample};
use serde_json::json;

use super::command::{Answer, command};

#[test]
fn the_pipeline_runs_under_enforced_policies() {
    let names = ["beach.jpg", "grey.jpe", "portrait.JPG", "print-cmyk.jpg"];
    let (input, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let below = Path::new("below/ü b");
    std::fs::create_dir_all(input.path().join(below)).unwrap();
    for name in names {
        std::fs::write(input.path().join(below).join(name), sample(name)).unwrap();
    }
    let mut command = command();
    command.args(["local", "run", "--enforce-iam", "--json", "--output"]);
    command.arg(output.path()).arg(input.path());
    if let Some(functions) = std::env::var_os("SCRUBJAY_FUNCTIONS") {
        command.arg("--functions").arg(functions);
    }
    let answer: Answer = command.output().expect("the command").into();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let report = answer.json();
    assert_eq!(
        (&report["cleaned"], &report["refused"]),
        (&json!(names.len()), &json!(0)),
        "{report}"
    );
    for name in names {
        let published = std::fs::read(output.path().join(below).join(name)).unwrap();
        assert!(published == clean(&sample(name)), "{name}");
    }
}
