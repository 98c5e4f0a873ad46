//! Which files are taken, and what is told of the others.

use std::fs;
use std::os::unix::fs::symlink;

use super::command::{command, folder, run};

#[test]
fn what_is_skipped_is_counted_and_listed() {
    let dir = folder(&[
        ("a.jpg", "beach.jpg"),
        ("b.png", "grey.jpe"),
        ("c.heic", "grey.jpe"),
        ("d.jpg", "grey.jpe"),
        ("drafts/e.jpg", "grey.jpe"),
    ]);
    symlink("a.jpg", dir.path().join("l.jpg")).unwrap();
    let out = dir.path().join("out");
    let scrub = [
        "scrub",
        "--exclude",
        "drafts/",
        "--exclude",
        "d.*",
        "-o",
        out.to_str().unwrap(),
    ];
    let answer = run(&scrub, &[dir.path()]);
    assert_eq!(
        (answer.code, answer.out()),
        (
            Some(0),
            "1 cleaned, 0 refused, 5 skipped: 2 excluded, 1 .heic, 1 .png, 1 link\n"
        )
    );
    let answer = run(&[&scrub[..], &["-v"]].concat(), &[dir.path()]);
    for line in [
        "b.png: skipped: .png\n",
        "l.jpg: skipped: link\n",
        "drafts: skipped: excluded\n",
    ] {
        assert!(answer.out().contains(line), "{line}: {answer:?}");
    }
    let answer = run(&[&scrub[..], &["--json"]].concat(), &[dir.path()]);
    assert_eq!(answer.json()["skipped"], 5);
}

#[test]
fn any_name_takes_what_is_a_jpeg() {
    let dir = folder(&[("a", "beach.jpg"), ("b.tmp", "grey.jpe")]);
    fs::write(dir.path().join("c.txt"), b"text").unwrap();
    let answer = run(&["verify", "--any-name"], &[dir.path()]);
    assert_eq!(answer.code, Some(1));
    assert_eq!(answer.out(), "0 clean, 2 not, 1 skipped: 1 no JPEG\n");
}

#[test]
fn links_are_followed_on_demand() {
    let dir = folder(&[
        ("in/a.jpg", "grey.jpe"),
        ("b.jpg", "grey.jpe"),
        ("in/c.jpg", "grey.jpe"),
    ]);
    symlink("../b.jpg", dir.path().join("in/b.jpg")).unwrap();
    for (options, wanted) in [
        (&[] as &[&str], "2 to clean, 0 refused, 1 skipped: 1 link\n"),
        (&["--follow"], "3 to clean, 0 refused\n"),
    ] {
        let answer = run(
            &[&["scrub", "-n"], options].concat(),
            &[dir.path().join("in")],
        );
        assert_eq!(answer.out(), wanted, "{options:?}: {answer:?}");
    }
}

#[test]
fn a_pattern_that_is_none_is_an_error() {
    let answer = run(&["scrub", "-n", "--exclude", "[a"], &["."]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.err.contains("--exclude"), "{answer:?}");
}

#[test]
fn a_file_that_is_named_needs_no_suffix() {
    let dir = folder(&[("photo", "grey.jpe")]);
    let mut scrub = command(&["scrub", "-n", "photo"]);
    let answer = scrub.current_dir(dir.path()).output().unwrap();
    assert_eq!(answer.stdout, b"1 to clean, 0 refused\n");
}
