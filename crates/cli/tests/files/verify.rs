//! `verify`.

use std::fs;

use serde_json::json;

use super::command::{SAMPLES, clean, folder, run, sample};

#[test]
fn what_scrub_writes_is_clean_and_what_it_reads_is_not() {
    let dir = tempfile::tempdir().unwrap();
    run(
        &["scrub", "-q", "-o", dir.path().to_str().unwrap()],
        &[SAMPLES],
    );
    let answer = run(&["verify"], &[dir.path()]);
    assert_eq!((answer.code, answer.out()), (Some(0), "8 clean, 0 not\n"));
    let answer = run(&["verify", "-q"], &[dir.path()]);
    assert_eq!((answer.code, answer.out(), &*answer.err), (Some(0), "", ""));
    let answer = run(&["verify"], &[SAMPLES]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out().starts_with("0 clean, 8 not"), "{answer:?}");
}

#[test]
fn the_reason_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jpg");
    fs::write(&path, [clean("grey.jpe"), b"more".to_vec()].concat()).unwrap();
    let answer = run(&["verify", "-q"], &[&path]);
    assert_eq!(answer.code, Some(1));
    let end = clean("grey.jpe").len();
    assert_eq!(
        answer.err,
        format!(
            "{}: not clean at byte {end}: bytes behind EOI\n",
            path.display()
        )
    );
    let answer = run(&["verify", "--json"], &[path, sample("beach.jpg")]);
    let report = answer.json();
    assert_eq!(
        [&report["clean"], &report["notClean"]],
        [&json!(0), &json!(2)]
    );
    assert_eq!(report["files"][0]["error"]["name"], "NotClean");
}

#[test]
fn what_is_not_there_or_too_large_is_not_proved() {
    let dir = folder(&[]);
    fs::write(dir.path().join("a.jpg"), clean("beach.jpg")).unwrap();
    let answer = run(&["verify", "--max-bytes", "1K"], &[dir.path()]);
    assert_eq!((answer.code, answer.out()), (Some(1), "0 clean, 1 not\n"));
    assert!(answer.err.contains("the limit is 1024"), "{answer:?}");
    let answer = run(&["verify"], &[dir.path().join("a.jpg"), "none.jpg".into()]);
    assert_eq!(
        (answer.code, answer.out()),
        (Some(3), "1 clean, 0 not, 1 could not be read\n")
    );
}
