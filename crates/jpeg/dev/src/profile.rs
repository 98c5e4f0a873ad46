//! Builds ICC profiles.

use super::bytes::segment;

/// The red primary of sRGB in D50.
pub const RED: [u8; 12] = [0, 0, 0x6F, 0xA2, 0, 0, 0x38, 0xF5, 0, 0, 0x03, 0x90];
const GREEN: [u8; 12] = [0, 0, 0x62, 0x99, 0, 0, 0xB7, 0x85, 0, 0, 0x18, 0xDA];
const BLUE: [u8; 12] = [0, 0, 0x24, 0xA0, 0, 0, 0x0F, 0x84, 0, 0, 0xB6, 0xCF];

/// An sRGB profile of version 2 with `text` wherever text can be: name, copyright, a private tag,
/// gaps, header fields, behind the end.
pub fn rgb(text: &[u8]) -> Vec<u8> {
    rgb_with_red(text, RED)
}

/// The same with another red.
pub fn rgb_with_red(text: &[u8], red: [u8; 12]) -> Vec<u8> {
    let value = |kind: &[u8], content: &[u8]| [kind, &[0; 4], content].concat();
    let curve = value(
        b"para",
        b"\0\x03\0\0\0\x02\x66\x66\0\0\xF2\xA7\0\0\x0D\x59\0\0\x13\xD0\0\0\x0A\x5B",
    );
    let tags: Vec<(&[u8; 4], Vec<u8>)> = vec![
        (b"desc", value(b"desc", text)),
        (b"cprt", value(b"text", text)),
        (b"priv", text.to_vec()),
        (b"rXYZ", value(b"XYZ ", &red)),
        (b"gXYZ", value(b"XYZ ", &GREEN)),
        (b"bXYZ", value(b"XYZ ", &BLUE)),
        (b"rTRC", curve.clone()),
        (b"gTRC", [&curve[..], text].concat()),
        (b"bTRC", curve),
    ];
    let mut table = Vec::new();
    let mut values = Vec::new();
    let start = 132 + tags.len() * 12;
    for (name, value) in &tags {
        table.extend_from_slice(*name);
        table.extend(((start + values.len()) as u32).to_be_bytes());
        table.extend((value.len() as u32).to_be_bytes());
        values.extend_from_slice(value);
        values.extend_from_slice(text);
    }
    let mut profile = vec![0; 128];
    profile[..4].copy_from_slice(&((start + values.len()) as u32).to_be_bytes());
    profile[8..10].copy_from_slice(&[2, 0x10]);
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    let free = 44.min(text.len());
    profile[84..84 + free].copy_from_slice(&text[..free]);
    profile.extend((tags.len() as u32).to_be_bytes());
    [profile, table, values, text.to_vec()].concat()
}

/// A CMYK profile with a table of the old type, `text` in its matrix, which means nothing for four channels, and in
/// the header's version and illuminant.
pub fn cmyk(text: &[u8]) -> Vec<u8> {
    let mut table = b"mft1\0\0\0\0\x04\x03\x02".to_vec();
    table.push(text[0]);
    table.extend(text.iter().copied().cycle().take(36));
    // Four curves, 2 x 2 x 2 x 2 nodes of three bytes, three curves.
    table.extend((0_u8..=255).cycle().take(7 * 256 + 48));
    let start = 132 + 12_u32;
    let length = start + table.len() as u32;
    let mut profile = vec![0; 128];
    profile[..4].copy_from_slice(&length.to_be_bytes());
    profile[8..10].copy_from_slice(&[2, text[0]]);
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[36..40].copy_from_slice(b"acsp");
    // D50 as far as engines look.
    profile[68..80].copy_from_slice(&[0, 0, 0xF6, text[0], 0, 1, 0, text[1], 0, 0, 0xD3, text[2]]);
    profile.extend(1_u32.to_be_bytes());
    profile.extend(b"A2B0");
    profile.extend(start.to_be_bytes());
    profile.extend((table.len() as u32).to_be_bytes());
    [profile, table].concat()
}

/// The same profile, said to be of another colour space.
pub fn other_space(profile: &[u8], space: [u8; 4]) -> Vec<u8> {
    let mut profile = profile.to_vec();
    profile[16..20].copy_from_slice(&space);
    profile
}

/// The APP2 segments of a profile, `length` bytes in each.
pub fn chunks(profile: &[u8], length: usize) -> Vec<Vec<u8>> {
    let count = profile.len().div_ceil(length);
    let chunk = |(index, content): (usize, &[u8])| {
        let numbers = [index as u8 + 1, count as u8];
        segment(0xE2, &[b"ICC_PROFILE\0", &numbers[..], content].concat())
    };
    profile.chunks(length).enumerate().map(chunk).collect()
}
