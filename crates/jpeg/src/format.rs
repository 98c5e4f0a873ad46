//! The syntax of a JPEG file: markers, the walk over its segments, and one type for each kind of segment.
//!
//! Every segment that codes the picture is parsed here, once, into one type ([`Frame`], [`ScanHeader`], the tables of
//! [`tables`]), and the analysis, the entropy decoder and the rewriter all use that type. So they cannot disagree about
//! what a header says. Nothing here looks into entropy-coded data but for markers.
//!
//! Source of all of it: ITU-T T.81 annex B. Where libjpeg-turbo reads a file that T.81 does not allow, the comment
//! beside the rule says so.

pub(crate) mod bytes;
mod frame;
mod magic;
pub(crate) mod marker;
mod marker_search;
mod process;
mod progression;
mod scan_bounds;
mod scan_header;
pub(crate) mod segment;
pub(crate) mod standard_tables;
pub(crate) mod tables;
pub(crate) mod walk;

pub(crate) use frame::{BlockGrid, Component, Frame};
pub use process::Process;
pub(crate) use progression::Progression;
pub(crate) use scan_bounds::{bounds, lines_ahead, next_marker, next_segment};
pub(crate) use scan_header::{Member, ScanHeader};
