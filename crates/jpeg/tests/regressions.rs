//! What fuzzing has found, by the name of the fault.

#![allow(missing_docs)]

use scrubjay_jpeg::{Check, Kind, Options, strip, verify};

#[allow(dead_code)]
#[path = "../dev/bytes.rs"]
mod bytes;

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
