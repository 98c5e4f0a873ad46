//! Strips a JPEG of everything that is not needed to draw it, without touching a sample.
//!
//! ```
//! use scrubjay_jpeg::{Kind, Options, strip, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut photo = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 7, b'h', b'e', b'l', b'l', b'o', 0xFF, 0xDB, 0, 67, 0];
//! # photo.extend([1; 64]);
//! # photo.extend([0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
//! # for class in [0, 0x10] {
//! #     photo.extend([0xFF, 0xC4, 0, 20, class, 1]);
//! #     photo.extend([0; 16]);
//! # }
//! # photo.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x3F, 0xFF, 0xD9]);
//! let stripped = strip(&photo, &Options::default())?;
//! assert_eq!(stripped.report.removed[0].kind, Kind::Comment);
//!
//! let mut clean = Vec::new();
//! stripped.write_to(&photo, &mut clean)?; // or `slices`, to copy nothing
//! verify(&clean)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Promised**: the clean file has the canonical form that [`verify`] accepts, and no other bytes of the source than
//! those that code its picture; its samples are the source's (where Exif's Orientation is baked in and the picture's
//! edge does not lie on the grid of blocks, those nearest to them: [`Turned::Reencoded`]); stripping it again changes
//! nothing; no input makes anything here panic. **Not promised**: that nothing is hidden in the picture itself.
//!
//! **To know**: [`Options`] says what is wanted, [`Stripped`] is the clean file as ranges of the source, [`Report`]
//! says what was found, by kind and never by value.
//!
//! **Cost**: linear time, memory for the pieces of the file but not for its bytes; see `docs/jpeg.md`. A picture that
//! has to be turned is held once more.
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

mod analysis;
mod app_segments;
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot loops over arrays whose bounds the headers have been checked for"
)]
mod entropy;
mod error;
mod exif;
mod format;
mod icc;
mod kind;
mod names;
mod options;
mod parts;
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "hot loops over blocks whose number the frame header has set"
)]
mod recode;
mod report;
mod rights;
mod strip;
mod verify;

pub use error::{Corruption, Error, Excess, Magic, Unsupported};
pub use exif::ExifParts;
pub use format::Process;
pub use format::walk::{Piece, Walk, walk};
pub use kind::Kind;
pub use options::{
    Arithmetic, Check, Copyright, IccPolicy, Limits, Options, OrientationPolicy, ReencodeQuality,
    UnknownChoice,
};
pub use parts::{Part, Stripped};
pub use report::{Head, Kept, Removed, Repair, Report, SEGMENTS_LISTED, SegmentInfo, Turned};
pub use strip::{inspect, inspect_head, strip};
pub use verify::{NotClean, Reason, verify, verify_with};
