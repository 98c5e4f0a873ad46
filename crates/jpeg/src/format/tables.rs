//! The tables of DQT, DHT and DAC segments and the interval of DRI (T.81 B.2.4).

use std::ops::Range;

use super::bytes::be16;
use super::marker;
use crate::error::Corruption;

/// One table of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Class times four plus destination: 0 to 3 for DQT, 0 to 7 for DHT and DAC.
    pub(crate) slot: u8,
    /// Its bytes within the segment's body.
    pub(crate) range: Range<usize>,
    pub(crate) table: Table<'a>,
}

/// What a table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table<'a> {
    Quantization(QuantizationTable<'a>),
    Huffman(HuffmanTable<'a>),
    /// L and U for DC, Kx for AC, as DAC has them.
    Conditioning(u8),
}

/// The elements of a quantisation table, of 8 or 16 bits. An element of zero is not allowed (B.2.4.1), but accepted,
/// since decoders draw such pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuantizationTable<'a> {
    Narrow(&'a [u8; 64]),
    Wide(&'a [u8; 128]),
}

/// A Huffman table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HuffmanTable<'a> {
    /// Whether its symbols are those of AC coefficients.
    pub(crate) of_ac: bool,
    /// Number of codes of length 1 to 16.
    pub(crate) counts: &'a [u8; 16],
    /// As many as `counts` add up to.
    pub(crate) symbols: &'a [u8],
}

/// The parameters of arithmetic coding (B.2.4.3), with the defaults of F.1.4.4.1.4 and F.1.4.4.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conditioning {
    pub(crate) lower: u8,
    pub(crate) upper: u8,
    pub(crate) kx: u8,
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

impl Conditioning {
    /// Takes in what DAC says for the slots 0 to 3 (DC: U in the high half, L in the low one) or 4 to 7 (AC: Kx).
    pub(crate) fn set(&mut self, slot: u8, value: u8) -> Result<(), Corruption> {
        let (lower, upper) = (value & 15, value >> 4);
        if slot < 4 && lower <= upper {
            (self.lower, self.upper) = (lower, upper);
        } else if slot >= 4 && (1..=63).contains(&value) {
            self.kx = value;
        } else {
            return Err(Corruption::ArithmeticConditioning);
        }
        Ok(())
    }
}

impl QuantizationTable<'_> {
    /// The elements in zigzag order.
    pub(crate) fn elements(&self) -> [u16; 64] {
        match self {
            Self::Narrow(elements) => elements.map(u16::from),
            Self::Wide(elements) => {
                let mut out = [0; 64];
                let (pairs, _) = elements.as_chunks::<2>();
                for (element, pair) in out.iter_mut().zip(pairs) {
                    *element = u16::from_be_bytes(*pair);
                }
                out
            }
        }
    }
}

impl HuffmanTable<'_> {
    /// An error if the table is no prefix code (annex C), or has no code at all.
    ///
    /// T.81 reserves the code of ones only; it is accepted here, since decoders accept it. Call this only for tables
    /// that a scan uses: decoders do not look at others.
    pub(crate) fn check(&self) -> Result<(), Corruption> {
        let mut left = 1_u32;
        for count in self.counts {
            left = left
                .saturating_mul(2)
                .checked_sub(u32::from(*count))
                .ok_or(Corruption::HuffmanTable)?;
        }
        if self.symbols.is_empty() {
            return Err(Corruption::HuffmanTable);
        }
        Ok(())
    }

    /// Number of symbols that no code can need: those listed a second time, and those without a meaning in this process
    /// (F.1.2.1.2, F.1.2.2.1, H.1.2.2).
    pub(crate) fn idle_symbols(&self, progressive: bool) -> usize {
        let meaningless = match (self.of_ac, progressive) {
            (false, _) => count(self.symbols, |size| size > 16),
            (true, true) => 0,
            (true, false) => count(self.symbols, |symbol| {
                symbol % 16 == 0 && symbol != 0 && symbol != 0xF0
            }),
        };
        let repeated = self.symbols.len().saturating_sub(distinct(self.symbols));
        repeated.saturating_add(meaningless)
    }

    /// Appends the table as DHT has it, for `slot`.
    pub(crate) fn write(&self, slot: u8, out: &mut Vec<u8>) {
        out.push((slot >> 2) << 4 | slot & 3);
        out.extend_from_slice(self.counts);
        out.extend_from_slice(self.symbols);
    }
}

fn count(symbols: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // No branch per symbol and byte-sized counters keep this fast: it runs for every file.
    let ones = |symbols: &[u8]| {
        let ones = symbols.iter().map(|symbol| u8::from(is(*symbol)));
        ones.fold(0_u8, u8::wrapping_add)
    };
    let counts = symbols.chunks(128).map(|part| usize::from(ones(part)));
    counts.sum()
}

/// How many different symbols there are.
fn distinct(symbols: &[u8]) -> usize {
    let mut seen = [0_u8; 256];
    for symbol in symbols {
        if let Some(seen) = seen.get_mut(usize::from(*symbol)) {
            *seen = 1;
        }
    }
    count(&seen, |seen| seen != 0)
}

/// Splits the body of a DQT, DHT or DAC segment into its tables.
///
/// An error when the last table does not end where the body does; libjpeg refuses such a segment too.
pub(crate) fn entries(
    code: u8,
    body: &[u8],
) -> impl Iterator<Item = Result<Entry<'_>, Corruption>> + '_ {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let rest = body.get(at..)?;
        let (&first, rest) = rest.split_first()?;
        let entry = match code {
            marker::DQT => quantization(first, rest),
            marker::DHT => huffman(first, rest),
            _ => conditioning(first, rest),
        };
        let found = entry.map(|(slot, length, table)| {
            let range = at..at.saturating_add(1).saturating_add(length);
            at = range.end;
            Entry { slot, range, table }
        });
        if found.is_err() {
            at = usize::MAX;
        }
        Some(found)
    })
}

/// Slot, length behind the first byte, and content of a table.
type Parsed<'a> = Result<(u8, usize, Table<'a>), Corruption>;

fn quantization(first: u8, rest: &[u8]) -> Parsed<'_> {
    let slot = match (first >> 4, first & 0x0F) {
        (0 | 1, slot @ 0..=3) => slot,
        (0 | 1, _) => return Err(Corruption::TableReference),
        _ => return Err(Corruption::QuantizationTable),
    };
    let narrow = first >> 4 == 0;
    let table = if narrow {
        rest.first_chunk().map(QuantizationTable::Narrow)
    } else {
        rest.first_chunk().map(QuantizationTable::Wide)
    };
    let table = table.ok_or(Corruption::SegmentLength)?;
    Ok((
        slot,
        if narrow { 64 } else { 128 },
        Table::Quantization(table),
    ))
}

fn huffman(first: u8, rest: &[u8]) -> Parsed<'_> {
    let (counts, rest) = rest
        .split_first_chunk::<16>()
        .ok_or(Corruption::SegmentLength)?;
    let codes = counts
        .iter()
        .map(|count| usize::from(*count))
        .sum::<usize>();
    if codes > 256 {
        return Err(Corruption::HuffmanTable);
    }
    let slot = class_and_slot(first)?;
    let table = HuffmanTable {
        of_ac: slot >= 4,
        counts,
        symbols: rest.get(..codes).ok_or(Corruption::SegmentLength)?,
    };
    Ok((slot, codes.saturating_add(16), Table::Huffman(table)))
}

fn conditioning(first: u8, rest: &[u8]) -> Parsed<'_> {
    let value = *rest.first().ok_or(Corruption::SegmentLength)?;
    Ok((class_and_slot(first)?, 1, Table::Conditioning(value)))
}

fn class_and_slot(first: u8) -> Result<u8, Corruption> {
    match (first >> 4, first & 0x0F) {
        (class @ 0..=1, slot @ 0..=3) => Ok(class << 2 | slot),
        _ => Err(Corruption::TableReference),
    }
}

/// The interval of a DRI segment's body, in MCUs (B.2.4.4).
pub(crate) fn restart_interval(body: &[u8]) -> Result<u16, Corruption> {
    match body.len() {
        2 => be16(body, 0).ok_or(Corruption::SegmentLength),
        _ => Err(Corruption::SegmentLength),
    }
}
