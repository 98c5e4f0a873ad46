//! How fast, against copying the same bytes into memory that is already there.
//!
//! The first table is measured interleaved: in every round each contender runs once on the same
//! file, so that a machine that is slow for a while is slow for all. It prints medians as
//! fractions of the copy's. Criterion then measures the same contenders one by one, in time.
//!
//! `cargo bench -p scrubjay-jpeg` for all of it; `-- --test` runs everything once.

#![allow(clippy::cast_precision_loss, reason = "megabytes for a table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use scrubjay_jpeg::{Check, Options, Piece, strip, verify, walk};

use scrubjay_jpeg_dev::photo;

fn main() {
    let files = files();
    let once = std::env::args().any(|argument| argument == "--test");
    println!("| file | state | copy GB/s | walk | strip, structure | verify | strip, entropy |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, file) in &files {
        for cold in [false, true] {
            interleaved(name, file, cold, if once { 1 } else { 61 });
        }
    }
    let mut criterion = Criterion::default().configure_from_args();
    one_by_one(&mut criterion, &files);
    criterion.final_summary();
}

/// 0.2, 3 and 12 MB baseline and 3 MB progressive.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let file = |width, height, progressive| {
        photo::Photo {
            width,
            height,
            progressive,
            quality: 95,
            ..photo::Photo::default()
        }
        .encode()
    };
    // What `verify` takes; for the others the few bytes make no difference.
    let file = |width, height, progressive| {
        let file = file(width, height, progressive);
        strip(&file, &Options::default())
            .expect("a sound file")
            .to_vec(&file)
    };
    vec![
        ("0.2 MB", file(784, 592, false)),
        ("3 MB", file(2944, 2208, false)),
        ("3 MB progressive", file(2944, 2208, true)),
        ("12 MB", file(5888, 4416, false)),
    ]
}

const CONTENDERS: usize = 5;

fn interleaved(name: &str, file: &[u8], cold: bool, rounds: usize) {
    let mut target = vec![0; file.len()];
    let mut times: [Vec<Duration>; CONTENDERS] = Default::default();
    // What a cold run finds in the caches: something else.
    let mut elsewhere = vec![1_u8; if cold { 64 << 20 } else { 0 }];
    // Short runs are repeated, as one of them would be lost in the clock's grain.
    let repeats = if cold {
        1
    } else {
        (4_usize << 20).div_ceil(file.len())
    };
    for round in 0..rounds {
        for place in 0..CONTENDERS {
            // Who comes first finds less in the caches, so everyone does in turn.
            let contender = (place + round) % CONTENDERS;
            for byte in elsewhere.iter_mut().step_by(64) {
                *byte = byte.wrapping_add(1);
            }
            black_box(&mut elsewhere);
            let repeats = if contender == CONTENDERS - 1 {
                1
            } else {
                repeats
            };
            let start = Instant::now();
            for _ in 0..repeats {
                run(contender, black_box(file), &mut target);
            }
            times[contender].push(start.elapsed() / repeats as u32);
        }
    }
    let medians = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    let size = file.len() as f64 / 1e6;
    print!(
        "| {name} ({size:.2}) | {} | {:.1} ",
        if cold { "cold" } else { "hot" },
        size / 1e3 / medians[0]
    );
    for median in &medians[1..] {
        print!("| {:.2} ", median / medians[0]);
    }
    println!("|");
}

fn run(contender: usize, file: &[u8], target: &mut [u8]) {
    let options = |check| Options {
        check,
        ..Options::default()
    };
    match contender {
        0 => {
            target.copy_from_slice(file);
            black_box(target);
        }
        1 => {
            let segments = walk(file).filter(|piece| matches!(piece, Ok(Piece::Segment { .. })));
            black_box(segments.count());
        }
        2 => drop(black_box(
            strip(file, &options(Check::Structure)).expect("a sound file"),
        )),
        3 => black_box(verify(file)).expect("a clean file"),
        _ => drop(black_box(
            strip(file, &options(Check::Entropy)).expect("a sound file"),
        )),
    }
}

fn one_by_one(criterion: &mut Criterion, files: &[(&str, Vec<u8>)]) {
    let names = ["copy", "walk", "strip-structure", "verify", "strip-entropy"];
    for (contender, name) in names.into_iter().enumerate() {
        let mut group = criterion.benchmark_group(name);
        for (file_name, file) in files {
            let mut target = vec![0; file.len()];
            group.throughput(Throughput::Bytes(file.len() as u64));
            group.bench_with_input(
                BenchmarkId::from_parameter(file_name),
                file,
                |bencher, file| {
                    bencher.iter(|| run(contender, black_box(file), &mut target));
                },
            );
        }
        group.finish();
    }
}
