//! What strips is clean, and stripping it again changes nothing; what is clean has nothing to strip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{
    Check, Copyright, Kind, Limits, Options, OrientationPolicy, Report, inspect, strip, verify, verify_with,
};

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
        Err(error) => match inspected {
            Err(other) => assert_eq!(other, error),
            // Because of its tables it would be written anew, and cannot be: `inspect` does not try.
            Ok(report) => assert!(report.removed.iter().any(|r| r.kind == Kind::UnusedTable), "{error}"),
        },
        Ok(stripped) => {
            let inspected = inspected.expect("what strips can be inspected");
            let sorted = |report: &Report| {
                let mut report = report.clone();
                // A file that is written anew is decoded at the end, and what that finds comes last.
                report.removed.sort_by_key(|removed| removed.kind.name());
                report.repaired.sort_by_key(|repair| repair.name());
                report.bytes_out = 0;
                report
            };
            assert_eq!(sorted(&inspected), sorted(&stripped.report));
            let clean = stripped.to_vec(data);
            assert_eq!(stripped.len(), clean.len() as u64);
            assert_eq!(verify(&clean), Ok(()));
            let again = strip(&clean, &options).expect("a clean file strips");
            assert_eq!(again.to_vec(&clean), clean);
        }
    }
    let keep = Options {
        copyright: Copyright::Keep,
        ..options
    };
    if let Ok(stripped) = strip(data, &keep) {
        let clean = stripped.to_vec(data);
        assert_eq!(verify_with(&clean, Copyright::Keep), Ok(()));
        assert_eq!(strip(&clean, &keep).expect("a clean file strips").to_vec(&clean), clean);
    }
    if verify(data).is_ok()
        && let Ok(stripped) = strip(data, &options)
    {
        assert_eq!(stripped.to_vec(data), data);
    }
});
