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
    sized(kind, colour, profile, WIDTH, HEIGHT)
}

fn sized(
    kind: ColorType,
    colour: &[u8],
    profile: Option<&ColorProfile>,
    width: u16,
    height: u16,
) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 100);
    if let Some(profile) = profile {
        encoder.add_icc_profile(&profile.encode().unwrap()).unwrap();
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
    let at = adobe
        .windows(9)
        .position(|bytes| bytes[..2] == [0xFF, 0xEE] && &bytes[4..9] == b"Adobe")
        .unwrap();
    let plain = [&adobe[..at], &adobe[at + 16..]].concat();
    let stored = inks.map(|ink| 255 - ink);
    assert_near(&middle(&plain), on_paper(stored), "without APP14");
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
