//! The fast walker against one that goes byte by byte.

#![allow(missing_docs)]

use std::ops::Range;

use proptest::prelude::*;
use scrubjay_jpeg::{Piece, walk};

use scrubjay_jpeg_dev::corpus;
use scrubjay_jpeg_dev::photo;

/// What a piece is, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Marker(u8, Range<usize>),
    Segment(u8, Range<usize>),
    Data(Range<usize>),
    Skipped(Range<usize>),
    Trailer(Range<usize>),
    /// The end, with an error.
    Error,
}

fn fast(data: &[u8]) -> Vec<Found> {
    walk(data)
        .map(|piece| match piece {
            Ok(Piece::Marker { code, range }) => Found::Marker(code, range),
            Ok(Piece::Segment { code, range, body }) => {
                assert_eq!(body, &data[range.start + 4..range.end]);
                Found::Segment(code, range)
            }
            Ok(Piece::EntropyCoded { range }) => Found::Data(range),
            Ok(Piece::Skipped { range }) => Found::Skipped(range),
            Ok(Piece::Trailer { range }) => Found::Trailer(range),
            Err(_) => Found::Error,
        })
        .collect()
}

/// T.81 B.1.1 and libjpeg's `next_marker`, one byte at a time.
fn naive(data: &[u8]) -> Vec<Found> {
    if !data.starts_with(&[0xFF, 0xD8]) {
        return vec![Found::Error];
    }
    let mut found = vec![Found::Marker(0xD8, 0..2)];
    let mut at = 2;
    loop {
        let start = at;
        // To the next marker.
        let code = loop {
            while at < data.len() && data[at] != 0xFF {
                at += 1;
            }
            while at < data.len() && data[at] == 0xFF {
                at += 1;
            }
            match data.get(at) {
                None => break None,
                Some(0) => at += 1,
                Some(code) => break Some(*code),
            }
        };
        let Some(code) = code else {
            if start < data.len() {
                found.push(Found::Skipped(start..data.len()));
            }
            found.push(Found::Error);
            return found;
        };
        let marker = at - 1;
        at += 1;
        if marker > start {
            found.push(Found::Skipped(start..marker));
        }
        if matches!(code, 0x01 | 0xD0..=0xD9) {
            found.push(Found::Marker(code, marker..at));
            if code == 0xD9 {
                if at < data.len() {
                    found.push(Found::Trailer(at..data.len()));
                }
                return found;
            }
            continue;
        }
        let length = data
            .get(at..at + 2)
            .map(|two| usize::from(two[0]) << 8 | usize::from(two[1]));
        // Of these decoders skip as many bytes as the length says, and none if it says less than its own two.
        let skipped = matches!(code, 0xE0..=0xEF | 0xFE | 0xDC);
        let length = length.map(|length| if skipped { length.max(2) } else { length });
        let Some(length) = length.filter(|length| *length >= 2 && at + length <= data.len()) else {
            found.push(Found::Error);
            return found;
        };
        at += length;
        found.push(Found::Segment(code, marker..at));
        if code == 0xDA {
            let start = at;
            at = scan_end(data, at);
            found.push(Found::Data(start..at));
        }
    }
}

fn scan_end(data: &[u8], mut at: usize) -> usize {
    loop {
        while at < data.len() && data[at] != 0xFF {
            at += 1;
        }
        let marker = at;
        while at < data.len() && data[at] == 0xFF {
            at += 1;
        }
        match data.get(at) {
            None => return data.len(),
            Some(0 | 0xD0..=0xD7) => at += 1,
            Some(_) => return marker,
        }
    }
}

#[test]
fn they_agree_on_the_corpus() {
    let mut files = 0;
    for (name, data) in corpus::files(&["real", "adversarial", "adversarial-2"]) {
        assert_eq!(fast(&data), naive(&data), "{name}");
        files += 1;
    }
    println!("{files} files compared");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn they_agree_on_mutations(
        progressive in any::<bool>(),
        restart_interval in 0_u16..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..8),
    ) {
        let restart_interval = if progressive { 0 } else { restart_interval };
        let mut data = photo::Photo { progressive, restart_interval, ..photo::Photo::default() }.encode();
        for (at, byte, insert) in changes {
            let at = at.index(data.len());
            if insert { data.insert(at, byte) } else { data[at] = byte }
        }
        prop_assert_eq!(fast(&data), naive(&data));
    }

    #[test]
    fn they_agree_on_what_is_full_of_markers(
        bytes in prop::collection::vec(
            prop::sample::select(vec![0xFF_u8, 0xFF, 0, 0, 2, 5, 0xD0, 0xD9, 0xDA, 0xE1, 0x01]),
            0..400,
        ),
    ) {
        let data = [&[0xFF, 0xD8][..], &bytes].concat();
        prop_assert_eq!(fast(&data), naive(&data));
    }
}
