//! Finds markers in entropy-coded data at the speed of memory.
//!
//! In photographs every 200th byte or so is a stuffed 0xFF, so a search for 0xFF alone would stop all the
//! time. An 0xFF that no zero follows is rare. So whole blocks are tested for such an 0xFF, without a
//! branch per byte, which compilers turn into vector code; only a block that has one is searched byte by
//! byte. `fearless_simd` picks the widest vectors that the processor has.

use fearless_simd::{Level, Simd, dispatch};

/// Sizes of the blocks: large ones are tested first, and the search ends in a small one.
const BLOCK: usize = 512;
const SMALL_BLOCK: usize = 32;

/// Blocks are aligned to cache lines, since reading a vector that lies across two of them costs two reads.
const CACHE_LINE: usize = 64;

/// Offset of the first 0xFF at or after `from` that no zero follows, if any.
///
/// A 0xFF that is the last byte of `data` counts.
pub(super) fn next_unstuffed(data: &[u8], from: usize) -> Option<usize> {
    if let Some([0xFF, 1..=0xFF, ..]) = data.get(from..) {
        // Between segments the next marker mostly stands right at `from`.
        return Some(from);
    }
    let level = Level::new();
    let mut at = dispatch!(level, simd => skip_blocks(simd, data, from));
    // This reads at most one small block and one byte a second time.
    loop {
        let rest = data.get(at..)?;
        at = at.saturating_add(rest.iter().position(|byte| *byte == 0xFF)?);
        if data.get(at.saturating_add(1)) != Some(&0) {
            return Some(at);
        }
        at = at.saturating_add(2);
    }
}

/// Offset of the first small block with an 0xFF that no zero follows, or of the rest of `data` that is too short for a
/// block.
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
            let mut step = BLOCK.saturating_sub(misplaced(data, from));
            while clean::<{ BLOCK + 1 }>(data, at) {
                at = at.saturating_add(step);
                step = BLOCK;
            }
            while clean::<{ SMALL_BLOCK + 1 }>(data, at) {
                at = at.saturating_add(SMALL_BLOCK);
            }
            at
        },
    )
}

/// How many bytes `at` lies behind the start of a cache line.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the loop's preparation")]
fn misplaced(data: &[u8], at: usize) -> usize {
    let address = data.as_ptr().addr().wrapping_add(at);
    address % CACHE_LINE
}

/// Whether the block at `at` and the byte behind it are there, and no 0xFF in it is followed by
/// something else than zero.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "takes on the processor features of its caller"
)]
fn clean<const WITH_NEXT: usize>(data: &[u8], at: usize) -> bool {
    let Some(block) = data.get(at..).and_then(<[u8]>::first_chunk::<WITH_NEXT>) else {
        return false;
    };
    let (_, next) = block.split_at(1);
    let mut any = 0_u8;
    for (byte, follower) in block.iter().zip(next) {
        any |= u8::from(*byte == 0xFF).wrapping_neg() & follower;
    }
    any == 0
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

    #[test]
    fn it_is_found_wherever_the_cache_lines_begin() {
        for from in 0..70 {
            for at in (from..from + 1200).step_by(7).chain(from + 500..from + 590) {
                let mut data = vec![0x37; 1400];
                data[at] = 0xFF;
                assert_eq!(next_unstuffed(&data, from), Some(at), "from {from}");
                data[at + 1] = 0;
                assert_eq!(next_unstuffed(&data, from), None, "from {from} at {at}");
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
