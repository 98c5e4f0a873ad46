//! Where private things hide, one place a row: the canary goes, its kind is named, and the picture
//! stays as it is.

#![allow(missing_docs, clippy::too_many_lines, reason = "tables of cases")]

use scrubjay_jpeg::{
    Check, Copyright, IccPolicy, Kind, Options, OrientationPolicy, Repair, Turned, inspect, strip,
    verify, verify_with,
};

use scrubjay_jpeg_dev::bytes;
use scrubjay_jpeg_dev::notices;
use scrubjay_jpeg_dev::profile;
use scrubjay_jpeg_dev::samples;

use bytes::{EOI, SOI, frame, grey, grey_with, scan, segment};

const CANARY: &[u8] = b"CANARY-in-its-place-41c8";

fn with_canary(before: &[u8]) -> Vec<u8> {
    [before, CANARY].concat()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

fn clean(file: &[u8], options: &Options) -> Vec<u8> {
    let clean = strip(file, options).expect("a sound file").to_vec(file);
    assert_eq!(verify(&clean), Ok(()));
    clean
}

/// With the notices of copyright kept; stripping it again changes nothing.
fn kept(file: &[u8]) -> Vec<u8> {
    let options = Options {
        copyright: Copyright::Keep,
        ..Options::default()
    };
    let clean = strip(file, &options).expect("a sound file").to_vec(file);
    assert_eq!(verify_with(&clean, Copyright::Keep), Ok(()));
    let again = strip(&clean, &options).expect("a clean file");
    assert!(again.to_vec(&clean) == clean);
    clean
}

#[test]
fn every_place_is_emptied_and_named() {
    let app = |code, before: &[u8]| segment(code, &with_canary(before));
    let last = grey().len();
    let table = |code, target: u8, length: usize| {
        let body = CANARY.iter().copied().cycle().take(length);
        segment(code, &[target].into_iter().chain(body).collect::<Vec<_>>())
    };
    // A prefix code with one code of seven bits per symbol.
    let codes = segment(
        0xC4,
        &[
            &[
                0x13,
                0,
                0,
                0,
                0,
                0,
                0,
                CANARY.len() as u8,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
            ][..],
            CANARY,
        ]
        .concat(),
    );
    let rows: Vec<(&str, usize, Vec<u8>, Kind)> = vec![
        (
            "Exif",
            1,
            app(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
            Kind::Exif,
        ),
        (
            "Exif between frame and scan",
            5,
            app(0xE1, b"Exif\0\0II*\0"),
            Kind::Exif,
        ),
        (
            "XMP",
            1,
            app(0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
            Kind::Xmp,
        ),
        (
            "extended XMP",
            1,
            app(0xE1, b"http://ns.adobe.com/xmp/extension/\0"),
            Kind::ExtendedXmp,
        ),
        (
            "APP1 of another make",
            1,
            app(0xE1, b"EXIF\0\0"),
            Kind::App1,
        ),
        (
            "IPTC",
            1,
            app(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0"),
            Kind::Iptc,
        ),
        (
            "Photoshop",
            1,
            app(0xED, b"Photoshop 3.0\x008BIM\x04\x0C\0\0"),
            Kind::Photoshop,
        ),
        ("comment", 1, app(0xFE, b""), Kind::Comment),
        ("JFXX", 1, app(0xE0, b"JFXX\0\x10"), Kind::JfifExtension),
        ("APP0 of another make", 1, app(0xE0, b"AVI1"), Kind::App0),
        (
            "JFIF thumbnail",
            1,
            app(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x02\x04"),
            Kind::JfifThumbnail,
        ),
        (
            "JFIF tail",
            1,
            app(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
            Kind::JfifTail,
        ),
        (
            "Adobe tail",
            1,
            app(0xEE, b"Adobe\0\x64\0\0\0\0\0"),
            Kind::AdobeTail,
        ),
        ("APP14 of another make", 1, app(0xEE, b"adobe"), Kind::App14),
        ("MPF", 1, app(0xE2, b"MPF\0"), Kind::Mpf),
        (
            "gain map",
            1,
            app(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"),
            Kind::GainMap,
        ),
        ("FlashPix", 1, app(0xE2, b"FPXR\0"), Kind::FlashPix),
        (
            "no profile",
            1,
            app(0xE2, b"ICC_PROFILE\0\x01\x01"),
            Kind::Icc,
        ),
        (
            "C2PA",
            1,
            app(0xEB, b"JP\0\x01\0\0\0\x01\0\0\0\x40jumb\0\0\0\x20jumdc2pa"),
            Kind::C2pa,
        ),
        (
            "JUMBF",
            1,
            app(0xEB, b"JP\0\x01\0\0\0\x01\0\0\0\x40jumb\0\0\0\x20jumdxxxx"),
            Kind::Jumbf,
        ),
        ("Ducky", 1, app(0xEC, b"Ducky\0"), Kind::Ducky),
        ("APP3", 1, app(0xE3, b""), Kind::App3),
        ("APP15", 1, app(0xEF, b""), Kind::App15),
        ("behind the frame header", 3, app(0xE9, b""), Kind::App9),
        ("behind the scan", last - 1, app(0xE9, b""), Kind::App9),
        ("fill bytes", 3, vec![0xFF; 7], Kind::Fill),
        ("between segments", 3, with_canary(b"\0"), Kind::Garbage),
        (
            "between segments, stuffed",
            3,
            with_canary(b"\xFF\0"),
            Kind::Garbage,
        ),
        ("TEM", 3, vec![0xFF, 0x01], Kind::StrayMarker),
        (
            "RST before the scan",
            3,
            vec![0xFF, 0xD3],
            Kind::StrayMarker,
        ),
        ("unused DQT", 3, table(0xDB, 3, 64), Kind::UnusedTable),
        (
            "DQT of 16 bits that is defined again",
            1,
            table(0xDB, 0x10, 128),
            Kind::UnusedTable,
        ),
        ("unused DHT", 3, codes, Kind::UnusedTable),
        (
            "DAC in a Huffman file",
            3,
            segment(0xCC, &[0, 0x10, 1, 0x20]),
            Kind::UnusedTable,
        ),
        (
            "DNL where the height is known",
            last - 1,
            segment(0xDC, &[0x43, 0x41]),
            Kind::LineCount,
        ),
        (
            "behind the last MCU",
            last - 1,
            with_canary(b""),
            Kind::ScanTail,
        ),
        (
            "MP4",
            last,
            with_canary(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x20free"),
            Kind::TrailerMp4,
        ),
        (
            "JPEG",
            last,
            [SOI, &app(0xE1, b"Exif\0\0"), EOI].concat(),
            Kind::TrailerJpeg,
        ),
        ("ZIP", last, with_canary(b"PK\x03\x04"), Kind::TrailerZip),
        (
            "Samsung",
            last,
            [CANARY, b"SEFH\0\0\0\0SEFT"].concat(),
            Kind::TrailerSamsung,
        ),
        ("text", last, CANARY.to_vec(), Kind::TrailerUnknown),
        (
            "gain map behind the picture",
            last,
            [SOI, &app(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"), EOI].concat(),
            Kind::TrailerJpeg,
        ),
        ("APP2 of another make", 1, app(0xE2, b"MPE\0"), Kind::App2),
        ("APP4", 1, app(0xE4, b""), Kind::App4),
        ("APP5", 1, app(0xE5, b""), Kind::App5),
        ("APP6", 1, app(0xE6, b""), Kind::App6),
        ("APP7", 1, app(0xE7, b""), Kind::App7),
        ("APP8", 1, app(0xE8, b""), Kind::App8),
        ("APP10", 1, app(0xEA, b""), Kind::App10),
        ("APP11 of another make", 1, app(0xEB, b"HDR"), Kind::App11),
        ("APP12 of another make", 1, app(0xEC, b"[pic"), Kind::App12),
        ("APP13 of another make", 1, app(0xED, b"Phot"), Kind::App13),
        (
            "texts of a profile",
            1,
            profile::chunks(&profile::rgb(CANARY), 300).concat(),
            Kind::IccText,
        ),
    ];
    // Those that have tests of their own below, those that are never removed, and those that are refused.
    let elsewhere = [
        Kind::IgnoredField,
        Kind::PaddingBits,
        Kind::TrailerGainMap,
        Kind::Boundary,
        Kind::Frame,
        Kind::ScanHeader,
        Kind::EntropyCoded,
        Kind::QuantizationTables,
        Kind::HuffmanTables,
        Kind::ArithmeticConditioning,
        Kind::RestartInterval,
        Kind::Jfif,
        Kind::Adobe,
        Kind::OrientationTag,
        Kind::Copyright,
        Kind::Reserved,
    ];
    for kind in Kind::ALL {
        assert!(
            elsewhere.contains(kind) != rows.iter().any(|(.., of)| of == kind),
            "{kind}"
        );
    }
    for (name, index, piece, kind) in rows {
        let file = grey_with(index, &piece);
        let report = inspect(&file, &Options::default()).expect(name);
        assert!(
            report.removed.iter().any(|removed| removed.kind == kind),
            "{name}: {report:?}"
        );
        let listed: u64 = report.segments.iter().map(|piece| piece.bytes).sum();
        assert_eq!(listed, file.len() as u64, "{name}");
        let clean = clean(&file, &Options::default());
        assert!(!contains(&clean, CANARY), "{name}");
        let keeping = kept(&file);
        assert!(!contains(&keeping, CANARY), "{name}: notices are kept");
        let head = matches!(
            kind,
            Kind::JfifThumbnail | Kind::JfifTail | Kind::AdobeTail | Kind::IccText
        );
        if !head {
            assert_eq!(clean, grey().concat(), "{name}");
        }
    }
}

#[test]
fn padding_bits_and_ignored_fields_are_set() {
    let mut pieces = grey();
    pieces[5] = scan(&[[1, 0]], [7, 7, 0x77]);
    pieces[6] = vec![0x2A];
    let file = pieces.concat();
    let report = inspect(&file, &Options::default()).expect("a sound file");
    assert_eq!(report.repaired, [Repair::PaddingBits]);
    let kinds: Vec<Kind> = report.removed.iter().map(|removed| removed.kind).collect();
    assert_eq!(kinds, [Kind::IgnoredField, Kind::PaddingBits]);
    assert_eq!(clean(&file, &Options::default()), grey().concat());
}

#[test]
fn a_missing_eoi_is_repaired_where_the_writer_came_to_an_end() {
    let end = grey().len() - 1;
    let without: Vec<u8> = grey()[..end].concat();
    for (name, tail) in [
        ("a comment", segment(0xFE, CANARY)),
        ("half a marker", vec![0xFF]),
        ("bytes", CANARY.to_vec()),
        ("half a segment", vec![0xFF, 0xE1, 0xFF, 0xFF, 1]),
        ("another picture", SOI.to_vec()),
    ] {
        let file = [&without[..], &tail].concat();
        let report = inspect(&file, &Options::default()).expect(name);
        assert!(report.repaired.contains(&Repair::MissingEoi), "{name}");
        assert_eq!(clean(&file, &Options::default()), grey().concat(), "{name}");
    }
    strip(&without, &Options::default()).expect_err("a scan that is cut off");
}

/// Exif with nothing but Orientation, as cameras write it: little-endian, in a larger IFD.
fn exif(orientation: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    body.extend(b"\x0F\x01\x02\0\x04\0\0\0abc\0");
    body.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    body.extend([0; 4]);
    segment(0xE1, &body)
}

#[test]
fn orientation_is_baked_tagged_or_dropped() {
    for orientation in 1..=8 {
        let file = grey_with(1, &exif(orientation));
        for policy in [
            OrientationPolicy::Bake,
            OrientationPolicy::Exact,
            OrientationPolicy::Tag,
            OrientationPolicy::Drop,
        ] {
            let options = Options {
                orientation: policy,
                ..Options::default()
            };
            let stripped = strip(&file, &options).expect("a sound file");
            assert_eq!(stripped.report.orientation, orientation);
            let expected = match policy {
                _ if orientation == 1 => Turned::None,
                OrientationPolicy::Bake | OrientationPolicy::Exact => Turned::Baked,
                OrientationPolicy::Tag => Turned::Tagged,
                OrientationPolicy::Drop => Turned::Dropped,
            };
            assert_eq!(stripped.report.turned, expected);
            let clean = stripped.to_vec(&file);
            assert_eq!(verify(&clean), Ok(()));
            let left = inspect(&clean, &options).expect("a clean file").orientation;
            assert_eq!(
                left,
                if expected == Turned::Tagged {
                    orientation
                } else {
                    1
                }
            );
        }
    }
}

fn tiff(content: &[u8]) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", content].concat())
}

#[test]
fn what_an_exif_segment_has_is_named() {
    let header = b"MM\0*\0\0\0\x08";
    // No entry that counts, a GPS IFD, and an Exif IFD behind this one, which has a maker note.
    let empty = [&header[..], b"\0\0\0\0\0\0"].concat();
    let gps = [
        &header[..],
        b"\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1A\0\0\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let note = [
        &header[..],
        b"\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1A\0\0\0\0",
        b"\0\x01\x92\x7C\0\x07\0\0\0\x04CANA\0\0\0\0",
    ]
    .concat();
    let thumbnail = [&header[..], b"\0\0\0\0\0\x0E\0\0\0\0\0\0"].concat();
    for (name, contents, flags) in [
        ("nothing", vec![&empty], [false; 3]),
        ("GPS", vec![&gps], [true, false, false]),
        ("maker note", vec![&note], [false, true, false]),
        ("thumbnail", vec![&thumbnail], [false, false, true]),
        ("one each", vec![&gps, &note, &thumbnail], [true; 3]),
    ] {
        let segments: Vec<Vec<u8>> = contents.iter().map(|content| tiff(content)).collect();
        let file = grey_with(1, &segments.concat());
        let report = inspect(&file, &Options::default()).expect(name);
        let found = report.exif.expect(name);
        assert_eq!(
            [found.gps, found.maker_note, found.thumbnail],
            flags,
            "{name}"
        );
        let bytes: usize = segments.iter().map(Vec::len).sum();
        let removed = report.removed[0];
        assert_eq!(
            (removed.kind, removed.count, removed.bytes),
            (Kind::Exif, segments.len() as u32, bytes as u64),
            "{name}"
        );
    }
    let without = inspect(&grey().concat(), &Options::default()).expect("a sound file");
    assert_eq!(without.exif, None);
}

#[test]
fn a_gain_map_that_is_announced_is_named_behind_the_picture() {
    let preview = [SOI, &segment(0xE1, &with_canary(b"Exif\0\0")), EOI].concat();
    for (name, announced) in [
        (
            "ISO 21496-1",
            segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"),
        ),
        (
            "Adobe",
            segment(
                0xE1,
                b"http://ns.adobe.com/xap/1.0/\0 xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\"",
            ),
        ),
        (
            "Apple",
            segment(
                0xE1,
                b"http://ns.adobe.com/xap/1.0/\0 xmlns:HDRGainMap=\"\"",
            ),
        ),
    ] {
        let mut pieces = grey();
        pieces.insert(1, announced);
        pieces.extend([preview.clone(), preview.clone()]);
        let file = pieces.concat();
        let report = inspect(&file, &Options::default()).expect(name);
        assert!(report.gain_map, "{name}");
        let trailers: Vec<Kind> = report.removed[1..].iter().map(|part| part.kind).collect();
        assert_eq!(
            trailers,
            [Kind::TrailerGainMap, Kind::TrailerJpeg],
            "{name}"
        );
        assert_eq!(clean(&file, &Options::default()), grey().concat(), "{name}");
    }
}

/// A picture of `ids.len()` components of a block each, in one scan.
fn coloured(ids: &[u8], head: &[Vec<u8>]) -> Vec<u8> {
    let mut pieces = grey();
    let components: Vec<[u8; 3]> = ids.iter().map(|id| [*id, 0x11, 0]).collect();
    let selectors: Vec<[u8; 2]> = ids.iter().map(|id| [*id, 0]).collect();
    pieces[2] = frame(0xC0, 8, 8, &components);
    pieces[5] = scan(&selectors, [0, 63, 0]);
    // Two bits a component.
    pieces[6] = if ids.len() == 4 {
        vec![0x00]
    } else {
        vec![0x03]
    };
    pieces.insert(1, head.concat());
    pieces.concat()
}

#[test]
fn what_decides_colours_is_neither_added_nor_lost() {
    let jfif = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let adobe = |transform| segment(0xEE, &[&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat());
    let default = Options::default();
    for ids in [&[1, 2, 3][..], b"RGB", &[0, 1, 2], &[1, 2, 3, 4], b"CMYK"] {
        let heads = [vec![], vec![jfif.clone()]].into_iter();
        let heads =
            heads.chain((0..=2).flat_map(|transform| {
                [vec![adobe(transform)], vec![jfif.clone(), adobe(transform)]]
            }));
        for head in heads {
            let file = coloured(ids, &head);
            assert_eq!(clean(&file, &default), file, "{ids:?} {head:?}");
        }
        // Decoders take a transform that they do not know for that of YCbCr or YCCK.
        let known = if ids.len() == 3 { 1 } else { 2 };
        assert_eq!(
            clean(&coloured(ids, &[adobe(9)]), &default),
            coloured(ids, &[adobe(known)])
        );
        // Behind the scan it is too late.
        let mut late = coloured(ids, &[]);
        let end = late.len() - 2;
        late.splice(end..end, [jfif.clone(), adobe(0)].concat());
        assert_eq!(clean(&late, &default), coloured(ids, &[]));
    }
}

#[test]
fn the_first_exif_before_the_scan_decides() {
    let broken = segment(0xE1, b"Exif\0\0II*\0\xFF\xFF\0\0");
    let xmp = segment(
        0xE1,
        b"http://ns.adobe.com/xap/1.0/\0 tiff:Orientation=\"8\"",
    );
    let rows = [
        ("two", [exif(3), exif(6)].concat(), 3),
        ("behind a broken one", [broken, exif(6)].concat(), 1),
        ("behind XMP", [xmp.clone(), exif(5)].concat(), 5),
        ("XMP alone", xmp, 1),
        ("nine", exif(9), 1),
        ("zero", exif(0), 1),
        ("behind a valid one without", [exif(0), exif(6)].concat(), 1),
        ("behind one with nine", [exif(9), exif(6)].concat(), 1),
        (
            "big-endian",
            tiff(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x07\0\0\0\0\0\0"),
            7,
        ),
        (
            "a LONG",
            tiff(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\0"),
            1,
        ),
        (
            "of the thumbnail",
            tiff(b"MM\0*\0\0\0\x08\0\0\0\0\0\x0E\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
            1,
        ),
    ];
    for (name, pieces, orientation) in rows {
        let report = inspect(&grey_with(1, &pieces), &Options::default()).expect(name);
        assert_eq!(report.orientation, orientation, "{name}");
    }
    let late = grey_with(grey().len() - 1, &exif(6));
    assert_eq!(
        inspect(&late, &Options::default())
            .expect("a sound file")
            .orientation,
        1
    );
}

#[test]
fn the_last_adobe_before_the_scan_decides_as_in_libjpeg() {
    let adobe = |transform| {
        segment(
            0xEE,
            &[b'A', b'd', b'o', b'b', b'e', 1, 2, 3, 4, 5, 6, transform],
        )
    };
    for (first, second) in [(0, 1), (1, 0), (2, 1)] {
        let file = grey_with(1, &[adobe(first), adobe(second)].concat());
        let clean = clean(&file, &Options::default());
        let canonical = segment(
            0xEE,
            &[b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, second],
        );
        assert_eq!(clean, grey_with(1, &canonical));
    }
}

#[test]
fn a_profile_keeps_what_decides_colours_and_nothing_else() {
    let source = profile::rgb(CANARY);
    assert!(contains(&source, CANARY));
    let file = grey_with(1, &profile::chunks(&source, 300).concat());
    for (policy, kept) in [
        (IccPolicy::Keep, true),
        (IccPolicy::SrgbOnly, true),
        (IccPolicy::Drop, false),
    ] {
        let options = Options {
            icc: policy,
            ..Options::default()
        };
        let clean = clean(&file, &options);
        assert!(!contains(&clean, CANARY));
        assert_eq!(contains(&clean, b"ICC_PROFILE\0"), kept, "{policy}");
        assert_eq!(contains(&clean, &profile::RED), kept, "{policy}");
    }
    let other = profile::rgb_with_red(CANARY, [0, 0, 0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0]);
    let file = grey_with(1, &profile::chunks(&other, 65_519).concat());
    let options = Options {
        icc: IccPolicy::SrgbOnly,
        ..Options::default()
    };
    assert_eq!(clean(&file, &options), grey().concat());
    assert!(contains(
        &clean(&file, &Options::default()),
        b"ICC_PROFILE\0"
    ));
}

#[test]
fn fields_of_a_profile_that_no_engine_reads_hold_nothing() {
    let source = profile::cmyk(CANARY);
    let chunks = profile::chunks(&source, 65_519);
    let file = coloured(b"CMYK", &chunks);
    let written = clean(&file, &Options::default());
    assert!(contains(&written, b"ICC_PROFILE\0"));
    for part in CANARY.windows(4) {
        assert!(!contains(&written, part), "{part:?}");
    }
    // One byte of the text in the place of each that was set is noticed.
    let at = |needle: &[u8]| {
        let found = written.windows(needle.len()).position(|w| w == needle);
        found.expect("part of the profile")
    };
    let header = at(b"prtrCMYKLab ") - 12;
    let table = at(b"mft1");
    for place in [
        header + 8,
        header + 9,
        header + 12,
        header + 16,
        header + 20,
        header + 68,
        header + 79,
        table + 11,
        table + 12,
        table + 47,
    ] {
        let mut spoilt = written.clone();
        spoilt[place] = b'!';
        assert!(verify(&spoilt).is_err(), "byte {place}");
    }
}

#[test]
fn a_profile_that_decoders_do_not_take_goes() {
    let whole = profile::chunks(&profile::rgb(CANARY), 200);
    let lab = profile::other_space(&profile::rgb(CANARY), *b"Lab ");
    let rows = [
        ("a chunk is missing", whole[1..].concat()),
        (
            "a chunk is there twice before all are",
            [&whole[0][..], &whole.concat()].concat(),
        ),
        (
            "another profile's chunk in between",
            [
                &whole[0][..],
                &profile::chunks(&profile::rgb(b"x"), 9000).concat(),
                &whole[1..].concat(),
            ]
            .concat(),
        ),
        ("no content", segment(0xE2, b"ICC_PROFILE\0\x01\x01")),
        ("no number", segment(0xE2, b"ICC_PROFILE\0")),
        (
            "of CMYK",
            profile::chunks(&profile::cmyk(CANARY), 65_519).concat(),
        ),
        ("of Lab", profile::chunks(&lab, 65_519).concat()),
    ];
    for (name, pieces) in rows {
        let file = grey_with(1, &pieces);
        let report = inspect(&file, &Options::default()).expect(name);
        assert_eq!(report.repaired, [Repair::BrokenIcc], "{name}");
        assert_eq!(clean(&file, &Options::default()), grey().concat(), "{name}");
    }
    // What comes behind a whole profile is gone, and the profile goes on.
    for (name, behind) in [
        ("a chunk again", whole[0].clone()),
        ("all again", whole.concat()),
        (
            "another profile",
            profile::chunks(
                &profile::rgb_with_red(CANARY, *CANARY.first_chunk().expect("12")),
                9000,
            )
            .concat(),
        ),
        (
            "text",
            segment(0xE2, &with_canary(b"ICC_PROFILE\0\x01\x01")),
        ),
    ] {
        let file = grey_with(1, &[whole.concat(), behind].concat());
        let clean = clean(&file, &Options::default());
        assert!(contains(&clean, &profile::RED), "{name}");
        assert!(!contains(&clean, &CANARY[..6]), "{name}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_report_is_written_in_camel_case_without_values() {
    let file = grey_with(1, &[exif(6), segment(0xFE, CANARY)].concat());
    let report = inspect(&file, &Options::default()).expect("a sound file");
    let json = serde_json::to_value(&report).expect("a report");
    assert_eq!(json["width"], 8);
    assert_eq!(json["height"], 8);
    assert_eq!(json["orientation"], 6);
    assert_eq!(json["turned"], "baked");
    assert_eq!(json["process"], "baseline");
    assert_eq!(
        json["removed"][1],
        serde_json::json!({"kind": "comment", "count": 1, "bytes": 28})
    );
    assert_eq!(
        json["segments"][2],
        serde_json::json!({"marker": "COM", "offset": 50, "bytes": 28, "kind": "comment", "kept": false})
    );
    assert!(!json.to_string().contains("CANARY"));
}

/// A table of codes of eight bits with a message behind its two symbols, which a scan does use.
fn huffman_with(class: u8, symbols: &[u8]) -> Vec<u8> {
    let mut body = vec![class << 4, 1, 1, 0, 0, 0, 0, 0, symbols.len() as u8];
    body.extend([0; 8]);
    body.extend([0, 1]);
    body.extend(symbols);
    segment(0xC4, &body)
}

#[test]
fn symbols_that_no_code_can_need_are_written_away() {
    for (place, class) in [(3, 0), (4, 1)] {
        let mut pieces = grey();
        pieces[place] = huffman_with(class, CANARY);
        let file = pieces.concat();
        for check in [Check::Structure, Check::Entropy] {
            let options = Options {
                check,
                ..Options::default()
            };
            let report = inspect(&file, &options).expect("a sound file");
            assert_eq!(report.removed[0].kind, Kind::UnusedTable);
            let clean = clean(&file, &options);
            assert!(!contains(&clean, CANARY), "class {class}, {check}");
            let again = strip(&clean, &options).expect("a clean file");
            assert_eq!(again.to_vec(&clean), clean);
            assert_eq!(samples::decode(&clean), samples::decode(&grey().concat()));
        }
        verify(&file).expect_err("a symbol is there twice");
    }
}

/// A grey picture of `blocks` blocks in a row, each with a restart marker in front but the first; `between` stands
/// before each restart marker.
fn restarts(blocks: u16, between: &[u8]) -> Vec<u8> {
    let mut pieces = grey();
    pieces[2] = frame(0xC0, 8, 8 * blocks, &[[1, 0x11, 0]]);
    pieces.insert(5, segment(0xDD, &[0, 1]));
    let data = &mut pieces[7];
    for block in 1..blocks {
        data.extend(between);
        data.extend([0xFF, 0xD0 | ((block as u8 - 1) & 7)]);
        data.extend(bytes::BLOCK);
    }
    pieces.concat()
}

#[test]
fn what_stands_around_restart_markers_goes() {
    let expected = restarts(10, b"");
    let default = Options::default();
    assert_eq!(clean(&expected, &default), expected);
    let mut zeros = expected.clone();
    for byte in &mut zeros {
        // The six padding bits of each block.
        if *byte == bytes::BLOCK[0] {
            *byte = 0x2A;
        }
    }
    let mut behind = expected.clone();
    // One more than the intervals need, in sequence.
    behind.splice(behind.len() - 2..behind.len() - 2, [0xFF, 0xD1]);
    let mut named = expected.clone();
    named.splice(
        behind.len() - 4..behind.len() - 4,
        [&[0xFF, 0xD1][..], CANARY].concat(),
    );
    for (name, file) in [
        ("bytes before RST", restarts(10, CANARY)),
        (
            "stuffed bytes before RST",
            restarts(10, &with_canary(b"\xFF\0")),
        ),
        ("fill bytes before RST", restarts(10, &[0xFF; 5])),
        ("padding bits", zeros),
        ("RST behind the last interval", behind),
        ("RST and bytes behind the last interval", named),
    ] {
        assert_ne!(file, expected, "{name}");
        assert_eq!(clean(&file, &default), expected, "{name}");
    }
    let wrong = expected.clone();
    let at = wrong
        .windows(2)
        .position(|w| w == [0xFF, 0xD2])
        .expect("an RST2");
    let mut wrong = wrong;
    wrong[at + 1] = 0xD5;
    for check in [Check::Structure, Check::Entropy] {
        let options = Options {
            check,
            ..Options::default()
        };
        strip(&wrong, &options).expect_err("RST out of sequence");
    }
}

#[test]
fn what_stands_around_the_number_of_lines_goes() {
    let with = |behind: &[u8]| {
        let mut pieces = grey();
        pieces[2] = frame(0xC0, 0, 8, &[[1, 0x11, 0]]);
        pieces.insert(7, behind.to_vec());
        pieces.concat()
    };
    let lines = segment(0xDC, &[0, 8]);
    let expected = with(&lines);
    let canary = segment(0xDC, &with_canary(&[0, 8]));
    let rows = [
        ("tail in DNL", canary.clone()),
        ("DNL again", [&lines[..], &lines].concat()),
        ("another DNL", [&lines[..], &segment(0xDC, CANARY)].concat()),
        ("DNL with a tail again", [&lines[..], &canary].concat()),
        ("fill bytes before DNL", [&[0xFF; 4][..], &lines].concat()),
        ("bytes before DNL", [CANARY, &lines].concat()),
        (
            "bytes behind DNL",
            [&lines[..], CANARY, &[0xFF, 0, 7]].concat(),
        ),
        (
            "comment behind DNL",
            [lines.clone(), segment(0xFE, CANARY)].concat(),
        ),
    ];
    for (name, behind) in rows {
        assert_eq!(
            clean(&with(&behind), &Options::default()),
            expected,
            "{name}"
        );
    }
    for (name, index) in [("before the frame", 1), ("before the scan", 5)] {
        let mut pieces = grey();
        pieces.insert(index, segment(0xDC, CANARY));
        let result = strip(&pieces.concat(), &Options::default());
        if let Ok(stripped) = result {
            assert_eq!(
                stripped.to_vec(&pieces.concat()),
                grey().concat(),
                "DNL {name}"
            );
        }
    }
}

/// Two grey components in a scan each, `between` between the scans.
fn two_scans(between: &[u8]) -> Vec<u8> {
    let mut pieces = grey();
    pieces[2] = frame(0xC0, 8, 8, &[[1, 0x11, 0], [2, 0x11, 0]]);
    pieces.insert(7, between.to_vec());
    pieces.insert(8, scan(&[[2, 0]], [0, 63, 0]));
    pieces.insert(9, bytes::BLOCK.to_vec());
    pieces.concat()
}

#[test]
fn what_stands_between_scans_goes() {
    let expected = two_scans(b"");
    assert_eq!(clean(&expected, &Options::default()), expected);
    let dqt = |destination| {
        let body = CANARY.iter().copied().cycle().take(64);
        segment(
            0xDB,
            &[destination].into_iter().chain(body).collect::<Vec<_>>(),
        )
    };
    let rows = [
        ("comment", segment(0xFE, CANARY)),
        ("application segment", segment(0xE1, CANARY)),
        ("bytes", CANARY.to_vec()),
        ("fill bytes", vec![0xFF; 9]),
        ("restart marker", vec![0xFF, 0xD4]),
        ("TEM", vec![0xFF, 0x01]),
        ("table of no component", dqt(2)),
        (
            "restart interval that is set twice",
            [
                segment(0xDD, CANARY.first_chunk::<2>().expect("two")),
                segment(0xDD, &[0, 0]),
            ]
            .concat(),
        ),
        ("conditioning", segment(0xCC, &[0, 0x43, 0x10, 0x3F])),
        ("number of lines", segment(0xDC, CANARY)),
    ];
    for (name, between) in rows {
        assert_eq!(
            clean(&two_scans(&between), &Options::default()),
            expected,
            "{name}"
        );
    }
    // The second component's table counts, but not the one that is defined again before it.
    let twice = two_scans(&[dqt(0), bytes::quantization(0)].concat());
    let written = clean(&twice, &Options::default());
    assert!(!contains(&written, CANARY));
    // Huffman tables too, which have to be codes.
    let codes = [
        bytes::huffman(0, 0, b'C', b'A'),
        bytes::huffman(0, 0, 0, 1),
        bytes::huffman(1, 0, b'N', b'A'),
        bytes::huffman(1, 0, 0, 1),
    ];
    let written = clean(&two_scans(&codes.concat()), &Options::default());
    assert!(!contains(&written, b"CA") && !contains(&written, b"NA"));
}

#[test]
fn tables_of_the_same_segment_that_no_scan_uses_go() {
    let ours = &bytes::quantization(0)[4..];
    let mut theirs = vec![0x12];
    theirs.extend(CANARY.iter().copied().cycle().take(128));
    let mut wide = vec![0x10];
    wide.extend(CANARY.iter().copied().cycle().take(128));
    let expected = grey().concat();
    for (name, body) in [
        ("another behind", [ours, &theirs].concat()),
        ("another before", [&theirs, ours].concat()),
        ("the same before", [&wide, ours].concat()),
    ] {
        let file = bytes::grey_but(1, &segment(0xDB, &body));
        assert_eq!(clean(&file, &Options::default()), expected, "{name}");
    }
    for (name, tail) in [("half a table", 20), ("a byte", 1)] {
        let body = [ours, &wide[..tail]].concat();
        let file = bytes::grey_but(1, &segment(0xDB, &body));
        strip(&file, &Options::default()).expect_err(name);
    }
}

#[test]
fn selectors_of_tables_that_a_progressive_scan_does_not_use_are_set() {
    let with = |dc: u8, ac: u8, refine: u8| {
        let mut pieces = grey();
        pieces[2] = frame(0xC2, 8, 8, &[[1, 0x11, 0]]);
        pieces[5] = scan(&[[1, dc]], [0, 0, 0x01]);
        pieces[6] = vec![0x7F];
        pieces.insert(7, scan(&[[1, refine]], [0, 0, 0x10]));
        pieces.insert(8, vec![0x7F]);
        pieces.insert(9, scan(&[[1, ac]], [1, 63, 0]));
        pieces.insert(10, vec![0x7F]);
        pieces.concat()
    };
    let expected = with(0, 0, 0);
    assert_eq!(clean(&expected, &Options::default()), expected);
    for check in [Check::Structure, Check::Entropy] {
        let options = Options {
            check,
            ..Options::default()
        };
        assert_eq!(
            clean(&with(0x03, 0x20, 0x31), &options),
            expected,
            "{check}"
        );
    }
}

#[test]
fn several_jfif_segments_become_the_last() {
    let jfif = |density: u8, tail: &[u8]| {
        let body = [
            b"JFIF\0\x01\x02\x01\0",
            &[density, 0, density, 0, 0][..],
            tail,
        ]
        .concat();
        segment(0xE0, &body)
    };
    let expected = grey_with(1, &jfif(72, b""));
    for (name, pieces) in [
        ("twice", vec![jfif(96, b""), jfif(72, b"")]),
        ("with a tail each", vec![jfif(96, CANARY), jfif(72, CANARY)]),
        (
            "with another kind between",
            vec![
                jfif(96, b""),
                segment(0xE0, &with_canary(b"JFXX\0\x13\x01\x01")),
                jfif(72, b""),
            ],
        ),
        (
            "too short behind",
            vec![jfif(72, b""), segment(0xE0, b"JFIF\0CANARY!!")],
        ),
    ] {
        let file = grey_with(1, &pieces.concat());
        assert_eq!(clean(&file, &Options::default()), expected, "{name}");
    }
    // What has no meaning is not a place either.
    let odd = segment(0xE0, b"JFIF\0\x01CANARY\0\0");
    let written = clean(&grey_with(1, &odd), &Options::default());
    assert!(!contains(&written, b"CANARY"));
    let late = grey_with(grey().len() - 1, &jfif(72, CANARY));
    assert_eq!(clean(&late, &Options::default()), grey().concat());
}

/// Time and memory are linear, so that this ends before anyone notices; a report lists the first of them.
#[test]
fn a_file_of_nothing_but_small_segments_is_stripped_or_refused() {
    let many = |count: usize, piece: &[u8]| grey_with(1, &piece.repeat(count));
    let rows = [
        ("comments", segment(0xFE, b"")),
        ("application segments", segment(0xE9, b"")),
        ("restart intervals", segment(0xDD, &[0, 0])),
        ("stray markers", vec![0xFF, 0xD0]),
        ("garbage and markers", vec![0x33, 0xFF, 0xD0]),
        ("profile chunks", segment(0xE2, b"ICC_PROFILE\0\x01\xFF")),
        ("conditioning", segment(0xCC, &[0, 0x10])),
        ("tables without a table", segment(0xC4, b"")),
        ("Exif", segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xFF\xFF")),
    ];
    for (name, piece) in rows {
        let file = many(90_000, &piece);
        for check in [Check::Structure, Check::Entropy] {
            let options = Options {
                check,
                ..Options::default()
            };
            let stripped = strip(&file, &options).expect(name);
            assert_eq!(stripped.to_vec(&file), grey().concat(), "{name}");
            assert!(stripped.report.segments.len() <= scrubjay_jpeg::SEGMENTS_LISTED);
            assert!(stripped.parts.len() < 10, "{name}");
        }
        let result = strip(&many(200_001, &piece), &Options::default());
        result.expect_err(name);
    }
}

#[test]
fn notices_of_copyright_are_kept_when_asked_for_and_nothing_else() {
    for (big_endian, orientation) in [(false, 1), (true, 1), (false, 6)] {
        let mut pieces = [
            notices::exif(CANARY, big_endian),
            notices::iptc(CANARY),
            notices::xmp(CANARY),
        ];
        if orientation != 1 {
            // The first Exif segment decides on the way up, and is the one whose notices count.
            pieces[0] = exif(orientation);
        }
        let file = grey_with(1, &pieces.concat());
        let kinds = [Kind::Exif, Kind::Iptc, Kind::Xmp];
        let report = inspect(&file, &Options::default()).unwrap();
        assert!(
            kinds
                .iter()
                .all(|kind| report.removed.iter().any(|r| r.kind == *kind))
        );

        // By default nothing is left of them.
        let dropped = clean(&file, &Options::default());
        for text in ["Ada", "Grace", "Example", "XMP", "ask us"] {
            assert!(!contains(&dropped, text.as_bytes()), "{text}");
        }
        let keeping = kept(&file);
        assert!(!contains(&keeping, CANARY));
        assert!(verify(&keeping).is_err());
        let in_exif = orientation == 1;
        for (text, there) in [
            ("Ada Übel\0", in_exif),
            ("(c) 2026 Ada <a@example.com>\0", in_exif),
            ("<rdf:li>Grace</rdf:li>", true),
            (">in XMP</rdf:li>", true),
            (">Example Press<", true),
            (">ask us &lt;first&gt;</rdf:li>", true),
            (">https://example.com/terms?a=1&amp;b=2<", true),
            // XMP has the same notice, and is younger.
            ("(c) 2026 Example", false),
        ] {
            assert_eq!(contains(&keeping, text.as_bytes()), there, "{text}");
        }
        let options = Options {
            copyright: Copyright::Keep,
            ..Options::default()
        };
        let stripped = strip(&file, &options).unwrap();
        let of_copyright = stripped
            .report
            .kept
            .iter()
            .find(|kept| kept.kind == Kind::Copyright);
        let longer = (keeping.len() - dropped.len()) as u64;
        assert_eq!(of_copyright.map(|kept| kept.bytes), Some(longer));
        // What was removed is what it was by default: the source's segments go, and canonical ones are written.
        assert_eq!(
            stripped.report.removed,
            strip(&file, &Options::default()).unwrap().report.removed
        );
    }
}

#[test]
fn the_way_up_and_the_notices_share_one_segment() {
    let mut notices = notices::exif(CANARY, true);
    // The tag of the description becomes that of the orientation: a SHORT of 6.
    let entry = notices
        .windows(4)
        .position(|window| window == [0x01, 0x0E, 0, 2])
        .unwrap();
    notices[entry..entry + 12].copy_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]);
    let file = grey_with(1, &notices);
    let options = Options {
        copyright: Copyright::Keep,
        orientation: OrientationPolicy::Tag,
        ..Options::default()
    };
    let stripped = strip(&file, &options).unwrap();
    let clean = stripped.to_vec(&file);
    assert_eq!(verify_with(&clean, Copyright::Keep), Ok(()));
    let left = inspect(&clean, &options).unwrap();
    assert_eq!((left.orientation, left.turned), (6, Turned::Tagged));
    assert!(contains(&clean, "Ada Übel\0".as_bytes()));
    assert!(!contains(&clean, CANARY));
    let exif = clean.windows(4).filter(|window| window == b"Exif").count();
    assert_eq!(exif, 1);
    assert!(strip(&clean, &options).unwrap().to_vec(&clean) == clean);
}

#[test]
fn a_file_without_notices_is_the_same_under_both_policies() {
    for piece in [
        exif(6),
        segment(0xE1, b"Exif\0\0"),
        segment(0xED, b"Photoshop 3.0\08BIM\x04\x04"),
    ] {
        let file = grey_with(1, &piece);
        assert!(kept(&file) == clean(&file, &Options::default()));
    }
}

#[test]
fn no_other_way_to_write_a_notice_is_clean() {
    let file = kept(&grey_with(
        1,
        &[
            notices::exif(CANARY, true),
            notices::iptc(CANARY),
            notices::xmp(CANARY),
        ]
        .concat(),
    ));
    let changed = |from: &str, to: &str| {
        let at = file
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .expect(from);
        let mut spoilt = [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat();
        // The length of the segment that it stands in.
        let marker = (0..at)
            .rev()
            .find(|at| file[*at..].starts_with(&[0xFF, 0xE1]))
            .unwrap();
        let length = u16::from_be_bytes([spoilt[marker + 2], spoilt[marker + 3]]);
        let length = usize::from(length) + to.len() - from.len();
        spoilt[marker + 2..marker + 4].copy_from_slice(&(length as u16).to_be_bytes());
        spoilt
    };
    assert_eq!(
        verify_with(&changed(">Grace<", ">Alice<"), Copyright::Keep),
        Ok(())
    );
    let long = format!(">{}<", "x".repeat(1_001));
    for (from, to) in [
        (">Grace<", "><"),
        (">Grace<", "> Grace<"),
        (">Grace<", ">Grace  Hopper<"),
        (">Grace<", ">Gr\nce<"),
        (">Grace<", ">Gr\u{200B}ace<"),
        (">Grace<", ">Gr\u{E0041}ace<"),
        (">Grace<", ">Gr&#97;ce<"),
        (">Grace<", ">Gr&ace<"),
        (">Grace<", ">Gr>ce<"),
        (">Grace<", long.as_str()),
        (">Grace<", "><!-- -->Grace<"),
        (
            "<rdf:li>Grace</rdf:li>",
            "<rdf:li>Grace</rdf:li><rdf:li>Ada</rdf:li>",
        ),
        ("<dc:creator>", "<dc:title>x</dc:title><dc:creator>"),
        ("</x:xmpmeta>", "</x:xmpmeta> "),
        ("</x:xmpmeta>", "</x:xmpmeta><?xpacket end=\"w\"?>"),
        ("Ada Übel\0", "Ada Ü\0el\0"),
        ("Ada Übel\0", "Ada Üb  \0"),
    ] {
        assert!(
            verify_with(&changed(from, to), Copyright::Keep).is_err(),
            "{from} -> {to}"
        );
    }
}
