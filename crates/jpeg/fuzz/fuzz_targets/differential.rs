//! A clean file is drawn like its source by `djpeg`, which must be installed. Slow: two processes for each file that is
//! taken, so it is for nights.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{Limits, Options, OrientationPolicy, strip, verify};
use scrubjay_jpeg_dev::djpeg;

fuzz_target!(|data: &[u8]| {
    let Some((first, file)) = data.split_first() else {
        return;
    };
    let options = Options {
        orientation: OrientationPolicy::Drop,
        deep: first % 2 == 1,
        limits: Limits {
            max_pixels: 1 << 14,
            ..Limits::default()
        },
        ..Options::default()
    };
    let Ok(stripped) = strip(file, &options) else {
        return;
    };
    let clean = stripped.to_vec(file);
    assert_eq!(verify(&clean), Ok(()));
    let (Some(before), Some(after)) = (djpeg::draw(file), djpeg::draw(&clean)) else {
        panic!("djpeg is not installed");
    };
    // Where it warns of the source, it made something up.
    if !before.warned {
        assert!(!after.warned, "the clean file is worse");
        assert!(before.samples == after.samples, "other samples");
    }
});
