//! The ICC profile: assembled from its chunks, rewritten so that only what decides colours remains, and
//! cut into chunks again (ICC.1:2022 and its annex B.4).
//!
//! What decides colours is what Chromium (skcms), Firefox (qcms) and Little CMS read of a profile that describes a
//! picture. `tests/browsers/colour.json` records which unusual profiles each browser applies;
//! docs/decisions/icc-profiles.md has the rules.

mod chunks;
mod element;
mod header;
mod layout;
mod srgb;

use crate::format::bytes::{be16, be32};

pub(crate) use chunks::{Chunks, segments, segments_length};
use header::Header;
pub(crate) use srgb::is_srgb;

/// A flag for each browser: whether it applies a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Applied {
    chromium: bool,
    firefox: bool,
}

impl Applied {
    fn and(self, other: Self) -> Self {
        Self {
            chromium: self.chromium && other.chromium,
            firefox: self.firefox && other.firefox,
        }
    }

    fn but_not(self, other: Self) -> Self {
        Self {
            chromium: self.chromium && !other.chromium,
            firefox: self.firefox && !other.firefox,
        }
    }
}

/// A profile that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clean {
    pub(crate) profile: Vec<u8>,
    /// Tags and bytes that were left out, if any.
    pub(crate) dropped: Option<(u32, usize)>,
}

type Name = [u8; 4];

const PRIMARIES: [Name; 3] = [*b"rXYZ", *b"gXYZ", *b"bXYZ"];
const CURVES: [Name; 3] = [*b"rTRC", *b"gTRC", *b"bTRC"];

/// Rewrites a profile of a picture of `components`: the header's fields and tags that decide colours, the texts that
/// the specification asks for with fixed content, no gaps, no tail.
///
/// `None` when no browser applies it to such a picture, or when the rewritten profile would be longer than `profile`,
/// which happens when tags share a part of their data. `from_chunks`: which browser accepts its chunks.
pub(crate) fn rewrite(profile: &[u8], components: u8, from_chunks: Applied) -> Option<Clean> {
    let header = Header::read(profile)?;
    if !header.is_for(components) {
        return None;
    }
    let tags = Tags::read(profile)?;
    let applied = tags.applied(&header).and(header.applied).and(from_chunks);
    if !applied.chromium && !applied.firefox {
        return None;
    }
    let values = tags.kept(&header)?;
    // A browser that did not apply the source's profile must not apply the rewritten one, or colours would change.
    let stop =
        applied_of(&header, |name| values.iter().any(|(tag, _)| *tag == name)).but_not(applied);
    let clean = smallest(profile.len(), &header, stop, &tags, &values)?;
    let left_out = tags.rows.len().saturating_sub(values.len()) as u32;
    let dropped =
        (clean != profile).then(|| (left_out.max(1), profile.len().saturating_sub(clean.len())));
    Some(Clean {
        profile: clean,
        dropped,
    })
}

/// The first of three forms that takes no more than `limit` bytes, if any: with the required texts that the source has;
/// without these texts; without them and without the padding that aligns each value to four bytes.
fn smallest(
    limit: usize,
    header: &Header,
    stop: Applied,
    tags: &Tags<'_>,
    values: &[([u8; 4], Vec<u8>)],
) -> Option<Vec<u8>> {
    let values: Vec<layout::Tag<'_>> = values.iter().map(|(name, v)| (*name, &v[..])).collect();
    let texts = [
        (*b"desc", layout::description(header)),
        (*b"cprt", layout::copyright(header)),
    ];
    let texts = texts.iter().filter(|(name, _)| tags.find(*name).is_some());
    let named: Vec<layout::Tag<'_>> = texts
        .map(|(name, value)| (*name, &value[..]))
        .chain(values.iter().copied())
        .collect();
    [(&named, 4), (&values, 4), (&values, 1)]
        .into_iter()
        .filter_map(|(tags, align)| layout::write(header, stop, tags, align))
        .find(|clean| clean.len() <= limit && chunks::fits(clean.len()))
}

/// The tags of a profile. The values of all of them lie within the profile.
struct Tags<'a> {
    body: &'a [u8],
    rows: &'a [[u8; 12]],
}

impl<'a> Tags<'a> {
    /// `None` when the value of a tag lies outside the profile; both browsers drop such a profile.
    fn read(profile: &'a [u8]) -> Option<Self> {
        let body = profile.get(..be32(profile, 0)? as usize)?;
        let count = be32(body, 128)? as usize;
        let table = body.get(132..132_usize.checked_add(count.checked_mul(12)?)?)?;
        let (rows, _) = table.as_chunks::<12>();
        let tags = Self { body, rows };
        rows.iter()
            .all(|row| tags.value(row).is_some())
            .then_some(tags)
    }

    fn value(&self, row: &[u8; 12]) -> Option<&'a [u8]> {
        let start = be32(row, 4)? as usize;
        self.body
            .get(start..start.checked_add(be32(row, 8)? as usize)?)
    }

    /// The first tag of a name, as all decoders take it.
    fn find(&self, name: Name) -> Option<&'a [u8]> {
        self.value(self.rows.iter().find(|row| row.starts_with(&name))?)
    }

    fn has(&self, name: Name) -> bool {
        self.find(name).is_some()
    }

    /// Whether a tag, if it is there, can be read.
    fn sound(&self, name: Name) -> bool {
        self.find(name)
            .is_none_or(|raw| element::rewrite(name, raw).is_some())
    }

    fn has_all(&self, names: &[Name]) -> bool {
        names.iter().all(|name| self.has(*name))
    }

    fn all_sound(&self, names: &[Name]) -> bool {
        names.iter().all(|name| self.sound(*name))
    }

    /// Which browser applies a profile with these tags. It checks only what rewriting could change. Contents that are
    /// kept unchanged need no check: both browsers read the same from the clean file as from the source.
    fn applied(&self, header: &Header) -> Applied {
        let readable = applied_of(header, |name| self.has(name) && self.sound(name));
        readable.and(Applied {
            chromium: self.chromium_reads(header),
            firefox: self.firefox_reads(header),
        })
    }

    /// skcms reads the three curves and the three primaries if all are there, the first of two tables in each
    /// direction, and cicp. It rejects the profile if it cannot read one of these.
    fn chromium_reads(&self, header: &Header) -> bool {
        let first_sound = |names: [Name; 2]| {
            let first = names.into_iter().find(|name| self.has(*name));
            first.is_none_or(|name| self.sound(name))
        };
        let grey = &header.space == b"GRAY" && self.has(*b"kTRC");
        let curves = if grey {
            self.sound(*b"kTRC")
        } else {
            [CURVES, PRIMARIES]
                .iter()
                .all(|names| !self.has_all(names) || self.all_sound(names))
        };
        curves
            && first_sound([*b"A2B0", *b"A2B1"])
            && first_sound([*b"B2A0", *b"B2A1"])
            && self.sound(*b"cicp")
            && self
                .rows
                .iter()
                .all(|row| be32(row, 8).is_some_and(|length| length >= 4))
    }

    /// qcms reads the tags of the picture's colour space, tables only if they are of a type that tables have.
    fn firefox_reads(&self, header: &Header) -> bool {
        let table = |name: Name| {
            let is_table =
                |raw: &[u8]| matches!(raw.get(..4), Some(b"mft1" | b"mft2" | b"mAB " | b"mBA "));
            !self.find(name).is_some_and(is_table) || self.sound(name)
        };
        let three = |names: [Name; 3]| {
            let first = names.first().is_some_and(|name| self.has(*name));
            !first || self.has_all(&names) && self.all_sound(&names)
        };
        let colours = match &header.space {
            b"GRAY" => self.sound(*b"kTRC"),
            _ => table(*b"A2B0") && table(*b"B2A0") && three(PRIMARIES) && three(CURVES),
        };
        colours && self.sound(*b"chad") && self.rows.len() <= 1024
    }

    /// The tags to keep, rewritten, in the order in which they are written. `None` if they take more bytes than the
    /// profile.
    fn kept(&self, header: &Header) -> Option<Vec<([u8; 4], Vec<u8>)>> {
        // Where there is a table, no decoder reads curves and primaries.
        let matrix = &header.space == b"RGB "
            && !(self.has(*b"A2B0") && self.sound(*b"A2B0"))
            && [PRIMARIES, CURVES]
                .iter()
                .all(|names| self.has_all(names) && self.all_sound(names));
        let matrix = if matrix {
            [PRIMARIES, CURVES]
        } else {
            [[*b"    "; 3]; 2]
        };
        let [colours, curves] = matrix;
        let grey = if &header.space == b"GRAY" {
            *b"kTRC"
        } else {
            *b"    "
        };
        let before: [Name; 2] = [*b"wtpt", *b"chad"];
        let behind: [Name; 5] = [grey, *b"A2B0", *b"A2B1", *b"A2B2", *b"cicp"];
        let mut kept: Vec<([u8; 4], Vec<u8>)> = Vec::with_capacity(16);
        let mut length = 0_usize;
        for name in before
            .into_iter()
            .chain(colours)
            .chain(curves)
            .chain(behind)
        {
            let Some(raw) = self.find(name) else {
                continue;
            };
            let Some(value) = element::rewrite(name, raw) else {
                continue;
            };
            if kept.iter().all(|(_, seen)| *seen != value) {
                length = length.checked_add(value.len())?;
            }
            if length > self.body.len() {
                return None;
            }
            kept.push((name, value));
        }
        Some(kept)
    }
}

/// Which browser applies a profile by the tags that it has, if all of them can be read.
fn applied_of(header: &Header, has: impl Fn(Name) -> bool) -> Applied {
    let table = has(*b"A2B0");
    let any_table = table || has(*b"A2B1");
    let matrix = [PRIMARIES, CURVES].iter().flatten().all(|name| has(*name));
    match &header.space {
        b"GRAY" => Applied {
            chromium: any_table || has(*b"kTRC") && &header.connection == b"XYZ ",
            firefox: has(*b"kTRC"),
        },
        b"RGB " => Applied {
            chromium: any_table || matrix,
            firefox: table || matrix,
        },
        _ => Applied {
            chromium: any_table,
            firefox: false,
        },
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
