//! What was found in a file and what became of it. Kinds and counts, never values.

use crate::exif::ExifParts;
use crate::format::Process;
use crate::kind::Kind;
use crate::names::names;

/// How many segments [`Report::segments`] lists at most.
pub const SEGMENTS_LISTED: usize = 4096;

/// What was found in a file and what became of it.
///
/// With the feature `serde` it is written in camel case, with kinds by [`Kind::name`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct Report {
    /// Length of the source in bytes.
    pub bytes_in: u64,
    /// Length of the clean file in bytes. From [`inspect`](crate::inspect) of a file that has to
    /// be turned: before turning.
    pub bytes_out: u64,
    /// Samples per line of the source, before turning.
    pub width: u32,
    /// Lines of the source, before turning.
    pub height: u32,
    /// Samples per line of the clean file.
    pub output_width: u32,
    /// Lines of the clean file.
    pub output_height: u32,
    /// Components of the frame.
    pub components: u8,
    /// Bits per sample.
    pub bits: u8,
    /// Coding process.
    pub process: Process,
    /// Scans.
    pub scans: u32,
    /// Exif's Orientation as read, 1 to 8; 1 where there is none.
    pub orientation: u8,
    /// What was done about it.
    pub turned: Turned,
    /// Which parts its Exif segments had; `None` when there is no Exif.
    pub exif: Option<ExifParts>,
    /// Whether the file signals a gain map (ISO 21496-1, or Adobe's and Apple's forerunners).
    pub gain_map: bool,
    /// The pieces of the file in their order, at most [`SEGMENTS_LISTED`].
    pub segments: Vec<SegmentInfo>,
    /// How many pieces `segments` leaves out.
    pub segments_omitted: u32,
    /// What was removed, by kind, in the order of first appearance.
    pub removed: Vec<Removed>,
    /// What was kept beyond the coded picture itself: profile, colour transform, density.
    pub kept: Vec<Kept>,
    /// What was wrong with the file and is put right.
    pub repaired: Vec<Repair>,
}

/// What [`inspect_head`](crate::inspect_head) finds in the beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What was found up to the first scan, or up to the end of the head. Fields that depend on the rest of the file
    /// are not filled in: `scans` is 0, `bytes_out` and the output's size are 0, `turned` is [`Turned::None`], `kept`
    /// is empty.
    pub report: Report,
    /// Whether the first scan was reached.
    pub complete: bool,
}

/// One piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct SegmentInfo {
    /// The marker's symbol in T.81 table B.1; empty for bytes that belong to no marker.
    pub marker: &'static str,
    /// Byte offset in the source.
    pub offset: u64,
    /// Length in bytes, marker and length field included.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
    /// Whether it is in the clean file, if in canonical form.
    pub kept: bool,
}

/// What was removed of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct Removed {
    /// What it was.
    pub kind: Kind,
    /// How many pieces.
    pub count: u32,
    /// Their bytes together.
    pub bytes: u64,
}

/// What was kept beyond the coded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct Kept {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the clean file.
    pub bytes: u64,
}

names! {
    /// What was done about Exif's Orientation.
    Turned {
        /// Nothing: the picture is upright as it is.
        None = "none",
        /// The coefficients were transposed and mirrored; no sample changed.
        Baked = "baked",
        /// The samples were turned and coded again with the source's own tables.
        Reencoded = "reencoded",
        /// An Exif segment with nothing but Orientation was written.
        Tagged = "tagged",
        /// The orientation was dropped.
        Dropped = "dropped",
    }
}

names! {
    /// What was wrong with a file and is put right.
    Repair {
        /// There was no EOI.
        MissingEoi = "missing-eoi",
        /// There were bytes between segments that belong to none.
        Garbage = "garbage",
        /// There were bytes in a scan that no code needs.
        ScanTail = "scan-tail",
        /// There were fill bytes.
        Fill = "fill",
        /// There was a marker where it means nothing.
        StrayMarker = "stray-marker",
        /// Padding bits were not ones.
        PaddingBits = "padding-bits",
        /// There was a profile that browsers do not apply to such a picture, or whose tags share parts of their data.
        BrokenIcc = "broken-icc",
        /// The file left out Huffman tables that decoders take from T.81 annex K; they are written out.
        StandardTables = "standard-tables",
    }
}

impl Report {
    /// Whether the picture itself is turned.
    pub(crate) fn is_baked(&self) -> bool {
        matches!(self.turned, Turned::Baked | Turned::Reencoded)
    }

    pub(crate) fn remove(&mut self, kind: Kind, bytes: usize) {
        self.remove_many(kind, 1, bytes);
    }

    pub(crate) fn remove_many(&mut self, kind: Kind, count: u32, bytes: usize) {
        let bytes = bytes as u64;
        match self.removed.iter_mut().find(|removed| removed.kind == kind) {
            Some(removed) => {
                removed.count = removed.count.saturating_add(count);
                removed.bytes = removed.bytes.saturating_add(bytes);
            }
            None => self.removed.push(Removed { kind, count, bytes }),
        }
    }

    pub(crate) fn repair(&mut self, repair: Repair) {
        if !self.repaired.contains(&repair) {
            self.repaired.push(repair);
        }
    }

    /// Lists a piece; its place in the list, if it is listed.
    pub(crate) fn list(&mut self, info: SegmentInfo) -> Option<usize> {
        if self.segments.len() >= SEGMENTS_LISTED {
            self.segments_omitted = self.segments_omitted.saturating_add(1);
            return None;
        }
        self.segments.push(info);
        Some(self.segments.len().saturating_sub(1))
    }
}
