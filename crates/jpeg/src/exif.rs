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
    /// 1 to 8; 1 where there is none, or one that means nothing.
    pub(crate) orientation: u8,
    pub(crate) parts: ExifParts,
}

const ORIENTATION: u16 = 0x0112;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const MAKER_NOTE: u16 = 0x927C;

/// Reads the body of an APP1 segment. `None` when it has no valid TIFF header, and so is no Exif
/// that browsers would read (Exif 3.0, 4.5.2 and 4.7.2).
pub(crate) fn read(body: &[u8]) -> Option<Exif> {
    let tiff = body.strip_prefix(EXIF)?.get(1..)?;
    let tiff = Tiff::new(tiff)?;
    let mut exif = Exif {
        orientation: 1,
        parts: ExifParts::default(),
    };
    let mut orientation = None;
    let mut exif_ifd = None;
    let first = tiff.long(4)?;
    let next = tiff.ifd(first, |entry| match entry.tag {
        ORIENTATION => orientation = orientation.or(Some(entry.small_number().unwrap_or(0))),
        EXIF_IFD => exif_ifd = exif_ifd.or(entry.long()),
        GPS_IFD => exif.parts.gps = true,
        _ => {}
    });
    if let Some(value @ 1..=8) = orientation {
        exif.orientation = value as u8;
    }
    exif.parts.thumbnail = next.is_some_and(|offset| offset != 0);
    if let Some(offset) = exif_ifd {
        tiff.ifd(offset, |entry| {
            exif.parts.maker_note |= entry.tag == MAKER_NOTE;
        });
    }
    Some(exif)
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
}

impl Entry {
    /// A single SHORT or LONG.
    fn small_number(&self) -> Option<u32> {
        match (self.kind, self.count) {
            (3, 1) => Some(u32::from(self.short)),
            (4, 1) => Some(self.long),
            _ => None,
        }
    }

    fn long(&self) -> Option<u32> {
        (self.kind == 4 || self.kind == 13).then_some(self.long)
    }
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        let tiff = Self { bytes, big_endian };
        // The IFD itself must lie inside the segment.
        tiff.short(tiff.long(4)? as usize)?;
        Some(tiff)
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

    /// Calls `visit` for every entry of the IFD that lies inside the segment; the offset of the
    /// next IFD when the whole of this one does. At most 65,535 entries, whatever it links to.
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
            });
            at = at.checked_add(12)?;
        }
        self.long(at)
    }
}

/// The body of an Exif APP1 segment with nothing but Orientation.
pub(crate) fn orientation_only(orientation: u8) -> [u8; 32] {
    let mut body = *b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    if let Some(value) = body.get_mut(25) {
        *value = orientation;
    }
    body
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
    fn orientation_is_read_as_browsers_do() {
        let rows = [
            ("short, big-endian", true, 3, 1, [0, 6, 0, 0], 6),
            ("short, little-endian", false, 3, 1, [8, 0, 0, 0], 8),
            (
                "junk behind a short does not count",
                true,
                3,
                1,
                [0, 6, 9, 9],
                6,
            ),
            ("long, big-endian", true, 4, 1, [0, 0, 0, 3], 3),
            ("long, little-endian", false, 4, 1, [5, 0, 0, 0], 5),
            ("zero", true, 3, 1, [0, 0, 0, 0], 1),
            ("nine", true, 3, 1, [0, 9, 0, 0], 1),
            ("two values", true, 3, 2, [0, 6, 0, 6], 1),
            ("a byte", true, 1, 1, [6, 0, 0, 0], 1),
        ];
        for (name, big_endian, kind, count, value, orientation) in rows {
            let body = segment(big_endian, &[(ORIENTATION, kind, count, value)], 0);
            assert_eq!(read(&body).unwrap().orientation, orientation, "{name}");
        }
    }

    #[test]
    fn the_tag_that_is_written_is_read() {
        for orientation in 1..=8 {
            assert_eq!(
                read(&orientation_only(orientation)).unwrap().orientation,
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
        assert_eq!(read(b"Exif\0\0II*\0\xFF\xFF\xFF\xFF"), None);
        assert_eq!(read(b"EXIF\0\0II*\0\x08\0\0\0\0\0"), None);
        let body = segment(true, &[(EXIF_IFD, 4, 1, [0, 0, 0, 8])], 8);
        assert_eq!(read(&body).unwrap().orientation, 1);
    }
}
