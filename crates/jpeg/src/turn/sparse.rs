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

    /// Sets coefficient `k` of block `index`.
    #[inline]
    pub(super) fn put(&mut self, index: usize, k: usize, value: i16) {
        let slot = &mut self.slots[index];
        if *slot == 0 {
            self.blocks.push(Block {
                mask: 0,
                values: [0; 64],
            });
            *slot = self.blocks.len() as u32;
        }
        let block = &mut self.blocks[*slot as usize - 1];
        block.mask |= 1 << (k & 63);
        block.values[k & 63] = value;
    }

    /// Moves coefficient `k` of block `index` away from zero by `step`.
    #[inline]
    pub(super) fn grow(&mut self, index: usize, k: usize, step: i16) {
        let Some(block) = (self.slots[index] as usize)
            .checked_sub(1)
            .and_then(|at| self.blocks.get_mut(at))
        else {
            return;
        };
        let value = &mut block.values[k & 63];
        *value = if *value < 0 {
            value.wrapping_sub(step)
        } else {
            value.wrapping_add(step)
        };
    }

    /// Gives all blocks to `plane`, turned by `cells`.
    pub(super) fn empty_into(self, plane: &mut Plane, cells: &[Cell; 64]) {
        if self.slots.is_empty() {
            return;
        }
        let mut scratch = Scratch::default();
        let (width, height) = (plane.width, plane.height);
        let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        for ((row, column), (&dc, &slot)) in places.zip(self.dc.iter().zip(&self.slots)) {
            if i32::from(dc as i16) != dc {
                plane.set_overflow();
            }
            scratch.values[0] = dc as i16;
            if let Some(block) = (slot as usize)
                .checked_sub(1)
                .and_then(|at| self.blocks.get(at))
            {
                let mut mask = block.mask;
                while mask != 0 {
                    let k = mask.trailing_zeros() as usize;
                    mask &= mask - 1;
                    let (cell, value) = (cells[k & 63], block.values[k & 63]);
                    scratch.values[usize::from(cell.to & 63)] =
                        (value ^ cell.sign).wrapping_sub(cell.sign);
                    // Only a value of 2^16 can have become zero, and that is an overflow already.
                    scratch.mask |= u64::from(value != 0) << (cell.to & 63);
                }
            }
            plane.push(row, column, &mut scratch);
        }
    }
}
