//! Completions, manual pages, and the archive of a release with both.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::command::{Answer, command, names, run};

/// Every command that has a page of its own.
const COMMANDS: [&str; 9] = [
    "scrub",
    "inspect",
    "verify",
    "local",
    "audit",
    "replay",
    "smoke",
    "completions",
    "man",
];

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script: Answer = command(&["completions", shell]).output().unwrap().into();
        assert_eq!(script.code, Some(0), "{script:?}");
        for wanted in COMMANDS.iter().chain(&["in-place", "dead-letters"]) {
            assert!(script.out().contains(wanted), "{shell}: {wanted}");
        }
    }
    let bash: Answer = command(&["completions", "bash"]).output().unwrap().into();
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("scrubjay.bash");
    fs::write(&script, &bash.bytes).unwrap();
    let ask = format!(
        "source {}; COMP_WORDS=(scrubjay ver); COMP_CWORD=1; _scrubjay scrubjay ver scrubjay; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let reply = Command::new("bash").args(["-c", &ask]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&reply.stdout).trim(), "verify");
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let answer = run(&["man"], &[dir.path().join("man1")]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let pages = names(&dir.path().join("man1"));
    for name in COMMANDS.iter().chain(&["audit-list", "local-run"]) {
        assert!(
            pages.contains(&format!("scrubjay-{name}.1")),
            "{name}: {pages:?}"
        );
    }
    let page = fs::read_to_string(dir.path().join("man1/scrubjay-scrub.1")).unwrap();
    assert!(page.contains("in\\-place"), "{page}");
}

#[test]
fn a_release_has_all_that_is_to_be_installed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let binaries = Path::new(env!("CARGO_BIN_EXE_scrubjay")).parent().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let packed = Command::new(root.join(".ci/package"))
        .args([
            binaries.as_os_str(),
            "some-target".as_ref(),
            dir.path().as_os_str(),
        ])
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let archive = dir.path().join("scrubjay-some-target.tar.gz");
    let listed = Command::new("tar")
        .arg("-tzf")
        .arg(&archive)
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for wanted in [
        "./scrubjay",
        "./scrubjay-aws",
        "./man/scrubjay-scrub.1",
        "./completions/_scrubjay",
        "./completions/scrubjay.bash",
        "./completions/scrubjay.fish",
        "./LICENSE-MIT",
    ] {
        assert!(
            listed.lines().any(|line| line == wanted),
            "{wanted}: {listed}"
        );
    }
    // What `cargo binstall` looks for is what is packed, and what the release job packs.
    let manifest = fs::read_to_string(root.join("crates/cli/Cargo.toml")).unwrap();
    assert!(manifest.contains("/v{ version }/scrubjay-{ target }.tar.gz\""));
    assert!(manifest.contains("bin-dir = \"./{ bin }\""));
    let job = fs::read_to_string(root.join(".github/workflows/release.yml")).unwrap();
    for wanted in [
        ".ci/package target/release",
        "runner: ubuntu-24.04 }",
        "runner: ubuntu-24.04-arm }",
    ] {
        assert!(job.contains(wanted), "{wanted}");
    }
}
