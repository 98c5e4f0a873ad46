//! Turns a picture in the DCT domain.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::inline_always,
    reason = "code words and coefficients change between signed and unsigned by definition, in hot loops"
)]

mod code;
mod plane;
mod resample;
mod source;
mod sparse;
mod transform;
mod write;
mod writer;

use source::Rest;
use transform::Transform;

use crate::{Error, Limits};

/// A picture that is the way up it is meant to be seen.
pub(crate) struct Turned {
    /// DQT, SOF, DHT, SOS and its data, EOI.
    pub tables_to_eoi: Vec<u8>,
    /// Whether samples had to be decoded and encoded again.
    pub reencoded: bool,
    /// Columns of the turned picture.
    pub width: u32,
    /// Rows of the turned picture.
    pub height: u32,
}

/// Turns the picture in `data` by Exif's orientation 1 to 8; 1 writes the same coefficients again.
///
/// # Errors
///
/// As [`Decoder`](crate::entropy::Decoder) has them for a picture that is not sound; `Unsupported` for lossless
/// frames and for coefficients out of all range.
pub(crate) fn turn(data: &[u8], orientation: u8, limits: &Limits) -> Result<Turned, Error> {
    let transform = Transform::of(orientation);
    let mut picture = source::read(data, transform, limits)?;
    let reencoded = picture
        .components
        .iter()
        .any(|c| matches!(c.rest, Rest::Samples(_)));
    if reencoded {
        resample::turn_samples(&mut picture);
    }
    let tables_to_eoi = write::write(&picture, data.len() + 4096, data.len())?;
    Ok(Turned {
        tables_to_eoi,
        reencoded,
        width: picture.width,
        height: picture.height,
    })
}

#[cfg(test)]
mod tests;
