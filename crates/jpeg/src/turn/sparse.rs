//! Blocks whose coefficients come in parts: from progressive and from arithmetic-coded scans.

use super::plane::{Plane, Scratch};
use super::transform::Cell;

/// Coefficients that come bit by bit, untransformed: room is made for a block when it gets its first AC coefficient.
#[derive(Default)]
pub(super) struct Sparse {
    pub(super) dc: Vec<i32>,
    /// By block: 1 + index of its coefficients, 0 for none.
    slots: Vec<u32>,
    blocks: Vec<Block>,
}

/// The AC coefficients of a block.
#[derive(Clone)]
struct Block {
    /// Which have been set.
    mask: u64,
    /// In zigzag order; the first is not used.
    values: [i16; 64],
}

impl Sparse {
    /// Room for `blocks` of a file of `bytes`.
    pub(super) fn new(blocks: usize, bytes: usize) -> Self {
        // A Huffman-coded coefficient takes two bits at least. What is reserved and never filled costs no memory.
        let filled = blocks.min(bytes.saturating_mul(4));
        Self {
            dc: vec![0; blocks],
            slots: vec![0; blocks],
            blocks: Vec::with_capacity(filled),
        }
    }

    /// The slot of block `index`, which is made if there is none.
    #[inline]
    pub(super) fn slot(&mut self, index: usize) -> usize {
        let slot = &mut self.slots[index];
        if *slot == 0 {
            self.blocks.push(Block {
                mask: 0,
                values: [0; 64],
            });
            *slot = self.blocks.len() as u32;
        }
        *slot as usize - 1
    }

    /// Sets coefficient `k` of the block in `slot`.
    #[inline(always)]
    pub(super) fn put(&mut self, slot: usize, k: usize, value: i16) {
        let block = &mut self.blocks[slot];
        block.mask |= 1 << (k & 63);
        block.values[k & 63] = value;
    }

    /// Moves coefficient `k` of block `index` away from zero by `step`. Whether it fits.
    #[inline]
    pub(super) fn grow(&mut self, index: usize, k: usize, step: i16) -> bool {
        let Some(block) = (self.slots[index] as usize)
            .checked_sub(1)
            .and_then(|at| self.blocks.get_mut(at))
        else {
            return true;
        };
        let value = &mut block.values[k & 63];
        let grown = if *value < 0 {
            value.checked_sub(step)
        } else {
            value.checked_add(step)
        };
        *value = grown.unwrap_or(*value);
        grown.is_some()
    }

    /// Gives all blocks to `plane`, turned by `cells`.
    pub(super) fn empty_into(self, plane: &mut Plane, cells: &[Cell; 64]) {
        if self.slots.is_empty() {
            return;
        }
        let stays = (0u8..).zip(cells).all(|(k, cell)| cell.to == k);
        let mut scratch = Scratch::default();
        let (width, height) = (plane.width, plane.height);
        let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        for ((row, column), (&dc, &slot)) in places.zip(self.dc.iter().zip(&self.slots)) {
            if i32::from(dc as i16) != dc {
                plane.set_overflow();
            }
            let block = (slot as usize)
                .checked_sub(1)
                .and_then(|at| self.blocks.get(at));
            let Some(block) = block else {
                plane.push_values(row, column, dc as i16, 0, |_| 0);
                continue;
            };
            if stays {
                // Mirrored at most: coefficients keep their order.
                let value = |k: usize| cells[k].turned(block.values[k]);
                plane.push_values(row, column, dc as i16, block.mask, value);
                continue;
            }
            scratch.values[0] = dc as i16;
            let mut mask = block.mask;
            while mask != 0 {
                let k = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                let cell = cells[k & 63];
                scratch.values[usize::from(cell.to & 63)] = cell.turned(block.values[k & 63]);
                scratch.mask |= 1 << (cell.to & 63);
            }
            plane.push(row, column, &mut scratch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coefficient_that_grows_out_of_range_is_noticed() {
        let mut sparse = Sparse::new(1, 100);
        let slot = sparse.slot(0);
        for (value, fits) in [(i16::MIN, false), (i16::MAX, false), (-4, true), (4, true)] {
            sparse.put(slot, 5, value);
            assert_eq!(sparse.grow(0, 5, 1), fits, "{value}");
        }
        assert_eq!(sparse.blocks[0].values[5], 5);
    }
}
