//! Huffman tables as look-ups: T.81 annex C and F.2.2.3.

use std::cell::OnceCell;
use std::fmt;

use super::bits::Bits;
use crate::error::{Corruption, Error};
use crate::format::tables::HuffmanTable;

/// Bits that index the look-up of short codes; longer codes are found by [`Codes::limit`].
const CODE_BITS: u32 = 10;
/// Bits that index the look-ups of whole steps: a code with its value bits, or several such codes.
pub(super) const STEP_BITS: u32 = 12;
/// Added to the advance of a step that ends the block.
pub(super) const END: u32 = 192;
/// An advance that no step has. It marks bits that the look-up cannot resolve.
const UNKNOWN: u32 = 64;

/// A table with the look-ups made for it so far.
///
/// The look-ups are made when a scan first needs them, not per DHT, so that a file of nothing but DHT segments costs no
/// more than reading them.
pub(crate) struct HuffmanDecoder {
    counts: [u8; 16],
    symbols: [u8; 256],
    codes: OnceCell<Box<Codes>>,
    skips: OnceCell<Box<Skips>>,
    values: OnceCell<Box<Values>>,
}

impl fmt::Debug for HuffmanDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HuffmanDecoder")
    }
}

/// Finds one code: its length and its symbol.
pub(super) struct Codes {
    /// length << 8 | symbol by the next `CODE_BITS` bits; 0 if the code is longer.
    short: [u16; 1 << CODE_BITS],
    /// By length - 1: one more than the last code of that length, left-aligned in 16 bits.
    limit: [u32; 16],
    /// By length - 1: index of the symbol of code 0 of that length, possibly below zero.
    base: [i32; 16],
    symbols: [u8; 256],
}

/// Skips several AC codes at once, for a check that needs no values. Indexed by the next `STEP_BITS` bits; covers all
/// codes that lie completely in these. An entry is their bits in total (with the value bits of the last) | advance of
/// k << 8.
pub(super) struct Skips(pub(super) [u16; 1 << STEP_BITS]);

/// Decodes one AC code with its value. Indexed by the next `STEP_BITS` bits; an entry is bits | advance << 8 | value <<
/// 16, if the code and its value bits fit.
pub(super) struct Values(pub(super) [i32; 1 << STEP_BITS]);

impl HuffmanDecoder {
    /// `table` must have passed [`HuffmanTable::check`].
    pub(crate) fn new(table: &HuffmanTable<'_>) -> Self {
        let mut symbols = [0; 256];
        if let Some(place) = symbols.get_mut(..table.symbols.len()) {
            place.copy_from_slice(table.symbols);
        }
        Self {
            counts: *table.counts,
            symbols,
            codes: OnceCell::new(),
            skips: OnceCell::new(),
            values: OnceCell::new(),
        }
    }

    pub(super) fn codes(&self) -> &Codes {
        self.codes
            .get_or_init(|| Box::new(Codes::new(&self.counts, self.symbols)))
    }

    pub(super) fn skips(&self) -> &Skips {
        self.skips
            .get_or_init(|| Box::new(Skips::new(self.codes())))
    }

    pub(super) fn values(&self) -> &Values {
        self.values
            .get_or_init(|| Box::new(Values::new(self.codes())))
    }
}

impl Codes {
    fn new(counts: &[u8; 16], symbols: [u8; 256]) -> Self {
        let mut codes = Self {
            short: [0; 1 << CODE_BITS],
            limit: [0; 16],
            base: [0; 16],
            symbols,
        };
        let (mut code, mut index) = (0u32, 0u32);
        for (length, &count) in (1u32..).zip(counts) {
            let at = length as usize - 1;
            codes.base[at] = index as i32 - code as i32;
            for _ in 0..count {
                if let Some(spread) = CODE_BITS.checked_sub(length) {
                    let first = (code << spread) as usize;
                    let symbol = codes.symbols[index as usize & 255];
                    let entry = (length as u16) << 8 | u16::from(symbol);
                    let entries = codes.short.get_mut(first..first + (1 << spread));
                    entries.unwrap_or_default().fill(entry);
                }
                code += 1;
                index += 1;
            }
            codes.limit[at] = code << (16 - length);
            code <<= 1;
        }
        codes
    }

    /// Length and symbol of the code at the top of 16 bits.
    #[inline(always)]
    pub(super) fn find(&self, peek16: u32) -> Option<(u32, u8)> {
        let entry = self.short[(peek16 >> (16 - CODE_BITS)) as usize & ((1 << CODE_BITS) - 1)];
        if entry != 0 {
            return Some((u32::from(entry >> 8), entry as u8));
        }
        self.find_long(peek16)
    }

    #[cold]
    fn find_long(&self, peek16: u32) -> Option<(u32, u8)> {
        for length in CODE_BITS + 1..=16 {
            let at = length as usize - 1;
            if peek16 < self.limit[at] {
                let index = self.base[at] + (peek16 >> (16 - length)) as i32;
                return Some((length, self.symbols[index as usize & 255]));
            }
        }
        None
    }

    /// Takes one code; needs 16 bits in the buffer.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits) -> Result<u8, Error> {
        match self.find(bits.peek16()) {
            Some((length, symbol)) => {
                bits.skip(length);
                Ok(symbol)
            }
            None => Err(bad_code(bits)),
        }
    }

    /// Length and symbol of the code that begins at bit `from` of the `STEP_BITS` bits of `index`, if it ends in them.
    fn within(&self, index: usize, from: u32) -> Option<(u32, u8)> {
        let window = ((index as u32) << (16 - STEP_BITS + from)) & 0xFFFF;
        self.find(window)
            .filter(|(length, _)| from + length <= STEP_BITS)
    }
}

/// The error for bits that are no code of the table, or for a scan that is cut off, if the data have run out.
#[cold]
pub(super) fn bad_code(bits: &Bits) -> Error {
    let detail = if bits.ran_dry() {
        Corruption::ScanCutOff
    } else {
        Corruption::BadCode
    };
    Error::corrupt(bits.position(), detail)
}

impl Skips {
    fn new(codes: &Codes) -> Self {
        let mut table = [0; 1 << STEP_BITS];
        for (index, entry) in table.iter_mut().enumerate() {
            let (mut bits, mut advance) = (0, 0);
            // The limit of 47 keeps the advance below `UNKNOWN` (47 + 16 = 63), and so below `END` too.
            while bits < STEP_BITS && advance <= 47 {
                let Some((length, symbol)) = codes.within(index, bits) else {
                    break;
                };
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                match (run, size) {
                    (15, 0) => advance += 16,
                    (0, 0) => advance += END,
                    // Undefined in table F.1: the slow path reads it and refuses it.
                    (_, 0) => break,
                    _ => advance += run + 1,
                }
                bits += length + size;
            }
            *entry = if bits == 0 {
                UNKNOWN << 8
            } else {
                bits | advance << 8
            } as u16;
        }
        Self(table)
    }
}

impl Values {
    fn new(codes: &Codes) -> Self {
        let mut table = [(UNKNOWN << 8) as i32; 1 << STEP_BITS];
        for (index, entry) in table.iter_mut().enumerate() {
            let Some((length, symbol)) = codes.within(index, 0) else {
                continue;
            };
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            let total = length + size;
            if total > STEP_BITS {
                continue;
            }
            let advance = match (run, size) {
                (15, 0) => 16,
                (0, 0) => END,
                (_, 0) => continue,
                _ => run + 1,
            };
            let value = if size == 0 {
                0
            } else {
                extend(
                    (index as u32 >> (STEP_BITS - total)) & ((1 << size) - 1),
                    size,
                )
            };
            *entry = (total | advance << 8) as i32 | value << 16;
        }
        Self(table)
    }
}

/// EXTEND of F.2.2.1: the value whose `size` additional bits are `bits`.
#[inline(always)]
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    let half = (1u32 << size) >> 1;
    if bits < half {
        bits as i32 - (1i32 << size) + 1
    } else {
        bits as i32
    }
}
