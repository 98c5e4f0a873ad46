//! Where a scan's data end, as far as can be told from markers without decoding it.

use std::ops::Range;

use super::marker;
use super::marker_search::next_unstuffed;
use super::walk::skip_fill;
use crate::error::{Corruption, Error};

/// Finds the end of the scan whose data begin at `start` by its markers alone: the offset of the marker behind it, the
/// file's length if there is none. Gives the ranges of its entropy-coded segments and their restart markers to `keep`,
/// in order, without what decoders skip.
///
/// Restart markers must follow in sequence (T.81 B.2.1), `restarts` of them; one more ends the scan, as it does for
/// decoders. An 0xFF with fill bytes before its stuffed zero is refused, since decoders do not agree about it.
pub(crate) fn bounds(
    data: &[u8],
    start: usize,
    restarts: u64,
    mut keep: impl FnMut(Range<usize>),
) -> Result<usize, Error> {
    let mut from = start;
    let mut at = start;
    let mut seen = 0_u64;
    loop {
        let hit = next_unstuffed(data, at).unwrap_or(data.len());
        let code_at = skip_fill(data, hit);
        let last = code_at.saturating_sub(1);
        let code = data.get(code_at).copied();
        match code {
            Some(0) if last > hit => return Err(Error::corrupt(hit, Corruption::Stuffing)),
            Some(0) => {}
            Some(marker::RST0..=marker::RST7) if seen < restarts => {
                let expected = marker::RST0 | (seen & 7) as u8;
                if code != Some(expected) {
                    return Err(Error::corrupt(last, Corruption::Restart));
                }
                seen = seen.saturating_add(1);
            }
            _ if seen < restarts => return Err(Error::corrupt(hit, Corruption::ScanCutOff)),
            _ => {
                keep(from..hit);
                // A lone 0xFF at the end of the file is no marker.
                return Ok(if code.is_some() { hit } else { data.len() });
            }
        }
        if last > hit {
            keep(from..hit);
            from = last;
        }
        at = code_at.saturating_add(1);
    }
}

/// Offset of the 0xFF right before the code of the next marker at or behind `from` that begins a segment or ends the
/// picture, or the length of `data`. RSTn and TEM do not count: decoders skip them between segments.
pub(crate) fn next_segment(data: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(hit) = next_unstuffed(data, at) {
        let code_at = skip_fill(data, hit);
        match data.get(code_at).copied() {
            None => break,
            Some(0 | marker::TEM | marker::RST0..=marker::RST7) => at = code_at.saturating_add(1),
            Some(_) => return code_at.saturating_sub(1),
        }
    }
    data.len()
}

/// Offset of the 0xFF right before the code of the next marker at or behind `from`, RSTn included, or the length of
/// `data`.
pub(crate) fn next_marker(data: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(hit) = next_unstuffed(data, at) {
        let code_at = skip_fill(data, hit);
        match data.get(code_at).copied() {
            None => break,
            Some(0 | marker::TEM) => at = code_at.saturating_add(1),
            Some(_) => return code_at.saturating_sub(1),
        }
    }
    data.len()
}

/// The number of lines in the DNL segment that ends the scan whose data begin at `start`, if one does (T.81 B.2.5).
///
/// Decoders that need it take its first two bytes, whatever its length.
pub(crate) fn lines_ahead(data: &[u8], start: usize) -> Option<u16> {
    let at = next_segment(data, start);
    let &[_, marker::DNL, long, length, high, low] = data.get(at..)?.first_chunk::<6>()? else {
        return None;
    };
    let lines = u16::from_be_bytes([high, low]);
    ((long, length) >= (0, 4) && lines > 0).then_some(lines)
}
