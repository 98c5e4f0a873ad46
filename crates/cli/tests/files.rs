//! `scrub` and `inspect` on files, as a user calls them.

use std::fs;
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/samples");

#[test]
fn a_folder_is_cleaned_with_its_tree_and_its_own_files_stay() {
    let out = tempfile::tempdir().unwrap();
    let before = fs::read(sample("beach.jpg")).unwrap();
    let run = scrub(&[SAMPLES], out.path(), &["--json"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert_eq!(fs::read(sample("beach.jpg")).unwrap(), before);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["cleaned"], 8);
    let tilted = &report["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["file"].as_str().unwrap().ends_with("portrait.JPG"));
    assert_eq!(tilted.unwrap()["orientation"], "baked");
    for name in [
        "portrait.JPG",
        "grey.jpe",
        "holiday/motion photo + film.jpg",
    ] {
        let cleaned = inspect(&out.path().join(name));
        assert_eq!(cleaned["removed"], Value::Array(vec![]), "{name}");
        assert_ne!(inspect(&sample(name))["removed"], Value::Array(vec![]));
    }
}

#[test]
fn one_file_goes_to_the_name_that_is_given() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("new/clean.jpg");
    let run = scrub(&[sample("beach.jpg").to_str().unwrap()], &file, &[]);
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(text(&run.stdout), "1 cleaned, 0 refused\n");
    assert!(file.is_file());
}

#[test]
fn what_is_refused_is_named_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(sample("beach.jpg")).unwrap();
    let cut = &whole[..whole.len() / 2];
    for (name, bytes, options, error) in [
        (
            "text.jpg",
            b"no picture" as &[u8],
            &[] as &[&str],
            "NotJpeg",
        ),
        ("empty.jpg", b"", &[], "NotJpeg"),
        ("cut.jpg", cut, &[], "CorruptJpeg"),
        ("wide.jpg", &whole, &["--max-pixels", "1000"], "TooLarge"),
        ("long.jpg", &whole, &["--max-bytes", "1000"], "TooLarge"),
    ] {
        let file = dir.path().join(name);
        fs::write(&file, bytes).unwrap();
        let out = dir.path().join("out");
        let run = scrub(&[file.to_str().unwrap()], &out, options);
        assert_eq!(run.status.code(), Some(1), "{name}");
        let said = text(&run.stdout);
        assert!(
            said.contains(&format!("refused: {error}: ")),
            "{name}: {said}"
        );
        assert!(!out.join(name).exists(), "{name}");
        let mut options = options.to_vec();
        options.push("--json");
        let run = scrub(&[file.to_str().unwrap()], &out, &options);
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(report["files"][0]["error"]["name"], error, "{name}");
    }
}

#[test]
fn a_file_is_not_overwritten_by_its_own_clean_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("photo.jpg");
    fs::copy(sample("beach.jpg"), &file).unwrap();
    let run = scrub(&[file.to_str().unwrap()], dir.path(), &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stdout).contains("would overwrite it"));
    assert_eq!(
        fs::read(&file).unwrap(),
        fs::read(sample("beach.jpg")).unwrap()
    );
}

#[test]
fn a_wrong_call_is_told_apart_from_a_refusal() {
    for arguments in [
        &["scrub", SAMPLES] as &[&str],
        &["scrub", "--check", "none", SAMPLES, "-o", "out"],
        &["strip"],
    ] {
        assert_eq!(command(arguments).output().unwrap().status.code(), Some(2));
    }
    let run = command(&["inspect", "none.jpg"]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("none.jpg: cannot read it"));
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let photo = sample("beach.jpg");
    let out = tempfile::tempdir().unwrap();
    for arguments in [
        &["inspect"] as &[&str],
        &["inspect", "--json"],
        &["scrub", "--verbose", "-o", out.path().to_str().unwrap()],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = command(arguments);
        let run = command.arg(&photo).stdout(writer).output().unwrap();
        assert!(run.status.success(), "{arguments:?}: {}", run.status);
        assert_eq!(text(&run.stderr), "", "{arguments:?}");
    }
}

#[test]
fn every_other_command_is_handed_over_under_the_same_name() {
    let help = command(&["--help"]).output().unwrap();
    assert_eq!(help.status.code(), Some(0), "{}", text(&help.stderr));
    let help = text(&help.stdout);
    assert!(help.contains("Usage: scrubjay <COMMAND>"), "{help}");
    for name in ["scrub", "inspect", "local", "audit", "replay", "smoke"] {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
        let whole = command(&["help", name]).output().unwrap();
        let short = command(&[name, "--help"]).output().unwrap();
        assert_eq!(text(&short.stdout), text(&whole.stdout), "{name}");
        assert!(text(&short.stdout).contains(&format!("Usage: scrubjay {name} ")));
    }
}

#[test]
fn alone_the_program_cleans_and_says_what_is_missing_for_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let alone = dir.path().join("scrubjay");
    fs::copy(env!("CARGO_BIN_EXE_scrubjay"), &alone).unwrap();
    let mut scrub = Command::new(&alone);
    scrub.arg("scrub").arg(sample("beach.jpg"));
    let run = scrub.arg("-o").arg(dir.path().join("out")).output();
    assert_eq!(run.unwrap().status.code(), Some(0));
    let run = Command::new(&alone).arg("audit").output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = text(&run.stderr);
    assert!(said.contains("scrubjay-aws"), "{said}");
    assert!(said.contains("cargo install --path crates/cli"), "{said}");
}

fn sample(name: &str) -> PathBuf {
    Path::new(SAMPLES).join(name)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrubjay"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn scrub(inputs: &[&str], out: &Path, options: &[&str]) -> Output {
    let mut command = command(&["scrub"]);
    command.args(inputs).arg("-o").arg(out).args(options);
    command.output().unwrap()
}

fn inspect(file: &Path) -> Value {
    let run = command(&["inspect", "--json"]).arg(file).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
