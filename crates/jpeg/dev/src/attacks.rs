//! Files that cost much: few bytes that ask for much memory or much time.

use crate::bytes::{frame, quantization, scan, segment};

/// A file that costs much, and whether it is meant to be turned.
#[derive(Debug, Clone)]
pub struct Attack {
    /// What it does.
    pub name: &'static str,
    /// Its bytes.
    pub file: Vec<u8>,
    /// Whether the coefficients are to be written anew even if it is upright.
    pub deep: bool,
}

/// Exif with nothing but an orientation.
pub fn oriented(orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    segment(0xE1, &exif)
}

/// Codes of one to four bits: DC differences of 0 and 1; AC: run 0 and size 1, end of block, an end-of-band run of
/// 16,384 to 32,767 blocks (none, with `runs` off), run 15 and size 1.
fn huffman(runs: bool) -> Vec<u8> {
    let dc = segment(0xC4, &[&[0, 1, 1][..], &[0; 14], &[0, 1]].concat());
    let codes = u8::from(runs);
    let mut ac = vec![0x10, 1, 1, codes, 1];
    ac.extend([0; 12]);
    ac.extend([0x01, 0x00]);
    if runs {
        ac.push(0xE0);
    }
    ac.push(0xF1);
    [dc, segment(0xC4, &ac)].concat()
}

/// From SOI on: an orientation, tables, and a frame of `side` x `side` samples without subsampling.
fn head(orientation: u8, code: u8, side: (u16, u16), components: u8, runs: bool) -> Vec<u8> {
    let components: Vec<[u8; 3]> = (1..=components).map(|id| [id, 0x11, 0]).collect();
    let mut out = vec![0xFF, 0xD8];
    out.extend(oriented(orientation));
    out.extend(quantization(0));
    out.extend(frame(code, side.1, side.0, &components));
    if code < 0xC8 {
        out.extend(huffman(runs));
    }
    out
}

/// A scan of `components` with `data`.
fn coded(components: std::ops::RangeInclusive<u8>, parameters: [u8; 3], data: &[u8]) -> Vec<u8> {
    let selectors: Vec<[u8; 2]> = components.map(|id| [id, 0]).collect();
    [scan(&selectors, parameters), data.to_vec()].concat()
}

fn blocks(side: (u16, u16)) -> usize {
    usize::from(side.0).div_ceil(8) * usize::from(side.1).div_ceil(8)
}

/// `count` bits of zero, filled up with ones.
fn zeros(count: usize) -> Vec<u8> {
    let mut out = vec![0; count / 8];
    if !count.is_multiple_of(8) {
        out.push(0xFF >> (count % 8));
    }
    if out.last() == Some(&0xFF) {
        out.push(0);
    }
    out
}

/// The side of the largest square that the limits let pass.
pub const LARGEST: u16 = 10_880;

/// One coefficient in every block of every component, in four bits: its code 0, its value 1, the end of the block 10.
fn one_coefficient_a_block(orientation: u8, side: (u16, u16)) -> Vec<u8> {
    let mut out = head(orientation, 0xC2, side, 3, true);
    out.extend(coded(1..=3, [0, 0, 0], &zeros(3 * blocks(side))));
    for component in 1..=3 {
        let mut data = vec![0b0110_0110; blocks(side) / 2];
        if !blocks(side).is_multiple_of(2) {
            data.push(0b0110_1111);
        }
        out.extend(coded(component..=component, [1, 63, 0], &data));
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// One component with a coefficient in every block, then bands that are empty, in long runs.
fn empty_bands(side: (u16, u16)) -> Vec<u8> {
    let mut out = head(1, 0xC2, side, 1, true);
    out.extend(coded(1..=1, [0, 0, 0], &zeros(blocks(side))));
    out.extend(coded(
        1..=1,
        [1, 1, 0],
        &vec![0b0101_0101; blocks(side).div_ceil(4)],
    ));
    for band in 2..=63 {
        // The code 110 and 14 bits: runs of 16,384 blocks, then single ends.
        let mut bits = Vec::new();
        let (runs, rest) = (blocks(side) / 16_384, blocks(side) % 16_384);
        for _ in 0..runs {
            bits.extend([1, 1, 0]);
            bits.extend([0; 14]);
        }
        for _ in 0..rest {
            bits.extend([1, 0]);
        }
        out.extend(coded(1..=1, [band, band, 0], &packed(&bits)));
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// Bits as entropy-coded data.
fn packed(bits: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for eight in bits.chunks(8) {
        let mut byte = 0;
        for at in 0..8 {
            byte = byte << 1 | eight.get(at).copied().unwrap_or(1);
        }
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out
}

/// A sequential picture without a coefficient: two bits a block.
fn empty(orientation: u8, side: (u16, u16), components: u8) -> Vec<u8> {
    let mut out = head(orientation, 0xC0, side, components, false);
    // 0 and 10, three bits a block.
    let bits: Vec<u8> = (0..blocks(side) * usize::from(components))
        .flat_map(|_| [0, 1, 0])
        .collect();
    out.extend(coded(1..=components, [0, 63, 0], &packed(&bits)));
    out.extend([0xFF, 0xD9]);
    out
}

/// A grey block behind every restart marker, with `behind` after each.
fn restarts(count: usize, block: u8, behind: &[u8]) -> Vec<u8> {
    let width = 8 * count.min(8000) as u16;
    let height = 8 * (count.div_ceil(8000)) as u16;
    let mut out = head(1, 0xC0, (width, height), 1, false);
    out.extend(segment(0xDD, &[0, 1]));
    let mut data = Vec::new();
    for at in 0..blocks((width, height)) {
        if at > 0 {
            data.extend([0xFF, 0xD0 | (at as u8).wrapping_sub(1) & 7]);
        }
        data.push(block);
        data.extend(behind);
    }
    out.extend(coded(1..=1, [0, 63, 0], &data));
    out.extend([0xFF, 0xD9]);
    out
}

/// An arithmetic-coded picture without a byte of data: every decision is for the lower sub-interval.
fn arithmetic(code: u8, orientation: u8, side: (u16, u16), scans: &[[u8; 3]]) -> Vec<u8> {
    let mut out = head(orientation, code, side, 1, false);
    for parameters in scans {
        out.extend(coded(1..=1, *parameters, &[]));
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// Every bit of every band in a scan of its own, as far as the limit of scans goes.
fn many_scans(side: (u16, u16)) -> Vec<u8> {
    let mut out = head(1, 0xC2, side, 1, true);
    out.extend(coded(1..=1, [0, 0, 0], &zeros(blocks(side))));
    for low in (0..13).rev() {
        let approximation = if low == 12 { low } else { (low + 1) << 4 | low };
        for band in 1..=15 {
            let bits: Vec<u8> = (0..blocks(side).div_ceil(32_767))
                .flat_map(|at| {
                    let left = (blocks(side) - at * 32_767).min(32_767);
                    let mut bits = Vec::new();
                    if left >= 16_384 {
                        bits.extend([1, 1, 0]);
                        bits.extend((0..14).rev().map(|bit| ((left >> bit) & 1) as u8));
                    } else {
                        (0..left).for_each(|_| bits.extend([1, 0]));
                    }
                    bits
                })
                .collect();
            out.extend(coded(1..=1, [band, band, approximation], &packed(&bits)));
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

/// Many segments between SOI and the picture.
fn segments(count: usize, piece: &[u8]) -> Vec<u8> {
    let rest = empty(1, (64, 64), 1);
    [&rest[..2], &piece.repeat(count), &rest[2..]].concat()
}

/// The attacks, by what they ask for, on pictures of `side` x `side` samples, a multiple of 8.
pub fn all(side: u16) -> Vec<Attack> {
    let attack = |name, file| Attack {
        name,
        file,
        deep: false,
    };
    let deep = |name, file| Attack {
        name,
        file,
        deep: true,
    };
    let (even, odd) = ((side, side), (side - 3, side - 3));
    let half = (side / 16 * 8, side / 16 * 8);
    let unfinished: Vec<[u8; 3]> = (1..=63).map(|band| [band, band, 0]).collect();
    let count = blocks(even);
    vec![
        attack(
            "progressive, a coefficient in every block, turned",
            one_coefficient_a_block(6, even),
        ),
        attack(
            "the same, off the grid of blocks",
            one_coefficient_a_block(3, odd),
        ),
        attack(
            "progressive, 62 empty bands over a full one",
            empty_bands(even),
        ),
        deep("the same of a quarter, written anew", empty_bands(half)),
        attack("progressive, 196 scans", many_scans(half)),
        attack("empty, four components, turned", empty(6, even, 4)),
        attack("empty, off the grid of blocks, turned", empty(3, odd, 3)),
        attack(
            "garbage before every restart marker",
            restarts(count, 0b0101_1111, &[b'x'; 30]),
        ),
        attack(
            "padding bits before every restart marker",
            restarts(count, 0b0100_0000, b""),
        ),
        attack(
            "arithmetic, no data",
            arithmetic(0xC9, 1, even, &[[0, 63, 0]]),
        ),
        attack(
            "arithmetic progressive, no data, 64 scans",
            arithmetic(0xCA, 1, even, &[&[[0, 0, 0]][..], &unfinished].concat()),
        ),
        attack("199,000 comments", segments(199_000, &segment(0xFE, b""))),
        attack("199,000 tables", segments(199_000, &quantization(3))),
    ]
}
