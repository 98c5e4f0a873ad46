//! Progressive Huffman scans: T.81 annex G.

use std::ops::Range;
use std::sync::Arc;

use super::Position;
use super::bits::Bits;
use super::coefficients::{Coefficients, Put};
use super::frame::Frame;
use super::huffman::{Codes, END, STEP_BITS, Values, extend};
use super::scan::{Cutter, Header};
use super::sequential::{bad_coefficient, cut_off, dc_size};
use super::significance::Rewriter;
use super::tables::Tables;
use crate::Error;

/// Decodes a scan and returns where its data end.
pub(super) fn scan<S: Coefficients>(
    frame: &mut Frame,
    header: &Header,
    tables: &mut Tables,
    position: Position,
    cutter: &mut Cutter,
    sink: &mut S,
) -> Result<usize, Error> {
    if header.start == 0 {
        return dc_scan(header, tables, position, cutter, sink);
    }
    let member = &header.members[0];
    let table = tables.ac(member.ac_table, position.sos)?;
    let (codes, steps) = (table.codes(), table.values());
    let significance = &mut frame.components[member.component].significance;
    let mut masks = std::mem::take(significance).rewrite();
    let (mut at, mut end) = (position.start, position.start);
    for (index, blocks) in header.intervals(tables.restart_interval).enumerate() {
        if index > 0 {
            at = cutter.restart(end)?;
        }
        let mut bits = Bits::new(position.data, at);
        let mut band = Band {
            header,
            codes: &codes,
            steps: &steps,
            masks: &mut masks,
            sink,
        };
        if header.high == 0 {
            band.first(&mut bits, blocks)?;
        } else {
            band.refine(&mut bits, blocks)?;
        }
        let tail = bits.tail();
        cutter.segment(at, &tail);
        end = tail.end;
    }
    *significance = masks.finish();
    Ok(end)
}

/// First and refining scans of DC coefficients: G.1.2.1.
fn dc_scan<S: Coefficients>(
    header: &Header,
    tables: &mut Tables,
    position: Position,
    cutter: &mut Cutter,
    sink: &mut S,
) -> Result<usize, Error> {
    let mut codes: Vec<Option<Arc<Codes>>> = Vec::with_capacity(4);
    for member in &header.members {
        codes.push(if header.high == 0 {
            Some(tables.dc(member.dc_table, position.sos)?.codes())
        } else {
            None
        });
    }
    let across = u64::from(header.mcus_across);
    let (mut at, mut end) = (position.start, position.start);
    for (index, mcus) in header.intervals(tables.restart_interval).enumerate() {
        if index > 0 {
            at = cutter.restart(end)?;
        }
        let mut bits = Bits::new(position.data, at);
        let mut predictors = [0i32; 4];
        if header.high > 0 && !S::STORED {
            // One bit per block, whatever it says.
            let blocks: u32 = header.members.iter().map(|m| m.h * m.v).sum();
            bits.skip_many((mcus.end - mcus.start) * u64::from(blocks));
        } else {
            for mcu in mcus {
                let (row, column) = ((mcu / across) as u32, (mcu % across) as u32);
                for ((member, codes), predictor) in
                    header.members.iter().zip(&codes).zip(&mut predictors)
                {
                    for unit in 0..member.h * member.v {
                        let (y, x) = (unit / member.h, unit % member.h);
                        let mut block =
                            sink.block(member.component, row * member.v + y, column * member.h + x);
                        bits.need32();
                        match codes {
                            Some(codes) => {
                                let size = dc_size(&mut bits, codes)?;
                                *predictor = predictor.wrapping_add(extend(bits.take(size), size));
                                block.put(0, predictor.wrapping_shl(header.low));
                            }
                            None if bits.take(1) != 0 => block.set_dc_bit(header.low),
                            None => {}
                        }
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
        let tail = bits.tail();
        cutter.segment(at, &tail);
        end = tail.end;
    }
    Ok(end)
}

/// One band of AC coefficients of one component.
struct Band<'a, S> {
    header: &'a Header,
    codes: &'a Codes,
    steps: &'a Values,
    masks: &'a mut Rewriter,
    sink: &'a mut S,
}

impl<S: Coefficients> Band<'_, S> {
    /// The first scan of a band: G.1.2.2. The cost of an end-of-band run is that of its code and of what other bands
    /// have there, not of its length.
    fn first(&mut self, bits: &mut Bits, mut blocks: Range<u64>) -> Result<(), Error> {
        let (codes, last, low) = (self.codes, self.header.end, self.header.low);
        let component = self.header.members[0].component;
        while let Some(index) = blocks.next() {
            let mut reader = *bits;
            let mut mask = self.masks.next();
            let mut k = self.header.start;
            let mut run_of_blocks = 0;
            let mut block = self.sink.nth(component, index as usize);
            while k <= last {
                reader.need32();
                // The look-up knows what a sequential scan would read; only the ends of bands differ.
                let step = self.steps.0[reader.peek(STEP_BITS) as usize & ((1 << STEP_BITS) - 1)];
                let next = k + (step as u32 >> 8 & 0xFF);
                if next <= last + 1 {
                    reader.skip(step as u32 & 0xFF);
                    if step >> 16 != 0 {
                        block.put(next as usize - 1, (step >> 16) << low);
                        mask |= 1 << (next - 1);
                    }
                    k = next;
                    continue;
                }
                if next > END {
                    reader.skip(step as u32 & 0xFF);
                    break;
                }
                let symbol = codes.symbol(&mut reader)?;
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                if size > 0 {
                    k += run;
                    if k > last {
                        return Err(bad_coefficient(&reader));
                    }
                    let value = extend(reader.take(size), size);
                    block.put(k as usize, value << low);
                    mask |= 1 << k;
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
            *bits = reader;
            if bits.overrun() {
                return Err(cut_off(bits));
            }
            self.masks.push(mask);
            if run_of_blocks > 0 {
                blocks = after_run(&blocks, run_of_blocks).ok_or(bad_coefficient(bits))?;
                self.masks.pass(run_of_blocks);
            }
        }
        Ok(())
    }

    /// A refining scan of a band: G.1.2.3.
    fn refine(&mut self, bits: &mut Bits, mut blocks: Range<u64>) -> Result<(), Error> {
        let component = self.header.members[0].component;
        while let Some(index) = blocks.next() {
            let run_of_blocks = self.refine_block(bits, component, index)?;
            if bits.overrun() {
                return Err(cut_off(bits));
            }
            let after = after_run(&blocks, run_of_blocks).ok_or(bad_coefficient(bits))?;
            while blocks.start < after.start {
                let empty = self.masks.empty_ahead().min(after.start - blocks.start);
                if empty > 0 {
                    self.masks.pass_empty(empty);
                    blocks.start += empty;
                    continue;
                }
                let mask = self.masks.next();
                let old = mask & ones(self.header.start, self.header.end + 1);
                let mut block = self.sink.nth(component, blocks.start as usize);
                bits.refill();
                correct::<S>(bits, &mut block, self.header.low, old);
                self.masks.push(mask);
                blocks.start += 1;
                if bits.overrun() {
                    return Err(cut_off(bits));
                }
            }
        }
        Ok(())
    }

    /// Refines one block; returns how many more blocks its end-of-band run covers.
    #[inline(always)]
    fn refine_block(
        &mut self,
        bits: &mut Bits,
        component: usize,
        index: u64,
    ) -> Result<u64, Error> {
        let mask = self.masks.next();
        let mut block = self.sink.nth(component, index as usize);
        let mut reader = *bits;
        let (low, beyond) = (self.header.low, self.header.end + 1);
        let (mut k, mut new, mut run_of_blocks) = (self.header.start, 0, 0);
        while k < beyond {
            reader.refill();
            let symbol = self.codes.symbol(&mut reader)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && run < 15 {
                run_of_blocks = (1 << run) + u64::from(reader.take(run)) - 1;
                reader.refill();
                correct::<S>(&mut reader, &mut block, low, mask & ones(k, beyond));
                break;
            }
            if size > 1 {
                return Err(bad_coefficient(&reader));
            }
            let negative = reader.take(size) == 0;
            // The run counts coefficients that are zero so far; those that are not take a correction bit each.
            let zeros = without_lowest(!mask & ones(k, beyond), run);
            if zeros == 0 {
                return Err(bad_coefficient(&reader));
            }
            let at = zeros.trailing_zeros();
            correct::<S>(&mut reader, &mut block, low, mask & ones(k, at));
            if size == 1 {
                block.put(at as usize, if negative { -1 << low } else { 1 << low });
                new |= 1 << at;
            }
            k = at + 1;
        }
        *bits = reader;
        self.masks.push(mask | new);
        Ok(run_of_blocks)
    }
}

/// Reads a correction bit for every coefficient in `old`. At least 32 bits are in the buffer, or the data have ended.
#[inline(always)]
fn correct<S: Coefficients>(bits: &mut Bits, block: &mut impl Put, low: u32, mut old: u64) {
    if !S::STORED {
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

/// `set` without its `count` lowest members. Short runs take no branch, since their lengths cannot be foreseen.
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

/// What is left of `blocks` behind a run; none if the run is longer, which decoders would not notice: its length
/// would be a place to hide a message in.
fn after_run(blocks: &Range<u64>, run: u64) -> Option<Range<u64>> {
    let start = blocks.start + run;
    (start <= blocks.end).then_some(start..blocks.end)
}
