//! What fuzzing has found, by the name of the fault.

#![allow(missing_docs)]

use std::fs;
use std::path::Path;

use scrubjay_jpeg::{Check, Kind, Options, OrientationPolicy, strip, verify};

use scrubjay_jpeg_dev::bytes;

use bytes::{grey, grey_with, segment};

/// Target `strip_verify`: a table segment without a table was kept, as none of it was unused.
#[test]
fn a_table_segment_without_tables_goes() {
    for code in [0xC4, 0xCC, 0xDB] {
        for check in [Check::Structure, Check::Entropy] {
            let file = grey_with(1, &segment(code, &[]));
            let stripped = strip(
                &file,
                &Options {
                    check,
                    ..Options::default()
                },
            )
            .expect("a sound file");
            let clean = stripped.to_vec(&file);
            assert_eq!(clean, grey().concat());
            assert_eq!(verify(&clean), Ok(()));
            assert_eq!(stripped.report.removed[0].kind, Kind::UnusedTable);
        }
    }
}

/// Every file that a fuzz target has failed on: what strips is clean, and stripping it again, also
/// with its coefficients written anew, changes nothing.
///
/// * `arithmetic-zeros-before-the-last-byte`, target `entropy`: so many zeros were cut from the end
///   of an arithmetic code that it read as cut off.
/// * `progressive-with-dc-last-and-tables-between` and `arithmetic-with-dc-last-and-tables-between`,
///   target `entropy`: a quantisation table that was defined again between a component's first scan, of AC, and its DC scan was kept, though
///   decoders take the first.
#[test]
fn found_files_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("the folder of found files") {
        let path = entry.expect("a found file").path();
        let file = fs::read(&path).expect("a found file");
        for (check, deep) in [
            (Check::Structure, false),
            (Check::Entropy, false),
            (Check::Entropy, true),
        ] {
            let orientation = OrientationPolicy::Drop;
            let options = Options {
                check,
                deep,
                orientation,
                ..Options::default()
            };
            let Ok(stripped) = strip(&file, &options) else {
                continue;
            };
            let clean = stripped.to_vec(&file);
            assert_eq!(verify(&clean), Ok(()), "{path:?}");
            let again = strip(&clean, &options).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert_eq!(again.to_vec(&clean), clean, "{path:?}");
        }
        files += 1;
    }
    assert!(files > 0);
}
