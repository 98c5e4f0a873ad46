//! The two choices for pictures that cannot be turned without being encoded again.

#![allow(missing_docs)]

use jpeg_encoder::SamplingFactor;
use scrubjay_jpeg::{
    Check, Options, OrientationPolicy, ReencodeQuality, Turned, inspect, strip, verify,
};

use scrubjay_jpeg_dev::bytes::segment;
use scrubjay_jpeg_dev::photo::Photo;
use scrubjay_jpeg_dev::samples;

fn with_orientation(file: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    [&file[..2], &segment(0xE1, &exif), &file[2..]].concat()
}

fn photo(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let photo = Photo {
        width,
        height,
        progressive,
        sampling: SamplingFactor::R_4_2_0,
        ..Photo::default()
    };
    photo.encode()
}

#[test]
fn exact_turns_what_can_be_turned_without_loss_and_tags_the_rest() {
    let mut seen = [false; 2];
    for (width, height) in [(48, 32), (40, 32), (48, 30), (33, 17)] {
        for progressive in [false, true] {
            for orientation in 2..=8 {
                let file = with_orientation(&photo(width, height, progressive), orientation);
                let clean = |orientation| {
                    [Check::Entropy, Check::Structure].map(|check| {
                        let options = Options {
                            check,
                            orientation,
                            ..Options::default()
                        };
                        let stripped = strip(&file, &options).expect("a sound file");
                        let clean = stripped.to_vec(&file);
                        assert_eq!(verify(&clean), Ok(()));
                        let report = inspect(&file, &options).expect("a sound file");
                        assert_eq!(report.turned, stripped.report.turned);
                        let again = strip(&clean, &options).expect("a clean file");
                        assert_eq!(again.to_vec(&clean), clean);
                        (clean, stripped.report)
                    })
                };
                let baked = clean(OrientationPolicy::Bake);
                let exact = clean(OrientationPolicy::Exact);
                let expected = if baked[0].1.turned == Turned::Baked {
                    baked
                } else {
                    assert_eq!(baked[0].1.turned, Turned::Reencoded);
                    clean(OrientationPolicy::Tag)
                };
                seen[usize::from(expected[0].1.turned == Turned::Baked)] = true;
                assert_eq!(exact, expected, "{width} x {height}, {orientation}");
            }
        }
    }
    assert_eq!(seen, [true; 2]);
}

/// Mean square of the difference of all samples.
fn error_of(a: &[u8], b: &[u8]) -> f64 {
    let square = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
    a.iter().zip(b).map(square).sum::<f64>() / a.len() as f64
}

#[test]
fn half_the_steps_come_closer_to_the_source_and_nothing_else_changes() {
    for progressive in [false, true] {
        let source = photo(75, 41, progressive);
        // Mirrored, so that what is to be seen is the source with its columns in reverse order.
        let file = with_orientation(&source, 2);
        let (width, _, samples) = samples::decode(&source);
        let mirrored: Vec<u8> = samples
            .chunks(width * 3)
            .flat_map(|row| row.chunks(3).rev().flatten().copied())
            .collect();
        let [plain, high] = [ReencodeQuality::Source, ReencodeQuality::High].map(|quality| {
            let options = Options {
                reencode_quality: quality,
                ..Options::default()
            };
            let stripped = strip(&file, &options).expect("a sound file");
            assert_eq!(stripped.report.turned, Turned::Reencoded);
            let clean = stripped.to_vec(&file);
            assert_eq!(verify(&clean), Ok(()));
            (error_of(&samples::decode(&clean).2, &mirrored), clean.len())
        });
        assert!(high.0 < plain.0 * 0.7, "{high:?} {plain:?}");
        assert!(high.1 > plain.1, "{high:?} {plain:?}");
    }
    // It is about encoding again: what is turned as it is, is the same.
    let file = with_orientation(&photo(48, 32, false), 6);
    let [plain, high] = [ReencodeQuality::Source, ReencodeQuality::High].map(|quality| {
        let options = Options {
            reencode_quality: quality,
            ..Options::default()
        };
        strip(&file, &options).expect("a sound file").to_vec(&file)
    });
    assert_eq!(plain, high);
}
