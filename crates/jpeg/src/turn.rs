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

use source::{Blocks, Picture, Rest};
use transform::Transform;

use crate::entropy::{Decoder, ScanData};
use crate::{Error, Limits};

/// A picture that is the way up it is meant to be seen.
#[derive(Debug)]
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
    let picture = source::read(data, Transform::of(orientation), limits)?;
    Turned::of(picture, data.len())
}

/// A picture that is turned while its scans are decoded for another reason, so that they are decoded once.
pub(crate) struct Turning {
    blocks: Blocks,
    /// Length of the file.
    bytes: usize,
}

impl Turning {
    /// `orientation` as for [`turn`]; `bytes`: length of the file.
    pub(crate) fn new(orientation: u8, bytes: usize) -> Self {
        Self {
            blocks: Blocks::new(Transform::of(orientation), bytes),
            bytes,
        }
    }

    /// [`Decoder::scan`], and keeps what it decodes.
    pub(crate) fn scan(
        &mut self,
        decoder: &mut Decoder,
        sos: &[u8],
        sos_offset: usize,
        data: &[u8],
        start: usize,
    ) -> Result<ScanData, Error> {
        self.blocks.scan(decoder, sos, sos_offset, data, start)
    }

    /// To be called after the last scan, with the same decoder.
    pub(crate) fn finish(self, decoder: &Decoder) -> Result<Turned, Error> {
        Turned::of(self.blocks.picture(decoder, self.bytes)?, self.bytes)
    }
}

impl Turned {
    /// `bytes`: length of the file.
    fn of(mut picture: Picture, bytes: usize) -> Result<Self, Error> {
        let reencoded = picture
            .components
            .iter()
            .any(|c| matches!(c.rest, Rest::Samples(_)));
        if reencoded {
            resample::turn_samples(&mut picture);
        }
        let tables_to_eoi = write::write(&picture, bytes.saturating_add(4096), bytes)?;
        Ok(Self {
            tables_to_eoi,
            reencoded,
            width: picture.width,
            height: picture.height,
        })
    }
}

#[cfg(test)]
mod tests;
