//! What decoders show is cleaned, and what none opens is refused: classes of odd files, each built from its
//! description, under both checks.

#![allow(missing_docs)]

use std::collections::HashMap;

use scrubjay_jpeg::{
    Check, Corruption, Error, Kind, Options, Piece, Repair, Unsupported, strip, verify, walk,
};
use scrubjay_jpeg_dev::attacks::oriented;
use scrubjay_jpeg_dev::bytes::{
    EOI, SOI, frame, grey, grey_but, grey_with, huffman, scan, segment,
};
use scrubjay_jpeg_dev::photo::Photo;
use scrubjay_jpeg_dev::{djpeg, samples};

const CHECKS: [Check; 2] = [Check::Structure, Check::Entropy];

fn options(check: Check) -> Options {
    Options {
        check,
        ..Options::default()
    }
}

/// The clean file, proved, and the same when it is stripped again.
fn clean(name: &str, file: &[u8], options: &Options) -> Vec<u8> {
    let stripped = strip(file, options).unwrap_or_else(|error| panic!("{name}: {error}"));
    let clean = stripped.to_vec(file);
    assert_eq!(verify(&clean), Ok(()), "{name}");
    let again = strip(&clean, options).unwrap_or_else(|error| panic!("{name} again: {error}"));
    assert_eq!(again.to_vec(&clean), clean, "{name}");
    clean
}

fn refused(name: &str, file: &[u8], expected: Corruption) {
    for check in CHECKS {
        match strip(file, &options(check)) {
            Err(Error::Corrupt { detail, .. }) => assert_eq!(detail, expected, "{name}, {check}"),
            other => panic!("{name}, {check}: {other:?}"),
        }
    }
}

/// Motion JPEG leaves out the tables of annex K. 00 is a DC difference of 0 in table K.3, 1010 the end of a block in
/// table K.5.
#[test]
fn tables_that_are_left_out_are_those_of_annex_k() {
    let mut pieces = grey();
    pieces[3].clear();
    pieces[4].clear();
    pieces[6] = vec![0b0010_1011];
    let none = pieces.concat();
    // Only one of the two is left out.
    let mut pieces = grey();
    pieces[3].clear();
    pieces[6] = vec![0b0001_1111];
    let no_dc = pieces.concat();
    for check in CHECKS {
        for (name, file) in [("none", &none), ("no DC table", &no_dc)] {
            let clean = clean(name, file, &options(check));
            assert_eq!(samples::decode(&clean), samples::decode(&grey().concat()));
            let report = strip(file, &options(check)).expect("sound").report;
            assert_eq!(report.repaired, [Repair::StandardTables]);
        }
    }
    // Destinations 2 and 3 have none, and neither has a progressive frame.
    let mut pieces = grey();
    pieces[5] = scan(&[[1, 0x20]], [0, 63, 0]);
    refused(
        "destination 2",
        &pieces.concat(),
        Corruption::MissingHuffmanTable,
    );
    let mut pieces = grey();
    pieces[2] = frame(0xC2, 8, 8, &[[1, 0x11, 0]]);
    pieces[3].clear();
    pieces[5] = scan(&[[1, 0]], [0, 0, 0]);
    refused(
        "progressive",
        &pieces.concat(),
        Corruption::MissingHuffmanTable,
    );
}

/// A picture of components with these identifiers, with these scans, each of them of empty blocks.
fn picture(ids: &[u8], scans: &[&[u8]]) -> Vec<u8> {
    let mut pieces = grey()[..5].to_vec();
    let components: Vec<[u8; 3]> = ids.iter().map(|id| [*id, 0x11, 0]).collect();
    pieces[2] = frame(0xC0, 8, 8, &components);
    for ids in scans {
        let selectors: Vec<[u8; 2]> = ids.iter().map(|id| [*id, 0]).collect();
        pieces.push(scan(&selectors, [0, 63, 0]));
        // Two bits a component.
        pieces.push(vec![0xFF >> (2 * ids.len())]);
    }
    pieces.push(EOI.to_vec());
    pieces.concat()
}

#[test]
fn components_are_found_in_the_frames_order() {
    let taken: [(&str, Vec<u8>); 5] = [
        ("one identifier for all", picture(&[1, 1, 1], &[&[1, 1, 1]])),
        ("one for two", picture(&[1, 2, 2], &[&[1, 2, 2]])),
        ("apart", picture(&[1, 2, 3], &[&[1], &[2], &[3]])),
        ("without the first", picture(&[1, 2, 3], &[&[2, 3], &[1]])),
        // Out of order, but libjpeg finds both.
        ("the last two", picture(&[1, 2, 3], &[&[3, 2], &[1]])),
    ];
    for (name, file) in taken {
        for check in CHECKS {
            assert_eq!(clean(name, &file, &options(check)), file, "{name}");
        }
    }
    for scans in [&[2, 1, 3], &[1, 3, 2], &[3, 2, 1], &[2, 3, 1]] {
        // The second and third of these have their last component found.
        let file = picture(&[1, 2, 3], &[scans]);
        let known = strip(&file, &Options::default()).is_ok();
        let drawn = djpeg::draw(&file).is_none_or(|drawn| !drawn.warned);
        if djpeg::installed() {
            assert_eq!(known, drawn, "{scans:?}");
        }
    }
    refused(
        "the second first",
        &picture(&[1, 2, 3], &[&[2, 1, 3]]),
        Corruption::ComponentOrder,
    );
    refused(
        "one identifier, three scans",
        &picture(&[1, 1, 1], &[&[1], &[1], &[1]]),
        Corruption::Progression,
    );
}

#[test]
fn what_decoders_skip_goes() {
    let dnl = segment(0xDC, &[0, 8]);
    let mut rows = vec![
        ("DNL before the frame", 1, dnl.clone()),
        ("DNL behind the frame", 3, dnl),
        ("DNL without lines", 1, vec![0xFF, 0xDC, 0, 0]),
    ];
    for length in 0..2 {
        for code in (0xE0..=0xEF).chain([0xFE]) {
            rows.push(("a length of 0 or 1", 1, vec![0xFF, code, 0, length]));
            rows.push(("a length of 0 or 1", 5, vec![0xFF, code, 0, length]));
        }
    }
    for (name, place, piece) in rows {
        for check in CHECKS {
            let file = grey_with(place, &piece);
            let clean = clean(name, &file, &options(check));
            assert_eq!(clean, grey().concat(), "{name}");
        }
    }
}

#[test]
fn an_end_that_decoders_see_is_seen_by_both_checks() {
    let without: Vec<u8> = grey()[..7].concat();
    let mut restarts = grey();
    restarts[2] = frame(0xC0, 8, 16, &[[1, 0x11, 0]]);
    restarts.insert(5, segment(0xDD, &[0, 1]));
    restarts[7] = [&[0x3F, 0xFF, 0xD0, 0x3F][..], &[0xFF, 0xD5]].concat();
    let rows = [
        ("NUL", [&without[..], &[0, 0, 0]].concat()),
        ("FF", [&without[..], &[0xFF, 0xFF]].concat()),
        ("text", [&without[..], b"nothing more"].concat()),
        ("one more restart marker", restarts.concat()),
    ];
    for (name, file) in rows {
        let [structure, entropy] = CHECKS.map(|check| clean(name, &file, &options(check)));
        assert_eq!(structure, entropy, "{name}");
    }
    for check in CHECKS {
        let error = strip(&without, &options(check)).expect_err("cut off");
        assert!(matches!(
            error,
            Error::Corrupt {
                detail: Corruption::ScanCutOff,
                ..
            }
        ));
    }
}

/// A lossless picture of 8 x 8 samples of no difference, with `tq` where a DCT frame names a quantisation table.
fn lossless(bits: u8, tq: u8, point_transform: u8, interval: u16) -> Vec<u8> {
    [
        SOI.to_vec(),
        segment(0xC3, &[bits, 0, 8, 0, 8, 1, 1, 0x11, tq]),
        huffman(0, 0, 0, 1),
        segment(0xDD, &interval.to_be_bytes()),
        scan(&[[1, 0]], [1, 0, point_transform]),
        vec![0; 8],
        EOI.to_vec(),
    ]
    .concat()
}

#[test]
fn headers_that_no_process_has_are_refused_by_both_checks() {
    let sof11 = grey_but(2, &frame(0xCB, 8, 8, &[[1, 0x11, 0]]));
    for check in CHECKS {
        assert_eq!(
            strip(&sof11, &options(check)).err(),
            Some(Error::Unsupported {
                offset: 71,
                detail: Unsupported::Process(0xCB)
            })
        );
    }
    for (bits, transform) in [(8, 8), (8, 9), (12, 12), (8, 15)] {
        let file = lossless(bits, 0, transform, 0);
        refused("point transform", &file, Corruption::ScanParameters);
    }
    refused("no whole rows", &lossless(8, 0, 0, 3), Corruption::Restart);
    for value in [[0x10, 0], [0x10, 64], [0x10, 200], [0x10, 255], [0, 0x01]] {
        let mut pieces = grey();
        pieces[2] = frame(0xC9, 8, 8, &[[1, 0x11, 0]]);
        pieces[3] = segment(0xCC, &value);
        refused("DAC", &pieces.concat(), Corruption::ArithmeticConditioning);
    }
    let crowded = [&[0, 3][..], &[0; 15], &[0, 1, 2]].concat();
    for table in [&crowded[..], &[0; 17]] {
        let file = grey_but(3, &segment(0xC4, table));
        refused("no prefix code", &file, Corruption::HuffmanTable);
    }
}

#[test]
fn a_lossless_frame_names_no_quantisation_table() {
    let expected = lossless(8, 0, 0, 0);
    for tq in 0..4 {
        for check in CHECKS {
            let file = lossless(8, tq, 0, 0);
            let clean = clean("lossless", &file, &options(check));
            // An interval of 0 is none.
            let kept: Vec<u8> = [&expected[..39], &expected[45..]].concat();
            assert_eq!(clean, kept);
        }
    }
}

/// The low bits of the last byte of an arithmetic code are read by nobody.
#[test]
fn an_arithmetic_code_ends_as_encoders_end_it() {
    let file = |data: &[u8]| {
        let mut pieces = grey();
        pieces[2] = frame(0xC9, 8, 8, &[[1, 0x11, 0]]);
        pieces[3].clear();
        pieces[4].clear();
        pieces[6] = data.to_vec();
        pieces.concat()
    };
    let deep = Options {
        deep: true,
        ..Options::default()
    };
    let mut seen: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let mut taken = 0;
    for first in 0..=254_u8 {
        for second in (0..=254_u8).step_by(3) {
            let file = file(&[first, second]);
            let Ok(picture) = strip(&file, &deep) else {
                continue;
            };
            taken += 1;
            let clean = clean("arithmetic", &file, &Options::default());
            let known = seen
                .entry(picture.to_vec(&file))
                .or_insert_with(|| clean.clone());
            assert_eq!(*known, clean, "{first} {second}");
        }
    }
    assert!(
        taken > 1000 && seen.len() < taken / 2,
        "{taken} {}",
        seen.len()
    );
}

#[test]
fn arithmetic_coding_can_be_refused() {
    let mut pieces = grey();
    pieces[2] = frame(0xC9, 8, 8, &[[1, 0x11, 0]]);
    pieces[6].clear();
    let file = pieces.concat();
    clean("accepted", &file, &Options::default());
    let refusing = Options {
        arithmetic: scrubjay_jpeg::Arithmetic::Refuse,
        ..Options::default()
    };
    assert_eq!(
        strip(&file, &refusing).err(),
        Some(Error::Unsupported {
            offset: 71,
            detail: Unsupported::Process(0xC9)
        })
    );
}

/// A progressive photo of which the last `without` scans are missing.
fn unfinished(without: usize) -> Vec<u8> {
    let photo = Photo {
        width: 96,
        height: 80,
        progressive: true,
        quality: 40,
        ..Photo::default()
    };
    let photo = photo.encode();
    let headers: Vec<usize> = walk(&photo)
        .filter_map(|piece| match piece.expect("a sound file") {
            Piece::Segment {
                code: 0xDA, range, ..
            } => Some(range.start),
            _ => None,
        })
        .collect();
    let end = headers[headers.len() - without];
    [&photo[..end], EOI].concat()
}

#[test]
fn a_progressive_picture_that_is_not_finished_stays_so() {
    let judged = djpeg::installed();
    for without in 1..4 {
        let file = unfinished(without);
        let deep = Options {
            deep: true,
            ..Options::default()
        };
        let written = clean("deep", &file, &deep);
        assert!(written.windows(2).any(|pair| pair == [0xFF, 0xC2]));
        assert_eq!(samples::decode(&written), samples::decode(&file));
        if judged {
            assert_eq!(djpeg::draw(&written), djpeg::draw(&file), "{without}");
        }
        for orientation in 2..=8 {
            let turned = [&file[..2], &oriented(orientation), &file[2..]].concat();
            let turned = clean("turned", &turned, &Options::default());
            assert!(turned.windows(2).any(|pair| pair == [0xFF, 0xC2]));
            // Turned back it is what it was.
            let back = if orientation == 6 || orientation == 8 {
                14 - orientation
            } else {
                orientation
            };
            let again = [&turned[..2], &oriented(back), &turned[2..]].concat();
            let again = clean("turned back", &again, &Options::default());
            assert_eq!(samples::decode(&again), samples::decode(&file));
        }
    }
    // A finished one becomes baseline.
    let whole = Photo {
        progressive: true,
        ..Photo::default()
    };
    let whole = whole.encode();
    let turned = [&whole[..2], &oriented(6), &whole[2..]].concat();
    let turned = clean("finished", &turned, &Options::default());
    assert!(turned.windows(2).any(|pair| pair == [0xFF, 0xC0]));
}

#[test]
fn fill_bytes_before_a_stuffed_zero_are_refused() {
    // A table whose second code of fifteen value bits makes ones in a row.
    let mut pieces = grey();
    pieces[4] = huffman(1, 0, 0, 0x0F);
    pieces[6] = vec![0b0101_1111, 0xFF, 0x00, 0b1101_1111];
    let sound = pieces.concat();
    for check in CHECKS {
        assert_eq!(clean("stuffed", &sound, &options(check)), sound);
    }
    pieces[6] = vec![0b0101_1111, 0xFF, 0xFF, 0x00, 0b1101_1111];
    refused("filled", &pieces.concat(), Corruption::Stuffing);
    let kinds = strip(&grey_with(7, &[0xFF; 5]), &Options::default())
        .expect("fill bytes before a marker")
        .report
        .removed;
    assert!(kinds.iter().any(|removed| removed.kind == Kind::ScanTail));
}
