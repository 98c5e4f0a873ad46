//! The eight ways up (Exif 2.32, 4.6.4, tag Orientation) as transforms of blocks and of their coefficients.

use crate::format::{Component, Frame};

/// Zigzag order: row * 8 + column of the k-th coefficient (T.81 figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// What makes the picture upright: rows and columns are exchanged first, then the result is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Orientation {
    pub(super) transpose: bool,
    /// Left and right change places.
    pub(super) mirror_x: bool,
    /// Top and bottom change places.
    pub(super) mirror_y: bool,
}

/// Where a coefficient goes, and whether its sign changes.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) to: u8,
    /// -1 to negate, 0 to keep.
    pub(super) sign: i16,
}

impl Cell {
    /// The coefficient as it is after the turn.
    #[inline(always)]
    pub(super) fn turned(self, value: i16) -> i16 {
        (value ^ self.sign).wrapping_sub(self.sign)
    }
}

impl Orientation {
    /// `orientation`: Exif's value; what is not 2 to 8 counts as 1.
    pub(crate) fn of(orientation: u8) -> Self {
        let (transpose, mirror_x, mirror_y) = match orientation {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Self {
            transpose,
            mirror_x,
            mirror_y,
        }
    }

    /// Whether a component can be turned block by block: an axis that is mirrored has to end with a block's edge, or
    /// the blocks do not lie on the grid of the turned picture.
    pub(crate) fn is_exact(self, frame: &Frame, component: Component) -> bool {
        let (across, down) = frame.ends_on_blocks(component);
        // Mirroring comes after rows and columns are exchanged.
        let (x, y) = if self.transpose {
            (down, across)
        } else {
            (across, down)
        };
        (x || !self.mirror_x) && (y || !self.mirror_y)
    }

    /// By index in zigzag order. Mirroring changes the sign of the odd frequencies along its axis.
    pub(super) fn cells(self) -> [Cell; 64] {
        let mut back = [0u8; 64];
        for (k, &at) in (0u8..).zip(&ZIGZAG) {
            back[usize::from(at)] = k;
        }
        ZIGZAG.map(|at| {
            let (mut y, mut x) = (at / 8, at % 8);
            if self.transpose {
                (x, y) = (y, x);
            }
            let negate = (self.mirror_x && x % 2 == 1) != (self.mirror_y && y % 2 == 1);
            Cell {
                to: back[usize::from(y * 8 + x)],
                sign: -i16::from(negate),
            }
        })
    }

    /// What belongs to each coefficient in zigzag order, for the turned blocks.
    pub(super) fn table<T: Copy + Default>(self, source: &[T; 64]) -> [T; 64] {
        let mut turned = [T::default(); 64];
        for (cell, &element) in self.cells().iter().zip(source) {
            turned[usize::from(cell.to)] = element;
        }
        turned
    }

    /// Where an item of a turned `width` x `height` raster comes from: its row and column there.
    #[inline]
    pub(super) fn source(self, width: u32, height: u32, row: u32, column: u32) -> (u32, u32) {
        let row = if self.mirror_y { height - 1 - row } else { row };
        let column = if self.mirror_x {
            width - 1 - column
        } else {
            column
        };
        if self.transpose {
            (column, row)
        } else {
            (row, column)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Orientation {
        /// Where an item of the raster that turns into `width` x `height` goes.
        #[inline]
        pub(super) fn target(self, width: u32, height: u32, row: u32, column: u32) -> (u32, u32) {
            let (row, column) = if self.transpose {
                (column, row)
            } else {
                (row, column)
            };
            (
                if self.mirror_y { height - 1 - row } else { row },
                if self.mirror_x {
                    width - 1 - column
                } else {
                    column
                },
            )
        }
    }

    #[test]
    fn source_and_target_undo_each_other() {
        for orientation in 1..=8 {
            let transform = Orientation::of(orientation);
            for row in 0..5 {
                for column in 0..3 {
                    let (r, c) = transform.source(3, 5, row, column);
                    assert_eq!(transform.target(3, 5, r, c), (row, column));
                }
            }
        }
    }

    /// Exif 2.32: where row 0 and column 0 of the stored picture are seen.
    #[test]
    fn the_first_row_and_column_go_where_exif_says() {
        // Orientation; does stored row 0 end up left or right (true) or top or bottom, and at the far side?
        let rows = [
            (1, false, false),
            (2, false, false),
            (3, false, true),
            (4, false, true),
        ];
        let rows = rows.iter().chain(&[
            (5, true, false),
            (6, true, true),
            (7, true, true),
            (8, true, false),
        ]);
        for &(orientation, vertical, far) in rows {
            let (row, column) = Orientation::of(orientation).target(9, 9, 0, 4);
            assert_eq!(
                (column == 0 || column == 8, row.max(column) == 8),
                (vertical, far),
                "{orientation}"
            );
        }
        let columns = [
            (1, 0, 0),
            (2, 0, 8),
            (3, 8, 8),
            (4, 8, 0),
            (5, 0, 0),
            (6, 0, 8),
            (7, 8, 8),
            (8, 8, 0),
        ];
        for (orientation, row, column) in columns {
            assert_eq!(
                Orientation::of(orientation).target(9, 9, 0, 0),
                (row, column),
                "{orientation}"
            );
        }
    }

    #[test]
    fn four_quarter_turns_are_none() {
        let cells = Orientation::of(6).cells();
        for k in 0..64u8 {
            let (mut at, mut sign) = (k, 1);
            for _ in 0..4 {
                let cell = cells[usize::from(at)];
                at = cell.to;
                sign *= if cell.sign < 0 { -1 } else { 1 };
            }
            assert_eq!((at, sign), (k, 1));
        }
    }
}
