//! Which coefficients of a progressive picture are not zero yet, kept as small as the data that said so.
//!
//! A refinement scan (T.81 G.1.2.3) codes one correction bit per coefficient that is already nonzero, so a check
//! that follows the codes has to know those, and only those. Scans visit a component's blocks in order, so one
//! stream of tokens is read while the next is written. Its length is bounded by the codes that were read, never by
//! the size that the frame header declares: an end-of-band run over a million empty blocks costs a few bytes.

const LAST: u8 = 0x40;
const DENSE: u8 = 0x80;
const EMPTY: u8 = 0xC0;
const LONG: u8 = 0x3F;

/// The significance of one component's blocks in raster order; blocks behind the end have no coefficient yet.
#[derive(Default)]
pub(super) struct Significance(Vec<u8>);

/// Reads the masks of consecutive blocks and writes their successors.
pub(super) struct Rewriter<'a> {
    old: &'a [u8],
    /// Empty blocks announced by the last token and not delivered yet.
    empty: u64,
    new: Vec<u8>,
    pending: u64,
}

impl Significance {
    pub(super) fn rewrite(&self) -> Rewriter<'_> {
        Rewriter {
            old: &self.0,
            empty: 0,
            new: Vec::new(),
            pending: 0,
        }
    }

    pub(super) fn replace(&mut self, new: Vec<u8>) {
        self.0 = new;
    }
}

impl Rewriter<'_> {
    fn byte(&mut self) -> u8 {
        match self.old.split_first() {
            Some((&first, rest)) => {
                self.old = rest;
                first
            }
            None => 0,
        }
    }

    /// How many of the next blocks are known to be empty; `u64::MAX` when all are.
    pub(super) fn empty_ahead(&mut self) -> u64 {
        if self.empty == 0 {
            match self.old.first() {
                None => return u64::MAX,
                Some(&token) if token >= EMPTY => {
                    self.byte();
                    self.empty = u64::from(token & LONG);
                    if token & LONG == LONG {
                        let (run, rest) = self.old.split_at_checked(4).unwrap_or((&[0; 4], &[]));
                        self.empty =
                            u64::from(u32::from_le_bytes(run.try_into().unwrap_or([0; 4])));
                        self.old = rest;
                    }
                }
                Some(_) => {}
            }
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
                let (bits, rest) = self.old.split_at_checked(8).unwrap_or((&[0; 8], &[]));
                self.old = rest;
                return u64::from_le_bytes(bits.try_into().unwrap_or([0; 8]));
            }
            mask |= 1 << (token & LONG);
            if token & LAST != 0 || self.old.is_empty() {
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
        if mask.count_ones() > 8 {
            self.new.push(DENSE);
            self.new.extend_from_slice(&mask.to_le_bytes());
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
        if run < u64::from(LONG) {
            self.new.push(EMPTY | run as u8);
        } else {
            self.new.push(EMPTY | LONG);
            // A component has fewer than 2^27 blocks.
            self.new.extend_from_slice(&(run as u32).to_le_bytes());
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_survive_a_round_trip() {
        let masks = [0, 2, 0, 0, !1, 1 << 63, 0b1010, 0x1FE, 0x3FE, 0];
        let empty = Significance::default();
        let mut first = empty.rewrite();
        for mask in masks {
            assert_eq!(first.next(), 0);
            first.push(mask);
        }
        first.pass(100_000);
        first.push(6);
        let mut kept = Significance::default();
        kept.replace(first.finish());
        assert!(kept.0.len() < 64);
        let mut second = kept.rewrite();
        for mask in masks {
            assert_eq!(second.next(), mask);
            second.push(mask);
        }
        second.pass(100_000);
        assert_eq!(second.next(), 6);
        assert_eq!(second.empty_ahead(), u64::MAX);
        second.push(6);
        assert_eq!(second.finish(), kept.0);
    }
}
