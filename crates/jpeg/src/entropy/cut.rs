//! Cuts a scan down to the bytes that are kept.

use super::Scan;
use super::bits::Tail;
use crate::error::{Corruption, Error};
use crate::format::{marker, next_marker, next_segment};
use crate::parts::PartList;

/// Where a scan's data end, and which of them are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScanEnd {
    /// The entropy-coded segments up to their last used byte, with all padding bits one (F.1.2.3), and their RSTn
    /// markers.
    pub(crate) parts: PartList,
    /// Whether padding bits had to be set.
    pub(crate) padded: bool,
    /// Offset behind the last byte that the scan needs.
    pub(crate) end: usize,
    /// Offset of the 0xFF right before the marker code that ends the scan; the file's length if there is none.
    pub(crate) next_marker: usize,
}

/// Collects the parts of a scan to keep, restart interval by restart interval.
pub(super) struct Cutter<'a> {
    data: &'a [u8],
    parts: PartList,
    padded: bool,
    intervals: u64,
    end: usize,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(data: &'a [u8], start: usize) -> Self {
        Self {
            data,
            parts: PartList::new(),
            padded: false,
            intervals: 0,
            end: start,
        }
    }

    /// Keeps the entropy-coded segment that begins at `start`, as far as `tail` says.
    ///
    /// Fill bytes before a stuffed zero are refused: libjpeg skips them or takes them for a marker, depending on where
    /// its buffer ends.
    pub(super) fn segment(&mut self, start: usize, tail: &Tail) -> Result<(), Error> {
        if tail.filled {
            let used = self.data.get(start..tail.end).unwrap_or_default();
            if let Some(at) = used.windows(2).position(|pair| pair == [0xFF, 0xFF]) {
                return Err(Error::corrupt(start + at, Corruption::Stuffing));
            }
        }
        self.end = tail.end;
        self.parts.keep(self.data, start..tail.kept);
        if let Some(made) = &tail.made {
            self.parts.make(made.bytes());
            self.padded = true;
        }
        Ok(())
    }

    /// Finds the restart marker that must follow the last segment, drops what lies before it, and returns where the
    /// next segment begins. Errors: another marker, or none.
    pub(super) fn restart(&mut self) -> Result<usize, Error> {
        let at = next_marker(self.data, self.end);
        let expected = marker::RST0 | (self.intervals & 7) as u8;
        self.intervals += 1;
        match self.data.get(at + 1) {
            Some(&code) if code == expected => {
                self.parts.keep(self.data, at..at + 2);
                Ok(at + 2)
            }
            Some(marker::RST0..=marker::RST7) => Err(Error::corrupt(at, Corruption::Restart)),
            _ => Err(Error::corrupt(at, Corruption::ScanCutOff)),
        }
    }

    pub(super) fn finish(self) -> ScanEnd {
        ScanEnd {
            parts: self.parts,
            padded: self.padded,
            end: self.end,
            next_marker: next_segment(self.data, self.end),
        }
    }
}

/// The error for a scan whose tables are missing. It never occurs: the analysis refuses such files earlier.
#[cold]
pub(super) fn no_tables<T>(scan: &Scan) -> Result<T, Error> {
    Err(Error::corrupt(scan.sos, Corruption::MissingHuffmanTable))
}
