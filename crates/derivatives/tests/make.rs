//! Copies of photos whose colours and sizes are known beforehand.

use jpeg_decoder::PixelFormat;
use jpeg_encoder::{ColorType, Encoder};
use moxcms::ColorProfile;
use scrubjay_derivatives::{Error, Recipe, make};

const WIDTH: u16 = 640;
const HEIGHT: u16 = 480;
/// Levels of 255 by which a colour may be off: two JPEG generations and 8-bit rounding.
const NEAR: i32 = 3;

fn recipe(widths: &str) -> Recipe {
    Recipe::new(widths, 95, 100_000_000).unwrap()
}

/// A photo of one colour.
fn photo(kind: ColorType, colour: &[u8], profile: Option<&ColorProfile>) -> Vec<u8> {
    let icc = profile.map(|profile| profile.encode().unwrap());
    sized(kind, colour, icc.as_deref(), WIDTH, HEIGHT)
}

fn sized(kind: ColorType, colour: &[u8], icc: Option<&[u8]>, width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 100);
    if let Some(icc) = icc {
        encoder.add_icc_profile(icc).unwrap();
    }
    let samples = colour.repeat(usize::from(width) * usize::from(height));
    encoder.encode(&samples, width, height, kind).unwrap();
    jpeg
}

/// The pixel in the middle of the copy. The copy has no profile, so its samples are sRGB.
fn middle(photo: &[u8]) -> Vec<u8> {
    let made = make(photo, &recipe("320")).unwrap();
    let copy = &made.copies[0];
    scrubjay_jpeg::verify(&copy.jpeg).unwrap();
    let mut decoder = jpeg_decoder::Decoder::new(&*copy.jpeg);
    let samples = decoder.decode().unwrap();
    assert_eq!(decoder.icc_profile(), None);
    let info = decoder.info().unwrap();
    assert_eq!((info.width, info.height), (320, 240));
    let channels = match info.pixel_format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        other => panic!("{other:?}"),
    };
    let at = (120 * 320 + 160) * channels;
    samples[at..at + channels].to_vec()
}

fn assert_near(found: &[u8], wanted: [f64; 3], what: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        let off = (i32::from(*found) - wanted.round() as i32).abs();
        assert!(off <= NEAR, "{what}: {found} and not {wanted:.1}");
    }
    assert_eq!(found.len(), 3, "{what}");
}

/// IEC 61966-2-1, of 0 to 1; Display P3 has the same curve.
fn srgb_to_light(sample: f64) -> f64 {
    if sample <= 0.040_45 {
        sample / 12.92
    } else {
        ((sample + 0.055) / 1.055).powf(2.4)
    }
}

fn light_to_srgb(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    255.0
        * if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        }
}

/// Computed here and not by the library under test: curve, matrix between the primaries (all with white D65), curve.
fn through(colour: [u8; 3], curve: impl Fn(f64) -> f64, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let light = colour.map(|sample| curve(f64::from(sample) / 255.0));
    matrix.map(|row| light_to_srgb(row.iter().zip(light).map(|(a, b)| a * b).sum()))
}

#[test]
fn wide_colours_are_brought_to_srgb() {
    // From the primaries of SMPTE EG 432-1 and of Adobe RGB (1998) to those of sRGB.
    let from_p3 = [
        [1.224_9, -0.224_9, 0.0],
        [-0.042_1, 1.042_1, 0.0],
        [-0.019_6, -0.078_6, 1.098_3],
    ];
    let from_adobe = [
        [1.398_4, -0.398_4, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, -0.042_9, 1.042_9],
    ];
    let (p3, adobe) = (
        ColorProfile::new_display_p3(),
        ColorProfile::new_adobe_rgb(),
    );
    for colour in [
        [200, 100, 50],
        [60, 160, 90],
        [40, 70, 180],
        [128, 128, 128],
    ] {
        let found = middle(&photo(ColorType::Rgb, &colour, Some(&p3)));
        assert_near(
            &found,
            through(colour, srgb_to_light, from_p3),
            "Display P3",
        );
        let found = middle(&photo(ColorType::Rgb, &colour, Some(&adobe)));
        let gamma = |sample: f64| sample.powf(563.0 / 256.0);
        assert_near(&found, through(colour, gamma, from_adobe), "Adobe RGB");
        // Without a profile, samples are sRGB already.
        let found = middle(&photo(ColorType::Rgb, &colour, None));
        assert_near(&found, colour.map(f64::from), "no profile");
    }
}

#[test]
fn inks_without_a_profile_are_ink_on_white_paper() {
    let inks = [10_u8, 200, 150, 40];
    let on_paper = |inks: [u8; 4]| {
        let light = |ink: u8| f64::from(255 - ink) * f64::from(255 - inks[3]) / 255.0;
        [light(inks[0]), light(inks[1]), light(inks[2])]
    };
    // Adobe's applications write inks inverted and say who they are in APP14; so does this encoder.
    let adobe = photo(ColorType::Cmyk, &inks, None);
    assert_near(&middle(&adobe), on_paper(inks), "with APP14");
    let stored = inks.map(|ink| 255 - ink);
    assert_near(
        &middle(&without_adobe(&adobe)),
        on_paper(stored),
        "without APP14",
    );
}

/// The photo without its APP14, so that its samples count as not inverted.
fn without_adobe(photo: &[u8]) -> Vec<u8> {
    let at = photo
        .windows(9)
        .position(|bytes| bytes[..2] == [0xFF, 0xEE] && &bytes[4..9] == b"Adobe")
        .unwrap();
    [&photo[..at], &photo[at + 16..]].concat()
}

/// Cyan alone and magenta with yellow, each with the colour that [`press`] gives it, as 8-bit Lab (ICC.1:2022, 6.3.4.2).
const PRINTED: [([u8; 4], [u8; 3]); 2] = [
    ([255, 0, 0, 0], [153, 108, 103]),
    ([0, 255, 255, 0], [130, 168, 153]),
];

/// A profile of an output device of four inks: one A2B0 table of type lut8Type (ICC.1:2022, 10.11) with two grid points for each
/// ink. What [`PRINTED`] does not say is grey, the darker the more inks there are.
fn press() -> Vec<u8> {
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    for row in 0..3 {
        for column in 0..3 {
            table.extend(if row == column { 0x1_0000_u32 } else { 0 }.to_be_bytes());
        }
    }
    let identity: Vec<u8> = (0..=255).collect();
    table.extend(identity.repeat(4));
    for corner in 0..16_u8 {
        let inks = [8, 4, 2, 1].map(|bit| if corner & bit == 0 { 0 } else { 255 });
        let printed = PRINTED.iter().find(|(known, _)| *known == inks);
        let grey = [240 - 50 * corner.count_ones() as u8, 128, 128];
        table.extend(printed.map_or(grey, |(_, lab)| *lab));
    }
    table.extend(identity.repeat(3));

    let mut profile = vec![0; 128];
    let size = u32::try_from(128 + 4 + 12 + table.len()).unwrap();
    profile[..4].copy_from_slice(&size.to_be_bytes());
    profile[8..10].copy_from_slice(&[2, 0x40]);
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[36..40].copy_from_slice(b"acsp");
    for (at, number) in [(68, 0xF6D6_u32), (72, 0x1_0000), (76, 0xD32D)] {
        profile[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    profile.extend(1_u32.to_be_bytes());
    profile.extend(b"A2B0");
    profile.extend(144_u32.to_be_bytes());
    profile.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
    profile.extend(table);
    profile
}

/// From 8-bit Lab of D50 to sRGB. Computed here and not by the library under test: CIE 15, then Bradford's adaptation to D65 and
/// the primaries of sRGB in one matrix.
fn lab_to_srgb(lab: [u8; 3]) -> [f64; 3] {
    let [lightness, a, b] = lab.map(f64::from);
    let middle = (lightness * 100.0 / 255.0 + 16.0) / 116.0;
    let linear = |t: f64| {
        if t > 6.0 / 29.0 {
            t.powi(3)
        } else {
            (t - 4.0 / 29.0) * 108.0 / 841.0
        }
    };
    let xyz = [
        linear(middle + (a - 128.0) / 500.0) * 0.9642,
        linear(middle),
        linear(middle - (b - 128.0) / 200.0) * 0.8249,
    ];
    [
        [3.133_856_1, -1.616_866_7, -0.490_614_6],
        [-0.978_768_4, 1.916_141_5, 0.033_454_0],
        [0.071_945_3, -0.228_991_4, 1.405_242_7],
    ]
    .map(|row| light_to_srgb(row.iter().zip(xyz).map(|(m, v)| m * v).sum()))
}

#[test]
fn inks_with_a_profile_look_as_it_says() {
    let press = press();
    for (inks, lab) in PRINTED {
        let adobe = sized(ColorType::Cmyk, &inks, Some(&press), WIDTH, HEIGHT);
        assert_near(&middle(&adobe), lab_to_srgb(lab), "with APP14");
        // This encoder inverts what it is given, so without APP14 the inverted inks are meant.
        let stored = inks.map(|ink| 255 - ink);
        let adobe = sized(ColorType::Cmyk, &stored, Some(&press), WIDTH, HEIGHT);
        assert_near(
            &middle(&without_adobe(&adobe)),
            lab_to_srgb(lab),
            "without APP14",
        );
    }
}

#[test]
fn grey_stays_one_component_unless_its_profile_says_more() {
    let near = |found: &[u8], wanted: f64| {
        assert!(
            (f64::from(found[0]) - wanted).abs() <= f64::from(NEAR),
            "{found:?}, {wanted}"
        );
    };
    let plain = middle(&photo(ColorType::Luma, &[90], None));
    assert_eq!(plain.len(), 1);
    near(&plain, 90.0);
    let gamma = ColorProfile::new_gray_with_gamma(1.0);
    let linear = middle(&photo(ColorType::Luma, &[90], Some(&gamma)));
    assert_eq!(linear.len(), 3);
    near(&linear, light_to_srgb(90.0 / 255.0));
}

#[test]
fn a_profile_of_another_colour_space_counts_as_none() {
    let colour = [200, 100, 50];
    let grey = ColorProfile::new_gray_with_gamma(1.0);
    let found = middle(&photo(ColorType::Rgb, &colour, Some(&grey)));
    assert_near(&found, colour.map(f64::from), "a grey profile");
}

#[test]
fn no_copy_is_wider_than_the_photo_and_shapes_are_kept() {
    for (width, height, copies) in [
        (501, 333, [(320, 213), (501, 333)]),
        (100, 75, [(100, 75), (100, 75)]),
        // One line is the least that a picture can have.
        (5_000, 2, [(320, 1), (1_600, 1)]),
        (2, 5_000, [(2, 5_000), (2, 5_000)]),
    ] {
        let photo = sized(ColorType::Rgb, &[90, 120, 150], None, width, height);
        let made = make(&photo, &recipe("320,1600")).unwrap();
        assert_eq!(
            (made.width, made.height),
            (u32::from(width), u32::from(height))
        );
        let sizes: Vec<_> = made.copies.iter().map(|c| (c.width, c.height)).collect();
        assert_eq!(sizes, copies, "{width} x {height}");
        for copy in &made.copies {
            let clean = scrubjay_jpeg::verify(&copy.jpeg);
            assert!(clean.is_ok(), "{width} x {height}: {clean:?}");
        }
    }
}

/// The pipeline publishes these, so the reason must be one that the catalogue can show.
#[test]
fn real_photos_of_rare_processes_are_refused_by_name() {
    let files: [(&str, &[u8]); 6] = [
        ("12 bits", include_bytes!("files/twelve-bit.jpg")),
        ("lossless", include_bytes!("files/lossless.jpg")),
        ("lossless, 12 bits", include_bytes!("files/lossless-12.jpg")),
        ("lossless, 16 bits", include_bytes!("files/lossless-16.jpg")),
        ("arithmetic", include_bytes!("files/arithmetic.jpg")),
        (
            "arithmetic, progressive",
            include_bytes!("files/arithmetic-progressive.jpg"),
        ),
    ];
    for (what, file) in files {
        let options = scrubjay_jpeg::Options::default();
        let clean = scrubjay_jpeg::strip(file, &options).unwrap().to_vec(file);
        assert_eq!(scrubjay_jpeg::verify(&clean), Ok(()), "{what}");
        let found = make(&clean, &recipe("320")).map(|made| made.copies.len());
        assert!(
            matches!(&found, Err(error) if error.name() == "UnsupportedJpeg"),
            "{what}: {found:?}"
        );
    }
}

#[test]
fn what_cannot_be_decoded_has_a_name() {
    let photo = photo(ColorType::Rgb, &[90, 120, 150], None);
    let frame = photo
        .windows(2)
        .position(|bytes| bytes == [0xFF, 0xC0])
        .unwrap();
    // The frame header alone says how a picture is coded (T.81, table B.1), and it is read before any of the picture.
    let coded = |marker: u8, bits: u8| {
        let mut changed = photo.clone();
        changed[frame + 1] = marker;
        changed[frame + 4] = bits;
        changed
    };
    let error = |photo: &[u8]| make(photo, &recipe("320")).unwrap_err().name();
    assert_eq!(error(&coded(0xC9, 8)), "UnsupportedJpeg", "arithmetic");
    assert_eq!(error(&coded(0xC1, 12)), "UnsupportedJpeg", "12 bits");
    assert_eq!(error(&photo[..frame]), "CorruptJpeg");
    let few = Recipe::new("320", 95, 1_000).unwrap();
    let found = make(&photo, &few);
    let pixels = u64::from(WIDTH) * u64::from(HEIGHT);
    assert!(
        matches!(found, Err(Error::TooLarge { pixels: p, limit: 1_000 }) if p == pixels),
        "{found:?}"
    );
}
