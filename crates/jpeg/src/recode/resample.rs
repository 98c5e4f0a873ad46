//! Turns components that cannot be turned block by block, because a mirrored edge lies within a block.
//!
//! Each component stays at its own resolution: its samples are decoded, mirrored, and encoded again with the source's
//! quantisation table, or with half of its steps, so that the only loss is one rounding. If the picture's size is not a
//! whole number of subsampled samples, the mirrored samples lie between the points of the new grid; a cubic
//! interpolates the values at these points. No more than a few rows of blocks are in memory as samples.

use super::collector::{Component, Picture, Remaining};
use super::component_symbols::{ComponentSymbols, Scratch};
use super::orientation::{Orientation, ZIGZAG};
use crate::entropy::Work;
use crate::error::Error;
use crate::options::ReencodeQuality;

/// Units of work for encoding a block again, in addition to decoding it.
const UNITS_PER_BLOCK: u64 = 12;

/// Turns the components of `picture` that still need it. `offset`: reported in errors.
pub(super) fn turn_samples(
    picture: &mut Picture,
    quality: ReencodeQuality,
    work: &mut Work,
    offset: usize,
) -> Result<(), Error> {
    let dct = Dct::new();
    let most =
        |factor: fn(&Component) -> u32| picture.components.iter().map(factor).max().unwrap_or(1);
    let (h_max, v_max) = (most(|c| c.h), most(|c| c.v));
    let (width, height, bits) = (picture.width, picture.height, picture.bits);
    for component in &mut picture.components {
        let Remaining::Samples(orientation) = component.remaining else {
            continue;
        };
        let window = Window::new(
            orientation,
            bits,
            (width * component.h, h_max),
            (height * component.v, v_max),
        );
        let blocks = window.width.div_ceil(8) * window.height.div_ceil(8);
        work.spend(blocks as u64 * UNITS_PER_BLOCK, offset)?;
        let (across, down) = (
            window.width.div_ceil(8) as u32,
            window.height.div_ceil(8) as u32,
        );
        picture.memory.claim(window.bytes(), offset)?;
        let mut symbols = ComponentSymbols::new(across, down, &picture.memory, offset)?;
        let bytes = window.bytes();
        let mut table = component.table;
        if quality == ReencodeQuality::High && !picture.unfinished {
            // A step of zero stays zero: such coefficients are not written.
            table = table.map(|step| step.div_ceil(2));
        }
        let steps = Steps::new(component, &table, window.scale, picture.unfinished);
        window.turn(component, &dct, &steps, &mut symbols);
        picture.memory.give_back(bytes as usize);
        symbols.check(offset)?;
        component.symbols = symbols;
        component.table = table;
        // Nothing is left to do for this component.
        component.remaining = Remaining::Order(Orientation::default());
    }
    Ok(())
}

/// Rows of samples in memory at once, a power of two: a row of blocks, the one row before it and two behind it that
/// the cubic reads, and the other rows of the source blocks that these lie in.
const ROWS: usize = 32;

/// A component's samples after the turn, in fixed point around zero: a few rows at a time.
struct Window {
    orientation: Orientation,
    width: usize,
    height: usize,
    /// Distance from the mirrored samples to the grid points behind them, in samples, 0 to 1.
    shift_x: f32,
    shift_y: f32,
    /// Steps per unit of a sample.
    scale: f32,
    /// Largest magnitude of a coefficient.
    range: f32,
    /// Row y is at y modulo `ROWS`.
    rows: Vec<i16>,
    /// Rows of turned blocks that have been decoded.
    decoded: u32,
}

impl Window {
    /// `across`, `down`: the picture's size in samples of the component as a fraction.
    fn new(orientation: Orientation, bits: u8, across: (u32, u32), down: (u32, u32)) -> Self {
        let (width, height) = (across.0.div_ceil(across.1), down.0.div_ceil(down.1));
        let shift = |(samples, per): (u32, u32), mirrored: bool| {
            let missing = samples.next_multiple_of(per) - samples;
            if mirrored {
                f32::from(missing as u16) / f32::from(per as u16)
            } else {
                0.0
            }
        };
        Self {
            orientation,
            width: width as usize,
            height: height as usize,
            shift_x: shift(across, orientation.mirror_x),
            shift_y: shift(down, orientation.mirror_y),
            scale: if bits == 8 { 16.0 } else { 2.0 },
            range: if bits == 8 { 1023.0 } else { 16383.0 },
            rows: vec![0; width as usize * ROWS],
            decoded: 0,
        }
    }

    /// Bytes in memory, with the row of blocks that is made of them.
    fn bytes(&self) -> u64 {
        (self.width * (ROWS + 9) * size_of::<i16>()) as u64
    }

    fn row(&self, y: usize) -> &[i16] {
        let start = y % ROWS * self.width;
        &self.rows[start..start + self.width]
    }

    /// Decodes, turns and encodes everything.
    fn turn(
        mut self,
        component: &Component,
        dct: &Dct,
        steps: &Steps,
        symbols: &mut ComponentSymbols,
    ) {
        let mut aligned = vec![0; self.width * 8];
        let taps = (self.shift_y > 0.0).then(|| cubic(self.shift_y));
        let mut scratch = Scratch::default();
        for block_row in 0..symbols.height {
            let first = block_row as usize * 8;
            self.decode_to((first + 10).min(self.height), component, dct);
            for (y, out) in (first..).zip(aligned.chunks_exact_mut(self.width)) {
                let y = y.min(self.height - 1);
                let Some(taps) = &taps else {
                    out.copy_from_slice(self.row(y));
                    continue;
                };
                let near = |index: usize| (y + index).saturating_sub(1).min(self.height - 1);
                let rows: [&[i16]; 4] = std::array::from_fn(|index| self.row(near(index)));
                for (x, value) in out.iter_mut().enumerate() {
                    let mut sum = 0.0;
                    for (tap, row) in taps.iter().zip(rows) {
                        sum += tap * f32::from(row[x]);
                    }
                    *value = nearest(sum);
                }
            }
            for block_column in 0..symbols.width {
                let mut block = [0.0; 64];
                for (y, row) in block.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                    for (x, value) in row.iter_mut().enumerate() {
                        let column = (block_column as usize * 8 + x).min(self.width - 1);
                        *value = f32::from(aligned[y * self.width + column]);
                    }
                }
                steps.quantise(&dct.forward(&block), self.range, &mut scratch);
                symbols.push(block_row, block_column, &mut scratch);
            }
        }
    }

    /// Decodes rows of turned blocks until there are `rows` rows of samples.
    fn decode_to(&mut self, rows: usize, component: &Component, dct: &Dct) {
        let (source, orientation) = (&component.symbols, self.orientation);
        let (mut across, mut down) = (source.width, source.height);
        if orientation.transpose {
            (across, down) = (down, across);
        }
        let steps: [f32; 64] = std::array::from_fn(|k| f32::from(component.table[k]) * self.scale);
        let first = |mirrored: bool, size: usize, blocks: u32, at: u32| {
            // Mirrored blocks are aligned to the far edge, so the first one may begin before the picture.
            if mirrored {
                size as isize - 8 * (blocks - at) as isize
            } else {
                8 * at as isize
            }
        };
        while self.decoded < down {
            let top = first(orientation.mirror_y, self.height, down, self.decoded);
            if top >= rows as isize {
                return;
            }
            for block_column in 0..across {
                let left = first(orientation.mirror_x, self.width, across, block_column);
                let (row, column) = orientation.source(across, down, self.decoded, block_column);
                let samples = dct.inverse(&source.block(row, column), &steps);
                self.place(top, left, &samples);
            }
            if self.shift_x > 0.0 {
                self.align(top);
            }
            self.decoded += 1;
        }
    }

    /// Puts a block of samples at `top` and `left`, as far as it lies within the picture.
    fn place(&mut self, top: isize, left: isize, samples: &[f32; 64]) {
        let (width, height) = (self.width as isize, self.height as isize);
        let (from, to) = ((-left).clamp(0, 8), (width - left).clamp(0, 8));
        for (y, row) in (top..).zip(samples.as_chunks::<8>().0) {
            if y < 0 || y >= height || from >= to {
                continue;
            }
            let start = y as usize % ROWS * self.width + (left + from) as usize;
            let target = &mut self.rows[start..start + (to - from) as usize];
            let rounded = row.map(nearest);
            target.copy_from_slice(&rounded[from as usize..to as usize]);
        }
    }

    /// Interpolates the eight rows from `top` on horizontally, to the points of the grid.
    fn align(&mut self, top: isize) {
        let taps = cubic(self.shift_x);
        let inside = top.max(0)..(top + 8).min(self.height as isize);
        for y in inside {
            let start = y as usize % ROWS * self.width;
            let row = &mut self.rows[start..start + self.width];
            let source = row.to_vec();
            for (x, value) in row.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (index, tap) in taps.iter().enumerate() {
                    let near = (x + index).saturating_sub(1).min(source.len() - 1);
                    sum += tap * f32::from(source[near]);
                }
                *value = nearest(sum);
            }
        }
    }
}

/// What coefficients are divided by, in zigzag order.
struct Steps {
    /// 0 for coefficients that are not written.
    inverse: [f32; 64],
    /// How many low bits a coefficient lacks, since no scan of the source has coded them.
    low: [u8; 64],
}

impl Steps {
    /// `table`: the steps of the coefficients that are written.
    fn new(component: &Component, table: &[u16; 64], scale: f32, unfinished: bool) -> Self {
        let coded = |k: usize| if unfinished { component.coded[k] } else { 1 };
        let low = std::array::from_fn(|k| coded(k).saturating_sub(1));
        Self {
            inverse: std::array::from_fn(|k| match (table[k], coded(k)) {
                (0, _) | (_, 0) => 0.0,
                (step, _) => 1.0 / (f32::from(step) * scale * f32::from(1_u16 << low[k])),
            }),
            low,
        }
    }

    /// Quantises a block into `scratch`.
    fn quantise(&self, block: &[f32; 64], range: f32, scratch: &mut Scratch) {
        for k in 0..64 {
            let value = block[usize::from(ZIGZAG[k])] * self.inverse[k];
            let range = range / f32::from(1_u16 << self.low[k]);
            // F.1.2: one more below zero for DC.
            let least = if k == 0 { -range - 1.0 } else { -range };
            let value = nearest(value.clamp(least, range)) << self.low[k];
            scratch.values[k] = value;
            scratch.mask |= u64::from(value != 0) << k;
        }
    }
}

/// Weights of the samples at -1, 0, 1 and 2 for the point at `t` (Catmull and Rom).
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t + t2 - 0.5 * t3,
        1.0 - 2.5 * t2 + 1.5 * t3,
        0.5 * t + 2.0 * t2 - 1.5 * t3,
        -0.5 * t2 + 0.5 * t3,
    ]
}

/// The nearest integer, halves to even. Large sums keep fewer digits, down to units where these are the last ones.
#[inline(always)]
fn nearest(value: f32) -> i16 {
    const UNITS: f32 = 12_582_912.0;
    (value.clamp(-32768.0, 32767.0) + UNITS).to_bits() as i16
}

/// The transform of A.3.3, separately by rows and columns.
struct Dct {
    /// By frequency, then sample: C(u) / 2 * cos((2x + 1) * u * pi / 16).
    basis: [[f32; 8]; 8],
    /// By sample, then frequency.
    transposed: [[f32; 8]; 8],
}

impl Dct {
    fn new() -> Self {
        let element = |u: usize, x: usize| {
            let scale = if u == 0 {
                std::f64::consts::FRAC_1_SQRT_2
            } else {
                1.0
            };
            let angle = f64::from((2 * x + 1) as u32 * u as u32) * std::f64::consts::PI / 16.0;
            (scale / 2.0 * angle.cos()) as f32
        };
        Self {
            basis: std::array::from_fn(|u| std::array::from_fn(|x| element(u, x))),
            transposed: std::array::from_fn(|x| std::array::from_fn(|u| element(u, x))),
        }
    }

    /// Samples of a block, from its coefficients and their steps in zigzag order.
    fn inverse(&self, coefficients: &[i16; 64], steps: &[f32; 64]) -> [f32; 64] {
        let mut half = [[0.0f32; 8]; 8];
        let mut used = [false; 8];
        for ((&value, step), &at) in coefficients.iter().zip(steps).zip(&ZIGZAG) {
            if value == 0 {
                continue;
            }
            let value = f32::from(value) * step;
            let (v, u) = (usize::from(at >> 3) & 7, usize::from(at & 7));
            used[v] = true;
            for (sum, factor) in half[v].iter_mut().zip(&self.basis[u]) {
                *sum += value * factor;
            }
        }
        let mut out = [0.0; 64];
        for v in (0..8).filter(|&v| used[v]) {
            for (row, factor) in out.as_chunks_mut::<8>().0.iter_mut().zip(&self.basis[v]) {
                for (sum, value) in row.iter_mut().zip(&half[v]) {
                    *sum += factor * value;
                }
            }
        }
        out
    }

    fn forward(&self, block: &[f32; 64]) -> [f32; 64] {
        separate(&self.basis, &self.transposed, block)
    }
}

/// `left` * `block` * `right`, matrices of 8 x 8 in rows.
fn separate(left: &[[f32; 8]; 8], right: &[[f32; 8]; 8], block: &[f32; 64]) -> [f32; 64] {
    let (rows, _) = block.as_chunks::<8>();
    let mut half = [[0.0f32; 8]; 8];
    for (row, to) in rows.iter().zip(&mut half) {
        for (value, from) in row.iter().zip(right) {
            for (sum, factor) in to.iter_mut().zip(from) {
                *sum += value * factor;
            }
        }
    }
    let mut out = [0.0; 64];
    let (out_rows, _) = out.as_chunks_mut::<8>();
    for (factors, to) in left.iter().zip(out_rows) {
        for (factor, from) in factors.iter().zip(&half) {
            for (sum, value) in to.iter_mut().zip(from) {
                *sum += factor * value;
            }
        }
    }
    out
}
