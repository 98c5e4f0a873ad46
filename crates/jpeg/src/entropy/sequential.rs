//! Sequential Huffman scans: T.81 F.2.2.

use super::Scan;
use super::bits::Bits;
use super::coefficients::{Coefficients, Put};
use super::cut::{Cutter, ScanEnd, no_tables};
use super::huffman::{Codes, END, STEP_BITS, Skips, Values, bad_code, extend};
use crate::error::{Corruption, Error};

struct Coder<'a> {
    dc: &'a Codes,
    ac: &'a Codes,
    steps: Steps<'a>,
    component: usize,
}

/// How AC codes are decoded: with their values, or only skipped.
enum Steps<'a> {
    Skips(&'a Skips),
    Values(&'a Values),
}

/// Decodes a scan into `sink`.
pub(super) fn decode<S: Coefficients>(
    scan: &Scan,
    data: &[u8],
    sink: &mut S,
) -> Result<ScanEnd, Error> {
    let (header, tables) = (&scan.header, &scan.tables);
    let stored = <S::Block<'_> as Put>::STORED;
    let mut coders = Vec::with_capacity(4);
    let mut slots = Vec::with_capacity(10);
    for (member, tables) in header
        .members()
        .iter()
        .zip(tables.dc.iter().zip(&tables.ac))
    {
        let (Some(dc), Some(ac)) = tables else {
            return no_tables(scan);
        };
        for y in 0..member.v {
            slots.extend((0..member.h).map(|x| (coders.len(), y, x)));
        }
        coders.push(Coder {
            dc: dc.codes(),
            ac: ac.codes(),
            steps: if stored {
                Steps::Values(ac.values())
            } else {
                Steps::Skips(ac.skips())
            },
            component: usize::from(member.component),
        });
    }
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    for (index, mcus) in header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        let mut bits = Bits::new(data, at);
        if stored {
            let mut predictors = [0i32; 4];
            let across = u64::from(header.mcus_across);
            let (mut row, mut column) =
                ((mcus.start / across) as u32, (mcus.start % across) as u32);
            for _ in mcus {
                for &(coder, y, x) in &slots {
                    let member = &header.members()[coder];
                    let block = sink.block(
                        coders[coder].component,
                        row * member.v + y,
                        column * member.h + x,
                    );
                    decode_block(&mut bits, &coders[coder], &mut predictors[coder], block)?;
                }
                if bits.overrun() {
                    return Err(cut_off(&bits));
                }
                column += 1;
                if column == header.mcus_across {
                    (column, row) = (0, row + 1);
                }
            }
        } else {
            let plan: Vec<_> = slots.iter().map(|&(coder, ..)| &coders[coder]).collect();
            for _ in mcus {
                for &coder in &plan {
                    skip_block(&mut bits, coder)?;
                }
                if bits.overrun() {
                    return Err(cut_off(&bits));
                }
            }
        }
        cutter.segment(at, &bits.tail())?;
    }
    Ok(cutter.finish())
}

#[cold]
pub(super) fn cut_off(bits: &Bits) -> Error {
    Error::corrupt(bits.position(), Corruption::ScanCutOff)
}

/// The error for a run past the end of the block, or for a scan that is cut off, if the data have run out.
#[cold]
pub(super) fn bad_coefficient(bits: &Bits) -> Error {
    let detail = if bits.overrun() {
        Corruption::ScanCutOff
    } else {
        Corruption::BadCoefficient
    };
    Error::corrupt(bits.position(), detail)
}

/// Takes a DC code and returns the number of its additional bits. Needs 32 bits in the buffer; the additional bits are
/// still in it afterwards.
#[inline(always)]
pub(super) fn dc_size(bits: &mut Bits, codes: &Codes) -> Result<u32, Error> {
    let size = u32::from(codes.symbol(bits)?);
    if size > 15 {
        return Err(bad_code(bits));
    }
    Ok(size)
}

/// Follows the codes of one block.
#[inline(always)]
fn skip_block(bits: &mut Bits, coder: &Coder) -> Result<(), Error> {
    let Steps::Skips(steps) = &coder.steps else {
        return Ok(());
    };
    // A copy, so that the loop runs in registers.
    let mut reader = *bits;
    reader.need32();
    let size = dc_size(&mut reader, coder.dc)?;
    reader.skip(size);
    let mut k = 1;
    loop {
        reader.need32();
        let step = u32::from(steps.0[reader.peek(STEP_BITS) as usize & ((1 << STEP_BITS) - 1)]);
        let next = k + (step >> 8);
        if next < 64 {
            reader.skip(step & 0xFF);
            k = next;
        } else if next == 64 || (END < next && next < END + 64) {
            reader.skip(step & 0xFF);
            break;
        } else {
            match one_code(&mut reader, coder.ac, k)? {
                Code::End => break,
                Code::Zeros(after) => k = after,
                Code::Value { k: at, size } => {
                    reader.skip(size);
                    k = at + 1;
                }
            }
            if k == 64 {
                break;
            }
        }
    }
    *bits = reader;
    Ok(())
}

/// Decodes one block, its DC difference against `predictor`.
#[inline(always)]
fn decode_block(
    bits: &mut Bits,
    coder: &Coder,
    predictor: &mut i32,
    mut block: impl Put,
) -> Result<(), Error> {
    let Steps::Values(steps) = &coder.steps else {
        return Ok(());
    };
    let mut reader = *bits;
    reader.need32();
    let size = dc_size(&mut reader, coder.dc)?;
    *predictor = predictor.wrapping_add(extend(reader.take(size), size));
    block.put(0, *predictor);
    let mut k = 1;
    loop {
        reader.need32();
        let step = steps.0[reader.peek(STEP_BITS) as usize & ((1 << STEP_BITS) - 1)];
        let next = k + (step as u32 >> 8 & 0xFF);
        if next <= 64 {
            reader.skip(step as u32 & 0xFF);
            if step >> 16 != 0 {
                block.put(next as usize - 1, step >> 16);
            }
            k = next;
        } else if next > END {
            reader.skip(step as u32 & 0xFF);
            break;
        } else {
            match one_code(&mut reader, coder.ac, k)? {
                Code::End => break,
                Code::Zeros(after) => k = after,
                Code::Value { k: at, size } => {
                    block.put(at as usize, extend(reader.take(size), size));
                    k = at + 1;
                }
            }
        }
        if k == 64 {
            break;
        }
    }
    *bits = reader;
    Ok(())
}

/// What one AC code says.
enum Code {
    End,
    Zeros(u32),
    Value { k: u32, size: u32 },
}

/// Takes one AC code with all checks (F.2.2.2).
///
/// A run that leaves the block is refused: libjpeg lets it overwrite coefficient 63, others drop it, so the picture
/// is not defined, and its value bits could hide a message. The fourteen run/size pairs that table F.1 leaves undefined
/// are refused too: decoders read them as the end of a block, so the choice among them could hide a message.
#[inline(never)]
fn one_code(bits: &mut Bits, codes: &Codes, k: u32) -> Result<Code, Error> {
    bits.need32();
    let symbol = codes.symbol(bits)?;
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    match (run, size) {
        (0, 0) => Ok(Code::End),
        (15, 0) if k + 16 <= 64 => Ok(Code::Zeros(k + 16)),
        (_, 1..) if k + run < 64 => Ok(Code::Value { k: k + run, size }),
        _ => Err(bad_coefficient(bits)),
    }
}
