//! The profile of a clean file: whole, in full chunks, and with nothing but what decides colours.

use super::{Cursor, NotClean, Reason};

/// Content of every chunk but the last.
const FULL: usize = 65_519;

pub(super) fn verify(cursor: &mut Cursor<'_>) -> Result<(), NotClean> {
    let start = cursor.at;
    let not = NotClean {
        offset: start,
        reason: Reason::Icc,
    };
    let mut collected: Vec<u8> = Vec::new();
    let mut expected = 1_u8;
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
        if number != expected || number > count || !sized {
            return Err(not);
        }
        if last {
            let whole = if collected.is_empty() {
                is_canonical(content)
            } else {
                collected.extend_from_slice(content);
                is_canonical(&collected)
            };
            return whole.filter(|canonical| *canonical).map(|_| ()).ok_or(not);
        }
        collected.extend_from_slice(content);
        expected = expected.checked_add(1).ok_or(not)?;
    }
    // Chunks were there, but not the last one.
    if collected.is_empty() {
        Ok(())
    } else {
        Err(not)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

fn is_canonical(profile: &[u8]) -> Option<bool> {
    let header = profile.get(..128)?;
    let zero = |from: usize, to: usize| {
        header
            .get(from..to)
            .is_some_and(|b| b.iter().all(|b| *b == 0))
    };
    let header_is = number(profile, 0)? == profile.len()
        && zero(4, 8)
        && matches!(
            header.get(8..12)?,
            [2 | 4, 0 | 0x10 | 0x20 | 0x30 | 0x40, 0, 0]
        )
        && matches!(header.get(12..16)?, b"mntr" | b"scnr" | b"prtr" | b"spac")
        && matches!(header.get(16..20)?, b"GRAY" | b"RGB " | b"CMYK" | b"Lab ")
        && matches!(header.get(20..24)?, b"XYZ " | b"Lab ")
        && header.get(24..36)? == b"\x07\xD0\0\x01\0\x01\0\0\0\0\0\0"
        && header.get(36..40)? == b"acsp"
        && zero(40, 67)
        && header.get(67)? <= &3
        && (zero(68, 80) || header.get(68..80)? == b"\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D")
        && zero(80, 128);
    let count = number(profile, 128)?;
    if !header_is || !(3..=32).contains(&count) {
        return Some(false);
    }
    // The values lie end to end behind the table, in the order of the tags, some shared.
    let mut end = 132_usize.checked_add(count.checked_mul(12)?)?;
    let mut names: Vec<&[u8]> = Vec::new();
    for row in profile.get(132..end)?.chunks_exact(12) {
        let name = row.get(..4)?;
        let (start, length) = (number(row, 4)?, number(row, 8)?);
        let stop = start.checked_add(length)?;
        if start > end || names.contains(&name) {
            return Some(false);
        }
        if start == end {
            end = stop.checked_next_multiple_of(4)?;
            let padding = profile.get(stop..end)?;
            if padding.iter().any(|byte| *byte != 0) {
                return Some(false);
            }
        } else if stop > end {
            return Some(false);
        }
        names.push(name);
        if !value_is(name, profile.get(start..stop)?) {
            return Some(false);
        }
    }
    Some(end == profile.len())
}

/// Whether the value of a tag is of a type that decides colours, or one of the fixed texts.
fn value_is(name: &[u8], value: &[u8]) -> bool {
    let Some((kind, [0, 0, 0, 0, content @ ..])) = value.split_first_chunk::<4>() else {
        return false;
    };
    match name {
        b"desc" => is_fixed_description(*kind, content),
        b"cprt" => {
            kind == b"text" && content == b"-\0"
                || kind == b"mluc" && is_fixed_localized(content, &[b"-"])
        }
        b"wtpt" | b"bkpt" | b"rXYZ" | b"gXYZ" | b"bXYZ" => kind == b"XYZ " && content.len() == 12,
        b"chad" => kind == b"sf32" && content.len() == 36,
        b"cicp" => kind == b"cicp" && content.len() == 4,
        b"rTRC" | b"gTRC" | b"bTRC" | b"kTRC" => curve_length(value) == Some(value.len()),
        b"A2B0" | b"A2B1" | b"A2B2" | b"A2B3" => table_is(*kind, *b"mAB ", value),
        b"B2A0" | b"B2A1" | b"B2A2" | b"B2A3" | b"gamt" => table_is(*kind, *b"mBA ", value),
        _ => false,
    }
}

const SPACES: [&[u8]; 4] = [b"GRAY", b"RGB", b"CMYK", b"Lab"];

fn is_fixed_description(kind: [u8; 4], content: &[u8]) -> bool {
    if &kind == b"mluc" {
        return is_fixed_localized(content, &SPACES);
    }
    &kind == b"desc"
        && SPACES.iter().any(|space| {
            let text = space.len();
            content.strip_prefix(&[0, 0, 0]).is_some_and(|rest| {
                rest.len() == text.saturating_add(1 + 1 + 78)
                    && rest.first().map(|count| usize::from(*count)) == Some(text.saturating_add(1))
                    && rest.get(1..).is_some_and(|rest| {
                        rest.strip_prefix(*space)
                            .is_some_and(|tail| tail.iter().all(|b| *b == 0))
                    })
            })
        })
}

fn is_fixed_localized(content: &[u8], texts: &[&[u8]]) -> bool {
    let Some(record) = content.strip_prefix(b"\0\0\0\x01\0\0\0\x0CenUS\0\0\0") else {
        return false;
    };
    let Some((length, [0, 0, 0, 28, wide @ ..])) = record.split_first() else {
        return false;
    };
    let (pairs, odd) = wide.as_chunks::<2>();
    usize::from(*length) == wide.len()
        && odd.is_empty()
        && texts.iter().any(|text| {
            text.len() == pairs.len() && text.iter().zip(pairs).all(|(a, b)| [0, *a] == *b)
        })
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

/// A table: of the old types at its exact length, of the new one without gaps.
fn table_is(kind: [u8; 4], new: [u8; 4], value: &[u8]) -> bool {
    match &kind {
        b"mft1" | b"mft2" => old_table_length(value) == Some(value.len()),
        _ if kind == new => new_table_length(value) == Some(value.len()),
        _ => false,
    }
}

fn old_table_length(value: &[u8]) -> Option<usize> {
    let [inputs, outputs, grid, 0] = value.get(8..12)? else {
        return None;
    };
    // What is not of three channels has no use for a matrix: it is the identity.
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

/// Length of the elements when they lie end to end in the order of their offsets' places.
fn new_table_length(value: &[u8]) -> Option<usize> {
    let [inputs, outputs, 0, 0] = value.get(8..12)? else {
        return None;
    };
    let (inputs, outputs) = (usize::from(*inputs), usize::from(*outputs));
    let (b_side, a_side) = if value.starts_with(b"mAB ") {
        (outputs, inputs)
    } else {
        (inputs, outputs)
    };
    let mut end = 32_usize;
    for (place, channels) in [(12, b_side), (16, 0), (20, b_side), (24, 0), (28, a_side)] {
        match number(value, place)? {
            0 => continue,
            offset if offset != end => return None,
            _ => {}
        }
        end = match place {
            16 => end.checked_add(48)?,
            24 => cube_end(value, end, inputs, outputs)?,
            _ => curves_end(value, end, channels)?,
        };
    }
    Some(end)
}

fn curves_end(value: &[u8], start: usize, channels: usize) -> Option<usize> {
    let mut end = start;
    for _ in 0..channels {
        let curve = value.get(end..)?;
        let length = curve_length(curve)?;
        let padded = length.checked_next_multiple_of(4)?;
        let clean =
            curve.get(4..8)? == [0; 4] && curve.get(length..padded)?.iter().all(|b| *b == 0);
        end = end.checked_add(padded).filter(|_| clean)?;
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
    let stop = start.checked_add(20)?.checked_add(length)?;
    let end = stop.checked_next_multiple_of(4)?;
    let clean = unused.iter().all(|b| *b == 0) && value.get(stop..end)?.iter().all(|b| *b == 0);
    clean.then_some(end)
}
