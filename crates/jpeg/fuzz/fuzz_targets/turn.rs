//! A picture that was turned is clean, upright, and has the size that was announced.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{Limits, Options, Turned, inspect, strip, verify};

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let orientation = first % 7 + 2;
    let Some(rest) = rest.strip_prefix(&[0xFF, 0xD8]) else {
        return;
    };
    let mut exif =
        *b"\xFF\xE1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    exif[29] = orientation;
    let file = [&[0xFF, 0xD8][..], &exif, rest].concat();
    let options = Options {
        limits: Limits {
            max_pixels: 1 << 18,
            ..Limits::default()
        },
        ..Options::default()
    };
    let Ok(turned) = strip(&file, &options) else {
        return;
    };
    assert_eq!(turned.report.orientation, orientation);
    let expected = inspect(&file, &options).expect("it strips").turned;
    assert_eq!(turned.report.turned, expected);
    assert!(matches!(expected, Turned::Baked | Turned::Reencoded));
    let clean = turned.to_vec(&file);
    assert_eq!(verify(&clean), Ok(()));
    let upright = strip(&clean, &options).expect("what was turned decodes");
    assert_eq!(upright.report.turned, Turned::None);
    assert_eq!(
        (upright.report.width, upright.report.height),
        (turned.report.output_width, turned.report.output_height)
    );
    assert_eq!(upright.to_vec(&clean), clean);
});
