//! Where decoded coefficients go: nowhere when only the codes are checked, into planes when the picture is turned.

use super::frame::Frame;
use crate::Error;

/// Takes the blocks of a picture.
pub(crate) trait Coefficients {
    /// Whether values are wanted at all.
    const STORED: bool;
    /// One block.
    type Block<'a>: Put
    where
        Self: 'a;
    /// Makes room for an empty picture: before the first scan, and again if DNL then gives another height.
    fn begin(&mut self, frame: &Frame) -> Result<(), Error>;
    /// The block in `row` and `column` of a component's plane, both counted in blocks.
    fn block(&mut self, component: usize, row: u32, column: u32) -> Self::Block<'_>;
    /// The block at `index` of those that hold samples, row by row.
    fn nth(&mut self, component: usize, index: usize) -> Self::Block<'_>;
}

/// Takes the coefficients of one block by their index in zigzag order.
pub(crate) trait Put {
    /// Sets a coefficient that has been zero.
    fn put(&mut self, k: usize, value: i32);
    /// Moves a nonzero coefficient away from zero by 2^`low` (T.81 G.1.2.3).
    fn grow(&mut self, k: usize, low: u32);
    /// Sets bit `low` of the DC coefficient (G.1.2.1).
    fn set_dc_bit(&mut self, low: u32);
}

/// Keeps nothing.
pub(crate) struct Nowhere;

impl Coefficients for Nowhere {
    const STORED: bool = false;
    type Block<'a> = Nowhere;
    fn begin(&mut self, _: &Frame) -> Result<(), Error> {
        Ok(())
    }
    fn block(&mut self, _: usize, _: u32, _: u32) -> Nowhere {
        Nowhere
    }
    fn nth(&mut self, _: usize, _: usize) -> Nowhere {
        Nowhere
    }
}

impl Put for Nowhere {
    fn put(&mut self, _: usize, _: i32) {}
    fn grow(&mut self, _: usize, _: u32) {}
    fn set_dc_bit(&mut self, _: u32) {}
}
