//! Where a scan's data end, as far as can be told without decoding it.

use std::ops::Range;

use crate::error::{Corruption, Error};
use crate::marker;
use crate::markers_in::next_unstuffed;
use crate::walk::skip_fill;

/// What was found of a scan's data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bounds {
    /// The entropy-coded segments and their restart markers, without what decoders skip.
    pub(crate) kept: Vec<Range<usize>>,
    /// Offset of the marker that ends the scan, the file's length when there is none.
    pub(crate) next_marker: usize,
}

/// Finds the end of the scan whose data begin at `start` by its markers alone.
///
/// Restart markers must follow in sequence (T.81 B.2.1); without a restart interval the first one
/// ends the scan, as it does for decoders.
pub(crate) fn bounds(data: &[u8], start: usize, restarts: bool) -> Result<Bounds, Error> {
    let mut kept = Vec::with_capacity(1);
    let mut from = start;
    let mut at = start;
    let mut expected = marker::RST0;
    loop {
        let hit = next_unstuffed(data, at).unwrap_or(data.len());
        let code_at = skip_fill(data, hit);
        let last = code_at.saturating_sub(1);
        let code = data.get(code_at).copied();
        match code {
            Some(0) => {}
            Some(marker::RST0..=marker::RST7) if restarts => {
                if code != Some(expected) {
                    return Err(Error::corrupt(last, Corruption::Restart));
                }
                expected = marker::RST0 | (expected.wrapping_add(1) & 7);
            }
            _ => {
                kept.push(from..hit);
                // A lone 0xFF at the end of the file is no marker.
                let next_marker = if code.is_some() { hit } else { data.len() };
                return Ok(Bounds { kept, next_marker });
            }
        }
        if last > hit {
            kept.push(from..hit);
            from = last;
        }
        at = code_at.saturating_add(1);
    }
}
