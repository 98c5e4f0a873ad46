//! Notices of copyright: an Exif segment and a packet of XMP with nothing else.

use std::ops::RangeInclusive;

use super::{Cursor, NotClean, Reason};

/// Longest notice, in bytes.
const LONGEST: usize = 1_000;

/// Start of the packet and its end; between them stand the properties.
const START: &str = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
    <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" \
    xmlns:xmpRights=\"http://ns.adobe.com/xap/1.0/rights/\">";
const END: &str = "</rdf:Description></rdf:RDF></x:xmpmeta>";

/// Characters that nobody sees.
const HIDDEN: [RangeInclusive<u32>; 20] = [
    // Soft hyphen, joiners, marks of direction, invisible operators, byte order mark, annotations, marks of musical notation.
    0xAD..=0xAD,
    0x61C..=0x61C,
    0x180B..=0x180F,
    0x200B..=0x200F,
    0x202A..=0x202E,
    0x2060..=0x206F,
    0xFEFF..=0xFEFF,
    0xFFF0..=0xFFFB,
    0x1_D173..=0x1_D17A,
    // Drawn as nothing.
    0x34F..=0x34F,
    0x115F..=0x1160,
    0x17B4..=0x17B5,
    0x3164..=0x3164,
    0xFFA0..=0xFFA0,
    // Variation selectors, private use, noncharacters, tags, private use again.
    0xFE00..=0xFE0F,
    0xE000..=0xF8FF,
    0xFDD0..=0xFDEF,
    0xE_0000..=0xE_FFFF,
    0xF_0000..=0xF_FFFF,
    0x10_0000..=0x10_FFFF,
];

/// What stands before and behind a notice, in the order of the packet.
const PROPERTIES: [(&str, &str); 5] = [
    (
        "<dc:creator><rdf:Seq><rdf:li>",
        "</rdf:li></rdf:Seq></dc:creator>",
    ),
    (
        "<dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">",
        "</rdf:li></rdf:Alt></dc:rights>",
    ),
    ("<photoshop:Credit>", "</photoshop:Credit>"),
    (
        "<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang=\"x-default\">",
        "</rdf:li></rdf:Alt></xmpRights:UsageTerms>",
    ),
    ("<xmpRights:WebStatement>", "</xmpRights:WebStatement>"),
];

/// The APP1 segments that stand here, if any: Exif, then XMP.
pub(super) fn verify(cursor: &mut Cursor<'_>) -> Result<(), NotClean> {
    let mut next = cursor.segment_of(0xE1)?;
    if let Some((offset, body)) = next.filter(|(_, body)| body.starts_with(b"Exif\0")) {
        if exif(body).is_none() {
            return Err(NotClean {
                offset,
                reason: Reason::Copyright,
            });
        }
        next = cursor.segment_of(0xE1)?;
    }
    match next {
        Some((offset, body)) if xmp(body).is_none() => Err(NotClean {
            offset,
            reason: Reason::Copyright,
        }),
        _ => Ok(()),
    }
}

/// Big-endian TIFF with one IFD: Orientation, Artist and Copyright, each of which may be missing; then their texts, gapless.
fn exif(body: &[u8]) -> Option<()> {
    let tiff = body.strip_prefix(b"Exif\0\0")?;
    let entries = tiff.strip_prefix(b"MM\0\x2A\0\0\0\x08\0")?;
    let (count, rest) = entries.split_first()?;
    let (ifd, behind) = rest.split_at_checked(usize::from(*count).checked_mul(12)?)?;
    let mut values = behind.strip_prefix(&[0; 4])?;
    let mut tags = [0x0112_u16, 0x013B, 0x8298].iter();
    if ifd.is_empty() {
        return None;
    }
    for entry in ifd.as_chunks::<12>().0 {
        let [t0, t1, k0, k1, c0, c1, c2, c3, v0, v1, v2, v3] = *entry;
        let tag = u16::from_be_bytes([t0, t1]);
        // In ascending order, and none twice.
        tags.by_ref().find(|known| **known == tag)?;
        if tag == 0x0112 {
            let one_short = [k0, k1, c0, c1, c2, c3, v0] == [0, 3, 0, 0, 0, 1, 0];
            if !one_short || !matches!([v1, v2, v3], [2..=8, 0, 0]) {
                return None;
            }
            continue;
        }
        let length = usize::try_from(u32::from_be_bytes([c0, c1, c2, c3])).ok()?;
        let value = u32::from_be_bytes([v0, v1, v2, v3]);
        let inline = value.to_be_bytes();
        let text = if length <= 4 {
            let (text, padding) = inline.split_at_checked(length)?;
            padding.iter().all(|byte| *byte == 0).then_some(text)?
        } else {
            let here = tiff.len().checked_sub(values.len())?;
            if usize::try_from(value) != Ok(here) {
                return None;
            }
            let (text, rest) = values.split_at_checked(length)?;
            // Texts start at even offsets.
            values = if length % 2 == 1 {
                rest.strip_prefix(&[0])?
            } else {
                rest
            };
            text
        };
        let (end, text) = text.split_last()?;
        let ascii = [k0, k1] == [0, 2] && *end == 0;
        notice(std::str::from_utf8(text).ok()?).filter(|()| ascii)?;
    }
    values.is_empty().then_some(())
}

fn xmp(body: &[u8]) -> Option<()> {
    let packet = std::str::from_utf8(body).ok()?;
    let properties = packet.strip_prefix(START)?.strip_suffix(END)?;
    let mut rest = properties;
    for (before, behind) in PROPERTIES {
        if let Some(found) = rest.strip_prefix(before) {
            let (text, after) = found.split_once('<')?;
            rest = after.strip_prefix(behind.get(1..)?)?;
            // Only one way to write each text is allowed, so a bare `&` or `>` is refused.
            let plain = text.replace("&lt;", "<").replace("&gt;", ">");
            let bare = text
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&amp;", "");
            if bare.contains(['&', '>']) {
                return None;
            }
            notice(&plain.replace("&amp;", "&"))?;
        }
    }
    (rest.is_empty() && !properties.is_empty()).then_some(())
}

/// Words with one space between them, of characters that are seen.
fn notice(text: &str) -> Option<()> {
    let words = text.split(' ').all(|word| !word.is_empty());
    let short = text.len() <= LONGEST;
    (words && short && text.chars().all(is_plain)).then_some(())
}

/// Whether a character is visible or the plain space: no control character, no other space, none that formats text,
/// selects a variant or has no public meaning.
fn is_plain(c: char) -> bool {
    if c == ' ' {
        return true;
    }
    if c.is_control() || c.is_whitespace() {
        return false;
    }
    let code = u32::from(c);
    let hidden = HIDDEN.iter().any(|range| range.contains(&code));
    // The last two code points of each plane are noncharacters.
    !hidden && code % 0x1_0000 < 0xFFFE
}
