//! Strips a JPEG of everything that is not needed to draw it, without touching a sample.

#[allow(
    dead_code,
    unused_imports,
    reason = "used from the walker and the turn, which follow"
)]
mod entropy;
mod error;
mod options;

pub use error::{Corruption, Error, Excess, Magic, Unsupported};
pub use options::{Check, IccPolicy, Limits, Options, OrientationPolicy, UnknownChoice};
