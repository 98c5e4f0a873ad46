//! A profile's chunks: APP2 segments that together hold it (ICC.1:2022 annex B.4).

use std::ops::Range;

use super::Applied;
use crate::format::marker;
use crate::kind;

/// Most bytes of a profile in one APP2 segment.
const CHUNK: usize = 65_519;

/// The chunks of a profile as they stand in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunks {
    /// Sequence number, and the bytes of the chunk in the file.
    seen: Vec<(u8, Range<usize>)>,
    /// Segments of the file, and their bytes.
    size: (u32, usize),
    /// Number of chunks that the first one announces.
    announced: u8,
    /// An invalid chunk (its number is repeated or out of range, or its count differs) came before the profile was
    /// complete: no browser applies it.
    broken: bool,
    /// Another chunk came after the profile was complete: Chromium applies the profile, Firefox drops it.
    more: bool,
    /// A chunk without content, for which Chromium drops the profile.
    empty: bool,
}

impl Chunks {
    /// Takes the body of an ICC segment, which stands at `offset` of the file.
    pub(crate) fn add(&mut self, body: &[u8], offset: usize) {
        self.size.0 = self.size.0.saturating_add(1);
        self.size.1 = self.size.1.saturating_add(body.len()).saturating_add(4);
        // Both browsers ignore a segment without the two numbers.
        let Some((&[number, count], content)) = body
            .get(kind::ICC.len()..)
            .and_then(<[u8]>::split_first_chunk)
        else {
            return;
        };
        if self.is_complete() {
            self.more = true;
            return;
        }
        if self.broken {
            return;
        }
        if self.seen.is_empty() {
            self.announced = count;
        }
        if count != self.announced
            || number == 0
            || number > count
            || self.seen.iter().any(|(seen, _)| *seen == number)
        {
            self.broken = true;
            return;
        }
        self.empty |= content.is_empty();
        let start = offset.saturating_add(kind::ICC.len()).saturating_add(2);
        self.seen
            .push((number, start..start.saturating_add(content.len())));
    }

    fn is_complete(&self) -> bool {
        !self.broken && !self.seen.is_empty() && self.seen.len() == usize::from(self.announced)
    }

    /// Segments of the file, and their bytes.
    pub(crate) fn size(&self) -> (u32, usize) {
        self.size
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size.0 == 0
    }

    /// The first profile whose chunks are all there, and which browser takes it from them.
    pub(crate) fn assemble(mut self, data: &[u8]) -> Option<(Vec<u8>, Applied)> {
        if !self.is_complete() {
            return None;
        }
        self.seen.sort_by_key(|(number, _)| *number);
        let parts: Option<Vec<&[u8]>> = self
            .seen
            .iter()
            .map(|(_, range)| data.get(range.clone()))
            .collect();
        let applied = Applied {
            chromium: !self.empty,
            firefox: !self.more,
        };
        Some((parts?.concat(), applied))
    }
}

/// Whether a profile of `length` bytes can be written: the number of a chunk is one byte.
pub(super) fn fits(length: usize) -> bool {
    u8::try_from(length.div_ceil(CHUNK)).is_ok()
}

/// Length of what [`segments`] writes.
pub(crate) fn segments_length(profile: &[u8]) -> usize {
    profile
        .len()
        .div_ceil(CHUNK)
        .saturating_mul(18)
        .saturating_add(profile.len())
}

/// The APP2 segments for `profile`, markers and lengths included. A profile that was rewritten has at most 255.
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
