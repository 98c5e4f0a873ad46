//! The blocks of one component, kept as the symbols that will be written.

use crate::{Corruption, Error};

/// Ends a block whose last coefficient is not zero; stands for no code.
pub(super) const FULL: u8 = 0x10;
/// Ends a block.
pub(super) const EOB: u8 = 0x00;
/// 16 zeros.
pub(super) const ZRL: u8 = 0xF0;

/// A component's blocks.
///
/// AC coefficients take about two bytes for each that is not zero: the run/size symbol of T.81 F.1.2.2 and its value
/// bits, so that writing them only looks codes up. Blocks come in any order and lie in the order in which they came.
pub(super) struct Plane {
    /// Blocks across and down.
    pub(super) width: u32,
    pub(super) height: u32,
    dc: Vec<i16>,
    starts: Vec<u32>,
    symbols: Vec<u8>,
    /// How often each symbol occurs.
    pub(super) counts: Box<[u32; 256]>,
    /// A coefficient does not fit.
    overflow: bool,
}

/// Coefficients of a block in the making, in zigzag order; zero between blocks.
pub(super) struct Scratch {
    pub(super) values: [i16; 64],
    /// Which are not zero; bit 0 is not used.
    pub(super) mask: u64,
}

/// The symbols of a block in the making: three bytes at most for each coefficient.
pub(super) struct Symbols {
    bytes: [u8; 256],
    length: usize,
    /// The last coefficient's index; 0 for none.
    last: u32,
}

impl Default for Symbols {
    fn default() -> Self {
        Self {
            bytes: [0; 256],
            length: 0,
            last: 0,
        }
    }
}

impl Symbols {
    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.bytes[self.length & 255] = byte;
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

impl Plane {
    /// `bytes`: what the symbols are expected to take.
    pub(super) fn new(width: u32, height: u32, bytes: usize) -> Self {
        let blocks = width as usize * height as usize;
        let mut symbols = Vec::with_capacity(bytes);
        // A block that never comes has no coefficients.
        symbols.push(EOB);
        Self {
            width,
            height,
            dc: vec![0; blocks],
            starts: vec![0; blocks],
            symbols,
            counts: Box::new([0; 256]),
            overflow: false,
        }
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

    /// Takes a block in. `mask`: which coefficients are not zero; bit 0 does not count. `value`: the coefficient of an
    /// index in zigzag order, asked for once each.
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
            symbols.push(ZRL);
            self.counts[usize::from(ZRL)] += 1;
            run -= 16;
        }
        let size = 32 - value.unsigned_abs().leading_zeros();
        // F.1.2.2.1: a negative value is coded as its predecessor's low bits.
        let bits = (value + (value >> 31)) as u32 & ((1 << size) - 1);
        let symbol = (run << 4 | size & 15) as u8;
        self.counts[usize::from(symbol)] += 1;
        symbols.push(symbol);
        symbols.push(bits as u8);
        if size > 8 {
            self.overflow |= size > 15;
            symbols.push((bits >> 8) as u8);
        }
    }

    /// Takes in a block to which everything has been added, and leaves an empty one.
    #[inline(always)]
    pub(super) fn close(&mut self, row: u32, column: u32, dc: i16, symbols: &mut Symbols) {
        let index = self.index(row, column);
        if let (Some(place), Some(start)) = (self.dc.get_mut(index), self.starts.get_mut(index)) {
            *place = dc;
            *start = self.symbols.len() as u32;
        }
        if symbols.last == 63 {
            symbols.push(FULL);
        } else {
            self.counts[usize::from(EOB)] += 1;
            symbols.push(EOB);
        }
        let length = symbols.length & 255;
        self.symbols.extend_from_slice(&symbols.bytes[..length]);
        (symbols.length, symbols.last) = (0, 0);
    }

    /// The DC coefficient of a block.
    #[inline]
    pub(super) fn dc(&self, row: u32, column: u32) -> i16 {
        self.dc[self.index(row, column)]
    }

    /// The symbols of a block's AC coefficients, and whatever follows its end.
    #[inline]
    pub(super) fn symbols(&self, row: u32, column: u32) -> &[u8] {
        &self.symbols[self.starts[self.index(row, column)] as usize..]
    }

    /// The coefficients of a block in zigzag order.
    pub(super) fn coefficients(&self, row: u32, column: u32) -> [i16; 64] {
        let mut values = [0; 64];
        values[0] = self.dc(row, column);
        let mut symbols = self.symbols(row, column).iter();
        let mut next = || u32::from(symbols.next().copied().unwrap_or(FULL));
        let mut k = 0;
        loop {
            let symbol = next();
            let (run, size) = (symbol >> 4, symbol & 15);
            k += run as usize + 1;
            if size == 0 {
                if symbol == u32::from(ZRL) {
                    continue;
                }
                return values;
            }
            let mut bits = next();
            if size > 8 {
                bits |= next() << 8;
            }
            let value = if bits >> (size - 1) == 0 {
                bits as i32 + 1 - (1 << size)
            } else {
                bits as i32
            };
            values[k & 63] = value as i16;
        }
    }

    /// Refuses what Huffman coding has no symbol for: magnitudes of 2^15 (F.1.2.2.1).
    pub(super) fn check(&self, offset: usize) -> Result<(), Error> {
        if self.overflow {
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
