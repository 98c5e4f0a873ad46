//! Ctrl-C.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::command::{bytes, command, folder, names};

/// A signal, as a terminal sends it.
fn send(signal: &str, child: &Child) {
    let mut kill = Command::new("kill");
    let sent = kill.args(["-s", signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{what} never came"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether whoever started the tests has them ignore SIGHUP, as `nohup` does: the command then ignores it too, and is right.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn no_temporary_file_is_left() {
    let photo = bytes("beach.jpg");
    for signal in ["INT", "TERM", "HUP"] {
        if signal == "HUP" && ignores_hangup() {
            eprintln!("LEFT OUT: SIGHUP, which these tests were told to ignore");
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let (input, out) = (dir.path().join("in"), dir.path().join("out"));
        fs::create_dir(&input).unwrap();
        for number in 0..3_000 {
            fs::write(input.join(format!("{number}.jpg")), &photo).unwrap();
        }
        let mut scrub = command(&["scrub", "-j2", "-o", out.to_str().unwrap()]);
        let scrub = scrub
            .arg(&input)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = scrub.spawn().unwrap();
        until("the first clean file", || {
            fs::read_dir(&out).is_ok_and(|files| files.count() > 20)
        });
        send(signal, &child);
        let status = child.wait().unwrap();
        assert_eq!(
            status.signal(),
            Some(match signal {
                "INT" => 2,
                "TERM" => 15,
                _ => 1,
            }),
            "{status}"
        );
        let left = names(&out);
        assert!(left.len() < 3_000);
        assert!(
            left.iter().all(|name| !name.contains(".scrubjay-")),
            "{left:?}"
        );
    }
}

#[test]
fn what_waits_for_standard_input_ends_at_once() {
    let dir = folder(&[]);
    let out = dir.path().join("out.jpg");
    let mut scrub = command(&["scrub", "-", "-o", out.to_str().unwrap()]);
    let mut child = scrub.stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    send("INT", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    drop(stdin);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn what_was_started_to_go_on_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    for number in 0..300 {
        fs::write(input.join(format!("{number}.jpg")), bytes("beach.jpg")).unwrap();
    }
    let out = dir.path().join("out");
    let program = env!("CARGO_BIN_EXE_scrubjay");
    let mut nohup = Command::new("nohup");
    nohup.args([program, "scrub", "-q", "-j2", "-o", out.to_str().unwrap()]);
    let nohup = nohup.arg(&input).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = nohup.stdout(Stdio::null()).spawn().unwrap();
    until("the first clean file", || {
        fs::read_dir(&out).is_ok_and(|files| files.count() > 5)
    });
    send("HUP", &child);
    assert!(child.wait().unwrap().success());
    assert_eq!(names(&out).len(), 300);
}
