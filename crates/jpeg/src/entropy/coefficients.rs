//! Where decoded coefficients go: nowhere when only the codes are checked, into blocks when they are written anew.

/// Takes the blocks of a picture.
pub(crate) trait Coefficients {
    /// One block.
    type Block<'a>: Put
    where
        Self: 'a;
    /// The block in `row` and `column` of a component's grid, both counted in blocks.
    fn block(&mut self, component: usize, row: u32, column: u32) -> Self::Block<'_>;
}

/// Takes the coefficients of one block by their index in zigzag order.
pub(crate) trait Put {
    /// Whether values are wanted at all.
    const STORED: bool;
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
    type Block<'a> = Nowhere;
    fn block(&mut self, _: usize, _: u32, _: u32) -> Nowhere {
        Nowhere
    }
}

impl Put for Nowhere {
    const STORED: bool = false;
    fn put(&mut self, _: usize, _: i32) {}
    fn grow(&mut self, _: usize, _: u32) {}
    fn set_dc_bit(&mut self, _: u32) {}
}

/// The coefficients of a block that is put together from several scans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    /// In zigzag order.
    pub(crate) values: [i16; 64],
    /// Which have been set; bit 0 is not used.
    pub(crate) mask: u64,
    /// Whether one does not fit into 16 bits.
    pub(crate) overflow: bool,
}

impl Block {
    pub(crate) const EMPTY: Self = Self {
        values: [0; 64],
        mask: 0,
        overflow: false,
    };
}

impl Put for &mut Block {
    const STORED: bool = true;

    #[inline(always)]
    fn put(&mut self, k: usize, value: i32) {
        let narrow = value as i16;
        self.overflow |= i32::from(narrow) != value;
        self.values[k & 63] = narrow;
    }

    #[inline]
    fn grow(&mut self, k: usize, low: u32) {
        let value = &mut self.values[k & 63];
        let step = 1_i16.wrapping_shl(low);
        let grown = if *value < 0 {
            value.checked_sub(step)
        } else {
            value.checked_add(step)
        };
        match grown {
            Some(grown) => *value = grown,
            None => self.overflow = true,
        }
    }

    fn set_dc_bit(&mut self, low: u32) {
        self.values[0] |= 1_i16.wrapping_shl(low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coefficient_that_grows_out_of_range_is_noticed() {
        for (value, fits) in [(i16::MIN, false), (i16::MAX, false), (-4, true), (4, true)] {
            let mut block = Block::EMPTY;
            let mut put = &mut block;
            put.put(5, i32::from(value));
            put.grow(5, 0);
            assert_eq!(block.overflow, !fits, "{value}");
        }
    }
}
