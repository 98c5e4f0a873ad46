//! ICC profiles: what browsers apply goes on, and no profile grows or comes out in a form that is not canonical.
//!
//! `browsers/colour.json` holds what Chromium and Firefox apply; `dev/browsers.py colour` asks them anew.

#![allow(missing_docs)]

use proptest::prelude::*;
use scrubjay_jpeg::{Check, Options, Repair, inspect, strip, verify};
use serde_json::Value;

use scrubjay_jpeg_dev::bytes::{frame, from_digits, grey, scan, segment};
use scrubjay_jpeg_dev::profile as icc;

/// A picture of one block a component with `head` behind SOI.
fn picture(components: usize, head: &[u8]) -> Vec<u8> {
    let ids = 1..=components as u8;
    let mut pieces = grey();
    let sampled: Vec<[u8; 3]> = ids.clone().map(|id| [id, 0x11, 0]).collect();
    let selectors: Vec<[u8; 2]> = ids.map(|id| [id, 0]).collect();
    pieces[2] = frame(0xC0, 8, 8, &sampled);
    pieces[5] = scan(&selectors, [0, 63, 0]);
    // Two bits a component.
    pieces[6] = vec![(0xFF_u32 >> (2 * components)) as u8];
    pieces.insert(1, head.to_vec());
    pieces.concat()
}

/// Cleans a file and holds what has to hold of every file: verify takes it, and cleaning it again changes nothing.
fn clean(file: &[u8]) -> Vec<u8> {
    let mut checked = [Check::Entropy, Check::Structure].map(|check| {
        let options = Options {
            check,
            ..Options::default()
        };
        let clean = strip(file, &options).expect("a sound file").to_vec(file);
        assert_eq!(verify(&clean), Ok(()));
        let again = strip(&clean, &options).expect("a clean file");
        assert!(again.to_vec(&clean) == clean, "cleaned again it is another");
        clean
    });
    assert!(checked[0] == checked[1]);
    std::mem::take(&mut checked[0])
}

/// The content of the ICC segments of a file, in one piece.
fn profile_of(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 2;
    while file[at + 1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        let body = &file[at + 4..at + 2 + length];
        if file[at + 1] == 0xE2 && body.starts_with(b"ICC_PROFILE\0") {
            out.extend_from_slice(body.get(14..).unwrap_or_default());
        }
        at += 2 + length;
    }
    out
}

/// What one browser alone makes of a profile that says one thing and is another: dropped, as docs/decisions has it.
const DROPPED: [&str; 5] = [
    "without rXYZ",
    "rXYZ of 16 bytes",
    "RGB matrix in a CMYK picture",
    "RGB table and matrix in a CMYK picture",
    "matrix with CMYK space",
];

#[test]
fn what_browsers_apply_goes_on_and_what_they_do_not_apply_is_not_applied_then() {
    let table: Value =
        serde_json::from_str(include_str!("browsers/colour.json")).expect("the answers in JSON");
    let cases = table["cases"].as_array().expect("cases");
    assert!(cases.len() >= 200);
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let components = match case["picture"].as_str().expect("a picture") {
            "grey" => 1,
            "RGB" => 3,
            _ => 4,
        };
        let segments = from_digits(case["segments"].as_str().expect("digits"));
        let written = clean(&picture(components, &segments));
        let kept = profile_of(&written);
        let [chromium, firefox] = ["chromium", "firefox"].map(|browser| case[browser] != "none");
        if !(chromium || firefox) || DROPPED.contains(&name) {
            // A profile whose cicp says sRGB is applied, and nothing is seen of it.
            assert!(kept.is_empty() || name.starts_with("cicp"), "{name}: kept");
            continue;
        }
        assert!(!kept.is_empty(), "{name}: dropped");
        // A browser that did not apply it has its reason in the header, or in the tags that are kept.
        if chromium {
            assert_eq!(&kept[68..72], [0, 0, 0xF6, 0xD6], "{name}: the illuminant");
        }
        if firefox {
            assert!(kept[67] <= 3, "{name}: the rendering intent");
        }
    }
}

struct Profile {
    tags: Vec<([u8; 4], usize, usize)>,
    values: Vec<u8>,
    space: [u8; 4],
    version: u8,
    class: [u8; 4],
    intent: u32,
}

impl Profile {
    fn new(space: [u8; 4]) -> Self {
        Self {
            tags: Vec::new(),
            values: Vec::new(),
            space,
            version: 2,
            class: *b"mntr",
            intent: 0,
        }
    }

    /// Adds a value for the tags of these names.
    fn add(&mut self, names: &[&[u8; 4]], value: &[u8]) {
        let at = self.values.len();
        self.tags
            .extend(names.iter().map(|name| (**name, at, value.len())));
        self.values.extend_from_slice(value);
        self.values.resize(self.values.len().next_multiple_of(4), 0);
    }

    fn write(&self) -> Vec<u8> {
        let start = 132 + 12 * self.tags.len();
        let mut out = vec![0; 128];
        out[..4].copy_from_slice(&((start + self.values.len()) as u32).to_be_bytes());
        out[8] = self.version;
        out[12..16].copy_from_slice(&self.class);
        out[16..20].copy_from_slice(&self.space);
        out[20..24].copy_from_slice(b"XYZ ");
        out[36..40].copy_from_slice(b"acsp");
        out[64..68].copy_from_slice(&self.intent.to_be_bytes());
        out[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
        out.extend((self.tags.len() as u32).to_be_bytes());
        for (name, at, length) in &self.tags {
            out.extend(name);
            out.extend(((start + at) as u32).to_be_bytes());
            out.extend((*length as u32).to_be_bytes());
        }
        out.extend(&self.values);
        out
    }
}

fn xyz(content: &[u8; 12]) -> Vec<u8> {
    [&b"XYZ \0\0\0\0"[..], content].concat()
}

/// curveType of `count` samples.
fn curve(count: usize, sample: u16) -> Vec<u8> {
    let mut out = b"curv\0\0\0\0".to_vec();
    out.extend((count as u32).to_be_bytes());
    out.extend(sample.to_be_bytes().repeat(count));
    out
}

/// lut8Type of `grid` nodes a channel.
fn table(inputs: u8, grid: u8, node: u8) -> Vec<u8> {
    let mut out = b"mft1\0\0\0\0".to_vec();
    out.extend([inputs, 3, grid, 0]);
    out.extend([0; 36]);
    let nodes = usize::from(grid).pow(u32::from(inputs)) * 3;
    out.resize(out.len() + 256 * (usize::from(inputs) + 3), node);
    out.resize(out.len() + nodes, node);
    out
}

/// lutAToBType whose five elements stand at `offsets` of `content`, which follows the header.
fn pipeline(inputs: u8, offsets: [u32; 5], content: &[u8]) -> Vec<u8> {
    let mut out = b"mAB \0\0\0\0".to_vec();
    out.extend([inputs, 3, 0, 0]);
    out.extend(offsets.iter().flat_map(|at| at.to_be_bytes()));
    out.extend(content);
    out
}

fn matrix(profile: &mut Profile, curves: &[u8]) {
    profile.add(&[b"wtpt"], &xyz(b"WHITEPOINT12"));
    for (name, content) in [
        (b"rXYZ", b"red_primary1"),
        (b"gXYZ", b"green_primar"),
        (b"bXYZ", b"blue_primary"),
    ] {
        profile.add(&[name], &xyz(content));
    }
    profile.add(&[b"rTRC", b"gTRC", b"bTRC"], curves);
}

fn in_picture(components: usize, profile: &[u8]) -> Vec<u8> {
    picture(components, &icc::chunks(profile, 65_519).concat())
}

#[test]
fn tags_that_share_their_data_go_on_sharing_them() {
    // One table for three intents.
    let mut shared = Profile::new(*b"RGB ");
    shared.add(&[b"A2B0", b"A2B1", b"A2B2"], &table(3, 17, 7));
    let source = shared.write();
    let kept = profile_of(&clean(&in_picture(3, &source)));
    assert_eq!(kept.len(), source.len());
    // One run of curves for the three places that curves have in a table.
    let curves = [
        curve(1001, 5),
        vec![0; 2],
        curve(1001, 5),
        vec![0; 2],
        curve(1001, 5),
    ]
    .concat();
    let mut within = Profile::new(*b"RGB ");
    within.version = 4;
    within.add(&[b"A2B0"], &pipeline(3, [32, 0, 32, 0, 32], &curves));
    let source = within.write();
    let kept = profile_of(&clean(&in_picture(3, &source)));
    assert!(kept.len() <= source.len() && kept.len() > 6000);
    // Curves of a name each, and the same data.
    let mut both = Profile::new(*b"RGB ");
    matrix(&mut both, &curve(1024, 9));
    let source = both.write();
    let kept = profile_of(&clean(&in_picture(3, &source)));
    assert_eq!(kept.len(), source.len());
}

#[test]
fn a_profile_whose_tags_overlap_does_not_grow() {
    // Each table begins a few bytes behind the last one and has nearly all of its bytes.
    let mut values = Vec::new();
    let step = 1056;
    for _ in 0..3 {
        let mut head = table(3, 2, 0);
        head[10] = 27;
        head.truncate(step);
        values.extend(head);
    }
    let length = 48 + 6 * 256 + 27 * 27 * 27 * 3;
    values.resize(3 * step + length, 1);
    let mut profile = Profile::new(*b"RGB ");
    profile.tags = [b"A2B0", b"A2B1", b"A2B2"]
        .iter()
        .enumerate()
        .map(|(index, name)| (**name, index * step, length))
        .collect();
    profile.values = values;
    let file = in_picture(3, &profile.write());
    let report = inspect(&file, &Options::default()).expect("a sound file");
    assert_eq!(report.repaired, [Repair::BrokenIcc]);
    assert_eq!(clean(&file), picture(3, b""));
    // Within a table: five elements, each of which begins within the one before.
    let content = [curve(20_000, 0), vec![0; 60_000]].concat();
    let mut within = Profile::new(*b"CMYK");
    within.add(&[b"A2B0"], &pipeline(15, [32, 32, 32, 36, 40], &content));
    let file = in_picture(4, &within.write());
    assert!(clean(&file).len() <= file.len());
}

#[test]
fn a_profile_at_the_limit_of_chunks_goes_on_and_one_beyond_it_does_not() {
    // Values of any size: a curve has as many samples as it says.
    let sized = |length: usize| {
        let mut profile = Profile::new(*b"GRAY");
        let samples = (length - 132 - 12 - 12) / 2;
        profile.add(&[b"kTRC"], &curve(samples, 0x0102));
        profile.write()
    };
    let limit = 255 * 65_519;
    let largest = sized(limit / 4 * 4);
    let segments = icc::chunks(&largest, 65_519);
    assert_eq!(segments.len(), 255);
    let file = picture(1, &segments.concat());
    let written = clean(&file);
    assert_eq!(profile_of(&written).len(), largest.len());
    // One more has no number: its count is that of one chunk, and no decoder puts it together.
    let beyond = sized(limit + 65_519);
    let segments: Vec<Vec<u8>> = beyond
        .chunks(65_519)
        .enumerate()
        .map(|(index, content)| {
            let numbers = [(index + 1) as u8, 0];
            segment(0xE2, &[b"ICC_PROFILE\0", &numbers[..], content].concat())
        })
        .collect();
    assert_eq!(segments.len(), 256);
    assert_eq!(clean(&picture(1, &segments.concat())), picture(1, b""));
}

#[test]
fn a_small_profile_does_not_grow_for_the_texts_and_the_padding_that_the_standard_asks_for() {
    for texts in [false, true] {
        for samples in [0, 1, 2, 3] {
            let mut small = Profile::new(*b"RGB ");
            if texts {
                small.add(&[b"desc", b"cprt"], b"text\0\0\0\0x\0");
            }
            matrix(&mut small, &curve(samples, 0x0180));
            let mut source = small.write();
            if samples % 2 == 1 {
                // Nothing behind the last value.
                source.truncate(source.len() - 2);
                let length = (source.len() as u32).to_be_bytes();
                source[..4].copy_from_slice(&length);
            }
            let kept = profile_of(&clean(&in_picture(3, &source)));
            assert!(!kept.is_empty() && kept.len() <= source.len());
        }
    }
}

const NAMES: [&[u8; 4]; 20] = [
    b"desc", b"cprt", b"wtpt", b"bkpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC",
    b"bTRC", b"kTRC", b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"gamt", b"cicp", b"priv",
];

/// A curve, of either type; now and then of a number that there is not.
fn any_curve() -> impl Strategy<Value = Vec<u8>> {
    let parametric = (0_u8..5, 0_u8..30).prop_map(|(kind, odd)| {
        let mut out = b"para\0\0\0\0\0".to_vec();
        out.extend([if odd == 0 { 9 } else { kind }, 0, 0]);
        out.resize(out.len() + 28, 1);
        out
    });
    prop_oneof![
        3 => (0_usize..40, any::<u16>()).prop_map(|(count, sample)| curve(count, sample)),
        1 => parametric,
    ]
}

/// A table, of the old types or of the new one, whose elements share their data in part.
fn any_table() -> impl Strategy<Value = Vec<u8>> {
    let offsets = prop::array::uniform5(prop_oneof![
        2 => Just(0_u32),
        2 => Just(32),
        1 => (32_u32..200).prop_map(|at| at & !3),
        1 => 32_u32..200,
    ]);
    let curves = prop::collection::vec(any_curve(), 1..6);
    prop_oneof![
        2 => (1_u8..=4, 0_u8..4, any::<u8>()).prop_map(|(inputs, grid, node)| table(inputs, grid, node)),
        3 => (1_u8..=4, offsets, curves).prop_map(|(inputs, offsets, curves)| {
            let padded = curves.iter().flat_map(|curve| {
                let mut curve = curve.clone();
                curve.resize(curve.len().next_multiple_of(4), 0);
                curve
            });
            let content: Vec<u8> = padded.chain([2; 64]).collect();
            pipeline(inputs, offsets, &content)
        }),
    ]
}

/// Values that the tag `name` can have.
fn class_of(name: &[u8]) -> usize {
    match name {
        [_, b'X', b'Y', b'Z'] | b"wtpt" | b"bkpt" => 0,
        [_, b'T', b'R', b'C'] => 1,
        [b'A' | b'B', b'2', ..] | b"gamt" => 2,
        b"chad" => 3,
        b"cicp" => 4,
        _ => 5,
    }
}

/// Profiles of all kinds: tags that share values, lie a little beside them, have values of another type, or reach into the
/// next one.
fn profile() -> impl Strategy<Value = Vec<u8>> {
    let shift = prop_oneof![20 => Just((0_isize, 0_isize)), 1 => (-3_isize..4, -2_isize..3)];
    let other = prop_oneof![30 => Just(None), 1 => (0_usize..6).prop_map(Some)];
    let tag = (
        prop::sample::select(&NAMES[..]),
        any::<prop::sample::Index>(),
        shift,
        other,
    );
    let values = (
        prop::collection::vec(any::<[u8; 12]>().prop_map(|content| xyz(&content)), 1..3),
        prop::collection::vec(any_curve(), 1..3),
        prop::collection::vec(any_table(), 1..4),
        Just(vec![[&b"sf32"[..], &[0; 4], &[9; 36]].concat()]),
        Just(vec![b"cicp\0\0\0\0\x09\x10\0\x01".to_vec()]),
        prop::collection::vec(prop::collection::vec(any::<u8>(), 4..30), 1..3),
    );
    (
        prop::sample::select(vec![b"RGB ", b"RGB ", b"GRAY", b"CMYK"]),
        prop_oneof![2 => Just(2_u8), 2 => Just(4), 1 => any::<u8>()],
        prop_oneof![5 => 0_u32..4, 1 => any::<u32>()],
        prop_oneof![5 => Just(b"mntr"), 5 => Just(b"prtr"), 1 => Just(b"link")],
        values,
        prop::collection::vec(tag, 1..12),
        any::<bool>(),
    )
        .prop_map(
            |(space, version, intent, class, values, tags, with_matrix)| {
                let mut profile = Profile::new(*space);
                (profile.version, profile.intent, profile.class) = (version, intent, *class);
                let classes = [values.0, values.1, values.2, values.3, values.4, values.5];
                let places = classes.map(|values| {
                    let place = |value: &Vec<u8>| {
                        let at = profile.values.len();
                        profile.add(&[], value);
                        (at, value.len())
                    };
                    values.iter().map(place).collect::<Vec<_>>()
                });
                for (name, which, (shift, longer), other) in tags {
                    let places = &places[other.unwrap_or(class_of(name))];
                    let (at, length) = places[which.index(places.len())];
                    let at = at.saturating_add_signed(4 * shift);
                    let length = length.saturating_add_signed(4 * longer);
                    profile.tags.push((*name, at, length));
                }
                if with_matrix {
                    matrix(&mut profile, &curve(3, 500));
                }
                profile.write()
            },
        )
}

/// How many components a picture has that a profile is for.
fn components(profile: &[u8]) -> usize {
    match &profile[16..20] {
        b"GRAY" => 1,
        b"RGB " => 3,
        _ => 4,
    }
}

/// The property above would hold, too, if every profile was dropped.
#[test]
fn of_the_generated_profiles_many_are_kept() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let kept = (0..400)
        .filter(|_| {
            let tree = profile().new_tree(&mut runner).expect("a profile");
            let source = proptest::strategy::ValueTree::current(&tree);
            let file = in_picture(components(&source), &source);
            !profile_of(&clean(&file)).is_empty()
        })
        .count();
    assert!(kept >= 60, "{kept} of 400");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_profile_grows_and_every_one_comes_out_in_canonical_form(
        profile in profile(),
        other_picture in prop_oneof![4 => Just(None), 1 => (1_usize..=4).prop_map(Some)],
        size in prop_oneof![Just(65_519_usize), 100_usize..2000],
        twice in any::<bool>(),
    ) {
        let size = size.max(profile.len().div_ceil(255));
        let mut segments = icc::chunks(&profile, size).concat();
        if twice {
            segments = segments.repeat(2);
        }
        let components = other_picture.unwrap_or(components(&profile));
        let written = clean(&picture(components, &segments));
        prop_assert!(profile_of(&written).len() <= profile.len());
    }

    #[test]
    fn what_verify_takes_of_a_profile_stays_as_it_is(
        profile in profile(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
    ) {
        let mut file = clean(&in_picture(components(&profile), &profile));
        let kept = profile_of(&file).len();
        for (at, byte) in changes {
            // Behind SOI and the segment's own 18 bytes; most of what decides stands in front.
            if kept > 0 {
                file[20 + at.index(kept.min(400))] = byte;
            }
        }
        if verify(&file).is_ok() {
            let options = Options { check: Check::Structure, ..Options::default() };
            let again = strip(&file, &options).expect("a clean file").to_vec(&file);
            prop_assert!(again == file, "verify takes what strip changes");
        }
    }
}
