//! Strips a JPEG of everything that is not needed to draw it, without touching a sample.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod bytes;
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot loops over arrays whose bounds the headers have been checked for"
)]
mod entropy;
mod error;
mod exif;
mod frame;
mod head;
mod icc;
mod kind;
mod magic;
mod marker;
mod markers_in;
mod options;
mod report;
mod scan;
mod strip;
mod survey;
mod tables;
mod trailer;
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot loops over blocks whose number the frame header has set"
)]
mod turn;
mod verify;
mod walk;

pub use error::{Corruption, Error, Excess, Magic, Unsupported};
pub use exif::ExifParts;
pub use kind::Kind;
pub use options::{Check, IccPolicy, Limits, Options, OrientationPolicy, UnknownChoice};
pub use report::{Kept, Process, Removed, Repair, Report, SEGMENTS_LISTED, SegmentInfo, Turned};
pub use strip::{Part, Stripped, inspect, strip};
pub use verify::{NotClean, Reason, verify};
pub use walk::{Piece, Walk, walk};
