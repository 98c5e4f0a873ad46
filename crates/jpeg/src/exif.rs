//! Reads from an Exif segment what is needed: the way up, and which private parts it has.

use crate::kind::EXIF;

/// Which parts an Exif segment had, presence only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct ExifParts {
    /// A GPS IFD.
    pub gps: bool,
    /// A maker note.
    pub maker_note: bool,
    /// A thumbnail, IFD1.
    pub thumbnail: bool,
}

/// What was read from an Exif segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exif {
    /// 1 to 8; 1 if there is none or its value is invalid.
    pub(crate) orientation: u8,
    pub(crate) parts: ExifParts,
}

const ORIENTATION: u16 = 0x0112;
const ARTIST: u16 = 0x013B;
const COPYRIGHT: u16 = 0x8298;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const MAKER_NOTE: u16 = 0x927C;

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Reads the body of an APP1 segment as Chromium does: `tests/browsers/orientation.json` has what browsers show.
///
/// `None` when Chromium does not take the body for Exif, which needs the signature and at least one byte behind it. If
/// no TIFF header (TIFF 6.0 section 2) follows the signature, the orientation is 1, and later Exif segments are ignored
/// all the same.
pub(crate) fn read(body: &[u8]) -> Option<Exif> {
    // The signature's sixth byte is a fill byte (Exif 3.0, 4.7.2), which may have any value.
    let content = body
        .strip_prefix(EXIF)?
        .get(1..)
        .filter(|content| !content.is_empty())?;
    let mut exif = Exif {
        orientation: 1,
        parts: ExifParts::default(),
    };
    if let Some(tiff) = Tiff::new(content) {
        exif.orientation = orientation(&tiff).unwrap_or(1);
        exif.parts = parts(&tiff);
    }
    Some(exif)
}

/// The first Orientation that is a single SHORT of 1 to 8. It stands in IFD0, or in the Exif IFD, which is read when
/// the pointer to it in IFD0 is met.
fn orientation(tiff: &Tiff<'_>) -> Option<u8> {
    let of = |entry: &Entry| match entry {
        Entry {
            tag: ORIENTATION,
            kind: SHORT,
            count: 1,
            short: value @ 1..=8,
            ..
        } => Some(*value as u8),
        _ => None,
    };
    let mut found = None;
    let mut has_exif_ifd = false;
    tiff.ifd(tiff.first_ifd()?, |entry| {
        found = found.or_else(|| of(entry));
        if entry.is_pointer(EXIF_IFD) && !has_exif_ifd {
            has_exif_ifd = true;
            tiff.ifd(entry.long, |entry| found = found.or_else(|| of(entry)));
        }
    });
    found
}

fn parts(tiff: &Tiff<'_>) -> ExifParts {
    let mut parts = ExifParts::default();
    let mut exif_ifd = None;
    let next = tiff.first_ifd().and_then(|first| {
        tiff.ifd(first, |entry| {
            parts.gps |= entry.tag == GPS_IFD;
            if entry.is_pointer(EXIF_IFD) {
                exif_ifd = exif_ifd.or(Some(entry.long));
            }
        })
    });
    parts.thumbnail = next.is_some_and(|offset| offset != 0);
    if let Some(offset) = exif_ifd {
        tiff.ifd(offset, |entry| parts.maker_note |= entry.tag == MAKER_NOTE);
    }
    parts
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    long: u32,
    short: u16,
    /// Where its value stands if it has four bytes or fewer.
    value: usize,
}

impl Entry {
    /// Whether this is `tag` with the offset of an IFD.
    fn is_pointer(&self, tag: u16) -> bool {
        (self.tag, self.kind, self.count) == (tag, LONG, 1)
    }
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn first_ifd(&self) -> Option<u32> {
        self.long(4)
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// The bytes of a value of ASCII or UTF-8 (Exif 3.0, 4.6.2), if all of them lie inside the segment.
    fn text(&self, entry: &Entry) -> Option<&'a [u8]> {
        const UTF8: u16 = 129;
        if ![ASCII, UTF8].contains(&entry.kind) {
            return None;
        }
        let length = entry.count as usize;
        let start = if length <= 4 {
            entry.value
        } else {
            entry.long as usize
        };
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// Calls `visit` for every entry of the IFD that lies inside the segment: at most 65,535. Returns the
    /// offset of the next IFD if all of this one lies inside the segment. Follows no links.
    fn ifd(&self, offset: u32, mut visit: impl FnMut(&Entry)) -> Option<u32> {
        let offset = offset as usize;
        let entries = usize::from(self.short(offset)?);
        let mut at = offset.checked_add(2)?;
        for _ in 0..entries {
            visit(&Entry {
                tag: self.short(at)?,
                kind: self.short(at.checked_add(2)?)?,
                count: self.long(at.checked_add(4)?)?,
                long: self.long(at.checked_add(8)?)?,
                short: self.short(at.checked_add(8)?)?,
                value: at.checked_add(8)?,
            });
            at = at.checked_add(12)?;
        }
        self.long(at)
    }
}

/// Artist and Copyright (Exif 3.0, 4.6.5), as they stand in IFD0 of the body of an APP1 segment.
pub(crate) fn notices(body: &[u8]) -> [Option<&[u8]>; 2] {
    let mut found = [None; 2];
    let content = body.strip_prefix(EXIF).and_then(|rest| rest.get(1..));
    if let Some(tiff) = content.and_then(Tiff::new)
        && let Some(first) = tiff.first_ifd()
    {
        tiff.ifd(first, |entry| {
            let notice = match entry.tag {
                ARTIST => 0,
                COPYRIGHT => 1,
                _ => return,
            };
            if let Some(notice) = found.get_mut(notice) {
                *notice = notice.or_else(|| tiff.text(entry));
            }
        });
    }
    found
}

/// The body of an Exif APP1 segment with nothing but the Orientation, the Artist and the Copyright that are given; none without any
/// of them. The notices are at most as long as [`Rights`](crate::rights::Rights) has them.
pub(crate) fn canonical(
    orientation: Option<u8>,
    artist: Option<&str>,
    copyright: Option<&str>,
) -> Option<Vec<u8>> {
    let texts = [(ARTIST, artist), (COPYRIGHT, copyright)];
    let texts = texts
        .iter()
        .filter_map(|(tag, text)| Some((*tag, (*text)?)));
    let count = texts
        .clone()
        .count()
        .saturating_add(orientation.iter().len());
    if count == 0 {
        return None;
    }
    let mut body = b"Exif\0\0MM\0*\0\0\0\x08".to_vec();
    body.extend_from_slice(&(count as u16).to_be_bytes());
    if let Some(orientation) = orientation {
        body.extend_from_slice(&[1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    }
    // Values longer than four bytes stand behind the IFD, each at an even offset (TIFF 6.0, section 2).
    let mut offset = count.saturating_mul(12).saturating_add(14);
    let mut values = Vec::new();
    for (tag, text) in texts {
        let mut value = [text.as_bytes(), &[0]].concat();
        body.extend_from_slice(&tag.to_be_bytes());
        body.extend_from_slice(&ASCII.to_be_bytes());
        body.extend_from_slice(&(value.len() as u32).to_be_bytes());
        if value.len() <= 4 {
            value.resize(4, 0);
            body.extend_from_slice(&value);
        } else {
            body.extend_from_slice(&(offset as u32).to_be_bytes());
            value.resize(value.len().next_multiple_of(2), 0);
            offset = offset.saturating_add(value.len());
            values.extend_from_slice(&value);
        }
    }
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(&values);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(big_endian: bool, entries: &[(u16, u16, u32, [u8; 4])], next: u32) -> Vec<u8> {
        let short = |n: u16| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let long = |n: u32| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let mut body = b"Exif\0\0".to_vec();
        body.extend(if big_endian { b"MM" } else { b"II" });
        body.extend(short(42));
        body.extend(long(8));
        body.extend(short(entries.len() as u16));
        for (tag, kind, count, value) in entries {
            body.extend(short(*tag));
            body.extend(short(*kind));
            body.extend(long(*count));
            body.extend(value);
        }
        body.extend(long(next));
        body
    }

    #[test]
    fn the_tag_that_is_written_is_read() {
        for orientation in 1..=8 {
            assert_eq!(
                read(&canonical(Some(orientation), None, None).unwrap())
                    .unwrap()
                    .orientation,
                orientation
            );
        }
    }

    #[test]
    fn parts_are_seen() {
        let mut body = segment(
            false,
            &[(EXIF_IFD, 4, 1, [38, 0, 0, 0]), (GPS_IFD, 4, 1, [0; 4])],
            99,
        );
        assert_eq!(body.len() - 6, 38);
        body.extend([1, 0, 0x7C, 0x92, 7, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        let all = ExifParts {
            gps: true,
            maker_note: true,
            thumbnail: true,
        };
        assert_eq!(read(&body).unwrap().parts, all);
    }

    #[test]
    fn a_broken_header_is_no_exif_and_loops_end() {
        assert_eq!(read(b"Exif\0\0"), None);
        let nothing = Exif {
            orientation: 1,
            parts: ExifParts::default(),
        };
        assert_eq!(read(b"Exif\0\0II*\0\xFF\xFF\xFF\xFF"), Some(nothing));
        assert_eq!(read(b"EXIF\0\0II*\0\x08\0\0\0\0\0"), None);
        let body = segment(true, &[(EXIF_IFD, 4, 1, [0, 0, 0, 8])], 8);
        assert_eq!(read(&body).unwrap().orientation, 1);
    }
}
