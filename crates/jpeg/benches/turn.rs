//! How fast the entropy check and the turn are, against `jpegtran` where that is installed.
//!
//! In every round each contender runs once on the same file. `jpegtran` is a process that reads and writes files;
//! what that costs is seen from its time for a picture of one pixel, which stands in the last column. It writes the
//! tables of annex K as it is called by most, and optimal ones, as we always do, with `-optimize`. Prints medians.
//!
//! `cargo bench -p scrubjay-jpeg --bench turn`; `-- --test` runs everything once.

#![allow(clippy::cast_precision_loss, reason = "milliseconds for a table")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scrubjay_jpeg::{Check, Options, strip};

use scrubjay_jpeg_dev::photo;

/// `jpegtran`'s arguments for Exif's orientation 2 to 8.
const TURNS: [&[&str]; 7] = [
    &["-flip", "horizontal"],
    &["-rotate", "180"],
    &["-flip", "vertical"],
    &["-transpose"],
    &["-rotate", "90"],
    &["-transverse"],
    &["-rotate", "270"],
];

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--test") {
        1
    } else {
        15
    };
    let folder = tempfile::tempdir().expect("a folder for files");
    let reference = Command::new("jpegtran")
        .arg("-help")
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !reference {
        println!("jpegtran is not installed: its columns stay empty");
    }
    let pixel = write(folder.path(), "pixel.jpg", &encode(1, 1, false));
    println!(
        "| file | what | ms | jpegtran ms | ratio | with -optimize ms | ratio | one pixel, ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, width, height, progressive) in [
        ("12 megapixels", 4032, 3024, false),
        ("12 megapixels, progressive", 4032, 3024, true),
        ("1 megapixel", 1152, 864, false),
    ] {
        let plain = encode(width, height, progressive);
        let path = write(folder.path(), "plain.jpg", &plain);
        let entropy = Options {
            check: Check::Entropy,
            ..Options::default()
        };
        let mut rows = vec![(
            "check and strip".to_owned(),
            plain.clone(),
            &["-copy", "none"][..],
        )];
        for (orientation, arguments) in (2..).zip(TURNS) {
            rows.push((
                format!("orientation {orientation}"),
                oriented(&plain, orientation),
                arguments,
            ));
        }
        for (what, file, arguments) in rows {
            let (mut ours, mut theirs, mut floor) = (Vec::new(), Vec::new(), Vec::new());
            let mut optimal = Vec::new();
            let optimizing = [arguments, &["-optimize"]].concat();
            for _ in 0..rounds {
                ours.push(timed(|| {
                    drop(black_box(strip(black_box(&file), &entropy).expect("sound")));
                }));
                if reference {
                    theirs.push(timed(|| jpegtran(arguments, &path)));
                    optimal.push(timed(|| jpegtran(&optimizing, &path)));
                    floor.push(timed(|| jpegtran(arguments, &pixel)));
                }
            }
            let (ours, theirs, floor) = (median(ours), median(theirs), median(floor));
            let optimal = median(optimal);
            println!(
                "| {name} | {what} | {ours:.1} | {theirs:.1} | {:.2} | {optimal:.1} | {:.2} | {floor:.1} |",
                ours / theirs,
                ours / optimal
            );
        }
    }
}

fn encode(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    photo::Photo {
        width,
        height,
        progressive,
        quality: 92,
        ..photo::Photo::default()
    }
    .encode()
}

/// The file with an Exif segment that has nothing but Orientation, behind SOI.
fn oriented(file: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif =
        b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    [&file[..2], &exif, &file[2..]].concat()
}

fn write(folder: &Path, name: &str, data: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, data).expect("written");
    path
}

fn jpegtran(arguments: &[&str], path: &Path) {
    let status = Command::new("jpegtran")
        .args(arguments)
        .arg("-outfile")
        .arg("/dev/null")
        .arg(path)
        .status();
    assert!(status.is_ok_and(|status| status.success()));
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// In milliseconds; not a number when nothing was measured.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
