//! The blocks of one component, kept as the symbols that will be written.

use std::cell::Cell;
use std::rc::Rc;

use crate::error::{Corruption, Error, Excess};

/// Ends a block.
pub(super) const EOB: u8 = 0x00;
/// 16 zeros.
pub(super) const ZRL: u8 = 0xF0;

/// First bytes of the form in which symbols are kept: the three below, then those of [`FORMS`], then [`LONG`].
const BYTE_EOB: u8 = 0;
/// Ends a block whose last coefficient is not zero; stands for no code.
const BYTE_FULL: u8 = 1;
const BYTE_ZRL: u8 = 2;
/// A symbol byte and two bytes of value bits follow.
const LONG: u8 = 0xFF;

/// Symbols are kept in chunks of so many bytes.
const CHUNK_BITS: u32 = 18;
const CHUNK: usize = 1 << CHUNK_BITS;
/// Most bytes of one block: 63 coefficients of four bytes, and its end.
const LONGEST: usize = 256;

/// How a run/size symbol and its value bits are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One byte, `first` plus the value bits.
    Short {
        first: u8,
    },
    /// `first`, then a byte of value bits.
    Medium {
        first: u8,
    },
    Long,
}

/// By run/size symbol. Small values behind short runs, which are most of a photograph, take one byte.
const FORMS: [Form; 256] = {
    // Runs below this have the short form, by size from 1; and the medium one, by size from 2.
    const SHORT: [u8; 4] = [16, 10, 6, 3];
    const MEDIUM: [u8; 7] = [16, 16, 16, 16, 10, 6, 3];
    let mut forms = [Form::Long; 256];
    let mut next = BYTE_ZRL + 1;
    let mut size = 1;
    while size <= 8 {
        let mut run = 0;
        while run < 16 {
            let symbol = (run << 4 | size) as usize;
            if size <= 4 && run < SHORT[size as usize - 1] {
                forms[symbol] = Form::Short { first: next };
                next += 1 << size;
            } else if size >= 2 && run < MEDIUM[size as usize - 2] {
                forms[symbol] = Form::Medium { first: next };
                next += 1;
            }
            run += 1;
        }
        size += 1;
    }
    assert!(next < LONG);
    forms
};

/// By first byte: the symbol, its value bits, and how many bytes of value bits follow.
const READINGS: [(u8, u8, u8); 256] = {
    let mut readings = [(0, 0, 0); 256];
    let mut symbol = 0;
    while symbol < 256 {
        match FORMS[symbol] {
            Form::Short { first } => {
                let mut bits = 0;
                while bits < 1 << (symbol & 15) {
                    readings[first as usize + bits] = (symbol as u8, bits as u8, 0);
                    bits += 1;
                }
            }
            Form::Medium { first } => readings[first as usize] = (symbol as u8, 0, 1),
            Form::Long => {}
        }
        symbol += 1;
    }
    readings
};

/// How much memory coefficients may still take, shared by the components of a picture.
#[derive(Clone)]
pub(super) struct Memory(Rc<Cell<u64>>);

impl Memory {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let left = self.0.get().checked_sub(bytes as u64);
        self.0.set(left.unwrap_or(self.0.get()));
        left.is_some()
    }

    /// Reserves `bytes`; an error if the limit leaves fewer. `offset`: reported in the error.
    pub(super) fn claim(&self, bytes: u64, offset: usize) -> Result<(), Error> {
        if self.take(bytes as usize) {
            Ok(())
        } else {
            Err(Error::too_large(offset, Excess::Memory))
        }
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes as u64));
    }
}

/// A component's blocks.
///
/// AC coefficients take one to four bytes for each that is not zero, mostly one: the run/size symbol of T.81 F.1.2.2
/// and its value bits, so that writing them only looks codes up. Blocks may come in any order and are stored in that
/// order.
pub(super) struct ComponentSymbols {
    /// Blocks across and down.
    pub(super) width: u32,
    pub(super) height: u32,
    dc: Vec<i16>,
    /// By block: number of its chunk and place in it.
    starts: Vec<u32>,
    chunks: Vec<Vec<u8>>,
    /// How often each symbol occurs.
    pub(super) counts: Box<[u32; 256]>,
    /// A coefficient does not fit.
    overflow: bool,
    /// Chunks did not fit.
    exceeded: bool,
    memory: Memory,
    claimed: usize,
}

/// Coefficients of a block in the making, in zigzag order; zero between blocks.
pub(super) struct Scratch {
    pub(super) values: [i16; 64],
    /// Which are not zero; bit 0 is not used.
    pub(super) mask: u64,
}

/// The symbols of a block in the making.
pub(super) struct Symbols {
    bytes: [u8; LONGEST],
    length: usize,
    /// The last coefficient's index; 0 for none.
    last: u32,
}

impl Default for Symbols {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
            last: 0,
        }
    }
}

impl Symbols {
    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.bytes[self.length & (LONGEST - 1)] = byte;
        self.length += 1;
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            values: [0; 64],
            mask: 0,
        }
    }
}

impl ComponentSymbols {
    /// Room for `width` x `height` blocks. `offset`: for the error when `memory` is too small.
    pub(super) fn new(
        width: u32,
        height: u32,
        memory: &Memory,
        offset: usize,
    ) -> Result<Self, Error> {
        let blocks = width as usize * height as usize;
        let claimed = blocks * (size_of::<i16>() + size_of::<u32>()) + CHUNK;
        memory.claim(claimed as u64, offset)?;
        // A block that never comes has no coefficients.
        let mut first = Vec::with_capacity(CHUNK);
        first.push(BYTE_EOB);
        Ok(Self {
            width,
            height,
            dc: vec![0; blocks],
            starts: vec![0; blocks],
            chunks: vec![first],
            counts: Box::new([0; 256]),
            overflow: false,
            exceeded: false,
            memory: memory.clone(),
            claimed,
        })
    }

    fn index(&self, row: u32, column: u32) -> usize {
        row as usize * self.width as usize + column as usize
    }

    /// Takes the block in `row` and `column` out of `scratch`.
    pub(super) fn push(&mut self, row: u32, column: u32, scratch: &mut Scratch) {
        let (dc, mask) = (std::mem::take(&mut scratch.values[0]), scratch.mask);
        scratch.mask = 0;
        let values = &mut scratch.values;
        self.push_values(row, column, dc, mask, |k| std::mem::take(&mut values[k]));
    }

    /// Adds a block. `mask`: which coefficients are nonzero; bit 0 is ignored. `value`: returns the coefficient at an
    /// index in zigzag order, and is called once for each.
    #[inline(always)]
    pub(super) fn push_values(
        &mut self,
        row: u32,
        column: u32,
        dc: i16,
        mask: u64,
        mut value: impl FnMut(usize) -> i16,
    ) {
        let mut symbols = Symbols::default();
        let mut mask = mask & !1;
        while mask != 0 {
            let k = mask.trailing_zeros();
            mask &= mask - 1;
            self.add(&mut symbols, k, value(k as usize & 63));
        }
        self.close(row, column, dc, &mut symbols);
    }

    /// Adds coefficient `k`, which is not zero, to a block; by rising `k`.
    #[inline(always)]
    pub(super) fn add(&mut self, symbols: &mut Symbols, k: u32, value: i16) {
        let value = i32::from(value);
        let mut run = k.wrapping_sub(symbols.last + 1);
        symbols.last = k;
        while run > 15 && run < 64 {
            symbols.push(BYTE_ZRL);
            self.counts[usize::from(ZRL)] += 1;
            run -= 16;
        }
        let size = 32 - value.unsigned_abs().leading_zeros();
        // F.1.2.2.1: a negative value is coded as its predecessor's low bits.
        let bits = (value + (value >> 31)) as u32 & ((1 << size) - 1);
        let symbol = (run << 4 | size & 15) as u8;
        self.counts[usize::from(symbol)] += 1;
        match FORMS[usize::from(symbol)] {
            Form::Short { first } => symbols.push(first.wrapping_add(bits as u8)),
            Form::Medium { first } => {
                symbols.push(first);
                symbols.push(bits as u8);
            }
            Form::Long => {
                self.overflow |= size > 15;
                symbols.push(LONG);
                symbols.push(symbol);
                symbols.push(bits as u8);
                symbols.push((bits >> 8) as u8);
            }
        }
    }

    /// Stores a finished block, and leaves an empty one to fill.
    #[inline(always)]
    pub(super) fn close(&mut self, row: u32, column: u32, dc: i16, symbols: &mut Symbols) {
        if symbols.last == 63 {
            symbols.push(BYTE_FULL);
        } else {
            self.counts[usize::from(EOB)] += 1;
            symbols.push(BYTE_EOB);
        }
        let index = self.index(row, column);
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        if let (Some(place), Some(start)) = (self.dc.get_mut(index), self.starts.get_mut(index)) {
            *place = dc;
            *start = (number << CHUNK_BITS | chunk.len()) as u32;
        }
        let length = symbols.length.min(LONGEST);
        chunk.extend_from_slice(&symbols.bytes[..length]);
        if chunk.len() > CHUNK - LONGEST {
            self.new_chunk();
        }
        (symbols.length, symbols.last) = (0, 0);
    }

    #[cold]
    fn new_chunk(&mut self) {
        if self.chunks.len() < 1 << (32 - CHUNK_BITS) && self.memory.take(CHUNK) {
            self.claimed += CHUNK;
            self.chunks.push(Vec::with_capacity(CHUNK));
        } else {
            // The symbols from here on are lost; `check` then returns an error.
            self.exceeded = true;
            if let Some(last) = self.chunks.last_mut() {
                last.clear();
            }
        }
    }

    /// The DC coefficient of a block.
    #[inline]
    pub(super) fn dc(&self, row: u32, column: u32) -> i16 {
        self.dc[self.index(row, column)]
    }

    /// Gives the symbols of a block's AC coefficients and their value bits to `symbol`, EOB last unless the last
    /// coefficient is not zero.
    #[inline(always)]
    pub(super) fn symbols(&self, row: u32, column: u32, mut symbol: impl FnMut(u8, u32)) {
        let start = self.starts[self.index(row, column)] as usize;
        let mut bytes = self.chunks[start >> CHUNK_BITS][start & (CHUNK - 1)..].iter();
        let mut next = || bytes.next().copied().unwrap_or(BYTE_FULL);
        loop {
            match next() {
                BYTE_EOB => return symbol(EOB, 0),
                BYTE_FULL => return,
                BYTE_ZRL => symbol(ZRL, 0),
                LONG => {
                    let run_size = next();
                    let bits = u32::from(next());
                    symbol(run_size, bits | u32::from(next()) << 8);
                }
                first => {
                    let (run_size, bits, more) = READINGS[usize::from(first)];
                    let bits = if more == 0 { bits } else { next() };
                    symbol(run_size, u32::from(bits));
                }
            }
        }
    }

    /// Gives the AC coefficients of a block that are not zero to `coefficient`, with their index in zigzag order.
    #[inline(always)]
    pub(super) fn coefficients(
        &self,
        row: u32,
        column: u32,
        mut coefficient: impl FnMut(usize, i16),
    ) {
        let mut k = 0;
        self.symbols(row, column, |symbol, bits| {
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            k += run + 1;
            if size > 0 {
                let value = if bits >> (size - 1) == 0 {
                    bits as i32 + 1 - (1 << size)
                } else {
                    bits as i32
                };
                coefficient(k & 63, value as i16);
            }
        });
    }

    /// The coefficients of a block in zigzag order.
    pub(super) fn block(&self, row: u32, column: u32) -> [i16; 64] {
        let mut values = [0; 64];
        values[0] = self.dc(row, column);
        self.coefficients(row, column, |k, value| values[k] = value);
        values
    }

    /// Refuses what Huffman coding has no symbol for: magnitudes of 2^15 (F.1.2.2.1); and what took too much memory.
    pub(super) fn check(&self, offset: usize) -> Result<(), Error> {
        if self.exceeded {
            Err(Error::too_large(offset, Excess::Memory))
        } else if self.overflow {
            Err(Error::corrupt(offset, Corruption::BadCoefficient))
        } else {
            Ok(())
        }
    }

    /// Marks that a coefficient was out of range.
    pub(super) fn set_overflow(&mut self) {
        self.overflow = true;
    }
}

impl Drop for ComponentSymbols {
    fn drop(&mut self) {
        self.memory.give_back(self.claimed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coefficient_comes_back_from_every_place() {
        let memory = Memory::new(1 << 30);
        let mut symbols = ComponentSymbols::new(64, 64, &memory, 0).expect("there is room");
        let values = [
            1, -1, 2, -3, 4, -7, 8, -15, 16, -31, 63, -64, 255, -256, 1023, -32767,
        ];
        let mut scratch = Scratch::default();
        for row in 0..64 {
            for column in 1..64 {
                scratch.values[0] = row as i16;
                scratch.values[column as usize] = values[row as usize % 16];
                scratch.mask = 1 << column;
                symbols.push(row, column, &mut scratch);
            }
        }
        symbols.check(0).expect("in range");
        for row in 0..64 {
            for column in 1..64 {
                let mut expected = [0; 64];
                expected[0] = row as i16;
                expected[column as usize] = values[row as usize % 16];
                assert_eq!(symbols.block(row, column), expected);
            }
        }
        drop(symbols);
        assert_eq!(memory.0.get(), 1 << 30);
    }

    #[test]
    fn what_takes_too_much_memory_is_noticed() {
        let memory = Memory::new(3 * CHUNK as u64);
        let mut symbols = ComponentSymbols::new(100, 100, &memory, 0).expect("there is room");
        let mut scratch = Scratch::default();
        for at in 0..10_000 {
            scratch.values = [1000; 64];
            scratch.mask = !1;
            symbols.push(at / 100, at % 100, &mut scratch);
        }
        assert_eq!(symbols.check(7), Err(Error::too_large(7, Excess::Memory)));
        assert!(ComponentSymbols::new(1000, 1000, &memory, 7).is_err());
    }
}
