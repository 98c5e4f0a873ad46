//! The way up of files with odd Exif segments, as Chromium and Firefox show it.
//!
//! `browsers/orientation.json` holds what both browsers answered; `dev/browsers.py orientation` asks them anew.

#![allow(missing_docs)]

use scrubjay_jpeg::{Options, OrientationPolicy, inspect, strip, verify};
use serde_json::Value;

use scrubjay_jpeg_dev::bytes::from_digits;
use scrubjay_jpeg_dev::samples;

struct Case {
    name: String,
    file: Vec<u8>,
    chromium: u8,
    firefox: u8,
}

fn cases() -> Vec<Case> {
    let table: Value = serde_json::from_str(include_str!("browsers/orientation.json"))
        .expect("the answers in JSON");
    let base = from_digits(table["base"].as_str().expect("the base file"));
    let answer = |case: &Value, browser: &str| {
        u8::try_from(case[browser].as_u64().expect("an answer")).expect("1 to 8")
    };
    let cases = table["cases"].as_array().expect("cases");
    cases
        .iter()
        .map(|case| {
            let mut file = base.clone();
            for piece in case["pieces"].as_array().expect("pieces").iter().rev() {
                let at = piece[0].as_u64().expect("an offset") as usize;
                file.splice(at..at, from_digits(piece[1].as_str().expect("digits")));
            }
            Case {
                name: case["name"].as_str().expect("a name").to_owned(),
                file,
                chromium: answer(case, "chromium"),
                firefox: answer(case, "firefox"),
            }
        })
        .collect()
}

/// Where the two browsers differ, Chromium's way is taken.
#[test]
fn the_way_up_is_what_browsers_show() {
    let cases = cases();
    assert!(cases.len() >= 40);
    let mut wrong = Vec::new();
    for case in &cases {
        let report = inspect(&case.file, &Options::default()).expect(&case.name);
        if report.orientation != case.chromium {
            wrong.push(format!(
                "{}: Chromium {}, Firefox {}, here {}",
                case.name, case.chromium, case.firefox, report.orientation
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The rules in docs/jpeg.md are about those that differ: a new one is to be written down there.
    let differ = cases
        .iter()
        .filter(|case| case.chromium != case.firefox)
        .count();
    assert_eq!(differ, 24, "cases that the browsers disagree about");
}

/// The same picture, turned or tagged, and nothing left that says more about the way up.
#[test]
fn the_clean_file_is_shown_alike() {
    for case in cases() {
        let written = |orientation| {
            let options = Options {
                orientation,
                ..Options::default()
            };
            let clean = strip(&case.file, &options)
                .expect(&case.name)
                .to_vec(&case.file);
            assert_eq!(verify(&clean), Ok(()), "{}", case.name);
            clean
        };
        let baked = written(OrientationPolicy::Bake);
        let (width, height, _) = samples::decode(&baked);
        let expected = if case.chromium >= 5 {
            (16, 32)
        } else {
            (32, 16)
        };
        assert_eq!((width, height), expected, "{}", case.name);
        let again = |file: &[u8]| {
            inspect(file, &Options::default())
                .expect("clean")
                .orientation
        };
        assert_eq!(again(&baked), 1, "{}", case.name);
        let tagged = written(OrientationPolicy::Tag);
        assert_eq!(again(&tagged), case.chromium, "{}", case.name);
        // Every decoder reads a single Orientation in the first segment the same way.
        let turned = strip(&tagged, &Options::default())
            .expect("clean")
            .to_vec(&tagged);
        assert_eq!(turned, baked, "{}", case.name);
    }
}
