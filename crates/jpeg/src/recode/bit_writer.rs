//! Writes bits as entropy-coded data: T.81 F.1.2.3.

/// Length from which a chunk is full: a vector that grew further would move what it has.
const CHUNK: usize = 1 << 20;

/// Bits gathered from the left, with zeros stuffed behind 0xFF.
pub(super) struct BitWriter {
    /// Chunks that are full.
    full: Vec<Vec<u8>>,
    out: Vec<u8>,
    buffer: u64,
    /// Free bits of `buffer`.
    free: u32,
}

impl BitWriter {
    pub(super) fn new() -> Self {
        Self {
            full: Vec::new(),
            out: Vec::new(),
            buffer: 0,
            free: 64,
        }
    }

    /// Appends the low `count` bits of `bits`, at most 32; the others must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        if count < self.free {
            self.free -= count;
            self.buffer = self.buffer << count | u64::from(bits);
        } else {
            let rest = count - self.free;
            let word = (self.buffer << self.free) | u64::from(bits) >> rest;
            self.word(word);
            // Its bits above `rest` have been written. They need no mask: later shifts drop them.
            self.buffer = u64::from(bits);
            self.free = 64 - rest;
        }
    }

    #[inline(always)]
    fn word(&mut self, word: u64) {
        // Whether a byte is 0xFF: then its complement is zero.
        let zero = !word;
        if zero.wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
            self.out.extend_from_slice(&word.to_be_bytes());
        } else {
            self.stuffed(word);
        }
    }

    #[cold]
    fn stuffed(&mut self, word: u64) {
        for byte in word.to_be_bytes() {
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
    }

    /// Begins a new chunk when this one is full. Call it regularly.
    pub(super) fn roll(&mut self) {
        if self.out.len() >= CHUNK {
            let next = Vec::with_capacity(CHUNK + CHUNK / 8);
            self.full.push(std::mem::replace(&mut self.out, next));
        }
    }

    /// Appends whole bytes that are no entropy-coded data: a segment. The bits before must have been aligned.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Fills the last byte up with ones (F.1.2.3) and writes it.
    pub(super) fn align(&mut self) {
        let used = 64 - self.free;
        let pad = used.next_multiple_of(8) - used;
        if pad > 0 {
            self.put((1 << pad) - 1, pad);
        }
        let bytes = (64 - self.free) / 8;
        for index in (0..bytes).rev() {
            let byte = (self.buffer >> (8 * index)) as u8;
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
        (self.buffer, self.free) = (0, 64);
    }

    /// Everything that was written, in chunks.
    pub(super) fn finish(mut self) -> Vec<Vec<u8>> {
        self.align();
        self.full.push(self.out);
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_as_they_went_in() {
        let mut seed = 1u64;
        let (mut writer, mut expected) = (BitWriter::new(), Vec::new());
        for _ in 0..10_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let count = (seed >> 59) as u32;
            let bits = if (seed >> 33).is_multiple_of(4) {
                u32::MAX
            } else {
                (seed >> 20) as u32
            } & ((1 << count) - 1);
            writer.put(bits, count);
            expected.extend((0..count).rev().map(|at| bits >> at & 1));
        }
        expected.resize(expected.len().next_multiple_of(8), 1);
        let bytes = writer.finish().concat();
        let mut read = Vec::new();
        let mut rest = bytes.iter();
        while let Some(&byte) = rest.next() {
            read.extend((0..8).rev().map(|at| u32::from(byte >> at & 1)));
            if byte == 0xFF {
                assert_eq!(rest.next(), Some(&0));
            }
        }
        assert_eq!(read, expected);
    }
}
