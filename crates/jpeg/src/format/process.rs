//! The coding processes that are known.

use crate::names::names;

names! {
    /// Coding process of a frame (T.81 table B.1).
    Process {
        /// SOF0.
        Baseline = "baseline",
        /// SOF1.
        Extended = "extended",
        /// SOF2.
        Progressive = "progressive",
        /// SOF3.
        Lossless = "lossless",
        /// SOF9.
        ExtendedArithmetic = "extended-arithmetic",
        /// SOF10.
        ProgressiveArithmetic = "progressive-arithmetic",
    }
}
