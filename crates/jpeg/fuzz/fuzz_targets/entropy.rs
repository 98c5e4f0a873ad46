//! A picture that decodes decodes again when it is clean, to the same bytes, and `deep` as well.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{Limits, Options, OrientationPolicy, strip, verify};

fuzz_target!(|data: &[u8]| {
    let options = Options {
        orientation: OrientationPolicy::Drop,
        limits: Limits {
            max_pixels: 1 << 18,
            ..Limits::default()
        },
        ..Options::default()
    };
    let Ok(stripped) = strip(data, &options) else {
        return;
    };
    let clean = stripped.to_vec(data);
    assert_eq!(verify(&clean), Ok(()));
    let again = strip(&clean, &options).expect("a clean file decodes");
    assert_eq!(again.to_vec(&clean), clean);
    let deep = Options {
        deep: true,
        ..options
    };
    if let Ok(written) = strip(&clean, &deep) {
        let written = written.to_vec(&clean);
        assert_eq!(verify(&written), Ok(()));
        let same = strip(&written, &deep).expect("what was written decodes");
        assert_eq!(
            same.to_vec(&written),
            written,
            "written again it is the same"
        );
    }
});
