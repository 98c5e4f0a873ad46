//! Which coefficients of a progressive picture are nonzero so far, in memory proportional to the codes that were read.
//!
//! A refinement scan (T.81 G.1.2.3) codes one correction bit per coefficient that is already nonzero, so a check
//! that follows the codes has to know those, and only those. Scans visit a component's blocks in order, so one
//! stream of tokens is read while the next is written. Its length is bounded by the codes that were read, never by
//! the size that the frame header declares: an end-of-band run over a million empty blocks costs a few bytes.

const LAST: u8 = 0x40;
const DENSE: u8 = 0x80;
const EMPTY: u8 = 0xC0;
const LONG: u8 = 0x3F;

/// Bytes of a chunk of tokens. Chunks let a rewriter free what it has read while it still writes.
const CHUNK: usize = 1 << 16;

/// Most bytes of one block's tokens, or of a run's.
const LONGEST: usize = 9;

/// The significance of one component's blocks in raster order; blocks behind the end have no coefficient yet.
#[derive(Default)]
pub(super) struct Significance(Vec<Vec<u8>>);

/// Reads the masks of consecutive blocks and writes their successors.
pub(super) struct Rewriter {
    chunks: std::vec::IntoIter<Vec<u8>>,
    old: Vec<u8>,
    /// Bytes of `old` that were read.
    read: usize,
    /// Empty blocks announced by the last token and not delivered yet.
    empty: u64,
    full: Vec<Vec<u8>>,
    new: Vec<u8>,
    pending: u64,
    /// How many chunks may be written.
    most: usize,
    /// Whether more chunks than that were needed.
    exceeded: bool,
}

impl Significance {
    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Vec::capacity).sum()
    }

    /// `budget`: most bytes to write, in whole chunks.
    pub(super) fn rewrite(self, budget: usize) -> Rewriter {
        Rewriter {
            chunks: self.0.into_iter(),
            old: Vec::new(),
            read: 0,
            empty: 0,
            full: Vec::new(),
            new: Vec::new(),
            pending: 0,
            most: budget / CHUNK,
            exceeded: false,
        }
    }
}

impl Rewriter {
    fn byte(&mut self) -> u8 {
        let byte = self.old.get(self.read).copied();
        self.read += 1;
        byte.unwrap_or(0)
    }

    /// The next `count` bytes, at most eight, as a little-endian number.
    fn number(&mut self, count: usize) -> u64 {
        let mut bytes = [0; 8];
        let end = self.read + count;
        if let Some((from, to)) = self.old.get(self.read..end).zip(bytes.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.read = end;
        u64::from_le_bytes(bytes)
    }

    /// How many of the next blocks are known to be empty; `u64::MAX` when all are.
    pub(super) fn empty_ahead(&mut self) -> u64 {
        if self.empty > 0 {
            return self.empty;
        }
        while self.read >= self.old.len() {
            let Some(next) = self.chunks.next() else {
                return u64::MAX;
            };
            self.old = next;
            self.read = 0;
        }
        if let Some(&token) = self.old.get(self.read)
            && token >= EMPTY
        {
            self.read += 1;
            self.empty = match token & LONG {
                LONG => self.number(4),
                short => u64::from(short),
            };
        }
        self.empty
    }

    /// The mask of the next block: bit k stands for coefficient k of the zigzag order.
    pub(super) fn next(&mut self) -> u64 {
        let ahead = self.empty_ahead();
        if ahead > 0 {
            self.empty = self.empty.saturating_sub(1);
            return 0;
        }
        let mut mask = 0;
        loop {
            let token = self.byte();
            if token >= DENSE {
                return self.number(usize::from(token & 15));
            }
            mask |= 1 << (token & LONG);
            if token & LAST != 0 || self.read >= self.old.len() {
                return mask;
            }
        }
    }

    /// Writes the mask of the block that was read last.
    pub(super) fn push(&mut self, mask: u64) {
        if mask == 0 {
            self.pending += 1;
            return;
        }
        self.flush();
        self.make_room();
        let bytes = 8 - mask.leading_zeros() / 8;
        if mask.count_ones() > bytes + 1 {
            self.new.push(DENSE | bytes as u8);
            let all = mask.to_le_bytes();
            self.new
                .extend_from_slice(all.get(..bytes as usize).unwrap_or(&all));
            return;
        }
        let mut rest = mask;
        while rest != 0 {
            let k = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            self.new.push(if rest == 0 { k | LAST } else { k });
        }
    }

    /// Passes over `count` empty blocks; at most [`Rewriter::empty_ahead`].
    pub(super) fn pass_empty(&mut self, count: u64) {
        self.empty = self.empty.saturating_sub(count);
        self.pending += count;
    }

    /// Copies the next `count` blocks.
    pub(super) fn pass(&mut self, mut count: u64) {
        while count > 0 {
            let empty = self.empty_ahead().min(count);
            if empty > 0 {
                self.pass_empty(empty);
                count -= empty;
            } else {
                let mask = self.next();
                self.push(mask);
                count -= 1;
            }
        }
    }

    fn flush(&mut self) {
        let run = std::mem::take(&mut self.pending);
        if run == 0 {
            return;
        }
        self.make_room();
        if run < u64::from(LONG) {
            self.new.push(EMPTY | run as u8);
        } else {
            self.new.push(EMPTY | LONG);
            // A component has fewer than 2^27 blocks.
            self.new.extend_from_slice(&(run as u32).to_le_bytes());
        }
    }

    /// No token straddles two chunks.
    fn make_room(&mut self) {
        if self.new.len() + LONGEST > CHUNK {
            if self.full.len() >= self.most {
                // From here on masks are lost; `finish` then returns none.
                self.exceeded = true;
                self.new.clear();
                return;
            }
            self.full
                .push(std::mem::replace(&mut self.new, Vec::with_capacity(CHUNK)));
        }
    }

    /// The masks that were written; none if the budget was too small.
    pub(super) fn finish(mut self) -> Option<Significance> {
        self.new.shrink_to_fit();
        self.full.push(self.new);
        (!self.exceeded).then_some(Significance(self.full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_survive_a_round_trip() {
        let masks = [0, 2, 0, 0, !1, 1 << 63, 0b1010, 0x1FE, 0x3FE, 0];
        let mut first = Significance::default().rewrite(1 << 30);
        for mask in masks {
            assert_eq!(first.next(), 0);
            first.push(mask);
        }
        first.pass(100_000);
        first.push(6);
        let kept = first.finish().expect("within its budget");
        assert!(kept.0.concat().len() < 64);
        let written = kept.0.concat();
        let mut second = kept.rewrite(1 << 30);
        for mask in masks {
            assert_eq!(second.next(), mask);
            second.push(mask);
        }
        second.pass(100_000);
        assert_eq!(second.next(), 6);
        assert_eq!(second.empty_ahead(), u64::MAX);
        second.push(6);
        assert_eq!(
            second.finish().expect("within its budget").0.concat(),
            written
        );
    }

    #[test]
    fn chunks_follow_each_other() {
        // Every form of a token, at many places of a chunk.
        let masks: Vec<u64> = (0..60_000_u64)
            .map(|i| match i % 7 {
                _ if i % 1000 < 100 => 0,
                0 => 0,
                1 => 1 << (i % 64),
                n => u64::MAX.wrapping_shr((i % 61) as u32).rotate_left(n as u32),
            })
            .collect();
        let mut kept = Significance::default();
        for round in 0..3 {
            let mut rewriter = kept.rewrite(1 << 30);
            for mask in &masks {
                assert_eq!(rewriter.next(), if round == 0 { 0 } else { *mask });
                rewriter.push(*mask);
            }
            assert_eq!(rewriter.empty_ahead(), u64::MAX);
            kept = rewriter.finish().expect("within its budget");
            assert!(kept.0.len() > 2);
            assert!(kept.0.iter().all(|chunk| chunk.len() <= CHUNK));
        }
    }
}
