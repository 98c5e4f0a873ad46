//! The bit reader of a Huffman-coded segment: T.81 F.2.2.5, byte stuffing of B.1.1.5 included.

/// Bits from the left of `buf`; `Copy` so that the hot loops hold it in registers.
///
/// Behind the end of the segment (a marker or the end of the file) it delivers zeros and counts them:
/// [`Bits::overrun`] says whether a zero that is not there has been used.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    start: usize,
    /// Next byte to load; once stopped, the first 0xFF of what ends the segment, or the file's length.
    pos: usize,
    buf: u64,
    n: u32,
    /// How many of the `n` bits are zeros from behind the end of the segment.
    phantom: u32,
    stopped: bool,
    /// An 0xFF with another 0xFF behind it was skipped.
    filled: bool,
}

/// Where a segment's last used bit is.
#[derive(Default)]
pub(super) struct Tail {
    /// Offset behind the last byte with a used bit, stuffed zero included.
    pub end: usize,
    /// Offset up to which the source's bytes are kept unchanged.
    pub kept: usize,
    /// Bytes that replace those from `kept` to `end`, if those are not canonical.
    pub made: Option<Ending>,
    /// Whether fill bytes before a stuffed zero were seen.
    pub filled: bool,
}

/// The last bytes of a segment, made anew.
#[derive(Default)]
pub(super) struct Ending {
    bytes: [u8; 32],
    length: usize,
}

impl Ending {
    /// Appends a byte of entropy-coded data, with a zero behind it if it is 0xFF (T.81 F.1.2.3).
    pub(super) fn push(&mut self, byte: u8) {
        for byte in [Some(byte), (byte == 0xFF).then_some(0)]
            .into_iter()
            .flatten()
        {
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

const LOW: u64 = 0x0101_0101_0101_0101;

/// Index in memory order of the first 0xFF byte of a little-endian word, 8 if there is none.
#[inline(always)]
fn first_ff(word: u64) -> u32 {
    let zero = !word;
    // Exact for the lowest zero byte; false hits can only lie above it.
    (zero.wrapping_sub(LOW) & word & (LOW << 7)).trailing_zeros() >> 3
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8], start: usize) -> Self {
        Self {
            data,
            start,
            pos: start,
            buf: 0,
            n: 0,
            phantom: 0,
            stopped: false,
            filled: false,
        }
    }

    /// Fills up to at least 56 bits.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let take = (63 - self.n) >> 3;
        if let Some(chunk) = self
            .data
            .get(self.pos..)
            .and_then(|tail| tail.first_chunk::<8>())
        {
            let word = u64::from_le_bytes(*chunk);
            if first_ff(word) >= take {
                // Bits below n + 8 * take belong to bytes that `pos` has not passed; the next refill sets them again,
                // to the same values.
                self.buf |= word.swap_bytes() >> self.n;
                self.pos += take as usize;
                self.n += take << 3;
                return;
            }
        }
        *self = self.refill_slowly();
    }

    /// Fills up if fewer than 32 bits are there.
    #[inline(always)]
    pub(super) fn need32(&mut self) {
        if self.n < 32 {
            self.refill();
        }
    }

    #[cold]
    #[inline(never)]
    fn refill_slowly(mut self) -> Self {
        self.buf &= !(u64::MAX.checked_shr(self.n).unwrap_or(0));
        while self.n < 56 {
            let byte = if self.stopped { 0 } else { self.next_byte() };
            if self.stopped {
                self.phantom += 8;
            }
            self.buf |= u64::from(byte) << (56 - self.n);
            self.n += 8;
        }
        self
    }

    fn next_byte(&mut self) -> u8 {
        let Some(&byte) = self.data.get(self.pos) else {
            self.stopped = true;
            return 0;
        };
        if byte != 0xFF {
            self.pos += 1;
            return byte;
        }
        // Fill bytes may stand before a marker (B.1.1.2); before a stuffed zero they should not, but decoders skip them.
        let mut next = self.pos + 1;
        while self.data.get(next) == Some(&0xFF) {
            next += 1;
        }
        if self.data.get(next) == Some(&0) {
            self.filled |= next > self.pos + 1;
            self.pos = next + 1;
            0xFF
        } else {
            self.stopped = true;
            0
        }
    }

    /// The next 16 bits. Needs that many in the buffer.
    #[inline(always)]
    pub(super) fn peek16(&self) -> u32 {
        (self.buf >> 48) as u32
    }

    /// The next `count` bits, 1 to 63. Needs that many in the buffer.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.buf >> (64 - count)) as u32
    }

    /// Drops `count` bits, at most 63 and at most what is in the buffer.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.buf <<= count;
        self.n -= count;
    }

    /// Takes 0 to 16 bits; needs that many in the buffer.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        // Two shifts: a single shift by 64 bits would not be allowed.
        let value = ((self.buf >> 1) >> (63 - count)) as u32;
        self.skip(count);
        value
    }

    /// Skips any number of bits; stops early when the data has run out.
    pub(super) fn skip_many(&mut self, mut count: u64) {
        while count > 0 && !self.overrun() {
            self.need32();
            let step = count.min(32) as u32;
            self.skip(step);
            count -= u64::from(step);
        }
    }

    /// Whether bits behind the end have been used.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.n < self.phantom
    }

    /// Whether the next 16 bits are not all there.
    pub(super) fn ran_dry(&self) -> bool {
        self.phantom > 0 && self.n < self.phantom + 16
    }

    /// About where the reader is, for errors.
    pub(super) fn position(&self) -> usize {
        self.pos
    }

    /// Where the last used bit is. Not meaningful after an overrun.
    pub(super) fn tail(&self) -> Tail {
        let left = self.n.saturating_sub(self.phantom);
        let mut end = self.pos;
        for _ in 0..left / 8 {
            end = self.step_back(end);
        }
        let spare = (1u32 << (left % 8)) as u8 - 1;
        let last = end
            .checked_sub(1)
            .filter(|&at| at >= self.start)
            .and_then(|at| Some((at, *self.data.get(at)?)));
        let (kept, made) = match last {
            // The last byte is a stuffed zero: the coded byte before it is 0xFF, so its padding bits are ones already.
            Some((at, 0)) if at > self.start && self.data.get(at - 1) == Some(&0xFF) => (end, None),
            Some((at, byte)) if byte & spare != spare => {
                let mut made = Ending::default();
                made.push(byte | spare);
                (at, Some(made))
            }
            _ => (end, None),
        };
        Tail {
            end,
            kept,
            made,
            filled: self.filled,
        }
    }

    /// The offset of the coded byte that ends before `end`, with its fill bytes.
    fn step_back(&self, end: usize) -> usize {
        let byte = |at: usize| {
            if at >= self.start {
                self.data.get(at).copied()
            } else {
                None
            }
        };
        let (Some(last), before) = (end.checked_sub(1), end.wrapping_sub(2)) else {
            return end;
        };
        if end < self.start + 2 || byte(last) != Some(0) || byte(before) != Some(0xFF) {
            return last;
        }
        let mut at = before;
        while at > self.start && byte(at - 1) == Some(0xFF) {
            at -= 1;
        }
        at
    }
}
