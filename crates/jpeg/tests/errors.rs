//! Every way in which a file can be refused, by variant and offset.

#![allow(missing_docs, clippy::too_many_lines, reason = "tables of cases")]

use scrubjay_jpeg::{
    Check, Corruption, Error, Excess, Limits, Magic, Options, Unsupported, inspect, strip,
};

use scrubjay_jpeg_dev::bytes;

use bytes::*;

/// Where the pieces of [`grey`] begin.
fn offset(index: usize) -> usize {
    grey().iter().take(index).map(Vec::len).sum()
}

fn corrupt(offset: usize, detail: Corruption) -> Error {
    Error::Corrupt { offset, detail }
}

fn refuse(name: &str, file: &[u8], expected: Error) {
    for check in [Check::Structure, Check::Entropy] {
        let options = Options {
            check,
            ..Options::default()
        };
        let found = strip(file, &options).map(|stripped| stripped.report.removed);
        assert_eq!(found, Err(expected), "{name}, {check}");
        assert_eq!(
            inspect(file, &options).map(|_| ()),
            Err(expected),
            "{name}, {check}"
        );
    }
}

#[test]
fn the_picture_that_the_rows_below_break_is_sound() {
    for check in [Check::Structure, Check::Entropy] {
        let options = Options {
            check,
            ..Options::default()
        };
        let file = grey().concat();
        assert_eq!(
            strip(&file, &options).expect("a sound file").to_vec(&file),
            file
        );
    }
}

#[test]
fn no_jpeg() {
    let rows: [(&str, &[u8], Magic); 5] = [
        ("nothing", b"", Magic::Empty),
        ("half a marker", &[0xFF], Magic::Unknown),
        ("png", b"\x89PNG\r\n\x1A\n", Magic::Png),
        ("page", b"<!doctype html>", Magic::Markup),
        (
            "a byte before SOI",
            &[0, 0xFF, 0xD8, 0xFF, 0xE0],
            Magic::LeadingBytes,
        ),
    ];
    for (name, file, found) in rows {
        refuse(name, file, Error::NotJpeg { offset: 0, found });
    }
}

#[test]
fn segments() {
    let all = grey().concat().len();
    let rows = [
        (
            "length 0",
            grey_with(1, &[0xFF, 0xDB, 0, 0]),
            4,
            Corruption::SegmentLength,
        ),
        (
            "length 1",
            grey_with(1, &[0xFF, 0xC4, 0, 1]),
            4,
            Corruption::SegmentLength,
        ),
        (
            "overrun",
            grey_with(1, &[0xFF, 0xE0, 0xFF, 0xFF]),
            2,
            Corruption::SegmentOverrun,
        ),
        (
            "cut in a length",
            grey().concat()[..offset(2) + 3].to_vec(),
            offset(2),
            Corruption::SegmentOverrun,
        ),
        (
            "cut in a segment",
            grey().concat()[..offset(2) + 9].to_vec(),
            offset(2),
            Corruption::SegmentOverrun,
        ),
        (
            "cut between segments",
            grey().concat()[..offset(3)].to_vec(),
            offset(3),
            Corruption::Truncated,
        ),
        ("cut behind SOI", SOI.to_vec(), 2, Corruption::Truncated),
        (
            "cut before the last byte",
            grey().concat()[..offset(6)].to_vec(),
            offset(6),
            Corruption::ScanCutOff,
        ),
        (
            "cut behind the last code",
            grey().concat()[..all - 2].to_vec(),
            all - 2,
            Corruption::ScanCutOff,
        ),
        (
            "second SOI",
            grey_with(2, SOI),
            offset(2),
            Corruption::RepeatedSoi,
        ),
        (
            "SOI and EOI",
            [SOI, EOI].concat(),
            2,
            Corruption::MissingFrame,
        ),
        (
            "no scan",
            [&grey()[..5].concat(), EOI].concat(),
            offset(5),
            Corruption::MissingScan,
        ),
        (
            "tail in DQT",
            grey_but(1, &segment(0xDB, &[0; 66])),
            2,
            Corruption::SegmentLength,
        ),
        (
            "tail in DHT",
            grey_but(3, &segment(0xC4, &[0; 18])),
            offset(3),
            Corruption::SegmentLength,
        ),
        (
            "tail in SOF",
            grey_but(2, &segment(0xC0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0])),
            offset(2),
            Corruption::SegmentLength,
        ),
        (
            "tail in DRI",
            grey_with(1, &segment(0xDD, &[0, 1, 0])),
            2,
            Corruption::SegmentLength,
        ),
        (
            "tail in SOS",
            grey_but(5, &segment(0xDA, &[1, 1, 0, 0, 63, 0, 0])),
            offset(5),
            Corruption::SegmentLength,
        ),
    ];
    for (name, file, offset, detail) in rows {
        refuse(name, &file, corrupt(offset, detail));
    }
}

#[test]
fn headers() {
    let sof = |height, width, components: &[[u8; 3]]| {
        grey_but(2, &frame(0xC0, height, width, components))
    };
    let sos = |components: &[[u8; 2]]| grey_but(5, &scan(components, [0, 63, 0]));
    let rows = [
        (
            "second frame",
            grey_with(3, &grey()[2]),
            offset(3),
            Corruption::RepeatedFrame,
        ),
        (
            "scan before frame",
            grey_but(2, &[]),
            offset(5) - grey()[2].len(),
            Corruption::ScanBeforeFrame,
        ),
        (
            "no width",
            sof(8, 0, &[[1, 0x11, 0]]),
            offset(2),
            Corruption::ZeroDimension,
        ),
        (
            "no components",
            sof(8, 8, &[]),
            offset(2),
            Corruption::ComponentCount,
        ),
        (
            "sampling 0",
            sof(8, 8, &[[1, 0x10, 0]]),
            offset(2),
            Corruption::SamplingFactors,
        ),
        (
            "sampling 5",
            sof(8, 8, &[[1, 0x15, 0]]),
            offset(2),
            Corruption::SamplingFactors,
        ),
        (
            "table 4",
            sof(8, 8, &[[1, 0x11, 4]]),
            offset(2),
            Corruption::TableReference,
        ),
        (
            "no components in scan",
            sos(&[]),
            offset(5),
            Corruption::ComponentCount,
        ),
        (
            "unknown component",
            sos(&[[2, 0]]),
            offset(5),
            Corruption::UnknownComponent,
        ),
        (
            "component twice",
            sos(&[[1, 0], [1, 0]]),
            offset(5),
            Corruption::ComponentOrder,
        ),
        (
            "table selector 4",
            sos(&[[1, 0x40]]),
            offset(5),
            Corruption::TableReference,
        ),
        (
            "Huffman table 2",
            sos(&[[1, 0x22]]),
            offset(5),
            Corruption::MissingHuffmanTable,
        ),
        (
            "no DQT",
            grey_but(1, &[]),
            offset(5) - grey()[1].len(),
            Corruption::MissingQuantizationTable,
        ),
        (
            "DQT of precision 2",
            grey_but(1, &segment(0xDB, &[0x20; 65])),
            2,
            Corruption::QuantizationTable,
        ),
        (
            "DHT of class 2",
            grey_but(3, &segment(0xC4, &[&[0x20][..], &[0; 16]].concat())),
            offset(3),
            Corruption::TableReference,
        ),
        (
            "DHT of 257 codes",
            grey_but(3, &segment(0xC4, &[&[0, 255, 2][..], &[0; 300]].concat())),
            offset(3),
            Corruption::HuffmanTable,
        ),
    ];
    for (name, file, offset, detail) in rows {
        refuse(name, &file, corrupt(offset, detail));
    }
}

#[test]
fn scans() {
    let entropy = Options::default();
    let again = [&grey()[..7].concat(), &grey()[5..].concat()[..]].concat();
    refuse(
        "the same scan twice",
        &again,
        corrupt(offset(7), Corruption::Progression),
    );
    let two = grey_but(2, &frame(0xC0, 8, 8, &[[1, 0x11, 0], [2, 0x11, 0]]));
    refuse(
        "a component without a scan",
        &two,
        corrupt(two.len() - 2, Corruption::MissingComponent),
    );
    let wide = grey_but(2, &frame(0xC0, 8, 800, &[[1, 0x11, 0]]));
    assert!(matches!(
        strip(&wide, &entropy),
        Err(Error::Corrupt {
            detail: Corruption::ScanCutOff,
            ..
        })
    ));
    let lines = grey_but(2, &frame(0xC0, 0, 8, &[[1, 0x11, 0]]));
    for check in [Check::Structure, Check::Entropy] {
        let options = Options {
            check,
            ..Options::default()
        };
        assert!(matches!(
            strip(&lines, &options),
            Err(Error::Corrupt {
                detail: Corruption::LineCount,
                ..
            })
        ));
    }
}

#[test]
fn what_is_not_supported() {
    let rows = [
        (
            "hierarchical",
            grey_but(2, &frame(0xC5, 8, 8, &[[1, 0x11, 0]])),
            offset(2),
            Unsupported::Process(0xC5),
        ),
        (
            "JPEG-LS",
            grey_but(2, &frame(0xF7, 8, 8, &[[1, 0x11, 0]])),
            offset(2),
            Unsupported::Process(0xF7),
        ),
        (
            "DHP",
            grey_with(1, &segment(0xDE, &[0; 9])),
            2,
            Unsupported::Marker(0xDE),
        ),
        (
            "EXP",
            grey_with(1, &segment(0xDF, &[0; 1])),
            2,
            Unsupported::Marker(0xDF),
        ),
        (
            "JPG0",
            grey_with(1, &segment(0xF0, &[0; 9])),
            2,
            Unsupported::Marker(0xF0),
        ),
        (
            "JPG",
            grey_with(1, &segment(0xC8, &[0; 9])),
            2,
            Unsupported::Marker(0xC8),
        ),
        (
            "RES",
            grey_with(1, &segment(0x02, &[0; 9])),
            2,
            Unsupported::Marker(0x02),
        ),
        (
            "five components",
            grey_but(
                2,
                &frame(0xC0, 8, 8, &[1, 2, 3, 4, 5].map(|id| [id, 0x11, 0])),
            ),
            offset(2),
            Unsupported::Components(5),
        ),
        (
            "16 bits",
            grey_but(2, &segment(0xC0, &[16, 0, 8, 0, 8, 1, 1, 0x11, 0])),
            offset(2),
            Unsupported::Precision(16),
        ),
    ];
    for (name, file, offset, detail) in rows {
        refuse(name, &file, Error::Unsupported { offset, detail });
    }
}

#[test]
fn limits() {
    let file = grey().concat();
    let rows = [
        (
            Limits {
                max_bytes: 10,
                ..Limits::default()
            },
            0,
            Excess::Bytes,
        ),
        (
            Limits {
                max_pixels: 63,
                ..Limits::default()
            },
            offset(2),
            Excess::Pixels,
        ),
        (
            Limits {
                max_segments: 3,
                ..Limits::default()
            },
            offset(5),
            Excess::Segments,
        ),
        (
            Limits {
                max_scans: 0,
                ..Limits::default()
            },
            offset(5),
            Excess::Scans,
        ),
    ];
    for (limits, offset, detail) in rows {
        let options = Options {
            limits,
            ..Options::default()
        };
        assert_eq!(
            strip(&file, &options).map(|_| ()),
            Err(Error::TooLarge { offset, detail }),
            "{detail:?}"
        );
    }
}
