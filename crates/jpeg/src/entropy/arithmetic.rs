//! Arithmetic-coded scans, sequential and progressive: T.81 F.2.4 and G.2.

use super::bits::Tail;
use super::coefficients::{Coefficients, Nowhere, Put};
use super::cut::{Cutter, ScanEnd};
use super::qm::{Bin, Decoder};
use super::significance::Rewriter;
use super::{Scan, Work};
use crate::error::{Corruption, Error};
use crate::format::Member;
use crate::format::tables::Conditioning;

/// The statistics bins of tables F.4 and F.5. There are 256, more than needed, so that any byte is a valid index.
type Bins = [Bin; 256];

/// Decisions that cost as much as following one Huffman-coded block.
const DECISIONS_PER_UNIT: u32 = 8;

/// Number of decisions after which their cost is subtracted from the file's work.
const DECISIONS_AT_ONCE: u32 = 1 << 14;

/// Decodes a scan of whole blocks (`whole`) or of DC coefficients alone.
pub(super) fn decode<S: Coefficients>(
    scan: &Scan,
    data: &[u8],
    whole: bool,
    work: &mut Work,
    sink: &mut S,
) -> Result<ScanEnd, Error> {
    let header = &scan.header;
    let across = u64::from(header.mcus_across);
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    let mut segment = Segment::new(data, at);
    for (index, mcus) in header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        segment.restart(data, at);
        for mcu in mcus {
            let (row, column) = ((mcu / across) as u32, (mcu % across) as u32);
            for (place, member) in header.members().iter().enumerate() {
                for y in 0..member.v {
                    for x in 0..member.h {
                        let (row, column) = (row * member.v + y, column * member.h + x);
                        let component = usize::from(member.component);
                        let mut block = sink.block(component, row, column);
                        segment.dc(scan, place, member, &mut block)?;
                        if whole {
                            segment.first(scan, member, 1, 63, &mut block)?;
                        }
                    }
                }
            }
            segment.settle(work)?;
        }
        cutter.segment(at, &segment.tail())?;
    }
    Ok(cutter.finish())
}

/// Follows a scan of one band of AC coefficients of one component.
pub(super) fn check_band(
    scan: &Scan,
    data: &[u8],
    masks: &mut Rewriter,
    work: &mut Work,
) -> Result<ScanEnd, Error> {
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    let mut segment = Segment::new(data, at);
    for (index, blocks) in scan.header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        segment.restart(data, at);
        for _ in blocks {
            let old = masks.next();
            for member in scan.header.members() {
                masks.push(segment.band(scan, member, old, &mut Nowhere)?);
            }
            segment.settle(work)?;
        }
        cutter.segment(at, &segment.tail())?;
    }
    Ok(cutter.finish())
}

/// One entropy-coded segment: the decoder, its bins, and its predictions.
pub(super) struct Segment<'d> {
    decoder: Decoder<'d>,
    dc: [Bins; 4],
    ac: [Bins; 4],
    predictors: [i32; 4],
    contexts: [usize; 4],
}

impl<'d> Segment<'d> {
    /// `start`: offset of the segment in `data`.
    pub(super) fn new(data: &'d [u8], start: usize) -> Self {
        Self {
            decoder: Decoder::new(data, start),
            dc: [[0; 256]; 4],
            ac: [[0; 256]; 4],
            predictors: [0; 4],
            contexts: [0; 4],
        }
    }

    /// Begins another segment.
    pub(super) fn restart(&mut self, data: &'d [u8], start: usize) {
        let decisions = self.decoder.decisions;
        *self = Self::new(data, start);
        self.decoder.decisions = decisions;
    }

    /// Subtracts the cost of the decisions so far, and refuses a segment whose data have run out. Call it regularly.
    #[inline]
    pub(super) fn settle(&mut self, work: &mut Work) -> Result<(), Error> {
        if self.decoder.decisions >= DECISIONS_AT_ONCE {
            let units = self.decoder.decisions / DECISIONS_PER_UNIT;
            self.decoder.decisions = 0;
            work.spend(u64::from(units), self.decoder.position())?;
        }
        if self.decoder.starved() {
            return Err(Error::corrupt(
                self.decoder.position(),
                Corruption::ScanCutOff,
            ));
        }
        Ok(())
    }

    pub(super) fn tail(&self) -> Tail {
        self.decoder.tail()
    }

    /// The DC coefficient of a block, or the next bit of it.
    #[inline]
    pub(super) fn dc<P: Put>(
        &mut self,
        scan: &Scan,
        place: usize,
        member: &Member,
        block: &mut P,
    ) -> Result<(), Error> {
        let low = u32::from(scan.header.low);
        if scan.header.high > 0 {
            if self.decoder.decode_even() {
                block.set_dc_bit(low);
            }
            return Ok(());
        }
        let table = usize::from(member.dc_table & 3);
        self.dc_difference(place, table, scan.tables.conditioning[table])?;
        block.put(0, self.predictors[place].wrapping_shl(low));
        Ok(())
    }

    /// Decodes one block of a band of AC coefficients. `old`: those that are nonzero before. Returns those that are
    /// nonzero afterwards.
    #[inline]
    pub(super) fn band<P: Put>(
        &mut self,
        scan: &Scan,
        member: &Member,
        old: u64,
        block: &mut P,
    ) -> Result<u64, Error> {
        let (start, end) = (u32::from(scan.header.start), u32::from(scan.header.end));
        let new = if scan.header.high == 0 {
            self.first(scan, member, start, end, block)?
        } else {
            self.refine(scan, member, old, block)?
        };
        Ok(old | new)
    }

    /// F.2.4.1: adds a DC difference to the predictor.
    fn dc_difference(
        &mut self,
        slot: usize,
        table: usize,
        conditioning: Conditioning,
    ) -> Result<(), Error> {
        let decoder = &mut self.decoder;
        let bins = &mut self.dc[table];
        let context = self.contexts[slot] & 31;
        if !decoder.decode(&mut bins[context]) {
            self.contexts[slot] = 0;
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
        // F.1.4.4.1.2: this difference selects the statistics bins of the next one.
        let Conditioning { lower, upper, .. } = conditioning;
        self.contexts[slot] = if magnitude < (1 << lower) >> 1 {
            0
        } else {
            (if magnitude > (1 << upper) >> 1 { 12 } else { 4 }) + 4 * usize::from(negative)
        };
        let value = magnitude_bits(decoder, &mut bins[at + 14], magnitude) + 1;
        let predictor = &mut self.predictors[slot];
        *predictor = predictor.wrapping_add(if negative { -value } else { value });
        Ok(())
    }

    /// F.2.4.2 and G.2.2: decodes the coefficients `start` to `end` of a block, all of which are zero so far. Returns
    /// which are nonzero now.
    #[inline]
    fn first<P: Put>(
        &mut self,
        scan: &Scan,
        member: &Member,
        start: u32,
        end: u32,
        block: &mut P,
    ) -> Result<u64, Error> {
        let table = usize::from(member.ac_table & 3);
        let (kx, low) = (
            u32::from(scan.tables.conditioning[table].kx),
            u32::from(scan.header.low),
        );
        let bins = &mut self.ac[table];
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
                (if negative { -value } else { value }).wrapping_shl(low),
            );
            mask |= 1 << k;
            k += 1;
        }
        Ok(mask)
    }

    /// G.2.3: refines a block whose nonzero coefficients are `old`. Returns which are new.
    #[inline]
    fn refine<P: Put>(
        &mut self,
        scan: &Scan,
        member: &Member,
        old: u64,
        block: &mut P,
    ) -> Result<u64, Error> {
        let (start, end) = (u32::from(scan.header.start), u32::from(scan.header.end));
        let low = u32::from(scan.header.low);
        let bins = &mut self.ac[usize::from(member.ac_table & 3)];
        let decoder = &mut self.decoder;
        // EOBx: no end of block is coded up to the last coefficient that earlier scans made nonzero.
        let within = old & (u64::MAX >> (63 - end));
        let settled = 63u32.saturating_sub(within.leading_zeros());
        let (mut k, mut new) = (start, 0);
        while k <= end {
            if k > settled && decoder.decode(&mut bins[3 * k as usize - 3]) {
                break;
            }
            loop {
                if old >> k & 1 != 0 {
                    if decoder.decode(&mut bins[3 * k as usize - 1]) {
                        block.grow(k as usize, low);
                    }
                    break;
                }
                if decoder.decode(&mut bins[3 * k as usize - 2]) {
                    let value = 1 << low;
                    block.put(
                        k as usize,
                        if decoder.decode_even() { -value } else { value },
                    );
                    new |= 1 << k;
                    break;
                }
                k += 1;
                if k > end {
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
