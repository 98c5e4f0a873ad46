//! Arithmetic-coded scans, sequential and progressive: T.81 F.2.4 and G.2.

use std::ops::Range;

use super::Position;
use super::coefficients::{Coefficients, Put};
use super::frame::{Frame, Process};
use super::qm::{Bin, Decoder};
use super::scan::{Cutter, Header};
use super::significance::Rewriter;
use super::tables::Tables;
use crate::{Corruption, Error};

/// Bins of tables F.4 and F.5 with room to spare, so that an index made of a byte is within.
type Bins = [Bin; 256];

/// DAC's parameters (B.2.4.3), with the defaults of F.1.4.4.1.4 and F.1.4.4.2.1.
#[derive(Clone, Copy)]
pub(super) struct Conditioning {
    pub(super) lower: u8,
    pub(super) upper: u8,
    pub(super) kx: u8,
}

impl Default for Conditioning {
    fn default() -> Self {
        Self {
            lower: 0,
            upper: 1,
            kx: 5,
        }
    }
}

/// Bins and predictions, cleared at every restart.
struct State {
    dc: [Bins; 4],
    ac: [Bins; 4],
    predictors: [i32; 4],
    contexts: [usize; 4],
}

impl State {
    fn new() -> Self {
        Self {
            dc: [[0; 256]; 4],
            ac: [[0; 256]; 4],
            predictors: [0; 4],
            contexts: [0; 4],
        }
    }
}

/// Decodes a scan and returns where its data end.
///
/// A decision can cost next to nothing, so unlike a Huffman-coded scan the work is not bounded by the bytes: it is at
/// most the blocks of the picture per scan, which the limits on pixels and scans bound.
pub(super) fn scan<S: Coefficients>(
    frame: &mut Frame,
    header: &Header,
    tables: &Tables,
    position: Position,
    cutter: &mut Cutter,
    sink: &mut S,
) -> Result<usize, Error> {
    let band = header.start > 0;
    let precise = frame.process == Process::Sequential;
    let member = &header.members[0];
    let significance = &mut frame.components[member.component].significance;
    let mut masks = band.then(|| std::mem::take(significance).rewrite());
    let (mut at, mut end) = (position.start, position.start);
    for (index, mcus) in header.intervals(tables.restart_interval).enumerate() {
        if index > 0 {
            at = cutter.restart(end)?;
        }
        let mut segment = Segment {
            header,
            conditioning: &tables.conditioning,
            decoder: Decoder::new(position.data, at),
            state: State::new(),
            sink,
        };
        match &mut masks {
            Some(masks) => segment.band(mcus, masks)?,
            None => segment.interleaved(mcus, precise)?,
        }
        let tail = segment.decoder.tail();
        cutter.segment(at, &tail);
        end = tail.end;
    }
    if let Some(masks) = masks {
        frame.components[member.component].significance = masks.finish();
    }
    Ok(end)
}

struct Segment<'a, 'd, S> {
    header: &'a Header,
    conditioning: &'a [Conditioning; 4],
    decoder: Decoder<'d>,
    state: State,
    sink: &'a mut S,
}

impl<S: Coefficients> Segment<'_, '_, S> {
    fn check(&self) -> Result<(), Error> {
        if self.decoder.starved() {
            return Err(Error::corrupt(
                self.decoder.position(),
                Corruption::ScanCutOff,
            ));
        }
        Ok(())
    }

    /// DC coefficients alone (progressive) or whole blocks (`full`).
    fn interleaved(&mut self, mcus: Range<u64>, full: bool) -> Result<(), Error> {
        let header = self.header;
        let across = u64::from(header.mcus_across);
        for mcu in mcus {
            let (row, column) = ((mcu / across) as u32, (mcu % across) as u32);
            for (slot, member) in header.members.iter().enumerate() {
                for unit in 0..member.h * member.v {
                    let (y, x) = (unit / member.h, unit % member.h);
                    let (row, column) = (row * member.v + y, column * member.h + x);
                    if header.high > 0 {
                        if self.decoder.decode_even() {
                            self.sink
                                .block(member.component, row, column)
                                .set_dc_bit(header.low);
                        }
                        continue;
                    }
                    self.dc_difference(slot, member.dc_table & 3)?;
                    let dc = self.state.predictors[slot].wrapping_shl(header.low);
                    self.sink.block(member.component, row, column).put(0, dc);
                    if full {
                        self.block_first(member.component, row, column, 1, 63)?;
                    }
                }
            }
            self.check()?;
        }
        Ok(())
    }

    /// One band of AC coefficients.
    fn band(&mut self, blocks: Range<u64>, masks: &mut Rewriter) -> Result<(), Error> {
        let member = &self.header.members[0];
        let width = member.plane.width;
        for index in blocks {
            let (row, column) = (index as u32 / width, index as u32 % width);
            let old = masks.next();
            let new = if self.header.high == 0 {
                self.block_first(
                    member.component,
                    row,
                    column,
                    self.header.start,
                    self.header.end,
                )?
            } else {
                self.block_refine(row, column, old)?
            };
            masks.push(old | new);
            self.check()?;
        }
        Ok(())
    }

    /// F.2.4.1: adds a DC difference to the predictor.
    fn dc_difference(&mut self, slot: usize, table: usize) -> Result<(), Error> {
        let decoder = &mut self.decoder;
        let bins = &mut self.state.dc[table];
        let context = self.state.contexts[slot] & 31;
        if !decoder.decode(&mut bins[context]) {
            self.state.contexts[slot] = 0;
            return Ok(());
        }
        let negative = decoder.decode(&mut bins[context + 1]);
        let mut at = context + 2 + usize::from(negative);
        let mut magnitude = i32::from(decoder.decode(&mut bins[at]));
        if magnitude != 0 {
            // X1 of table F.4.
            at = 20;
            while decoder.decode(&mut bins[at]) {
                magnitude <<= 1;
                at += 1;
                if magnitude == 0x8000 {
                    return Err(bad(decoder));
                }
            }
        }
        // F.1.4.4.1.2: the next difference is coded in the light of this one.
        let Conditioning { lower, upper, .. } = self.conditioning[table];
        self.state.contexts[slot] = if magnitude < (1 << lower) >> 1 {
            0
        } else {
            (if magnitude > (1 << upper) >> 1 { 12 } else { 4 }) + 4 * usize::from(negative)
        };
        let value = magnitude_bits(decoder, &mut bins[at + 14], magnitude) + 1;
        let predictor = &mut self.state.predictors[slot];
        *predictor = predictor.wrapping_add(if negative { -value } else { value });
        Ok(())
    }

    /// F.2.4.2 and G.2.2: the coefficients `start` to `end` of a block in which these are zero so far. Returns which
    /// are not zero.
    fn block_first(
        &mut self,
        component: usize,
        row: u32,
        column: u32,
        start: u32,
        end: u32,
    ) -> Result<u64, Error> {
        let header = self.header;
        let table = header
            .members
            .iter()
            .find(|m| m.component == component)
            .map_or(0, |m| m.ac_table & 3);
        let kx = u32::from(self.conditioning[table].kx);
        let mut block = self.sink.block(component, row, column);
        let bins = &mut self.state.ac[table];
        let decoder = &mut self.decoder;
        let (mut k, mut mask) = (start, 0);
        while k <= end {
            if decoder.decode(&mut bins[3 * k as usize - 3]) {
                break;
            }
            while !decoder.decode(&mut bins[3 * k as usize - 2]) {
                k += 1;
                if k > end {
                    return Err(bad(decoder));
                }
            }
            let negative = decoder.decode_even();
            let mut at = 3 * k as usize - 1;
            let mut magnitude = i32::from(decoder.decode(&mut bins[at]));
            if magnitude != 0 && decoder.decode(&mut bins[at]) {
                magnitude = 2;
                // X2 of table F.5.
                at = if k <= kx { 189 } else { 217 };
                while decoder.decode(&mut bins[at]) {
                    magnitude <<= 1;
                    at += 1;
                    if magnitude == 0x8000 {
                        return Err(bad(decoder));
                    }
                }
            }
            let value = magnitude_bits(decoder, &mut bins[(at + 14) & 255], magnitude) + 1;
            block.put(
                k as usize,
                (if negative { -value } else { value }).wrapping_shl(header.low),
            );
            mask |= 1 << k;
            k += 1;
        }
        Ok(mask)
    }

    /// G.2.3: refines a block whose nonzero coefficients are `old`. Returns which are new.
    fn block_refine(&mut self, row: u32, column: u32, old: u64) -> Result<u64, Error> {
        let header = self.header;
        let member = &header.members[0];
        let mut block = self.sink.block(member.component, row, column);
        let bins = &mut self.state.ac[member.ac_table & 3];
        let decoder = &mut self.decoder;
        // EOBx: no end of block is coded before the last coefficient of the stage before.
        let within = old & (u64::MAX >> (63 - header.end));
        let settled = 63u32.saturating_sub(within.leading_zeros());
        let (mut k, mut new) = (header.start, 0);
        while k <= header.end {
            if k > settled && decoder.decode(&mut bins[3 * k as usize - 3]) {
                break;
            }
            loop {
                if old >> k & 1 != 0 {
                    if decoder.decode(&mut bins[3 * k as usize - 1]) {
                        block.grow(k as usize, header.low);
                    }
                    break;
                }
                if decoder.decode(&mut bins[3 * k as usize - 2]) {
                    let value = 1 << header.low;
                    block.put(
                        k as usize,
                        if decoder.decode_even() { -value } else { value },
                    );
                    new |= 1 << k;
                    break;
                }
                k += 1;
                if k > header.end {
                    return Err(bad(decoder));
                }
            }
            k += 1;
        }
        Ok(new)
    }
}

#[cold]
fn bad(decoder: &Decoder) -> Error {
    let detail = if decoder.starved() {
        Corruption::ScanCutOff
    } else {
        Corruption::BadCoefficient
    };
    Error::corrupt(decoder.position(), detail)
}

/// Figure F.24: the bits below the leading one of `magnitude`.
fn magnitude_bits(decoder: &mut Decoder, bin: &mut Bin, magnitude: i32) -> i32 {
    let (mut value, mut bit) = (magnitude, magnitude >> 1);
    while bit > 0 {
        if decoder.decode(bin) {
            value |= bit;
        }
        bit >>= 1;
    }
    value
}
