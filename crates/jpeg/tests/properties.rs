//! What holds for every file: proved on structures that are put together at random.

#![allow(missing_docs)]

use std::sync::LazyLock;

use jpeg_encoder::{ColorType, SamplingFactor};
use proptest::prelude::*;
use scrubjay_jpeg::{
    Check, Copyright, Corruption, Error, Kind, Options, OrientationPolicy, Part, Piece, inspect,
    inspect_head, strip, verify, verify_with, walk,
};

use scrubjay_jpeg_dev::bytes;
use scrubjay_jpeg_dev::notices;
use scrubjay_jpeg_dev::photo;
use scrubjay_jpeg_dev::samples;

use photo::Photo;

const CANARY: &[u8] = b"CANARY-of-a-property-7f3a";

/// Clean files of every kind that the encoder knows.
static PHOTOS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let base = Photo::default();
    let rows = [
        base,
        Photo {
            width: 33,
            height: 17,
            ..base
        },
        Photo {
            progressive: true,
            ..base
        },
        Photo {
            sampling: SamplingFactor::R_4_4_4,
            ..base
        },
        Photo {
            sampling: SamplingFactor::R_4_2_2,
            restart_interval: 2,
            ..base
        },
        Photo {
            sampling: SamplingFactor::R_4_4_0,
            ..base
        },
        Photo {
            sampling: SamplingFactor::R_4_1_1,
            ..base
        },
        Photo {
            color: ColorType::Luma,
            restart_interval: 1,
            ..base
        },
        Photo {
            color: ColorType::Luma,
            progressive: true,
            ..base
        },
        Photo {
            color: ColorType::Cmyk,
            ..base
        },
        Photo {
            color: ColorType::CmykAsYcck,
            ..base
        },
    ];
    rows.iter().map(Photo::encode).collect()
});

/// Something that does not belong into a file.
#[derive(Debug, Clone)]
enum Foreign {
    Segment(u8, Vec<u8>),
    Fill(usize),
    Garbage(Vec<u8>),
    Alone(u8),
    /// A table that no scan uses.
    Table(u8),
}

impl Foreign {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Segment(code, body) => bytes::segment(*code, body),
            Self::Fill(count) => vec![0xFF; *count],
            Self::Garbage(garbage) => garbage.clone(),
            Self::Alone(code) => vec![0xFF, *code],
            Self::Table(destination) => {
                let body = CANARY.iter().copied().cycle().map(|byte| byte.max(1));
                let table = [*destination]
                    .into_iter()
                    .chain(body.take(64))
                    .collect::<Vec<_>>();
                bytes::segment(0xDB, &table)
            }
        }
    }
}

fn foreign() -> impl Strategy<Value = Foreign> {
    let signatures = prop::sample::select(vec![
        &b""[..],
        b"JFXX\0",
        b"Exif\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\0",
        b"http://ns.adobe.com/xap/1.0/\0",
        b"ICC_PROFILE\0\x01\x02",
        b"MPF\0",
        b"Photoshop 3.0\x008BIM\x04\x04",
    ]);
    let code = prop_oneof![Just(0xFE_u8), 0xE1_u8..=0xED, Just(0xEF_u8)];
    prop_oneof![
        4 => (code, signatures, prop::collection::vec(any::<u8>(), 0..40)).prop_map(
            |(code, signature, tail)| {
                Foreign::Segment(code, [signature, CANARY, &tail].concat())
            }
        ),
        1 => (1_usize..5).prop_map(Foreign::Fill),
        1 => prop::collection::vec(0_u8..0xFF, 1..20)
            .prop_map(|junk| Foreign::Garbage([&junk[..], CANARY, &[0xFF, 0]].concat())),
        1 => prop::sample::select(vec![0x01_u8, 0xD0, 0xD7]).prop_map(Foreign::Alone),
        1 => (2_u8..4).prop_map(Foreign::Table),
    ]
}

/// Where something foreign can stand: before every marker but SOI, and behind EOI.
fn places(file: &[u8]) -> Vec<usize> {
    walk(file)
        .map(|piece| piece.expect("a sound file"))
        .filter(|piece| !matches!(piece, Piece::EntropyCoded { .. }))
        .map(|piece| piece.range().start)
        .filter(|start| *start > 0)
        .chain([file.len()])
        .collect()
}

fn options(check: Check) -> Options {
    Options {
        check,
        orientation: OrientationPolicy::Tag,
        ..Options::default()
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// What holds for every file that strips.
fn holds_if_it_strips(file: &[u8], options: &Options) -> Result<Option<Vec<u8>>, TestCaseError> {
    let inspected = inspect(file, options);
    let Ok(stripped) = strip(file, options) else {
        prop_assert!(inspected.is_err());
        return Ok(None);
    };
    let clean = stripped.to_vec(file);
    prop_assert!(inspected.is_ok());
    // Otherwise its coefficients were written anew, which inspecting leaves out.
    let as_it_stands = stripped
        .parts
        .iter()
        .any(|part| matches!(part, Part::Kept(_)));
    if as_it_stands {
        prop_assert_eq!(
            inspected.as_ref().map(|report| report.bytes_out),
            Ok(clean.len() as u64)
        );
    }
    prop_assert_eq!(stripped.len(), clean.len() as u64);
    prop_assert_eq!(verify(&clean), Ok(()));
    let again = strip(&clean, options).map(|again| again.to_vec(&clean));
    prop_assert_eq!(again.as_ref(), Ok(&clean));
    let mut written = Vec::new();
    stripped
        .write_to(file, &mut written)
        .expect("a vector takes everything");
    prop_assert_eq!(&written, &clean);
    Ok(Some(clean))
}

/// The same file comes out whether a picture is turned while it is checked or after that.
#[test]
fn a_picture_is_turned_the_same_on_the_way_and_afterwards() {
    for photo in PHOTOS.iter() {
        for orientation in 1..=8 {
            let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
            exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
            let exif = bytes::segment(0xE1, &exif);
            let file = [&photo[..2], &exif, &photo[2..]].concat();
            for deep in [false, true] {
                let turned = [Check::Structure, Check::Entropy].map(|check| {
                    let options = Options {
                        check,
                        deep,
                        ..Options::default()
                    };
                    let stripped = strip(&file, &options).expect("a sound file");
                    (stripped.to_vec(&file), stripped.report)
                });
                let [afterwards, on_the_way] = turned;
                assert_eq!(afterwards, on_the_way, "orientation {orientation}");
            }
        }
    }
}

proptest! {
    // PROPTEST_CASES makes more of them.
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn what_is_foreign_goes_and_the_picture_stays(
        photo in 0..PHOTOS.len(),
        foreign in prop::collection::vec((any::<prop::sample::Index>(), foreign()), 1..6),
    ) {
        let photo = &PHOTOS[photo];
        let places = places(photo);
        let mut insertions: Vec<(usize, Vec<u8>)> =
            foreign.iter().map(|(at, piece)| (places[at.index(places.len())], piece.bytes())).collect();
        insertions.sort_by_key(|(at, _)| *at);
        let mut dirty = photo.clone();
        for (at, piece) in insertions.iter().rev() {
            dirty.splice(at..at, piece.iter().copied());
        }
        let options = options(Check::Entropy);
        let base = strip(photo, &options).expect("a sound file").to_vec(photo);
        let stripped = holds_if_it_strips(&dirty, &options)?;
        // Fill bytes right before garbage make a marker of it; nothing else is a reason to refuse.
        let fill = foreign.iter().any(|(_, piece)| matches!(piece, Foreign::Fill(_)));
        prop_assert!(stripped.is_some() || fill);
        if let Some(clean) = stripped {
            prop_assert!(!contains(&clean, CANARY));
            prop_assert_eq!(samples::decode(&clean), samples::decode(&base));
            prop_assert!(clean.len() <= dirty.len());
            let report = inspect(&dirty, &options).expect("it strips");
            let listed: u64 = report.segments.iter().map(|piece| piece.bytes).sum();
            prop_assert_eq!(listed, dirty.len() as u64);
            for (_, piece) in &foreign {
                if let Foreign::Segment(0xFE, _) = piece {
                    let comment = |kind| matches!(kind, Kind::Comment | Kind::TrailerUnknown);
                    prop_assert!(report.removed.iter().any(|removed| comment(removed.kind)));
                }
            }
        }
    }

    #[test]
    fn no_mutation_gets_past_verify(
        photo in 0..PHOTOS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..4),
        structure in any::<bool>(),
    ) {
        let check = if structure { Check::Structure } else { Check::Entropy };
        let options = options(check);
        let photo = &PHOTOS[photo];
        let mut file = strip(photo, &options).expect("a sound file").to_vec(photo);
        for (at, byte, how) in &changes {
            let at = at.index(file.len());
            match how {
                0 => file[at] = *byte,
                1 => file.insert(at, *byte),
                _ => drop(file.remove(at)),
            }
        }
        holds_if_it_strips(&file, &options)?;
        // What verify takes, the stripper has nothing to take from.
        if verify(&file).is_ok()
            && let Ok(stripped) = strip(&file, &Options { check: Check::Structure, ..options })
        {
            prop_assert_eq!(stripped.to_vec(&file), file);
        }
    }

    #[test]
    fn no_notice_brings_anything_else_along(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 0..6),
        big_endian in any::<bool>(),
        clean_first in any::<bool>(),
    ) {
        let keep = Options { copyright: Copyright::Keep, ..options(Check::Entropy) };
        let segments = [notices::exif(CANARY, big_endian), notices::iptc(CANARY), notices::xmp(CANARY)].concat();
        let plain = bytes::grey().concat();
        let mut file = bytes::grey_with(1, &segments);
        let mut most = segments.len();
        if clean_first {
            file = strip(&file, &keep).expect("a sound file").to_vec(&file);
            most = file.len() - plain.len();
        }
        // In the notices' segments: they stand behind SOI.
        for (at, byte, how) in &changes {
            let at = 2 + at.index(most);
            match how {
                0 => file[at] = *byte,
                1 => file.insert(at, *byte),
                _ => drop(file.remove(at)),
            }
        }
        if let Ok(stripped) = strip(&file, &keep) {
            let clean = stripped.to_vec(&file);
            prop_assert_eq!(verify_with(&clean, Copyright::Keep), Ok(()));
            prop_assert_eq!(strip(&clean, &keep).expect("a clean file").to_vec(&clean), clean);
        }
        if verify_with(&file, Copyright::Keep).is_ok() {
            prop_assert_eq!(strip(&file, &keep).expect("a clean file").to_vec(&file), file);
        }
    }

    #[test]
    fn what_a_head_refuses_the_whole_file_is_refused_for(
        photo in 0..PHOTOS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 0..5),
        length in any::<prop::sample::Index>(),
    ) {
        let mut file = PHOTOS[photo].clone();
        for (at, byte, how) in &changes {
            // Headers are small beside the data.
            let at = at.index(file.len().min(700));
            match how {
                0 | 1 => file[at] = *byte,
                2 => file.insert(at, *byte),
                _ => drop(file.remove(at)),
            }
        }
        let options = options(Check::Structure);
        let length = 4 + length.index(file.len().min(1_400));
        let head = &file[..length.min(file.len())];
        match inspect_head(head, file.len() as u64, &options) {
            Err(error) => prop_assert_eq!(strip(&file, &options).map(|_| ()), Err(error)),
            Ok(head) => {
                if let (true, Ok(report)) = (head.complete, inspect(&file, &options)) {
                    let size = |report: &scrubjay_jpeg::Report| (report.width, report.components, report.process, report.orientation);
                    prop_assert_eq!(size(&head.report), size(&report));
                    prop_assert_eq!(head.report.bytes_in, report.bytes_in);
                }
            }
        }
    }

    #[test]
    fn both_checks_refuse_the_same_headers(
        photo in 0..PHOTOS.len(),
        in_headers in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..5),
    ) {
        let mut file = PHOTOS[photo].clone();
        // Headers are small beside the data.
        let most = if in_headers { 700 } else { file.len() };
        for (at, byte, how) in &changes {
            let at = at.index(most.min(file.len()));
            match how {
                0 | 1 => file[at] = *byte,
                2 => file.insert(at, *byte),
                _ => drop(file.remove(at)),
            }
        }
        let [structure, entropy] = [Check::Structure, Check::Entropy].map(|check| {
            let orientation = OrientationPolicy::Drop;
            strip(&file, &Options { orientation, ..options(check) })
        });
        match (structure, entropy) {
            (Ok(structure), Ok(entropy)) => prop_assert!(entropy.len() <= structure.len()),
            // What structure takes, entropy refuses for the picture's data alone.
            (Ok(_), Err(Error::Corrupt { detail, .. })) => prop_assert!(
                matches!(
                    detail,
                    Corruption::BadCode | Corruption::BadCoefficient | Corruption::ScanCutOff | Corruption::Restart
                ),
                "{detail}"
            ),
            (Ok(_), Err(error)) => prop_assert!(false, "{error}"),
            // Behind its last code entropy cuts what structure cannot tell from data.
            (Err(Error::Corrupt { detail, .. }), Ok(_)) => prop_assert!(
                matches!(detail, Corruption::Stuffing | Corruption::Restart | Corruption::ScanCutOff),
                "{detail}"
            ),
            (Err(error), Ok(_)) => prop_assert!(false, "{error}"),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn nothing_that_is_inserted_between_segments_gets_past_verify(
        photo in 0..PHOTOS.len(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let photo = &PHOTOS[photo];
        let clean = strip(photo, &options(Check::Entropy)).expect("a sound file").to_vec(photo);
        // Behind a scan a byte may be one more of its data: that is for decoding to tell.
        let places: Vec<usize> = walk(&clean)
            .map(|piece| piece.expect("a clean file"))
            .scan(false, |behind_scan, piece| {
                let here = (!*behind_scan).then_some(piece.range().start);
                *behind_scan = matches!(piece, Piece::EntropyCoded { .. })
                    || matches!(piece, Piece::Segment { code: 0xDA, .. });
                Some(here)
            })
            .flatten()
            .chain([clean.len()])
            .collect();
        let mut file = clean.clone();
        file.insert(places[place.index(places.len())], byte);
        prop_assert!(verify(&file).is_err());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(
        start in prop::sample::select(vec![&b"\xFF\xD8"[..], b"\xFF\xD8\xFF\xDB\0\x43\0", b""]),
        bytes in prop::collection::vec(
            prop_oneof![2 => any::<u8>(), 1 => Just(0xFF), 1 => Just(0), 1 => 0xC0_u8..=0xFE],
            0..300,
        ),
        structure in any::<bool>(),
    ) {
        let file = [start, &bytes].concat();
        let check = if structure { Check::Structure } else { Check::Entropy };
        holds_if_it_strips(&file, &options(check))?;
        let _ = verify(&file);
    }
}
