//! A clean file as ranges of the source and bytes that were made.

use std::io::{self, Write};
use std::ops::Range;

use crate::report::Report;

/// A clean file: where its bytes lie in the source, and those that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// The clean file from its first byte to its last.
    pub parts: Vec<Part>,
    /// What was found and what became of it.
    pub report: Report,
}

/// A part of a clean file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the source.
    Kept(Range<usize>),
    /// Bytes that were made.
    Made(Vec<u8>),
}

impl Part {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::Made(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes. `source` is the file that was stripped; of another one the bytes make no sense.
    pub fn bytes<'a>(&'a self, source: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Kept(range) => source.get(range.clone()).unwrap_or_default(),
            Self::Made(bytes) => bytes,
        }
    }
}

impl Stripped {
    /// Length of the clean file in bytes.
    pub fn len(&self) -> u64 {
        self.parts
            .iter()
            .map(|part| part.len() as u64)
            .fold(0, u64::saturating_add)
    }

    /// Whether the clean file has no bytes, which it never is.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Part::is_empty)
    }

    /// The clean file, slice by slice, without a copy. `source` is the file that was stripped.
    pub fn slices<'a>(&'a self, source: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.parts.iter().map(|part| part.bytes(source))
    }

    /// The clean file in one piece. `source` is the file that was stripped.
    pub fn to_vec(&self, source: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len() as usize);
        for slice in self.slices(source) {
            out.extend_from_slice(slice);
        }
        out
    }

    /// Writes the clean file. `source` is the file that was stripped.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_to(&self, source: &[u8], mut writer: impl Write) -> io::Result<()> {
        for slice in self.slices(source) {
            writer.write_all(slice)?;
        }
        Ok(())
    }
}

/// From this many parts on, a list copies bytes instead of adding parts. A part costs 32 bytes of memory, and an
/// attacker can force one with four bytes of a file.
const MOST: usize = 1024;

/// Length from which a made part is not added to any more, so that growing never moves many bytes.
const LARGE: usize = 1 << 20;

/// Collects the parts of a file: adjacent ranges are merged, and from [`MOST`] parts on bytes are copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartList {
    parts: Vec<Part>,
}

impl PartList {
    pub(crate) const fn new() -> Self {
        Self { parts: Vec::new() }
    }

    /// Appends a range of `data`, the source.
    pub(crate) fn keep(&mut self, data: &[u8], range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let few = self.parts.len() < MOST;
        match self.parts.last_mut() {
            Some(Part::Kept(last)) if last.end == range.start => last.end = range.end,
            _ if few => self.parts.push(Part::Kept(range)),
            _ => self.make(data.get(range).unwrap_or_default()),
        }
    }

    /// Appends bytes that the source does not have here.
    pub(crate) fn make(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Part::Made(last)) if last.len() < LARGE => last.extend_from_slice(bytes),
            _ => self.parts.push(Part::Made(bytes.to_vec())),
        }
    }

    /// Appends another list, without a limit on its parts: a file has few lists.
    pub(crate) fn append(&mut self, other: Self) {
        for part in other.parts {
            match part {
                Part::Kept(range) => match self.parts.last_mut() {
                    Some(Part::Kept(last)) if last.end == range.start => last.end = range.end,
                    _ => self.parts.push(Part::Kept(range)),
                },
                Part::Made(bytes) if bytes.len() < LARGE => self.make(&bytes),
                part @ Part::Made(_) => self.parts.push(part),
            }
        }
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        let lengths = self.parts.iter().map(Part::len);
        lengths.fold(0, usize::saturating_add)
    }

    pub(crate) fn last(&self) -> Option<&Part> {
        self.parts.last()
    }

    pub(crate) fn into_parts(self) -> Vec<Part> {
        self.parts
    }
}
