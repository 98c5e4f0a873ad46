//! Decodes the entropy-coded data of a picture: proves that it is all there, and finds where it ends.
//!
//! There is one way to decode, by [`Scan`]: a scan header, the tables that it uses and where its data begin, all of
//! which the syntax layer has parsed. [`Checker`] follows every code without keeping values; [`decode_blocks`] and
//! [`Progressive`] give the coefficients to whoever writes them anew. What a scan does not need is left out of
//! [`ScanEnd::parts`].
//!
//! **Refused** are incomplete pictures, and codes that decoders read differently or not at all, because a message could
//! hide in them: a run past the end of its block, an end-of-band run past the last block, an undefined run/size pair,
//! fill bytes before a stuffed zero. Extra bytes before a restart marker and behind the last MCU are cut off.
//!
//! **What is left** is free choice that every decoder reads alike, and that only writing the coefficients again (`deep`)
//! takes away: zeros spelt out before the end of a block, an end-of-band run in several codes, the order of a Huffman
//! table's symbols and symbols in it that no code uses, coefficients of blocks that only fill an MCU at the right and
//! the bottom (A.2.4). Samples beyond the edge within the last blocks, and the picture itself, remain even then.
//!
//! **Cost.** Huffman-coded: linear in the bytes of the scan and, for progressive scans, in the blocks that have
//! coefficients; never in the declared size alone. Memory: a progressive picture is followed with the set of its
//! nonzero coefficients ([`significance`]). Arithmetic-coded: linear in the coefficients that are visited, which can
//! cost less than a bit each; [`Work`] counts them.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::inline_always,
    reason = "code words and coefficients change between signed and unsigned by definition, in hot loops"
)]

mod arithmetic;
mod bits;
mod coefficients;
mod cut;
mod huffman;
mod lossless;
mod progressive;
mod qm;
mod sequential;
mod significance;

use std::rc::Rc;

pub(crate) use coefficients::{Block, Coefficients, Put};
pub(crate) use cut::ScanEnd;
pub(crate) use huffman::HuffmanDecoder;
pub(crate) use progressive::Progressive;

use crate::error::{Error, Excess};
use crate::format::tables::Conditioning;
use crate::format::{Frame, ScanHeader};
use significance::Significance;

/// A scan, ready to be decoded.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) header: ScanHeader,
    pub(crate) tables: ScanTables,
    /// Restart interval in MCUs, 0 for none.
    pub(crate) interval: u16,
    /// Offset of the scan header's segment.
    pub(crate) sos: usize,
    /// Offset of the first byte behind it.
    pub(crate) start: usize,
}

/// The tables that a scan uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScanTables {
    /// By place in the scan header.
    pub(crate) dc: [Option<Rc<HuffmanDecoder>>; 4],
    pub(crate) ac: [Option<Rc<HuffmanDecoder>>; 4],
    /// By destination.
    pub(crate) conditioning: [Conditioning; 4],
}

/// How much work decoding may still spend on a file: one unit for each data unit of each scan, and more for arithmetic
/// coding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    left: u64,
}

impl Work {
    pub(crate) const fn new(max_work: u64) -> Self {
        Self { left: max_work }
    }

    /// Subtracts `units`. `offset`: reported in the error.
    pub(crate) fn spend(&mut self, units: u64, offset: usize) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(units)
            .ok_or(Error::too_large(offset, Excess::Work))?;
        Ok(())
    }

    /// Subtracts what a scan costs by its header: one unit per data unit. In a lossless scan a data unit is one sample,
    /// and 64 samples cost one unit.
    pub(crate) fn scan(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        offset: usize,
    ) -> Result<(), Error> {
        let units = header.units();
        let units = if frame.process.lossless() {
            units.div_ceil(64)
        } else {
            units
        };
        self.spend(units, offset)
    }
}

/// Follows the scans of a picture without keeping values.
#[derive(Default)]
pub(crate) struct Checker {
    significance: [Significance; 4],
}

impl Checker {
    /// Follows every code of a scan. Call it for each scan of the picture in turn.
    ///
    /// `max_memory`: most bytes for the set of nonzero coefficients of a progressive picture.
    ///
    /// # Errors
    ///
    /// `Corrupt` if a code is bad or not all MCUs are there; `TooLarge` for work and memory.
    pub(crate) fn scan(
        &mut self,
        frame: &Frame,
        scan: &Scan,
        data: &[u8],
        work: &mut Work,
        max_memory: u64,
    ) -> Result<ScanEnd, Error> {
        if frame.process.lossless() {
            return lossless::check(scan, data);
        }
        if scan.header.start == 0 || !frame.process.progressive() {
            return decode_blocks(frame, scan, data, work, &mut coefficients::Nowhere);
        }
        let component = scan.header.members().first().map_or(0, |m| m.component);
        let others = self.significance.iter().map(Significance::bytes).sum();
        let budget = (max_memory as usize).saturating_sub(others);
        let Some(place) = self.significance.get_mut(usize::from(component)) else {
            return cut::no_tables(scan);
        };
        let mut masks = std::mem::take(place).rewrite(budget);
        let end = if frame.process.arithmetic() {
            arithmetic::check_band(scan, data, &mut masks, work)?
        } else {
            progressive::check_band(scan, data, &mut masks)?
        };
        *place = masks
            .finish()
            .ok_or(Error::too_large(scan.sos, Excess::Memory))?;
        Ok(end)
    }
}

/// Decodes a scan into `sink`: one of a sequential frame, which gives whole blocks, or one of DC coefficients alone.
///
/// # Errors
///
/// As [`Checker::scan`].
pub(crate) fn decode_blocks<S: Coefficients>(
    frame: &Frame,
    scan: &Scan,
    data: &[u8],
    work: &mut Work,
    sink: &mut S,
) -> Result<ScanEnd, Error> {
    if frame.process.arithmetic() {
        let whole = !frame.process.progressive();
        arithmetic::decode(scan, data, whole, work, sink)
    } else if frame.process.progressive() {
        progressive::check_dc(scan, data)
    } else {
        sequential::decode(scan, data, sink)
    }
}

#[cfg(test)]
mod tests;
