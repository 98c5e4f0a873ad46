//! Standard input and output.

use std::fs::{self, File};
use std::io::pipe;

use super::command::{Answer, bytes, clean, command, fed, run, sample};

#[test]
fn a_photo_goes_from_standard_input_to_standard_output() {
    let clean = clean("beach.jpg");
    for arguments in [
        &["scrub", "-"] as &[&str],
        &["scrub", "-", "-o", "-"],
        &["scrub", "-v", "-", "-o", "/dev/stdout"],
        &["scrub", "-", "--output", "/dev/fd/1"],
    ] {
        let answer = fed(command(arguments), &bytes("beach.jpg"));
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(answer.bytes == clean, "{arguments:?}");
        let verbose = arguments.contains(&"-v");
        assert_eq!(
            answer.err.contains("1 cleaned, 0 refused"),
            verbose,
            "{}",
            answer.err
        );
    }
}

#[test]
fn one_of_the_two_may_be_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clean");
    let answer = fed(
        command(&["scrub", "-", "-o", file.to_str().unwrap()]),
        &bytes("grey.jpe"),
    );
    assert_eq!(
        (answer.code, answer.out()),
        (Some(0), "1 cleaned, 0 refused\n")
    );
    assert_eq!(fs::read(&file).unwrap(), clean("grey.jpe"));
    let answer = run(&["scrub", "-o", "-"], &[sample("grey.jpe")]);
    assert_eq!(answer.code, Some(0));
    assert!(answer.bytes == clean("grey.jpe"));
}

#[test]
fn standard_output_is_written_where_it_stands() {
    // As `(echo before; scrubjay scrub photo.jpg -o /dev/stdout) > file` does.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    for output in ["-", "/dev/stdout"] {
        fs::write(&path, b"before").unwrap();
        let file = File::options().append(true).open(&path).unwrap();
        let mut scrub = command(&["scrub", "-o", output]);
        let status = scrub.arg(sample("grey.jpe")).stdout(file).status().unwrap();
        assert!(status.success());
        let wanted = [b"before".to_vec(), clean("grey.jpe")].concat();
        assert!(fs::read(&path).unwrap() == wanted, "{output}");
    }
}

#[test]
fn a_device_stays_what_it_is() {
    let before = fs::symlink_metadata("/dev/null").unwrap().file_type();
    let answer = run(&["scrub", "-o", "/dev/null"], &[sample("grey.jpe")]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(
        fs::symlink_metadata("/dev/null").unwrap().file_type(),
        before
    );
}

#[test]
fn what_is_refused_writes_nothing_to_standard_output() {
    let answer = fed(command(&["scrub", "-"]), b"no picture");
    assert_eq!((answer.code, answer.bytes.len()), (Some(1), 0));
    assert!(
        answer.err.contains("standard input: refused: NotJpeg: "),
        "{answer:?}"
    );
    let answer = fed(
        command(&["scrub", "-", "--max-bytes", "1K"]),
        &bytes("beach.jpg"),
    );
    assert_eq!((answer.code, answer.bytes.len()), (Some(1), 0));
    assert!(answer.err.contains("TooLarge"), "{answer:?}");
}

#[test]
fn the_others_read_standard_input_too() {
    let answer = fed(command(&["verify", "-v", "-"]), &clean("beach.jpg"));
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out().starts_with("standard input: clean, "));
    let answer = fed(command(&["verify", "-"]), &bytes("beach.jpg"));
    assert_eq!(answer.code, Some(1));
    let answer = fed(command(&["inspect", "-", "--json"]), &bytes("beach.jpg"));
    assert_eq!(answer.json()["file"], "-");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let photo = sample("beach.jpg");
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    for arguments in [
        &["inspect"] as &[&str],
        &["inspect", "--json"],
        &["verify", "--jsonl"],
        &["scrub", "--verbose", "-o", out],
        &["scrub", "--jsonl", "-o", out],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = command(arguments);
        let run: Answer = command.arg(&photo).stdout(writer).output().unwrap().into();
        let wanted = i32::from(arguments[0] == "verify");
        assert_eq!(run.code, Some(wanted), "{arguments:?}");
        if wanted == 0 {
            assert_eq!(run.err, "", "{arguments:?}");
        }
    }
}
