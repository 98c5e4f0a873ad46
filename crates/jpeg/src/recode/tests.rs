//! Exactness against `jpegtran -perfect` where that is installed, and against itself where not.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::collector::{Component, Picture, Remaining, read};
use super::component_symbols::{ComponentSymbols, Memory, Scratch};
use super::{Orientation, Source, encoder, recode};
use crate::analysis::{Analysis, Purpose, analyse};
use crate::entropy::Work;
use crate::{Error, Limits, Options, OrientationPolicy, ReencodeQuality};

const ROOM: u64 = 1 << 30;

fn analysed(data: &[u8]) -> Result<Analysis, Error> {
    let options = Options {
        orientation: OrientationPolicy::Drop,
        limits: Limits {
            max_work: u64::MAX,
            ..Limits::default()
        },
        ..Options::default()
    };
    analyse(data, &options, Purpose::Inspect)
}

fn source<'a>(analysis: &'a Analysis, data: &'a [u8]) -> Source<'a> {
    Source {
        data,
        frame: &analysis.frame,
        scans: &analysis.scans,
        quantization: &analysis.quantization,
        progression: &analysis.progression,
    }
}

/// Sampling factors by component.
type Sampling = &'static [(u32, u32)];

const SAMPLINGS: [(&str, Sampling); 12] = [
    ("4:4:4", &[(1, 1), (1, 1), (1, 1)]),
    ("4:2:2", &[(2, 1), (1, 1), (1, 1)]),
    ("4:2:0", &[(2, 2), (1, 1), (1, 1)]),
    ("4:4:0", &[(1, 2), (1, 1), (1, 1)]),
    ("4:1:1", &[(4, 1), (1, 1), (1, 1)]),
    ("4:1:0", &[(4, 2), (1, 1), (1, 1)]),
    ("grey", &[(1, 1)]),
    ("grey with factors", &[(2, 2)]),
    ("cmyk", &[(1, 1), (1, 1), (1, 1), (1, 1)]),
    ("ycck 4:2:0", &[(2, 2), (1, 1), (1, 1), (2, 2)]),
    ("4:2:2, chroma 2 by 2", &[(2, 2), (1, 2), (1, 2)]),
    ("two components", &[(1, 2), (1, 1)]),
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// A picture of noise, as a JPEG file.
fn noise(width: u32, height: u32, sampling: Sampling, precision: u8, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let most = |factor: fn(&(u32, u32)) -> u32| sampling.iter().map(factor).max().unwrap_or(1);
    let (h_max, v_max) = (most(|s| s.0), most(|s| s.1));
    let memory = Memory::new(ROOM);
    let mut components = Vec::new();
    for (id, &(h, v)) in (1..).zip(sampling) {
        let mut plane = ComponentSymbols::new(
            (width * h).div_ceil(8 * h_max),
            (height * v).div_ceil(8 * v_max),
            &memory,
            0,
        )
        .expect("room");
        let mut scratch = Scratch::default();
        for row in 0..plane.height {
            for column in 0..plane.width {
                scratch.values[0] = (numbers.next() % 200) as i16 - 100;
                for _ in 0..numbers.next() % 12 {
                    let k = (numbers.next() % 63 + 1) as usize;
                    let value = (numbers.next() % 41) as i16 - 20;
                    scratch.values[k] = if precision == 12 { value * 90 } else { value };
                    scratch.mask = scratch.mask & !(1 << k) | u64::from(value != 0) << k;
                }
                plane.push(row, column, &mut scratch);
            }
        }
        let table = std::array::from_fn(|k| {
            if id == 1 {
                2 + k as u16 / 3
            } else {
                3 + k as u16 / 2
            }
        });
        components.push(Component {
            id,
            h,
            v,
            table,
            coded: [1; 64],
            symbols: plane,
            remaining: Remaining::Order(Orientation::default()),
        });
    }
    let picture = Picture {
        bits: precision,
        width,
        height,
        components,
        unfinished: false,
        memory,
    };
    let chunks = encoder::write(&picture, 0, &mut Work::new(ROOM)).expect("sound");
    with_soi(&chunks.concat())
}

fn with_soi(rest: &[u8]) -> Vec<u8> {
    [&[0xFF, 0xD8], rest].concat()
}

fn turned(data: &[u8], orientation: u8) -> (Vec<u8>, bool) {
    let analysis = analysed(data).expect("sound");
    let source = source(&analysis, data);
    let orientation = Orientation::of(orientation);
    let turned = recode(
        &source,
        orientation,
        ReencodeQuality::Source,
        &mut Work::new(ROOM),
        ROOM,
    )
    .expect("sound");
    (with_soi(&turned.tables_to_eoi.concat()), turned.reencoded)
}

/// By component: sampling factors, table and blocks.
type Contents = Vec<(u32, u32, [u16; 64], Vec<[i16; 64]>)>;

/// Size and contents.
fn contents(data: &[u8]) -> (u32, u32, Contents) {
    let analysis = analysed(data).expect("sound");
    let source = source(&analysis, data);
    let upright = Orientation::default();
    let (picture, _) = read(&source, upright, &mut Work::new(ROOM), ROOM).expect("sound");
    let components = picture.components.into_iter().map(|component| {
        let plane = &component.symbols;
        let blocks = (0..plane.height)
            .flat_map(|row| (0..plane.width).map(move |column| plane.block(row, column)))
            .collect();
        (component.h, component.v, component.table, blocks)
    });
    (picture.width, picture.height, components.collect())
}

/// What a tool makes of `data`; none if it fails.
fn run(tool: &str, arguments: &[&str], data: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let data = data.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&data)));
    let output = child.wait_with_output().ok()?;
    feeder.join().ok()?;
    output.status.success().then_some(output.stdout)
}

fn installed(tool: &str) -> bool {
    let there = Command::new(tool)
        .arg("-help")
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .is_ok();
    if !there {
        println!("skipped: {tool} is not installed");
    }
    there
}

const JPEGTRAN: [&[&str]; 7] = [
    &["-flip", "horizontal"],
    &["-rotate", "180"],
    &["-flip", "vertical"],
    &["-transpose"],
    &["-rotate", "90"],
    &["-transverse"],
    &["-rotate", "270"],
];

/// Sizes that end with an MCU of every sampling above, and that do not: in both directions, in one, in the other.
const SIZES: [(u32, u32); 9] = [
    (64, 32),
    (64, 41),
    (75, 32),
    (75, 41),
    (72, 40),
    (33, 33),
    (1, 1),
    (8, 100),
    (100, 8),
];

#[test]
fn turns_are_those_of_jpegtran_perfect() {
    if !installed("jpegtran") {
        return;
    }
    let (mut exact, mut inexact) = (0, 0);
    for (name, sampling) in SAMPLINGS {
        for (width, height) in SIZES {
            let data = noise(width, height, sampling, 8, 7);
            for (orientation, arguments) in (2..).zip(JPEGTRAN) {
                let what = format!("{name} {width} x {height}, orientation {orientation}");
                let (ours, reencoded) = turned(&data, orientation);
                let arguments = [&["-perfect", "-copy", "none"], arguments].concat();
                let Some(theirs) = run("jpegtran", &arguments, &data) else {
                    // A factor that all components have says nothing, but jpegtran counts it.
                    let common = sampling.iter().all(|s| s.1 == 2);
                    assert!(reencoded || common, "{what}");
                    inexact += 1;
                    continue;
                };
                assert!(!reencoded, "{what}");
                assert!(contents(&ours) == contents(&theirs), "{what}");
                exact += 1;
            }
        }
    }
    assert!(exact > 200 && inexact > 200, "{exact} {inexact}");
}

#[test]
fn decoders_see_the_same_samples_as_from_jpegtran() {
    if !installed("jpegtran") || !installed("djpeg") {
        return;
    }
    for (name, sampling) in SAMPLINGS
        .into_iter()
        .filter(|(_, sampling)| sampling.len() != 2)
    {
        let data = noise(64, 96, sampling, 8, 11);
        for (orientation, arguments) in (2..).zip(JPEGTRAN) {
            let theirs =
                run("jpegtran", &[&["-perfect"], arguments].concat(), &data).expect("aligned");
            let (ours, _) = turned(&data, orientation);
            let samples =
                |file: &[u8]| run("djpeg", &["-pnm", "-dct", "int"], file).expect("sound");
            assert!(
                samples(&ours) == samples(&theirs),
                "{name}, orientation {orientation}"
            );
        }
    }
}

/// Every process that jpegtran can write, read and written again, has the coefficients that it had.
#[test]
fn every_process_has_the_same_coefficients() {
    if !installed("jpegtran") {
        return;
    }
    let processes: [&[&str]; 8] = [
        &["-optimize"],
        &["-progressive"],
        &["-arithmetic"],
        &["-arithmetic", "-progressive"],
        &["-restart", "1"],
        &["-restart", "3B"],
        &["-progressive", "-restart", "2B"],
        &["-arithmetic", "-progressive", "-restart", "1B"],
    ];
    for (name, sampling) in SAMPLINGS {
        let data = noise(75, 41, sampling, 8, 3);
        for arguments in processes {
            let source = run("jpegtran", arguments, &data).expect("sound");
            assert!(
                analysed(&source).is_ok_and(|found| found.report.repaired.is_empty()),
                "{arguments:?}"
            );
            let (ours, reencoded) = turned(&source, 1);
            assert!(!reencoded);
            assert!(contents(&ours) == contents(&data), "{name} {arguments:?}");
        }
    }
}

#[test]
fn a_turn_and_its_opposite_change_nothing() {
    for (name, sampling) in SAMPLINGS {
        for precision in [8, 12] {
            let data = noise(64, 96, sampling, precision, 5);
            let before = contents(&data);
            for (there, back) in [
                (1, 1),
                (2, 2),
                (3, 3),
                (4, 4),
                (5, 5),
                (6, 8),
                (7, 7),
                (8, 6),
            ] {
                let (once, _) = turned(&data, there);
                let (twice, _) = turned(&once, back);
                assert!(contents(&twice) == before, "{name}, orientation {there}");
                assert_eq!(
                    contents(&once) == before,
                    there == 1,
                    "{name}, orientation {there}"
                );
                assert!(analysed(&once).is_ok_and(|found| found.report.repaired.is_empty()));
            }
            let mut four = data.clone();
            for _ in 0..4 {
                four = turned(&four, 6).0;
            }
            assert!(contents(&four) == before, "{name}");
        }
    }
}

/// Mirrored within a block and back: what is left is one rounding each way, which is small against the noise.
#[test]
fn samples_survive_a_turn_that_is_not_exact() {
    for (name, sampling) in SAMPLINGS {
        for (width, height) in [(75, 41), (33, 33), (100, 8), (90, 90), (1, 1)] {
            let data = noise(width, height, sampling, 8, 9);
            let before = contents(&data);
            for (there, back) in [(2, 2), (3, 3), (4, 4), (6, 8), (7, 7), (8, 6)] {
                let (once, _) = turned(&data, there);
                let (twice, _) = turned(&once, back);
                let after = contents(&twice);
                assert_eq!((before.0, before.1), (after.0, after.1));
                // The first component is never subsampled here; its blocks that lie within the picture come back.
                let (source, result) = (&before.2[0], &after.2[0]);
                assert_eq!(source.2, result.2);
                let across = width.div_ceil(8) as usize;
                let (mut worst, mut sum, mut count) = (0, 0i64, 0);
                for (index, (a, b)) in source.3.iter().zip(&result.3).enumerate() {
                    let inside = (index % across + 1) * 8 <= width as usize
                        && (index / across + 1) * 8 <= height as usize;
                    for (a, b) in a.iter().zip(b).filter(|_| inside) {
                        worst = worst.max((a - b).abs());
                        sum += i64::from((a - b).abs());
                        count += 1;
                    }
                }
                assert!(
                    worst <= 4 && sum * 4 <= count,
                    "{name} {width} x {height} {there}: {worst}, {sum}/{count}"
                );
            }
        }
    }
}

#[test]
fn prefixes_of_a_picture_are_refused() {
    let data = noise(40, 24, &[(2, 1), (1, 1), (1, 1)], 8, 13);
    for length in 0..data.len() - 2 {
        assert!(analysed(&data[..length]).is_err(), "{length}");
    }
}
