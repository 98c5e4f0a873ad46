//! Follows the entropy-coded data of a picture: proves that it is all there, and finds where it ends.
//!
//! [`Decoder`] is fed the table and frame segments in the order of the file, and each scan with the whole file. It
//! decodes every code, without keeping values unless [`Decoder::scan_into`] is given a place for them. What a scan
//! does not need is reported by leaving it out of [`ScanData::kept`].
//!
//! **What is refused** is a picture that is not all there, and code that decoders read differently or not at all, since
//! nobody would see what is hidden in it: a run past the end of its block, an end-of-band run past the last block, an
//! undefined run/size pair, a scan that codes again what an earlier one has coded. Extra bytes before a restart marker
//! and behind the last MCU are no reason to refuse; they are cut off.
//!
//! **What is left** is free choice that every decoder reads alike, and that only writing the coefficients again (`deep`)
//! takes away: zeros spelt out before the end of a block, an end-of-band run in several codes, the order of a Huffman
//! table's symbols and symbols in it that no code uses, coefficients of blocks that only fill an MCU at the right and
//! the bottom (A.2.4), and the low bits of an arithmetic code's last byte. Samples beyond the edge within the last
//! blocks, and the picture itself, remain even then.
//!
//! **Cost.** Huffman-coded: linear in the bytes of the scan and, for refining scans, in the codes of the component's
//! scans before it; never in the declared size. Memory likewise: a progressive picture is followed with the set of its
//! nonzero coefficients, in a form shorter than the codes that made them ([`significance`]). Arithmetic-coded: linear
//! in the blocks of the picture per scan, since a block can cost less than a bit.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::inline_always,
    reason = "code words and coefficients change between signed and unsigned by definition, in hot loops"
)]

mod arithmetic;
mod bits;
mod coefficients;
mod frame;
mod huffman;
mod lossless;
mod progressive;
mod qm;
mod scan;
mod sequential;
mod significance;
mod tables;

use std::ops::Range;

pub(crate) use coefficients::{Coefficients, Nowhere, Put};
pub(crate) use frame::{Frame, Process};

use frame::NEVER;
use scan::{Cutter, Header};
use tables::Tables;

use crate::{Corruption, Error};

/// What of a scan is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScanData {
    /// Ranges of the file, in order: entropy-coded segments up to their last used byte, and their `RSTn` markers.
    pub kept: Vec<Range<usize>>,
    /// Where the bits behind the last used one are not all ones (F.1.2.3): file offset of the byte, and what it should
    /// be. A byte that becomes 0xFF needs a stuffed zero behind it.
    pub padding: Vec<(usize, u8)>,
    /// Offset behind the last byte that the scan needs.
    pub end: usize,
    /// Offset of the 0xFF right before the marker code that ends the scan; the file's length if there is none.
    pub next_marker: usize,
    /// Huffman or conditioning tables for DC (and lossless) codes that the scan used: bit per destination.
    pub dc_tables: u8,
    /// The same for AC codes.
    pub ac_tables: u8,
}

/// The state that segments set and scans use.
pub(crate) struct Decoder {
    max_pixels: u64,
    frame: Option<Frame>,
    tables: Tables,
    scans: u32,
    /// Where the last scan ended.
    reached: usize,
}

/// Where a scan is.
#[derive(Clone, Copy)]
struct Position<'a> {
    sos: usize,
    data: &'a [u8],
    start: usize,
}

impl Decoder {
    /// `max_pixels`: greatest accepted product of width and height.
    pub(crate) fn new(max_pixels: u64) -> Self {
        Self {
            max_pixels,
            frame: None,
            tables: Tables::default(),
            scans: 0,
            reached: 0,
        }
    }

    /// Takes in DQT, DHT, DAC, DRI, `SOFn` or DNL.
    ///
    /// `body`: the segment behind its length field, as long as that says; `offset`: of `body` in the file, in bytes.
    ///
    /// # Errors
    ///
    /// `Corrupt` for contents that T.81 B.2 does not allow and decoders do not accept, `Unsupported` for processes,
    /// precisions and component counts that are not handled, `TooLarge` for the number of pixels.
    pub(crate) fn segment(&mut self, marker: u8, body: &[u8], offset: usize) -> Result<(), Error> {
        match marker {
            0xC4 => self.tables.define_huffman(body, offset),
            0xCC => self.tables.define_conditioning(body, offset),
            0xDB => self.tables.define_quantization(body, offset),
            0xDC => self.define_lines(body, offset),
            0xDD => {
                let &[high, low] = body else {
                    return Err(Error::corrupt(offset, Corruption::SegmentLength));
                };
                self.tables.restart_interval = u32::from(u16::from_be_bytes([high, low]));
                Ok(())
            }
            _ if self.frame.is_some() => Err(Error::corrupt(offset, Corruption::RepeatedFrame)),
            _ => {
                self.frame = Some(Frame::parse(marker, body, offset, self.max_pixels)?);
                Ok(())
            }
        }
    }

    /// Decodes every code of a scan.
    ///
    /// `sos`: body of the SOS segment, at `sos_offset`; `data`: the whole file; `start`: offset of the first byte
    /// behind SOS.
    ///
    /// # Errors
    ///
    /// `Corrupt` if the scan does not fit the frame, the tables and the scans before it, if a code is bad, or if not
    /// all MCUs are there.
    pub(crate) fn scan(
        &mut self,
        sos: &[u8],
        sos_offset: usize,
        data: &[u8],
        start: usize,
    ) -> Result<ScanData, Error> {
        self.scan_into(sos, sos_offset, data, start, &mut Nowhere)
    }

    /// As [`Decoder::scan`], and gives the coefficients to `sink`. Lossless frames have none.
    pub(crate) fn scan_into<S: Coefficients>(
        &mut self,
        sos: &[u8],
        sos_offset: usize,
        data: &[u8],
        start: usize,
        sink: &mut S,
    ) -> Result<ScanData, Error> {
        let position = Position {
            sos: sos_offset,
            data,
            start,
        };
        let missing = Error::corrupt(sos_offset, Corruption::ScanBeforeFrame);
        let mut frame = self.frame.take().ok_or(missing)?;
        let first = self.scans == 0;
        self.scans = self.scans.saturating_add(1);
        if frame.height == 0 {
            let lines = lines_ahead(data, start).filter(|_| first);
            frame.height = lines.ok_or(Error::corrupt(sos_offset, Corruption::LineCount))?;
            frame.check_pixels(self.max_pixels, sos_offset)?;
        }
        if first {
            sink.begin(&frame)?;
        }
        let mut result = self.decode(&mut frame, sos, position, sink);
        if let (
            true,
            Err(Error::Corrupt {
                detail: Corruption::ScanCutOff,
                ..
            }),
        ) = (first, &result)
        {
            // DNL may also take lines away from what the frame header says (B.2.5).
            if let Some(lines) = lines_ahead(data, start).filter(|&lines| lines < frame.height) {
                frame.height = lines;
                frame.forget();
                sink.begin(&frame)?;
                result = self.decode(&mut frame, sos, position, sink);
            }
        }
        self.frame = Some(frame);
        self.reached = result.as_ref().map_or(start, |scan| scan.end);
        result
    }

    fn decode<S: Coefficients>(
        &mut self,
        frame: &mut Frame,
        sos: &[u8],
        position: Position,
        sink: &mut S,
    ) -> Result<ScanData, Error> {
        let header = Header::parse(frame, sos, position.sos)?;
        for member in &header.members {
            let table = usize::from(frame.components[member.component].table);
            if frame.process != Process::Lossless
                && self
                    .tables
                    .quantization
                    .get(table)
                    .is_none_or(Option::is_none)
            {
                return Err(Error::corrupt(
                    position.sos,
                    Corruption::MissingQuantizationTable,
                ));
            }
        }
        header.note(frame, position.sos)?;
        let (mut dc_tables, mut ac_tables) = (0, 0);
        for member in &header.members {
            if header.start == 0 && header.high == 0 || frame.process == Process::Lossless {
                dc_tables |= 1 << member.dc_table;
            }
            if header.end > 0 {
                ac_tables |= 1 << member.ac_table;
            }
        }
        let mut cutter = Cutter::new(position.data);
        let tables = &mut self.tables;
        let end = match (frame.process, frame.arithmetic) {
            (Process::Lossless, _) => lossless::scan(&header, tables, position, &mut cutter),
            (_, true) => arithmetic::scan(frame, &header, tables, position, &mut cutter, sink),
            (Process::Sequential, _) => {
                sequential::scan(&header, tables, position, &mut cutter, sink)
            }
            (Process::Progressive, _) => {
                progressive::scan(frame, &header, tables, position, &mut cutter, sink)
            }
        }?;
        Ok(cutter.finish(end, dc_tables, ac_tables))
    }

    /// To be asked after the last scan: has every component been coded?
    ///
    /// # Errors
    ///
    /// `Corrupt`: no frame, no scan, a component without a scan (sequential) or without its DC scan (progressive).
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let corrupt = |detail| Err(Error::corrupt(self.reached, detail));
        let Some(frame) = &self.frame else {
            return corrupt(Corruption::MissingFrame);
        };
        if self.scans == 0 {
            return corrupt(Corruption::MissingScan);
        }
        if frame.components.iter().any(|c| c.seen.0[0] == NEVER) {
            return corrupt(Corruption::MissingComponent);
        }
        Ok(())
    }

    /// Whether every coefficient of every component has been coded to its last bit.
    ///
    /// T.81 does not ask for it, and encoders may leave high frequencies out. But of a progressive file without EOI it
    /// is the only sign that no scan is missing.
    pub(crate) fn complete(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| {
            frame.process == Process::Lossless
                || frame
                    .components
                    .iter()
                    .all(|c| c.seen.0.iter().all(|&low| low == 0))
        })
    }

    /// The frame, once `SOFn` has been seen.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    /// The quantisation table in `destination`, in zigzag order.
    pub(crate) fn quantization(&self, destination: u8) -> Option<&[u16; 64]> {
        self.tables
            .quantization
            .get(usize::from(destination))
            .and_then(Option::as_ref)
    }

    /// B.2.5: only behind the first scan, by whose time its value has been used already.
    fn define_lines(&mut self, body: &[u8], offset: usize) -> Result<(), Error> {
        let corrupt = |detail| Err(Error::corrupt(offset, detail));
        // Decoders skip this segment, so bytes too many in it are no reason to refuse the picture.
        let Some(&[high, low]) = body.first_chunk::<2>() else {
            return corrupt(Corruption::SegmentLength);
        };
        let lines = u32::from(u16::from_be_bytes([high, low]));
        match &self.frame {
            Some(frame) if self.scans == 1 && frame.height == lines => Ok(()),
            _ => corrupt(Corruption::LineCount),
        }
    }
}

/// The number of lines in the DNL segment that ends the scan at `start`, if one does.
fn lines_ahead(data: &[u8], start: usize) -> Option<u32> {
    let at = scan::find_marker(data, start, true);
    let &[_, 0xDC, long, length, high, low] = data.get(at..)?.first_chunk::<6>()? else {
        return None;
    };
    if (long, length) < (0, 4) {
        return None;
    }
    Some(u32::from(u16::from_be_bytes([high, low]))).filter(|&lines| lines > 0)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod walker;
