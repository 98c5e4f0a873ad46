//! A clean file is drawn like its source: `djpeg` says so, over mutated and spliced small pictures. Skips where that is
//! not installed.

#![allow(missing_docs)]

use jpeg_encoder::{ColorType, SamplingFactor};
use scrubjay_jpeg::{Options, OrientationPolicy, strip, verify};
use scrubjay_jpeg_dev::{djpeg, photo::Photo};

/// How many files are made; `SCRUBJAY_DIFFERENTIAL` asks for more.
fn files() -> usize {
    let asked = std::env::var("SCRUBJAY_DIFFERENTIAL");
    asked.map_or(400, |count| count.parse().expect("a number of files"))
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn photos() -> Vec<Vec<u8>> {
    let mut photos = Vec::new();
    for progressive in [false, true] {
        for (color, sampling) in [
            (ColorType::Rgb, SamplingFactor::R_4_2_0),
            (ColorType::Rgb, SamplingFactor::R_4_4_4),
            (ColorType::Luma, SamplingFactor::R_4_4_4),
        ] {
            for restart_interval in [0, 2] {
                let photo = Photo {
                    width: 40,
                    height: 24,
                    color,
                    sampling,
                    progressive,
                    restart_interval: if progressive { 0 } else { restart_interval },
                    quality: 70,
                };
                photos.push(photo.encode());
            }
        }
    }
    photos
}

#[test]
fn clean_files_are_drawn_like_their_sources() {
    if !djpeg::installed() {
        return;
    }
    let (photos, mut numbers) = (photos(), Numbers(11));
    let (mut compared, mut deep_compared) = (0, 0);
    for _ in 0..files() {
        let mut file = photos[numbers.below(photos.len())].clone();
        for _ in 0..numbers.below(4) {
            let at = numbers.below(file.len());
            match numbers.below(4) {
                0 => file[at] = numbers.below(256) as u8,
                1 => file[at] ^= 1 << numbers.below(8),
                2 => drop(file.drain(at..(at + numbers.below(20)).min(file.len()))),
                _ => {
                    let other = &photos[numbers.below(photos.len())];
                    let from = numbers.below(other.len());
                    let to = (from + numbers.below(60)).min(other.len());
                    file.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
        for deep in [false, true] {
            let options = Options {
                orientation: OrientationPolicy::Drop,
                deep,
                ..Options::default()
            };
            let Ok(stripped) = strip(&file, &options) else {
                continue;
            };
            let clean = stripped.to_vec(&file);
            assert_eq!(verify(&clean), Ok(()));
            let before = djpeg::draw(&file).expect("djpeg is installed");
            let after = djpeg::draw(&clean).expect("djpeg is installed");
            // Where it warns of the source, it made something up.
            if before.warned {
                continue;
            }
            assert!(!after.warned, "the clean file is worse: {file:02X?}");
            assert!(
                before.samples == after.samples,
                "other samples: {file:02X?}"
            );
            if deep {
                deep_compared += 1;
            } else {
                compared += 1;
            }
        }
    }
    println!("{compared} files compared, {deep_compared} of them written anew too");
    assert!(compared * 8 > files());
}
