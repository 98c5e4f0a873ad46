//! What strips is clean, and stripping it again changes nothing; what is clean has nothing to strip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{Check, Limits, Options, OrientationPolicy, inspect, strip, verify};

fuzz_target!(|data: &[u8]| {
    let options = Options {
        check: Check::Structure,
        orientation: OrientationPolicy::Tag,
        limits: Limits {
            max_pixels: 1 << 20,
            ..Limits::default()
        },
        ..Options::default()
    };
    let inspected = inspect(data, &options);
    match strip(data, &options) {
        Err(error) => assert_eq!(inspected, Err(error)),
        Ok(stripped) => {
            assert_eq!(inspected.as_ref(), Ok(&stripped.report));
            let clean = stripped.to_vec(data);
            assert_eq!(stripped.len(), clean.len() as u64);
            assert_eq!(verify(&clean), Ok(()));
            let again = strip(&clean, &options).expect("a clean file strips");
            assert_eq!(again.to_vec(&clean), clean);
        }
    }
    if verify(data).is_ok()
        && let Ok(stripped) = strip(data, &options)
    {
        assert_eq!(stripped.to_vec(data), data);
    }
});
