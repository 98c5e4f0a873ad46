//! The small program and the one that it becomes.

use std::fs;
use std::process::Command;

use super::command::{Answer, command, sample};

#[test]
fn every_other_command_is_handed_over_under_the_same_name() {
    let help: Answer = command(&["--help"]).output().unwrap().into();
    assert_eq!(help.code, Some(0), "{help:?}");
    assert!(help.out().contains("Usage: scrubjay <COMMAND>"), "{help:?}");
    for name in [
        "scrub", "inspect", "verify", "local", "audit", "replay", "smoke",
    ] {
        assert!(
            help.out().contains(&format!("\n  {name} ")),
            "{name}: {help:?}"
        );
        let whole: Answer = command(&["help", name]).output().unwrap().into();
        let short: Answer = command(&[name, "--help"]).output().unwrap().into();
        assert_eq!(short.out(), whole.out(), "{name}");
        assert!(short.out().contains(&format!("Usage: scrubjay {name} ")));
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
    let run: Answer = Command::new(&alone).arg("audit").output().unwrap().into();
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("scrubjay-aws"), "{run:?}");
    assert!(
        run.err.contains("cargo install --path crates/cli"),
        "{run:?}"
    );
}
