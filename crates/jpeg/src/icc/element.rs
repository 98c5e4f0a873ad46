//! Tag values, rewritten at their exact length with reserved bytes zero (ICC.1:2022 clause 10).

use crate::format::bytes::{be16, be32};

/// The value of tag `name`, rewritten; `None` when it is not of a type that the tag can have.
pub(super) fn rewrite(name: [u8; 4], raw: &[u8]) -> Option<Vec<u8>> {
    match (&name, raw.get(..4)?) {
        (b"wtpt" | b"rXYZ" | b"gXYZ" | b"bXYZ", b"XYZ ") => fixed_length(raw, 20),
        (b"chad", b"sf32") => fixed_length(raw, 44),
        (b"cicp", b"cicp") => fixed_length(raw, 12),
        (b"rTRC" | b"gTRC" | b"bTRC" | b"kTRC", _) => curve(raw),
        (b"A2B0" | b"A2B1" | b"A2B2", b"mAB ") => pipeline(raw),
        (b"A2B0" | b"A2B1" | b"A2B2", b"mft1" | b"mft2") => table(raw),
        // These are never written; whether they can be read decides about the whole profile.
        (b"B2A0" | b"B2A1", b"mBA ") => pipeline(raw).filter(|table| is_back(table)),
        (b"B2A0" | b"B2A1", b"mft1" | b"mft2") => table(raw).filter(|table| is_back(table)),
        _ => None,
    }
}

fn fixed_length(raw: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = raw.get(..length)?.to_vec();
    out.get_mut(4..8)?.fill(0);
    Some(out)
}

/// curveType and parametricCurveType (10.6, 10.18).
fn curve(raw: &[u8]) -> Option<Vec<u8>> {
    let length = match raw.get(..4)? {
        b"curv" => (be32(raw, 8)? as usize).checked_mul(2)?.checked_add(12)?,
        b"para" => {
            let parameters = [1, 3, 4, 5, 7].get(usize::from(be16(raw, 8)?)).copied()?;
            12_usize.checked_add(4_usize.checked_mul(parameters)?)?
        }
        _ => return None,
    };
    let mut out = fixed_length(raw, length)?;
    if out.starts_with(b"para") {
        out.get_mut(10..12)?.fill(0);
    }
    Some(out)
}

/// lut8Type and lut16Type (10.10, 10.11).
fn table(raw: &[u8]) -> Option<Vec<u8>> {
    let (inputs, outputs, grid) = channels(raw)?;
    let nodes = usize::from(*raw.get(10)?).checked_pow(u32::try_from(inputs).ok()?)?;
    debug_assert_eq!(Some(&grid), raw.get(10));
    let cube = nodes.checked_mul(outputs)?;
    let length = if raw.starts_with(b"mft1") {
        let curves = inputs.checked_add(outputs)?.checked_mul(256)?;
        cube.checked_add(curves)?.checked_add(48)?
    } else {
        let before = usize::from(be16(raw, 48)?).checked_mul(inputs)?;
        let after = usize::from(be16(raw, 50)?).checked_mul(outputs)?;
        cube.checked_add(before)?
            .checked_add(after)?
            .checked_mul(2)?
            .checked_add(52)?
    };
    let mut out = fixed_length(raw, length)?;
    *out.get_mut(11)? = 0;
    if inputs != 3 {
        // The matrix only applies to three input channels; engines ignore it for other numbers.
        out.get_mut(12..48)?.copy_from_slice(&identity());
    }
    Some(out)
}

/// The identity as nine s15Fixed16Numbers.
fn identity() -> [u8; 36] {
    let mut matrix = [0; 36];
    for one in matrix.iter_mut().skip(1).step_by(16) {
        *one = 1;
    }
    matrix
}

/// Input and output channels, and the byte that follows them.
fn channels(raw: &[u8]) -> Option<(usize, usize, u8)> {
    let &[inputs @ 1..=15, outputs @ 1..=15, grid] = raw.get(8..11)?.as_array::<3>()? else {
        return None;
    };
    Some((usize::from(inputs), usize::from(outputs), grid))
}

/// Whether a table is one that skcms reads from the connection space to a device: of three channels, to three or four.
fn is_back(table: &[u8]) -> bool {
    matches!(table.get(8..10), Some([3, 3 | 4]))
}

/// lutAToBType and lutBToAType (10.12, 10.13): up to five elements, each found by its offset. They are
/// written one behind the other, and equal ones only once. `None` if they then take more bytes than the tag,
/// which happens when they share a part of their data.
fn pipeline(raw: &[u8]) -> Option<Vec<u8>> {
    let (inputs, outputs, _) = channels(raw)?;
    // On the B side are the channels of the connection space.
    let (near_b, near_a) = if raw.starts_with(b"mAB ") {
        (outputs, inputs)
    } else {
        (inputs, outputs)
    };
    let mut out = raw.get(..10)?.to_vec();
    out.get_mut(4..8)?.fill(0);
    out.resize(32, 0);
    let mut written: Vec<(usize, usize)> = Vec::with_capacity(5);
    for (place, pointer) in [12_usize, 16, 20, 24, 28].into_iter().enumerate() {
        let offset = be32(raw, pointer)? as usize;
        if offset == 0 {
            continue;
        }
        let from = raw.get(offset..)?;
        out.resize(out.len().next_multiple_of(4), 0);
        let start = out.len();
        match place {
            0 | 2 => curves(from, near_b, &mut out)?,
            1 => out.extend_from_slice(from.get(..48)?),
            3 => cube(from, inputs, outputs, &mut out)?,
            _ => curves(from, near_a, &mut out)?,
        }
        let (before, new) = out.split_at(start);
        let same = written
            .iter()
            .find(|(start, end)| before.get(*start..*end) == Some(new));
        let at = if let Some((at, _)) = same {
            let at = *at;
            out.truncate(start);
            at
        } else {
            written.push((start, out.len()));
            start
        };
        if out.len() > raw.len().saturating_add(16) {
            return None;
        }
        let at = u32::try_from(at).ok()?.to_be_bytes();
        out.get_mut(pointer..pointer.checked_add(4)?)?
            .copy_from_slice(&at);
    }
    // No padding behind the last element.
    let end = written.last().map_or(32, |(_, end)| *end);
    out.truncate(end);
    Some(out)
}

/// Curves, each but the first on a multiple of four bytes.
fn curves(raw: &[u8], count: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut at = 0_usize;
    for _ in 0..count {
        out.resize(out.len().next_multiple_of(4), 0);
        let value = curve(raw.get(at..)?)?;
        at = at.checked_add(value.len().next_multiple_of(4))?;
        out.extend_from_slice(&value);
    }
    Some(())
}

fn cube(raw: &[u8], inputs: usize, outputs: usize, out: &mut Vec<u8>) -> Option<()> {
    let grid = raw.get(..16)?;
    let precision = match *raw.get(16)? {
        precision @ 1..=2 => usize::from(precision),
        _ => return None,
    };
    let mut length = outputs.checked_mul(precision)?;
    for points in grid.get(..inputs)? {
        length = length.checked_mul(usize::from(*points))?;
    }
    out.extend_from_slice(grid.get(..inputs)?);
    out.resize(out.len().checked_add(16_usize.checked_sub(inputs)?)?, 0);
    out.extend_from_slice(&[precision as u8, 0, 0, 0]);
    out.extend_from_slice(raw.get(20..20_usize.checked_add(length)?)?);
    Some(())
}
