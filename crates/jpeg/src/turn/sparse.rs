//! Blocks whose coefficients come in parts: from progressive and from arithmetic-coded scans.

use super::plane::{Plane, Scratch};
use super::transform::Cell;

/// Coefficients that come bit by bit, untransformed: room is made for a block when it gets its first AC coefficient.
#[derive(Default)]
pub(super) struct Sparse {
    pub(super) dc: Vec<i32>,
    /// By block: 1 + index of its coefficients, 0 for none.
    slots: Vec<u32>,
    blocks: Vec<[i16; 64]>,
}

impl Sparse {
    /// Room for `blocks` of a file of `bytes`.
    pub(super) fn new(blocks: usize, bytes: usize) -> Self {
        // A block's first AC coefficient takes two bits at least. What is reserved and never filled costs no memory.
        let filled = blocks.min(bytes.saturating_mul(4));
        Self {
            dc: vec![0; blocks],
            slots: vec![0; blocks],
            blocks: Vec::with_capacity(filled),
        }
    }

    #[inline]
    pub(super) fn slot(&mut self, index: usize) -> &mut [i16; 64] {
        let slot = &mut self.slots[index];
        if *slot == 0 {
            self.blocks.push([0; 64]);
            *slot = self.blocks.len() as u32;
        }
        &mut self.blocks[*slot as usize - 1]
    }

    pub(super) fn empty_into(self, plane: &mut Plane, cells: &[Cell; 64]) {
        if self.slots.is_empty() {
            return;
        }
        let mut scratch = Scratch::default();
        let (width, height) = (plane.width, plane.height);
        let blocks = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        for ((row, column), (&dc, &slot)) in blocks.zip(self.dc.iter().zip(&self.slots)) {
            if i32::from(dc as i16) != dc {
                plane.set_overflow();
            }
            scratch.values[0] = dc as i16;
            if let Some(at) = (slot as usize).checked_sub(1) {
                for (k, &value) in self.blocks[at].iter().enumerate().skip(1) {
                    let cell = cells[k];
                    scratch.values[usize::from(cell.to & 63)] =
                        (value ^ cell.sign).wrapping_sub(cell.sign);
                    scratch.mask |= u64::from(value != 0) << (cell.to & 63);
                }
            }
            plane.push(row, column, &mut scratch);
        }
    }
}
