//! Arithmetic-coded files as `cjpeg -arithmetic` and `jpegtran -arithmetic` write them. Skips where these are not
//! installed; files of theirs that were misread once are in `tests/regressions`.

#![allow(missing_docs)]

use std::io::Write;
use std::process::{Command, Stdio};

use scrubjay_jpeg::{Check, Options, strip, verify};

/// What a tool of libjpeg-turbo makes of `input`; none where it is not installed.
fn run(tool: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    feeder.join().ok()?;
    assert!(output.status.success(), "{tool} {arguments:?}");
    Some(output.stdout)
}

/// A picture of tiles: periodic codes are those whose zero bytes an encoder leaves out longest.
fn tiles(width: usize, height: usize, tile: usize, seed: usize) -> Vec<u8> {
    let mut out = format!("P5\n{width} {height}\n255\n").into_bytes();
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (x % tile, y % tile);
            let sample = match seed % 5 {
                0 => (x * 16 + y * 8) % 256,
                1 => (x ^ y) * 255 / tile,
                2 => ((x + y) % 2) * 255,
                3 => (x * y * (seed + 7)) % 256,
                _ => {
                    if (x / 3 + y / 2) % 2 == 0 {
                        seed % 200
                    } else {
                        220
                    }
                }
            };
            out.push(sample as u8);
        }
    }
    out
}

#[test]
fn what_libjpeg_turbo_codes_is_read_to_the_same_coefficients() {
    let deep = Options {
        deep: true,
        ..Options::default()
    };
    let mut files = 0;
    let ways: [&[&str]; 4] = [
        &[],
        &["-progressive"],
        &["-restart", "1"],
        &["-progressive", "-restart", "2"],
    ];
    let mut refused = Vec::new();
    for seed in 0..PATTERNS {
        let tile = [3, 5, 7, 8, 12, 16, 24, 31, 32, 40][seed % 10];
        let quality = [10, 30, 50, 75, 90, 95, 100][seed % 7].to_string();
        let samples = tiles(64 + 24 * (seed % 9), 48 + 40 * (seed % 4), tile, seed);
        for way in ways {
            let arguments = [&["-grayscale", "-quality", &quality][..], way].concat();
            let Some(plain) = run("cjpeg", &arguments, &samples) else {
                println!("skipped: cjpeg is not installed");
                return;
            };
            let file =
                run("jpegtran", &[&["-arithmetic"], way].concat(), &plain).expect("installed");
            files += 1;
            match strip(&file, &deep) {
                Ok(recoded) => {
                    let expected = strip(&plain, &deep).expect("sound").to_vec(&plain);
                    assert_eq!(recoded.to_vec(&file), expected, "{seed} {way:?}");
                    let clean = strip(&file, &Options::default())
                        .expect("sound")
                        .to_vec(&file);
                    assert_eq!(verify(&clean), Ok(()));
                    let again = strip(&clean, &Options::default()).expect("sound");
                    assert_eq!(again.to_vec(&clean), clean);
                    let structure = Options {
                        check: Check::Structure,
                        ..Options::default()
                    };
                    strip(&file, &structure).expect("sound");
                }
                Err(error) => refused.push((seed, way, error)),
            }
        }
    }
    assert!(
        refused.is_empty(),
        "{} of {files} refused: {refused:?}",
        refused.len()
    );
    println!("{files} files read");
}

const PATTERNS: usize = 40;
