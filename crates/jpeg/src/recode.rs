//! Writes the coefficients of a picture anew, turned if they have to be, with Huffman tables of its own.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::inline_always,
    reason = "code words and coefficients change between signed and unsigned by definition, in hot loops"
)]

mod bit_writer;
mod collector;
mod component_symbols;
mod encoder;
mod huffman_optimiser;
mod orientation;
mod resample;

pub(crate) use orientation::Orientation;

use collector::Remaining;

use crate::entropy::{Scan, ScanEnd, Work};
use crate::error::Error;
use crate::format::{Frame, Progression};
use crate::options::ReencodeQuality;

/// A picture whose coefficients are to be written anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The whole file.
    pub(crate) data: &'a [u8],
    pub(crate) frame: &'a Frame,
    /// All scans in their order.
    pub(crate) scans: &'a [Scan],
    /// By component: the quantisation table that decoders take, in zigzag order.
    pub(crate) quantization: &'a [[u16; 64]; 4],
    /// What the scans have coded.
    pub(crate) progression: &'a Progression,
}

/// A picture that was written anew.
#[derive(Debug)]
pub(crate) struct Recoded {
    /// DQT, SOF, DHT, SOS and its data, EOI, in chunks.
    pub(crate) tables_to_eoi: Vec<Vec<u8>>,
    /// Whether samples had to be decoded and encoded again.
    pub(crate) reencoded: bool,
    /// Columns of the picture.
    pub(crate) width: u32,
    /// Rows of the picture.
    pub(crate) height: u32,
    /// Where the scans of the source end, in their order.
    pub(crate) ends: Vec<ScanEnd>,
}

/// Turns the picture by `orientation`, or writes the same coefficients again.
///
/// `quality`: of components that have to be encoded again. `max_memory`: most bytes for what is kept of the coefficients.
///
/// # Errors
///
/// `Corrupt` for a picture that is not sound; `Unsupported` for lossless frames and for coefficients out of all range;
/// `TooLarge` for work and memory.
pub(crate) fn recode(
    source: &Source<'_>,
    orientation: Orientation,
    quality: ReencodeQuality,
    work: &mut Work,
    max_memory: u64,
) -> Result<Recoded, Error> {
    let (mut picture, ends) = collector::read(source, orientation, work, max_memory)?;
    let reencoded = picture
        .components
        .iter()
        .any(|c| matches!(c.remaining, Remaining::Samples(_)));
    if reencoded {
        resample::turn_samples(&mut picture, quality, work, source.data.len())?;
    }
    Ok(Recoded {
        tables_to_eoi: encoder::write(&picture, source.data.len(), work)?,
        reencoded,
        width: picture.width,
        height: picture.height,
        ends,
    })
}

#[cfg(test)]
mod tests;
