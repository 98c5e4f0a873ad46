//! The profile of a clean file: whole, in full chunks, and with nothing but what decides colours.

use super::{Cursor, NotClean, Reason};

/// Content of every chunk but the last.
const FULL: usize = 65_519;

/// A profile in canonical form.
pub(super) struct Profile {
    /// Where its first segment stands.
    pub(super) offset: usize,
    space: Space,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Gray,
    Rgb,
    Cmyk,
}

impl Profile {
    /// Whether it can be that of a picture of `components`.
    pub(super) fn is_for(&self, components: usize) -> bool {
        matches!(
            (self.space, components),
            (Space::Gray | Space::Rgb, 1) | (Space::Rgb, 3) | (Space::Cmyk, 4)
        )
    }
}

pub(super) fn verify(cursor: &mut Cursor<'_>) -> Result<Option<Profile>, NotClean> {
    let offset = cursor.at;
    let not = NotClean {
        offset,
        reason: Reason::Icc,
    };
    let mut collected: Vec<u8> = Vec::new();
    let mut expected = 1_u8;
    let mut announced = None;
    while let Some((_, body)) = cursor.segment_of(0xE2)? {
        let Some((&[number, count], content)) = body
            .strip_prefix(b"ICC_PROFILE\0")
            .and_then(<[u8]>::split_first_chunk)
        else {
            return Err(not);
        };
        let last = number == count;
        let sized = if last {
            (1..=FULL).contains(&content.len())
        } else {
            content.len() == FULL
        };
        let same = *announced.get_or_insert(count) == count;
        if number != expected || number > count || !sized || !same {
            return Err(not);
        }
        if last {
            let space = if collected.is_empty() {
                canonical(content)
            } else {
                collected.extend_from_slice(content);
                canonical(&collected)
            };
            return space
                .map(|space| Some(Profile { offset, space }))
                .ok_or(not);
        }
        collected.extend_from_slice(content);
        expected = expected.checked_add(1).ok_or(not)?;
    }
    // Chunks were there, but not the last one.
    if announced.is_none() {
        Ok(None)
    } else {
        Err(not)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// The colour space of a profile, if that is in canonical form. Its values are aligned to four bytes; or they lie end
/// to end and the texts are missing, the form of a profile that would otherwise have grown.
fn canonical(profile: &[u8]) -> Option<Space> {
    let (space, bars) = header(profile)?;
    let names = values(profile, 4).or_else(|| {
        values(profile, 1).filter(|names| !names.contains(b"desc") && !names.contains(b"cprt"))
    })?;
    let has = |name: &[u8; 4]| names.contains(name);
    let matrix = [b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"].map(has);
    let whole_matrix = matrix == [true; 6];
    let any_table = has(b"A2B0") || has(b"A2B1");
    let through_xyz = profile.get(20..24)? == b"XYZ ";
    let (chromium, firefox, expected) = match space {
        Space::Gray => (
            any_table || has(b"kTRC") && through_xyz,
            has(b"kTRC"),
            matrix == [false; 6],
        ),
        Space::Rgb => (
            any_table || whole_matrix,
            has(b"A2B0") || whole_matrix,
            !has(b"kTRC") && (matrix == [false; 6] || whole_matrix && !has(b"A2B0")),
        ),
        Space::Cmyk => (any_table, false, !has(b"kTRC") && matrix == [false; 6]),
    };
    // The header may bar a browser only if the tags would let it apply the profile, and one must remain that does.
    let barred = (chromium || !bars.chromium) && (firefox || !bars.firefox);
    let applied = chromium && !bars.chromium || firefox && !bars.firefox;
    (expected && barred && applied).then_some(space)
}

/// Which browser the header bars from applying the profile: an illuminant of zero bars Chromium, a rendering intent
/// that does not exist bars Firefox.
struct Bars {
    chromium: bool,
    firefox: bool,
}

fn header(profile: &[u8]) -> Option<(Space, Bars)> {
    let header = profile.get(..128)?;
    let zero = |from: usize, to: usize| {
        header
            .get(from..to)
            .is_some_and(|b| b.iter().all(|b| *b == 0))
    };
    let space = match header.get(16..20)? {
        b"GRAY" => Space::Gray,
        b"RGB " => Space::Rgb,
        b"CMYK" => Space::Cmyk,
        _ => return None,
    };
    let bars = Bars {
        chromium: zero(68, 80),
        firefox: header.get(67)? == &4,
    };
    let canonical = number(profile, 0)? == profile.len()
        && zero(4, 8)
        && matches!(header.get(8..12)?, [2 | 4, 0x40, 0, 0])
        && matches!(header.get(12..16)?, b"mntr" | b"scnr" | b"prtr" | b"spac")
        && matches!(header.get(20..24)?, b"XYZ " | b"Lab ")
        && header.get(24..36)? == b"\x07\xD0\0\x01\0\x01\0\0\0\0\0\0"
        && header.get(36..40)? == b"acsp"
        && zero(40, 67)
        && header.get(67)? <= &4
        && (bars.chromium || header.get(68..80)? == b"\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D")
        && zero(80, 128);
    canonical.then_some((space, bars))
}

/// The tags that there can be, in their order.
const NAMES: [&[u8; 4]; 15] = [
    b"desc", b"cprt", b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC",
    b"kTRC", b"A2B0", b"A2B1", b"A2B2", b"cicp",
];

/// The names of the tags, if their values lie end to end behind the table, in the order of the tags, and equal ones
/// only once.
fn values(profile: &[u8], align: usize) -> Option<Vec<[u8; 4]>> {
    let count = number(profile, 128).filter(|count| *count <= NAMES.len())?;
    let mut end = 132_usize.checked_add(count.checked_mul(12)?)?;
    let (rows, _) = profile.get(132..end)?.as_chunks::<12>();
    let mut names: Vec<[u8; 4]> = Vec::new();
    let mut seen: Vec<(usize, &[u8])> = Vec::new();
    let mut following = NAMES.iter();
    for row in rows {
        let (start, length) = (number(row, 4)?, number(row, 8)?);
        let value = profile.get(start..start.checked_add(length)?)?;
        let name = *row.first_chunk()?;
        if !following.any(|next| **next == name) || !value_is(name, value, profile) {
            return None;
        }
        if let Some((at, _)) = seen.iter().find(|(_, seen)| *seen == value) {
            if *at != start {
                return None;
            }
        } else {
            if start != end {
                return None;
            }
            let stop = start.checked_add(length)?;
            end = stop.checked_next_multiple_of(align)?;
            if profile.get(stop..end)?.iter().any(|byte| *byte != 0) {
                return None;
            }
            seen.push((start, value));
        }
        names.push(name);
    }
    (end == profile.len()).then_some(names)
}

/// Whether the value of a tag is of a type that decides colours, or one of the fixed texts.
fn value_is(name: [u8; 4], value: &[u8], profile: &[u8]) -> bool {
    let Some((kind, [0, 0, 0, 0, content @ ..])) = value.split_first_chunk::<4>() else {
        return false;
    };
    let new = profile.get(8) == Some(&4);
    let space = profile.get(16..20).unwrap_or_default().trim_ascii_end();
    match &name {
        b"desc" if new => kind == b"mluc" && is_fixed_localized(content, space),
        b"desc" => kind == b"desc" && is_fixed_description(content, space),
        b"cprt" if new => kind == b"mluc" && is_fixed_localized(content, b"-"),
        b"cprt" => kind == b"text" && content == b"-\0",
        b"wtpt" | b"rXYZ" | b"gXYZ" | b"bXYZ" => kind == b"XYZ " && content.len() == 12,
        b"chad" => kind == b"sf32" && content.len() == 36,
        b"cicp" => kind == b"cicp" && content.len() == 4,
        b"rTRC" | b"gTRC" | b"bTRC" | b"kTRC" => curve_length(value) == Some(value.len()),
        b"A2B0" | b"A2B1" | b"A2B2" => match kind {
            b"mft1" | b"mft2" => old_table_length(value) == Some(value.len()),
            b"mAB " => new_table_length(value) == Some(value.len()),
            _ => false,
        },
        _ => false,
    }
}

fn is_fixed_description(content: &[u8], text: &[u8]) -> bool {
    let Some(([0, 0, 0, length], rest)) = content.split_first_chunk() else {
        return false;
    };
    usize::from(*length) == text.len().saturating_add(1)
        && rest.len() == text.len().saturating_add(1 + 78)
        && rest
            .strip_prefix(text)
            .is_some_and(|tail| tail.iter().all(|b| *b == 0))
}

fn is_fixed_localized(content: &[u8], text: &[u8]) -> bool {
    let Some(record) = content.strip_prefix(b"\0\0\0\x01\0\0\0\x0CenUS\0\0\0") else {
        return false;
    };
    let Some((length, [0, 0, 0, 28, wide @ ..])) = record.split_first() else {
        return false;
    };
    let (pairs, odd) = wide.as_chunks::<2>();
    usize::from(*length) == wide.len()
        && odd.is_empty()
        && text.len() == pairs.len()
        && text.iter().zip(pairs).all(|(a, b)| [0, *a] == *b)
}

fn curve_length(value: &[u8]) -> Option<usize> {
    match value.get(..4)? {
        b"curv" => number(value, 8)?.checked_mul(2)?.checked_add(12),
        b"para" => match value.get(8..12)? {
            [0, 0, 0, 0] => Some(16),
            [0, 1, 0, 0] => Some(24),
            [0, 2, 0, 0] => Some(28),
            [0, 3, 0, 0] => Some(32),
            [0, 4, 0, 0] => Some(40),
            _ => None,
        },
        _ => None,
    }
}

fn old_table_length(value: &[u8]) -> Option<usize> {
    let [inputs @ 1..=15, outputs @ 1..=15, grid, 0] = value.get(8..12)? else {
        return None;
    };
    // Only tables with three input channels use a matrix; in others it is the identity.
    let one = b"\0\x01\0\0";
    let unused = [
        *one, [0; 4], [0; 4], [0; 4], *one, [0; 4], [0; 4], [0; 4], *one,
    ];
    if *inputs != 3 && value.get(12..48)? != unused.as_flattened() {
        return None;
    }
    let (inputs, outputs) = (usize::from(*inputs), usize::from(*outputs));
    let nodes = usize::from(*grid)
        .checked_pow(u32::try_from(inputs).ok()?)?
        .checked_mul(outputs)?;
    if value.starts_with(b"mft1") {
        return nodes
            .checked_add(inputs.checked_add(outputs)?.checked_mul(256)?)?
            .checked_add(48);
    }
    let both = number(value, 48)?;
    let (before, after) = (both >> 16, both & 0xFFFF);
    let curves = before
        .checked_mul(inputs)?
        .checked_add(after.checked_mul(outputs)?)?;
    nodes.checked_add(curves)?.checked_mul(2)?.checked_add(52)
}

/// End of the elements, if they lie end to end in the order of the fields that hold their offsets, each aligned to four
/// bytes, and equal ones only once.
fn new_table_length(value: &[u8]) -> Option<usize> {
    let [inputs @ 1..=15, outputs @ 1..=15, 0, 0] = value.get(8..12)? else {
        return None;
    };
    let (inputs, outputs) = (usize::from(*inputs), usize::from(*outputs));
    let mut end = 32_usize;
    let mut seen: Vec<(usize, &[u8])> = Vec::new();
    for (place, channels) in [(12, outputs), (16, 0), (20, outputs), (24, 0), (28, inputs)] {
        let start = number(value, place)?;
        if start == 0 {
            continue;
        }
        let stop = match place {
            16 => start.checked_add(48)?,
            24 => cube_end(value, start, inputs, outputs)?,
            _ => curves_end(value, start, channels)?,
        };
        let element = value.get(start..stop)?;
        if let Some((at, _)) = seen.iter().find(|(_, seen)| *seen == element) {
            if *at != start {
                return None;
            }
            continue;
        }
        let aligned = end.checked_next_multiple_of(4)?;
        if start != aligned || value.get(end..start)?.iter().any(|byte| *byte != 0) {
            return None;
        }
        seen.push((start, element));
        end = stop;
    }
    Some(end)
}

/// End of curves, each but the first on a multiple of four bytes.
fn curves_end(value: &[u8], start: usize, channels: usize) -> Option<usize> {
    let mut end = start;
    for _ in 0..channels {
        let from = start.checked_add(end.checked_sub(start)?.checked_next_multiple_of(4)?)?;
        let curve = value.get(from..)?;
        let clean = value.get(end..from)?.iter().all(|b| *b == 0) && curve.get(4..8)? == [0; 4];
        end = from.checked_add(curve_length(curve)?).filter(|_| clean)?;
    }
    Some(end)
}

fn cube_end(value: &[u8], start: usize, inputs: usize, outputs: usize) -> Option<usize> {
    let head = value.get(start..start.checked_add(20)?)?;
    let (grid, rest) = head.split_at_checked(inputs.min(16))?;
    let unused = rest.get(..16_usize.checked_sub(inputs)?)?;
    let [precision @ 1..=2, 0, 0, 0] = head.get(16..)? else {
        return None;
    };
    let mut length = outputs.checked_mul(usize::from(*precision))?;
    for points in grid {
        length = length.checked_mul(usize::from(*points))?;
    }
    let end = start.checked_add(20)?.checked_add(length)?;
    (unused.iter().all(|b| *b == 0)).then_some(end)
}
