//! The ICC profile: put together from its chunks, rewritten with what decides colours and nothing
//! else, and cut into chunks again (ICC.1:2022 and its annex B.4).

mod element;
mod srgb;

use std::ops::Range;

use crate::format::bytes::{be16, be32};
use crate::format::marker;
use crate::kind;

pub(crate) use srgb::is_srgb;

/// Most bytes of a profile in one APP2 segment.
pub(crate) const CHUNK: usize = 65_519;

/// The chunks of a profile as they stand in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunks {
    /// Sequence number, and the bytes of the chunk in the file.
    seen: Vec<(u8, Range<usize>)>,
    /// Segments of the file, and their bytes.
    size: (u32, usize),
    /// Number of chunks that the first one announces.
    announced: u8,
    inconsistent: bool,
}

impl Chunks {
    /// Takes the body of an ICC segment, which stands at `offset` of the file.
    pub(crate) fn add(&mut self, body: &[u8], offset: usize) {
        self.size.0 = self.size.0.saturating_add(1);
        self.size.1 = self.size.1.saturating_add(body.len()).saturating_add(4);
        let Some((&[number, count], content)) = body
            .get(kind::ICC.len()..)
            .and_then(<[u8]>::split_first_chunk)
        else {
            self.inconsistent = true;
            return;
        };
        if self.seen.is_empty() {
            self.announced = count;
        }
        // iccjpeg, which decoders share, gives up on the profile in each of these cases.
        if count != self.announced
            || number == 0
            || number > count
            || self.seen.iter().any(|(seen, _)| *seen == number)
        {
            self.inconsistent = true;
            return;
        }
        let start = offset.saturating_add(kind::ICC.len()).saturating_add(2);
        self.seen
            .push((number, start..start.saturating_add(content.len())));
    }

    /// Segments of the file, and their bytes.
    pub(crate) fn size(&self) -> (u32, usize) {
        self.size
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty() && !self.inconsistent
    }

    /// The profile, if every chunk of it is there once.
    pub(crate) fn assemble(mut self, data: &[u8]) -> Option<Vec<u8>> {
        if self.inconsistent || self.seen.len() != usize::from(self.announced) {
            return None;
        }
        self.seen.sort_by_key(|(number, _)| *number);
        let parts: Option<Vec<&[u8]>> = self
            .seen
            .iter()
            .map(|(_, range)| data.get(range.clone()))
            .collect();
        Some(parts?.concat())
    }
}

/// A profile that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clean {
    pub(crate) profile: Vec<u8>,
    /// Tags and bytes that were left out, if any.
    pub(crate) dropped: Option<(u32, usize)>,
}

/// Tags that decide colours, in the order in which they are written.
const TAGS: [&[u8; 4]; 20] = [
    b"wtpt", b"bkpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC",
    b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"B2A1", b"B2A2", b"B2A3", b"gamt", b"cicp",
];

/// Rewrites a profile: the header's fields and tags that decide colours, the texts that the
/// specification asks for with fixed content, no gaps, no tail. `None` when it is no profile that
/// a decoder could use.
pub(crate) fn rewrite(profile: &[u8]) -> Option<Clean> {
    let header = Header::read(profile)?;
    let declared = be32(profile, 0)? as usize;
    let body = profile.get(..declared)?;
    let count = be32(body, 128)?;
    // Twelve bytes a tag: more than fit are a lie.
    let table = body.get(132..132_usize.checked_add((count as usize).checked_mul(12)?)?)?;
    let (rows, _) = table.as_chunks::<12>();
    let find = |name: &[u8; 4]| -> Option<&[u8]> {
        let row = rows.iter().find(|row| row.starts_with(name))?;
        let start = be32(row, 4)? as usize;
        body.get(start..start.checked_add(be32(row, 8)? as usize)?)
    };
    let mut tags: Vec<([u8; 4], Vec<u8>)> = vec![
        (*b"desc", description(header.version, header.space)),
        (*b"cprt", copyright(header.version)),
    ];
    for name in TAGS {
        if let Some(value) = find(name).and_then(|raw| element::rewrite(*name, raw)) {
            tags.push((*name, value));
        }
    }
    let has = |name: &[u8; 4]| tags.iter().any(|(tag, _)| tag == name);
    let usable = has(b"A2B0")
        || has(b"kTRC") && &header.space == b"GRAY"
        || [b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"]
            .iter()
            .all(|tag| has(tag));
    if !usable {
        return None;
    }
    let left_out = rows.len().saturating_sub(tags.len()) as u32;
    let clean = write(&header, &tags)?;
    let dropped =
        (clean != profile).then(|| (left_out.max(1), profile.len().saturating_sub(clean.len())));
    Some(Clean {
        profile: clean,
        dropped,
    })
}

/// What is kept of the header (ICC.1:2022 7.2).
struct Header {
    version: [u8; 2],
    class: [u8; 4],
    space: [u8; 4],
    connection: [u8; 4],
    intent: u8,
    illuminant: [u8; 12],
}

const D50: [u8; 12] = [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D];

impl Header {
    fn read(profile: &[u8]) -> Option<Self> {
        let four = |at: usize| -> Option<[u8; 4]> { profile.get(at..)?.first_chunk().copied() };
        if &four(36)? != b"acsp" {
            return None;
        }
        let [major, minor, ..] = four(8)?;
        // The minor version decides nothing; 2.0 to 2.4 and 4.0 to 4.4 are those that there are.
        let minor = if matches!(minor, 0x10 | 0x20 | 0x30 | 0x40) {
            minor
        } else {
            0
        };
        let header = Self {
            version: [major, minor],
            class: four(12)?,
            space: four(16)?,
            connection: four(20)?,
            intent: (be32(profile, 64)? & 3) as u8,
            illuminant: *profile.get(68..)?.first_chunk()?,
        };
        let sound = matches!(header.version[0], 2 | 4)
            && matches!(&header.class, b"mntr" | b"scnr" | b"prtr" | b"spac")
            && matches!(&header.space, b"GRAY" | b"RGB " | b"CMYK" | b"Lab ")
            && matches!(&header.connection, b"XYZ " | b"Lab ");
        sound.then_some(header)
    }

    fn write(&self, length: u32) -> [u8; 128] {
        let mut out = [0; 128];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = out.get_mut(at..at.saturating_add(bytes.len())) {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &length.to_be_bytes());
        put(8, &self.version);
        put(12, &self.class);
        put(16, &self.space);
        put(20, &self.connection);
        // A fixed date: 1 January 2000.
        put(24, &[0x07, 0xD0, 0, 1, 0, 1]);
        put(36, b"acsp");
        put(67, &[self.intent]);
        // Some engines ignore a profile with another illuminant, and no engine uses it: none is another one.
        put(68, if self.nearly_d50() { &D50 } else { &[0; 12] });
        out
    }

    /// Within a hundredth, which is what colour engines ask for.
    fn nearly_d50(&self) -> bool {
        [0, 4, 8].iter().all(|at| {
            be32(&self.illuminant, *at)
                .zip(be32(&D50, *at))
                .is_some_and(|(a, b)| a.abs_diff(b) <= 655)
        })
    }
}

fn write(header: &Header, tags: &[([u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let start = 132_usize.checked_add(tags.len().checked_mul(12)?)?;
    let mut table = Vec::new();
    let mut values: Vec<u8> = Vec::new();
    let mut written: Vec<(&[u8], usize)> = Vec::new();
    for (name, value) in tags {
        let at = if let Some((_, at)) = written.iter().find(|(seen, _)| seen == value) {
            *at
        } else {
            let at = start.checked_add(values.len())?;
            written.push((value, at));
            values.extend_from_slice(value);
            values.resize(values.len().next_multiple_of(4), 0);
            at
        };
        table.extend_from_slice(name);
        table.extend_from_slice(&u32::try_from(at).ok()?.to_be_bytes());
        table.extend_from_slice(&u32::try_from(value.len()).ok()?.to_be_bytes());
    }
    let length = u32::try_from(start.checked_add(values.len())?).ok()?;
    let mut out = header.write(length).to_vec();
    out.extend_from_slice(&u32::try_from(tags.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&table);
    out.extend_from_slice(&values);
    Some(out)
}

/// The profile's required name: that of its colour space.
fn description(version: [u8; 2], space: [u8; 4]) -> Vec<u8> {
    let text = space.trim_ascii_end();
    if version.first() == Some(&4) {
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
fn copyright(version: [u8; 2]) -> Vec<u8> {
    if version.first() == Some(&4) {
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

/// Length of what [`segments`] writes.
pub(crate) fn segments_length(profile: &[u8]) -> usize {
    profile
        .len()
        .div_ceil(CHUNK)
        .saturating_mul(18)
        .saturating_add(profile.len())
}

/// The APP2 segments for `profile`, markers and lengths included.
pub(crate) fn segments(profile: &[u8], out: &mut Vec<u8>) {
    let count = profile.len().div_ceil(CHUNK);
    for (index, chunk) in profile.chunks(CHUNK).enumerate() {
        let length = (chunk.len() as u16).saturating_add(16);
        out.extend_from_slice(&[0xFF, marker::APP2]);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(kind::ICC);
        out.extend_from_slice(&[(index as u8).saturating_add(1), count as u8]);
        out.extend_from_slice(chunk);
    }
}

/// The tag `name` of a profile that [`rewrite`] wrote.
pub(crate) fn tag(profile: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let count = be32(profile, 128)? as usize;
    let (rows, _) = profile.get(132..)?.as_chunks::<12>();
    let row = rows.iter().take(count).find(|row| row.starts_with(&name))?;
    let start = be32(row, 4)? as usize;
    profile.get(start..start.checked_add(be32(row, 8)? as usize)?)
}

/// A 16-bit number of a profile, as a fraction of 65,535.
pub(crate) fn fraction(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(be16(bytes, at)?) / 65_535.0)
}

/// An s15Fixed16Number (ICC.1:2022 4.6).
pub(crate) fn fixed(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(be32(bytes, at)?.cast_signed()) / 65_536.0)
}
