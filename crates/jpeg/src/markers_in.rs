//! Finds markers in entropy-coded data at the speed of memory.
//!
//! In photographs every 200th byte or so is a stuffed 0xFF, so a search for 0xFF stops all the
//! time. What is rare is 0xFF before something else than zero: blocks are tested for that as a
//! whole, without a branch per byte, which compilers turn into vector code; only a block that has
//! one is looked at closely. `fearless_simd` picks the widest vectors that the processor has.

use fearless_simd::{Level, Simd, dispatch};

const BLOCK: usize = 512;

/// Offset of the first 0xFF at or after `from` that no zero follows, if any.
///
/// A 0xFF that is the last byte of `data` counts.
pub(crate) fn next_unstuffed(data: &[u8], from: usize) -> Option<usize> {
    let level = Level::new();
    let mut at = dispatch!(level, simd => skip_blocks(simd, data, from));
    // At most one block and one byte of it are looked at twice.
    loop {
        let rest = data.get(at..)?;
        at = at.saturating_add(rest.iter().position(|byte| *byte == 0xFF)?);
        if data.get(at.saturating_add(1)) != Some(&0) {
            return Some(at);
        }
        at = at.saturating_add(2);
    }
}

/// Offset of the first block that has what is searched for, or that is too short to tell.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "takes on the processor features of its caller"
)]
fn skip_blocks<S: Simd>(simd: S, data: &[u8], from: usize) -> usize {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut at = from;
            while let Some(block) = data.get(at..).and_then(<[u8]>::first_chunk) {
                if has_unstuffed(block) {
                    break;
                }
                at = at.saturating_add(BLOCK);
            }
            at
        },
    )
}

#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "takes on the processor features of its caller"
)]
fn has_unstuffed(block: &[u8; BLOCK + 1]) -> bool {
    let (_, next) = block.split_at(1);
    let mut any = 0_u8;
    for (byte, follower) in block.iter().zip(next) {
        any |= u8::from(*byte == 0xFF) & u8::from(*follower != 0);
    }
    any != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(data: &[u8], from: usize) -> Option<usize> {
        (from..data.len()).find(|at| data[*at] == 0xFF && data.get(at + 1) != Some(&0))
    }

    #[test]
    fn a_marker_is_found_wherever_it_stands() {
        for length in [0, 1, 2, 255, 256, 257, 511, 512, 513, 514, 1030] {
            for at in 0..length {
                let mut data = vec![0x37; length];
                data[at] = 0xFF;
                assert_eq!(next_unstuffed(&data, 0), Some(at), "length {length}");
                if at + 1 < length {
                    data[at + 1] = 0;
                    assert_eq!(next_unstuffed(&data, 0), None, "length {length} at {at}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_naive_search(
            data in proptest::collection::vec(proptest::sample::select(vec![0_u8, 0, 0, 0xFF, 1]), 0..1200),
            from in 0_usize..1300,
        ) {
            proptest::prop_assert_eq!(next_unstuffed(&data, from), naive(&data, from));
        }
    }
}
