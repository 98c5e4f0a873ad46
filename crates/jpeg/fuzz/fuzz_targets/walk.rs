//! The pieces of a file lie end to end, whatever it is, and there is an end to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_jpeg::{Piece, walk};

fuzz_target!(|data: &[u8]| {
    let mut at = 0;
    let mut failed = false;
    for piece in walk(data) {
        assert!(!failed, "nothing follows an error");
        match piece {
            Ok(piece) => {
                let range = piece.range();
                assert_eq!(range.start, at);
                // A scan may have no data.
                let empty = matches!(piece, Piece::EntropyCoded { .. });
                assert!((range.end > at || empty) && range.end <= data.len());
                at = range.end;
            }
            Err(error) => {
                failed = true;
                assert!(error.offset() <= data.len());
            }
        }
    }
    assert!(failed || at == data.len());
});
