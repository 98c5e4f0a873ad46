//! Progressive scans: T.81 annex G. The Huffman-coded ones here, and the order in which scans of both kinds are decoded
//! when their coefficients are wanted.

use std::ops::Range;

use super::arithmetic;
use super::bits::Bits;
use super::coefficients::{Block, Nowhere, Put};
use super::cut::{Cutter, ScanEnd, no_tables};
use super::huffman::{Codes, END, STEP_BITS, Values, extend};
use super::sequential::{bad_coefficient, cut_off, dc_size};
use super::significance::Rewriter;
use super::{Scan, Work};
use crate::error::Error;
use crate::format::{BlockGrid, Frame, Member};

/// Follows a scan of DC coefficients: G.1.2.1.
pub(super) fn check_dc(scan: &Scan, data: &[u8]) -> Result<ScanEnd, Error> {
    let header = &scan.header;
    let codes = dc_codes(scan)?;
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    for (index, mcus) in header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        let mut bits = Bits::new(data, at);
        let mut predictors = [0; 4];
        if header.high > 0 {
            // A refinement is one bit per block, and the check needs no values.
            let blocks: u32 = header.members().iter().map(|m| m.h * m.v).sum();
            bits.skip_many((mcus.end - mcus.start) * u64::from(blocks));
        } else {
            for _ in mcus {
                for ((member, codes), predictor) in
                    header.members().iter().zip(&codes).zip(&mut predictors)
                {
                    for _ in 0..member.h * member.v {
                        dc_unit(&mut bits, *codes, predictor, header.low, &mut Nowhere)?;
                    }
                }
                if bits.overrun() {
                    return Err(cut_off(&bits));
                }
            }
        }
        if bits.overrun() {
            return Err(cut_off(&bits));
        }
        cutter.segment(at, &bits.tail())?;
    }
    Ok(cutter.finish())
}

/// The tables of a first scan of DC coefficients, by place in the scan; none in a refining one, which has no codes.
fn dc_codes(scan: &Scan) -> Result<[Option<&Codes>; 4], Error> {
    let mut codes = [None; 4];
    if scan.header.high > 0 {
        return Ok(codes);
    }
    for ((_, codes), table) in scan
        .header
        .members()
        .iter()
        .zip(&mut codes)
        .zip(&scan.tables.dc)
    {
        let Some(table) = table else {
            return no_tables(scan);
        };
        *codes = Some(table.codes());
    }
    Ok(codes)
}

/// The DC coefficient of one block, or the next bit of it.
#[inline(always)]
fn dc_unit<P: Put>(
    bits: &mut Bits,
    codes: Option<&Codes>,
    predictor: &mut i32,
    low: u8,
    block: &mut P,
) -> Result<(), Error> {
    let low = u32::from(low);
    bits.need32();
    match codes {
        Some(codes) => {
            let size = dc_size(bits, codes)?;
            *predictor = predictor.wrapping_add(extend(bits.take(size), size));
            block.put(0, predictor.wrapping_shl(low));
        }
        None if bits.take(1) != 0 => block.set_dc_bit(low),
        None => {}
    }
    Ok(())
}

/// Follows a scan of one band of AC coefficients of one component.
pub(super) fn check_band(scan: &Scan, data: &[u8], masks: &mut Rewriter) -> Result<ScanEnd, Error> {
    let band = Band::of(scan)?;
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    for (index, blocks) in scan.header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        let mut bits = Bits::new(data, at);
        if band.refines {
            band.check_refinement(&mut bits, blocks, masks)?;
        } else {
            band.check_first(&mut bits, blocks, masks)?;
        }
        cutter.segment(at, &bits.tail())?;
    }
    Ok(cutter.finish())
}

/// One band of AC coefficients of one component.
struct Band<'a> {
    codes: &'a Codes,
    steps: &'a Values,
    start: u32,
    last: u32,
    low: u32,
    refines: bool,
}

impl<'a> Band<'a> {
    fn of(scan: &'a Scan) -> Result<Self, Error> {
        let [Some(table), ..] = &scan.tables.ac else {
            return no_tables(scan);
        };
        let header = &scan.header;
        Ok(Self {
            codes: table.codes(),
            steps: table.values(),
            start: u32::from(header.start),
            last: u32::from(header.end),
            low: u32::from(header.low),
            refines: header.high > 0,
        })
    }

    /// The first scan of a band. The cost of an end-of-band run is that of its code and of what other bands have there,
    /// not of its length.
    fn check_first(
        &self,
        bits: &mut Bits,
        mut blocks: Range<u64>,
        masks: &mut Rewriter,
    ) -> Result<(), Error> {
        while blocks.next().is_some() {
            let mut mask = masks.next();
            let run = self.first(bits, &mut mask, &mut Nowhere)?;
            if bits.overrun() {
                return Err(cut_off(bits));
            }
            masks.push(mask);
            if run > 0 {
                blocks = after_run(&blocks, run).ok_or(bad_coefficient(bits))?;
                masks.pass(run);
            }
        }
        Ok(())
    }

    fn check_refinement(
        &self,
        bits: &mut Bits,
        mut blocks: Range<u64>,
        masks: &mut Rewriter,
    ) -> Result<(), Error> {
        while blocks.next().is_some() {
            let mut mask = masks.next();
            let run = self.refine(bits, &mut mask, &mut Nowhere)?;
            masks.push(mask);
            if bits.overrun() {
                return Err(cut_off(bits));
            }
            let after = after_run(&blocks, run).ok_or(bad_coefficient(bits))?;
            while blocks.start < after.start {
                let empty = masks.empty_ahead().min(after.start - blocks.start);
                if empty > 0 {
                    masks.pass_empty(empty);
                    blocks.start += empty;
                    continue;
                }
                let mask = masks.next();
                self.correct(bits, mask, &mut Nowhere);
                masks.push(mask);
                blocks.start += 1;
                if bits.overrun() {
                    return Err(cut_off(bits));
                }
            }
        }
        Ok(())
    }

    /// The first codes of one block: G.1.2.2. Adds what is not zero to `mask`, and returns how many more blocks the
    /// end-of-band run covers.
    #[inline(always)]
    fn first<P: Put>(&self, bits: &mut Bits, mask: &mut u64, block: &mut P) -> Result<u64, Error> {
        // Copies, so that the loop runs in registers.
        let (mut reader, mut set) = (*bits, *mask);
        let (last, low) = (self.last, self.low);
        let mut k = self.start;
        let mut run_of_blocks = 0;
        while k <= last {
            reader.need32();
            // The look-up reads codes as in a sequential scan; only the symbols for ends of bands differ.
            let step = self.steps.0[reader.peek(STEP_BITS) as usize & ((1 << STEP_BITS) - 1)];
            let next = k + (step as u32 >> 8 & 0xFF);
            if next <= last + 1 {
                reader.skip(step as u32 & 0xFF);
                if step >> 16 != 0 {
                    block.put(next as usize - 1, (step >> 16) << low);
                    set |= 1 << (next - 1);
                }
                k = next;
                continue;
            }
            if next > END {
                reader.skip(step as u32 & 0xFF);
                break;
            }
            let symbol = self.codes.symbol(&mut reader)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size > 0 {
                k += run;
                if k > last {
                    return Err(bad_coefficient(&reader));
                }
                let value = extend(reader.take(size), size);
                block.put(k as usize, value << low);
                set |= 1 << k;
                k += 1;
            } else if run == 15 {
                k += 16;
                if k > last + 1 {
                    return Err(bad_coefficient(&reader));
                }
            } else {
                run_of_blocks = (1 << run) + u64::from(reader.take(run)) - 1;
                break;
            }
        }
        (*bits, *mask) = (reader, set);
        Ok(run_of_blocks)
    }

    /// Refines one block: G.1.2.3. As [`Band::first`].
    #[inline(always)]
    fn refine<P: Put>(&self, bits: &mut Bits, mask: &mut u64, block: &mut P) -> Result<u64, Error> {
        let (mut reader, old) = (*bits, *mask);
        let (low, beyond) = (self.low, self.last + 1);
        let (mut k, mut new, mut run_of_blocks) = (self.start, 0, 0);
        while k < beyond {
            reader.refill();
            let symbol = self.codes.symbol(&mut reader)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && run < 15 {
                run_of_blocks = (1 << run) + u64::from(reader.take(run)) - 1;
                reader.refill();
                correct(&mut reader, block, low, old & ones(k, beyond));
                break;
            }
            if size > 1 {
                return Err(bad_coefficient(&reader));
            }
            let negative = reader.take(size) == 0;
            // The run counts coefficients that are zero so far; those that are not take a correction bit each.
            let zeros = without_lowest(!old & ones(k, beyond), run);
            if zeros == 0 {
                return Err(bad_coefficient(&reader));
            }
            let at = zeros.trailing_zeros();
            correct(&mut reader, block, low, old & ones(k, at));
            if size == 1 {
                block.put(at as usize, if negative { -1 << low } else { 1 << low });
                new |= 1 << at;
            }
            k = at + 1;
        }
        (*bits, *mask) = (reader, old | new);
        Ok(run_of_blocks)
    }

    /// Refines a block that an end-of-band run covers.
    #[inline(always)]
    fn correct<P: Put>(&self, bits: &mut Bits, mask: u64, block: &mut P) {
        let old = mask & ones(self.start, self.last + 1);
        bits.refill();
        correct(bits, block, self.low, old);
    }
}

/// Reads a correction bit for every coefficient in `old`. At least 32 bits are in the buffer, or the data have ended.
#[inline(always)]
fn correct<P: Put>(bits: &mut Bits, block: &mut P, low: u32, mut old: u64) {
    if !P::STORED {
        let count = old.count_ones();
        if count < 32 {
            bits.skip(count);
        } else {
            bits.skip_many(u64::from(count));
        }
        return;
    }
    while old != 0 {
        let count = old.count_ones().min(16);
        bits.need32();
        let mut grown = bits.take(count) << (32 - count);
        for _ in 0..count {
            if grown >> 31 != 0 {
                block.grow(old.trailing_zeros() as usize, low);
            }
            grown <<= 1;
            old &= old - 1;
        }
    }
}

/// `set` without its `count` lowest members. Short runs take no branch: the processor could not predict it.
#[inline(always)]
fn without_lowest(mut set: u64, count: u32) -> u64 {
    for at in 0..4 {
        let less = set & set.wrapping_sub(1);
        set = if count > at { less } else { set };
    }
    for _ in 4..count {
        set &= set.wrapping_sub(1);
    }
    set
}

/// Bits `from` to `to` - 1, for `to` up to 64.
fn ones(from: u32, to: u32) -> u64 {
    let below = |k: u32| 1u64.checked_shl(k).map_or(u64::MAX, |bit| bit - 1);
    below(to) & !below(from)
}

/// The rest of `blocks` behind a run, or none if the run is longer than `blocks`. Decoders ignore the excess, so its
/// length could hide a message.
fn after_run(blocks: &Range<u64>, run: u64) -> Option<Range<u64>> {
    let start = blocks.start + run;
    (start <= blocks.end).then_some(start..blocks.end)
}

/// All scans of a progressive picture, decoded side by side: one row of MCUs of each, then the next. So the
/// coefficients of no more than a row are in memory.
pub(crate) struct Progressive<'a> {
    cursors: Vec<Cursor<'a>>,
    rows: Vec<BlockRows>,
    /// Rows of MCUs, and how many of them are done.
    count: u32,
    done: u32,
}

/// The blocks of one component in a row of MCUs.
pub(crate) struct BlockRows {
    blocks: Vec<Block>,
    grid: BlockGrid,
    /// Rows of blocks in a row of MCUs.
    v: u32,
    /// The first of them.
    first: u32,
}

impl BlockRows {
    /// The rows that hold samples: the number of each, and its blocks as far as they hold samples.
    pub(crate) fn inside(&self) -> impl Iterator<Item = (u32, &[Block])> {
        let width = self.grid.width as usize;
        (self.first..self.grid.height)
            .zip(self.blocks.chunks_exact(self.grid.stride as usize))
            .map(move |(row, blocks)| (row, &blocks[..width]))
    }

    fn at(&mut self, row: u32, column: u32) -> &mut Block {
        &mut self.blocks[(row * self.grid.stride + column) as usize]
    }
}

impl<'a> Progressive<'a> {
    /// `scans`: all of the picture, in their order.
    pub(crate) fn new(frame: &Frame, scans: &'a [Scan], data: &'a [u8]) -> Result<Self, Error> {
        let arithmetic = frame.process.arithmetic();
        let cursors = scans.iter().map(|scan| Cursor::new(scan, data, arithmetic));
        let rows = frame.components().iter().map(|component| {
            let grid = frame.grid(*component);
            let v = u32::from(component.v);
            BlockRows {
                blocks: vec![Block::EMPTY; grid.stride as usize * v as usize],
                grid,
                v,
                first: 0,
            }
        });
        Ok(Self {
            cursors: cursors.collect::<Result<_, _>>()?,
            rows: rows.collect(),
            count: frame.mcus().1,
            done: 0,
        })
    }

    /// Bytes that the rows take in memory.
    pub(crate) fn bytes(frame: &Frame) -> u64 {
        let blocks = frame
            .components()
            .iter()
            .map(|component| u64::from(frame.grid(*component).stride) * u64::from(component.v));
        blocks.sum::<u64>() * size_of::<Block>() as u64
    }

    /// Decodes the next row of MCUs and returns its blocks by component; none after the last row.
    pub(crate) fn next(&mut self, work: &mut Work) -> Result<Option<&[BlockRows]>, Error> {
        if self.done == self.count {
            return Ok(None);
        }
        for rows in &mut self.rows {
            rows.first = self.done * rows.v;
            rows.blocks.fill(Block::EMPTY);
        }
        for cursor in &mut self.cursors {
            cursor.row(&mut self.rows, work)?;
        }
        self.done += 1;
        Ok(Some(&self.rows))
    }

    /// Where the scans end, in their order. Call it after the last row.
    pub(crate) fn finish(self) -> Result<Vec<ScanEnd>, Error> {
        self.cursors.into_iter().map(Cursor::finish).collect()
    }
}

/// A scan of a progressive picture, and how far it is decoded.
struct Cursor<'a> {
    scan: &'a Scan,
    data: &'a [u8],
    cutter: Cutter<'a>,
    /// Offset where the restart interval begins.
    at: usize,
    /// MCUs that are left in the interval, and in the rest of the scan behind it.
    left: u64,
    behind: u64,
    coder: Coder<'a>,
}

enum Coder<'a> {
    Dc {
        bits: Bits<'a>,
        predictors: [i32; 4],
        codes: [Option<&'a Codes>; 4],
    },
    Band {
        bits: Bits<'a>,
        band: Band<'a>,
        /// Blocks that are left of an end-of-band run.
        run: u64,
    },
    Arithmetic(Box<arithmetic::Segment<'a>>),
}

impl<'a> Cursor<'a> {
    fn new(scan: &'a Scan, data: &'a [u8], arithmetic: bool) -> Result<Self, Error> {
        let bits = Bits::new(data, scan.start);
        let coder = if arithmetic {
            Coder::Arithmetic(Box::new(arithmetic::Segment::new(data, scan.start)))
        } else if scan.header.start == 0 {
            Coder::Dc {
                bits,
                predictors: [0; 4],
                codes: dc_codes(scan)?,
            }
        } else {
            Coder::Band {
                bits,
                band: Band::of(scan)?,
                run: 0,
            }
        };
        let mut cursor = Self {
            scan,
            data,
            cutter: Cutter::new(data, scan.start),
            at: scan.start,
            left: 0,
            behind: scan.header.mcus(),
            coder,
        };
        cursor.begin();
        Ok(cursor)
    }

    /// Begins an interval.
    fn begin(&mut self) {
        self.left = match u64::from(self.scan.interval) {
            0 => self.behind,
            interval => interval.min(self.behind),
        };
        self.behind -= self.left;
        match &mut self.coder {
            Coder::Dc {
                bits, predictors, ..
            } => {
                *bits = Bits::new(self.data, self.at);
                *predictors = [0; 4];
            }
            Coder::Band { bits, .. } => *bits = Bits::new(self.data, self.at),
            Coder::Arithmetic(segment) => segment.restart(self.data, self.at),
        }
    }

    /// Ends an interval.
    fn end(&mut self) -> Result<(), Error> {
        let tail = match &self.coder {
            Coder::Dc { bits, .. } | Coder::Band { bits, .. } => bits.tail(),
            Coder::Arithmetic(segment) => segment.tail(),
        };
        self.cutter.segment(self.at, &tail)
    }

    fn finish(mut self) -> Result<ScanEnd, Error> {
        self.end()?;
        Ok(self.cutter.finish())
    }

    /// Decodes what the scan has of a row of MCUs of the whole picture.
    fn row(&mut self, rows: &mut [BlockRows], work: &mut Work) -> Result<(), Error> {
        let scan = self.scan;
        if let [only] = scan.header.members() {
            let rows = &mut rows[usize::from(only.component)];
            let inside = rows.v.min(rows.grid.height.saturating_sub(rows.first));
            for row in 0..inside {
                for column in 0..only.grid.width {
                    self.mcu()?;
                    self.unit(0, only, rows.at(row, column))?;
                }
            }
        } else {
            for mcu in 0..scan.header.mcus_across {
                self.mcu()?;
                for (place, member) in scan.header.members().iter().enumerate() {
                    let rows = &mut rows[usize::from(member.component)];
                    for y in 0..member.v {
                        for x in 0..member.h {
                            self.unit(place, member, rows.at(y, mcu * member.h + x))?;
                        }
                    }
                }
            }
        }
        if let Coder::Arithmetic(segment) = &mut self.coder {
            segment.settle(work)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn mcu(&mut self) -> Result<(), Error> {
        if self.left == 0 {
            self.end()?;
            self.at = self.cutter.restart()?;
            self.begin();
        }
        self.left = self.left.saturating_sub(1);
        Ok(())
    }

    #[inline(always)]
    fn unit(&mut self, place: usize, member: &Member, block: &mut Block) -> Result<(), Error> {
        let header = &self.scan.header;
        match &mut self.coder {
            Coder::Dc {
                bits,
                predictors,
                codes,
            } => {
                let predictor = &mut predictors[place];
                dc_unit(bits, codes[place], predictor, header.low, &mut &mut *block)?;
                if bits.overrun() {
                    return Err(cut_off(bits));
                }
            }
            Coder::Band { run, band, .. } if *run > 0 && !band.refines => *run -= 1,
            Coder::Band { bits, band, run } => {
                let mut mask = block.mask;
                if *run > 0 {
                    *run -= 1;
                    if mask != 0 {
                        band.correct(bits, mask, &mut &mut *block);
                    }
                } else if band.refines {
                    *run = band.refine(bits, &mut mask, &mut &mut *block)?;
                } else {
                    *run = band.first(bits, &mut mask, &mut &mut *block)?;
                }
                block.mask = mask;
                if bits.overrun() {
                    return Err(cut_off(bits));
                }
                if *run > self.left {
                    return Err(bad_coefficient(bits));
                }
            }
            Coder::Arithmetic(segment) => {
                if header.start == 0 {
                    segment.dc(self.scan, place, member, &mut &mut *block)?;
                } else {
                    block.mask = segment.band(self.scan, member, block.mask, &mut &mut *block)?;
                }
            }
        }
        Ok(())
    }
}
