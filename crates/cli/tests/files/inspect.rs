//! `inspect`.

use serde_json::json;

use std::fs;

use super::command::{SAMPLES, bytes, run, sample};

/// A photo whose Exif has a position, a maker note and a thumbnail: a TIFF header, IFD0 with pointers to the Exif and the GPS
/// IFD, an IFD1 (Exif 3.0, 4.6).
fn telling() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let halves = [tag, kind].map(u16::to_be_bytes).concat();
        [halves, [count, value].map(u32::to_be_bytes).concat()].concat()
    };
    let ifd = |entries: &[Vec<u8>], next: u32| {
        let count = (entries.len() as u16).to_be_bytes();
        [&count, entries.concat().as_slice(), &next.to_be_bytes()].concat()
    };
    let at = |number: u32| 8 + 30 + number * 18;
    let tiff = [
        b"MM\0\x2A\0\0\0\x08".to_vec(),
        ifd(
            &[entry(0x8769, 4, 1, at(0)), entry(0x8825, 4, 1, at(1))],
            at(2),
        ),
        ifd(&[entry(0x927C, 7, 4, 0)], 0),
        ifd(&[entry(1, 2, 2, 0x4E00_0000)], 0),
        ifd(&[entry(0x0103, 3, 1, 6 << 16)], 0),
    ]
    .concat();
    let body = [b"Exif\0\0".to_vec(), tiff].concat();
    let length = (body.len() as u16 + 2).to_be_bytes();
    let photo = bytes("grey.jpe");
    [&photo[..2], &[0xFF, 0xE1], &length, &body, &photo[2..]].concat()
}

#[test]
fn one_file_is_shown_segment_by_segment() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("telling.jpg");
    fs::write(&path, telling()).unwrap();
    let answer = run(&["inspect"], &[&path]);
    assert_eq!((answer.code, &*answer.err), (Some(0), ""));
    for wanted in [
        "offset",
        "would be removed",
        "exif: gps, maker note, thumbnail",
    ] {
        assert!(answer.out().contains(wanted), "{wanted}: {}", answer.out());
    }
    let report = run(&["inspect", "--json"], &[sample("beach.jpg")]).json();
    assert_eq!(report["exif"]["gps"], true);
    assert_eq!(report["result"], "inspected");
}

#[test]
fn of_many_each_has_a_line() {
    let answer = run(&["inspect"], &[SAMPLES]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let line = answer.out().lines().find(|line| line.contains("beach.jpg"));
    let line = line.unwrap();
    assert!(line.contains("gps, xmp, iptc, exif"), "{line}");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.jpg"), telling()).unwrap();
    let answer_of_one = run(&["inspect"], &[dir.path()]);
    assert!(
        answer_of_one
            .out()
            .contains("gps, maker note, thumbnail, exif"),
        "{answer_of_one:?}"
    );
    assert!(
        answer.out().contains("8 inspected, 0 refused"),
        "{}",
        answer.out()
    );
    let report = run(&["inspect", "--json"], &[SAMPLES]).json();
    assert_eq!(report["inspected"], json!(8));
    let lines = run(&["inspect", "--jsonl"], &[SAMPLES]).lines();
    let inspected = lines.iter().filter(|line| line["result"] == "inspected");
    assert_eq!(inspected.count(), 8);
}

#[test]
fn with_json_there_is_always_a_document() {
    let answer = run(&["inspect", "--json"], &["none.jpg"]);
    assert_eq!(answer.code, Some(3));
    assert_eq!(answer.json()["error"]["name"], "Io");
    assert!(
        answer.err.contains("none.jpg: cannot read it"),
        "{answer:?}"
    );
    let answer = run(&["inspect", "--json"], &["none.jpg", "none either.jpg"]);
    assert_eq!(
        (answer.code, &answer.json()["failed"]),
        (Some(3), &json!(2))
    );
}
