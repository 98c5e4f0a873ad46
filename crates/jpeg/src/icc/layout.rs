//! Writes a profile: header, tag table, values end to end.

use super::Applied;
use super::header::Header;

/// A tag's name and its value, of which equal ones are written once.
pub(super) type Tag<'a> = ([u8; 4], &'a [u8]);

/// The profile with `tags` in their order, each value that is not there yet on a multiple of `align` bytes.
pub(super) fn write(
    header: &Header,
    stop: Applied,
    tags: &[Tag<'_>],
    align: usize,
) -> Option<Vec<u8>> {
    let start = 132_usize.checked_add(tags.len().checked_mul(12)?)?;
    let mut out = vec![0; start];
    let mut table = Vec::with_capacity(start);
    let mut written: Vec<(&[u8], usize)> = Vec::with_capacity(tags.len());
    for (name, value) in tags {
        let at = if let Some((_, at)) = written.iter().find(|(seen, _)| seen == value) {
            *at
        } else {
            let at = out.len();
            written.push((value, at));
            out.extend_from_slice(value);
            out.resize(out.len().checked_next_multiple_of(align)?, 0);
            at
        };
        table.extend_from_slice(name);
        table.extend_from_slice(&u32::try_from(at).ok()?.to_be_bytes());
        table.extend_from_slice(&u32::try_from(value.len()).ok()?.to_be_bytes());
    }
    let length = u32::try_from(out.len()).ok()?;
    let count = u32::try_from(tags.len()).ok()?.to_be_bytes();
    let head = [&header.write(length, stop)[..], &count, &table].concat();
    out.get_mut(..start)?.copy_from_slice(&head);
    Some(out)
}

/// The profile's required name: that of its colour space.
pub(super) fn description(header: &Header) -> Vec<u8> {
    let text = header.space.trim_ascii_end();
    if header.is_version_4() {
        return localized(text);
    }
    // textDescriptionType (ICC.1:2001 6.5.17): ASCII, empty Unicode, empty ScriptCode.
    let mut out = b"desc\0\0\0\0\0\0\0".to_vec();
    out.push((text.len() as u8).saturating_add(1));
    out.extend_from_slice(text);
    out.resize(out.len().saturating_add(1 + 8 + 3 + 67), 0);
    out
}

/// The profile's required copyright: an empty one.
pub(super) fn copyright(header: &Header) -> Vec<u8> {
    if header.is_version_4() {
        localized(b"-")
    } else {
        b"text\0\0\0\0-\0".to_vec()
    }
}

/// multiLocalizedUnicodeType with one record (ICC.1:2022 10.15).
fn localized(ascii: &[u8]) -> Vec<u8> {
    let mut out = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS\0\0\0".to_vec();
    out.push((ascii.len() as u8).wrapping_mul(2));
    out.extend_from_slice(&[0, 0, 0, 28]);
    out.extend(ascii.iter().flat_map(|byte| [0, *byte]));
    out
}
