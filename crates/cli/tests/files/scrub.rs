//! What becomes of files, and what is told of them.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;

use super::command::{SAMPLES, bytes, clean, command, folder, names, run, sample};

#[test]
fn a_folder_is_cleaned_with_its_tree_and_its_own_files_stay() {
    let out = tempfile::tempdir().unwrap();
    let before = bytes("beach.jpg");
    let answer = run(&["scrub", "--json", SAMPLES, "-o"], &[out.path()]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(bytes("beach.jpg"), before);
    let report = answer.json();
    assert_eq!(
        [&report["cleaned"], &report["refused"], &report["failed"]],
        [&json!(8), &json!(0), &json!(0)]
    );
    let files = report["files"].as_array().unwrap();
    let tilted = files
        .iter()
        .find(|f| f["file"].as_str().unwrap().ends_with("portrait.JPG"));
    assert_eq!(tilted.unwrap()["orientation"], "baked");
    assert_eq!(tilted.unwrap()["result"], "cleaned");
    for name in [
        "portrait.JPG",
        "grey.jpe",
        "holiday/motion photo + film.jpg",
    ] {
        assert_eq!(
            fs::read(out.path().join(name)).unwrap(),
            clean(name),
            "{name}"
        );
    }
}

#[test]
fn one_file_goes_to_the_name_that_is_given() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("new/clean.jpg");
    let answer = run(
        &["scrub", sample("beach.jpg").to_str().unwrap(), "-o"],
        &[&file],
    );
    assert_eq!(answer.code, Some(0));
    assert_eq!(answer.out(), "1 cleaned, 0 refused\n");
    assert!(file.is_file());
}

#[test]
fn what_is_refused_is_named_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let whole = bytes("beach.jpg");
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
        ("wide.jpg", &whole, &["--max-pixels", "1K"], "TooLarge"),
        ("long.jpg", &whole, &["--max-bytes", "1K"], "TooLarge"),
    ] {
        let file = dir.path().join(name);
        fs::write(&file, bytes).unwrap();
        let out = dir.path().join("out");
        let call = [&["scrub", "-o", out.to_str().unwrap()], options].concat();
        let answer = run(&call, &[&file]);
        assert_eq!(answer.code, Some(1), "{name}");
        assert!(
            answer.err.contains(&format!("{name}: refused: {error}: ")),
            "{answer:?}"
        );
        assert_eq!(answer.out(), "0 cleaned, 1 refused\n");
        assert!(!out.join(name).exists(), "{name}");
        let answer = run(&[&call[..], &["--json"]].concat(), &[&file]);
        let report = answer.json();
        assert_eq!(report["files"][0]["error"]["name"], error, "{name}");
        assert_eq!(report["files"][0]["result"], "refused");
    }
}

#[test]
fn a_refusal_says_that_an_older_clean_file_stays() {
    let dir = folder(&[("out/photo.jpg", "grey.jpe")]);
    let file = dir.path().join("photo.jpg");
    fs::write(&file, b"no picture").unwrap();
    let out = dir.path().join("out");
    let answer = run(&["scrub", "-o", out.to_str().unwrap()], &[&file]);
    assert_eq!(answer.code, Some(1));
    let wanted = format!("an older file stays at {}/photo.jpg", out.display());
    assert!(answer.err.contains(&wanted), "{answer:?}");
    assert_eq!(fs::read(out.join("photo.jpg")).unwrap(), bytes("grey.jpe"));
}

#[test]
fn a_file_is_not_overwritten_by_its_own_clean_one() {
    let dir = folder(&[("photo.jpg", "beach.jpg")]);
    for out in [dir.path().to_owned(), dir.path().join("photo.jpg")] {
        let answer = run(
            &[
                "scrub",
                dir.path().join("photo.jpg").to_str().unwrap(),
                "-o",
            ],
            &[out],
        );
        assert_eq!(answer.code, Some(3));
        assert!(answer.err.contains("would overwrite it"), "{answer:?}");
        assert!(answer.err.contains("--in-place"), "{answer:?}");
    }
    assert_eq!(
        fs::read(dir.path().join("photo.jpg")).unwrap(),
        bytes("beach.jpg")
    );
}

#[test]
fn a_trial_run_writes_nothing() {
    let dir = folder(&[("a.jpg", "beach.jpg"), ("b.jpg", "grey.jpe")]);
    fs::write(dir.path().join("c.jpg"), b"no picture").unwrap();
    let before = names(dir.path());
    for options in [&["-o", "nowhere"] as &[&str], &["--in-place"], &[]] {
        let mut scrub = command(&[&["scrub", "--dry-run"], options].concat());
        let answer = scrub.current_dir(dir.path()).arg(".").output().unwrap();
        assert_eq!(answer.status.code(), Some(1));
        assert_eq!(answer.stdout, b"2 to clean, 1 refused\n");
        assert_eq!(names(dir.path()), before);
        assert_eq!(
            fs::read(dir.path().join("a.jpg")).unwrap(),
            bytes("beach.jpg")
        );
    }
}

#[test]
fn what_cannot_be_written_or_read_is_no_refusal_and_does_not_stop_the_rest() {
    let dir = folder(&[("a.jpg", "beach.jpg"), ("b/c.jpg", "grey.jpe")]);
    // Where a folder has to be, a file is.
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/b"), b"in the way").unwrap();
    let mut scrub = command(&["scrub", "--json", "a.jpg", "none.jpg", ".", "-o", "out"]);
    fs::remove_file(dir.path().join("a.jpg")).unwrap();
    fs::write(dir.path().join("d.jpg"), bytes("beach.jpg")).unwrap();
    let answer: super::command::Answer = scrub.current_dir(dir.path()).output().unwrap().into();
    assert_eq!(answer.code, Some(3), "{answer:?}");
    let report = answer.json();
    assert_eq!(
        [&report["cleaned"], &report["refused"], &report["failed"]],
        [&json!(1), &json!(0), &json!(3)]
    );
    assert_eq!(
        fs::read(dir.path().join("out/d.jpg")).unwrap(),
        clean("beach.jpg")
    );
    for wanted in [
        "scrubjay: none.jpg: cannot read it: No such file or directory",
        "scrubjay: a.jpg: cannot read it",
        "scrubjay: ./b/c.jpg: cannot write out/b/c.jpg: ",
    ] {
        assert!(answer.err.contains(wanted), "{wanted}: {answer:?}");
    }
}

#[test]
fn a_full_disk_is_no_refusal() {
    let photo = sample("beach.jpg");
    let answer = run(&["scrub", "-o", "/dev/full"], &[&photo]);
    assert_eq!(answer.code, Some(3), "{answer:?}");
    assert!(
        answer
            .err
            .contains("cannot write /dev/full: No space left on device")
    );
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut scrub = command(&["scrub", "-o", "-"]);
    let answer = scrub.arg(&photo).stdout(full).output().unwrap();
    assert_eq!(answer.status.code(), Some(3));
}

#[test]
fn one_line_of_json_is_told_of_every_file() {
    let dir = folder(&[
        ("a.jpg", "beach.jpg"),
        ("b.jpg", "grey.jpe"),
        ("c.png", "grey.jpe"),
    ]);
    fs::write(dir.path().join("d.jpg"), b"no picture").unwrap();
    let out = dir.path().join("out");
    let answer = run(
        &["scrub", "--jsonl", "-j2", "-o", out.to_str().unwrap()],
        &[dir.path()],
    );
    assert_eq!(answer.code, Some(1));
    let mut results: Vec<String> = answer
        .lines()
        .iter()
        .map(|line| {
            let file = line["file"].as_str().unwrap();
            format!(
                "{} {}",
                &file[file.len() - 5..],
                line["result"].as_str().unwrap()
            )
        })
        .collect();
    results.sort();
    assert_eq!(
        results,
        [
            "a.jpg cleaned",
            "b.jpg cleaned",
            "c.png skipped",
            "d.jpg refused"
        ]
    );
}

#[test]
fn quiet_tells_only_what_went_wrong() {
    let dir = folder(&[("a.jpg", "beach.jpg"), ("c.png", "grey.jpe")]);
    let out = dir.path().join("out");
    let quiet = ["scrub", "-q", "-o", out.to_str().unwrap()];
    let answer = run(&quiet, &[dir.path()]);
    assert_eq!((answer.code, answer.out(), &*answer.err), (Some(0), "", ""));
    fs::write(dir.path().join("d.jpg"), b"no picture").unwrap();
    let answer = run(&quiet, &[dir.path()]);
    assert_eq!((answer.code, answer.out()), (Some(1), ""));
    assert!(answer.err.contains("d.jpg: refused: NotJpeg: "));
}

#[test]
fn names_cannot_steer_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\x1b[2J\xe2\x80\xaegpj.\xff.jpg");
    fs::write(dir.path().join(name), b"no picture").unwrap();
    let out = dir.path().join("out");
    for command in [
        &["scrub", "-v", "-o", out.to_str().unwrap()] as &[&str],
        &["inspect"],
        &["verify", "-v"],
    ] {
        for path in [dir.path().to_owned(), dir.path().join(name)] {
            let answer = run(command, &[&path]);
            assert_eq!(answer.code, Some(1), "{answer:?}");
            let said = format!("{}{}", answer.out(), answer.err);
            assert!(said.contains("\\u{1b}[2J\\u{202e}gpj."), "{said}");
            assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'));
        }
    }
    // There is a document, whatever the name.
    let answer = run(
        &["scrub", "--json", "-o", out.to_str().unwrap()],
        &[dir.path()],
    );
    assert_eq!(answer.json()["refused"], 1);
}

#[test]
fn a_wrong_call_is_told_apart_from_a_refusal() {
    let dir = folder(&[("a/x.jpg", "grey.jpe"), ("b.jpg", "grey.jpe")]);
    for arguments in [
        &["scrub", SAMPLES] as &[&str],
        &["scrub", "--check", "none", SAMPLES, "-o", "out"],
        &["scrub", SAMPLES, "-o", "b.jpg"],
        &["scrub", SAMPLES, "-o", "-"],
        &["scrub", SAMPLES, "b.jpg", "-o", "-"],
        &["scrub", SAMPLES, "-o", "out", "--in-place"],
        &["scrub", SAMPLES, "-o", "out", "-j", "0"],
        &["scrub", SAMPLES, "-o", "out", "--max-bytes", "much"],
        &["scrub", "-", "b.jpg", "-o", "out"],
        &["scrub", "-", "-o", "a"],
        &["scrub", "-", "--in-place"],
        &["scrub", "b.jpg", "-o", "-", "--json"],
        &["scrub", SAMPLES, "-o", "out", "-q", "-v"],
        &["verify"],
        &["inspect"],
        &["strip"],
    ] {
        let run = command(arguments).current_dir(dir.path()).output();
        assert_eq!(run.unwrap().status.code(), Some(2), "{arguments:?}");
    }
    assert!(!dir.path().join("-").exists() && !dir.path().join("out").exists());
}
