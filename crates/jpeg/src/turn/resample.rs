//! Turns the components that a mirrored edge within a block keeps from being turned as blocks.
//!
//! Each component stays at its own resolution: its samples are decoded, mirrored, and encoded again with the source's
//! quantisation table, so that the only loss is one rounding. Where the subsampled grid does not reach the edge in
//! whole samples, mirroring puts the picture between its points; a cubic brings it onto them.

use super::plane::{Plane, Scratch};
use super::source::{Component, Picture, Rest};
use super::transform::{Transform, ZIGZAG};

/// Turns what is left of `picture`.
pub(super) fn turn_samples(picture: &mut Picture) {
    let dct = Dct::new();
    let most =
        |factor: fn(&Component) -> u32| picture.components.iter().map(factor).max().unwrap_or(1);
    let (h_max, v_max) = (most(|c| c.h), most(|c| c.v));
    let (width, height, precision) = (picture.width, picture.height, picture.precision);
    for component in &mut picture.components {
        let Rest::Samples(transform) = component.rest else {
            continue;
        };
        let mut samples = Samples::new(
            transform,
            precision,
            (width * component.h, h_max),
            (height * component.v, v_max),
        );
        samples.decode(component, &dct);
        samples.align();
        component.plane = samples.encode(component, &dct);
        // Turned for good.
        component.rest = Rest::Order(Transform::default());
    }
}

/// A component's samples after the turn, in fixed point around zero.
struct Samples {
    transform: Transform,
    width: usize,
    height: usize,
    /// How far the picture lies before the points of its grid, in samples, 0 to 1.
    shift_x: f32,
    shift_y: f32,
    /// Steps per unit of a sample.
    scale: f32,
    /// Largest magnitude of a coefficient.
    range: f32,
    values: Vec<i16>,
}

impl Samples {
    /// `across`, `down`: the picture's size in samples of the component as a fraction.
    fn new(transform: Transform, precision: u8, across: (u32, u32), down: (u32, u32)) -> Self {
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
            transform,
            width: width as usize,
            height: height as usize,
            shift_x: shift(across, transform.mirror_x),
            shift_y: shift(down, transform.mirror_y),
            scale: if precision == 8 { 16.0 } else { 2.0 },
            range: if precision == 8 { 1023.0 } else { 16383.0 },
            values: vec![0; width as usize * height as usize],
        }
    }

    /// Decodes the blocks, which have been turned in themselves, and puts them where they are seen.
    fn decode(&mut self, component: &Component, dct: &Dct) {
        let (plane, transform) = (&component.plane, self.transform);
        let (mut across, mut down) = (plane.width, plane.height);
        if transform.transpose {
            (across, down) = (down, across);
        }
        let steps: [f32; 64] = std::array::from_fn(|k| f32::from(component.table[k]) * self.scale);
        let first = |mirrored: bool, size: usize, blocks: u32, at: u32| {
            // Where a mirrored block lies is counted from the far edge; the last of them begins before the near one.
            if mirrored {
                size as isize - 8 * (blocks - at) as isize
            } else {
                8 * at as isize
            }
        };
        for block_row in 0..down {
            let top = first(transform.mirror_y, self.height, down, block_row);
            for block_column in 0..across {
                let left = first(transform.mirror_x, self.width, across, block_column);
                let (row, column) = transform.source(across, down, block_row, block_column);
                let samples = dct.inverse(&plane.coefficients(row, column), &steps);
                self.place(top, left, &samples);
            }
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
            let start = (y * width + left + from) as usize;
            let target = &mut self.values[start..start + (to - from) as usize];
            let rounded = row.map(nearest);
            target.copy_from_slice(&rounded[from as usize..to as usize]);
        }
    }

    /// Moves the picture onto the points of its grid.
    fn align(&mut self) {
        if self.shift_x > 0.0 {
            let taps = cubic(self.shift_x);
            for row in self.values.chunks_exact_mut(self.width) {
                let source = row.to_vec();
                for (x, value) in row.iter_mut().enumerate() {
                    *value = interpolate(&taps, x, source.len(), |at| source[at]);
                }
            }
        }
        if self.shift_y > 0.0 {
            let taps = cubic(self.shift_y);
            let source = self.values.clone();
            for (y, row) in self.values.chunks_exact_mut(self.width).enumerate() {
                for (x, value) in row.iter_mut().enumerate() {
                    *value = interpolate(&taps, y, self.height, |at| source[at * self.width + x]);
                }
            }
        }
    }

    /// Encodes the samples, the edges continued into the last blocks.
    fn encode(&self, component: &Component, dct: &Dct) -> Plane {
        let (across, down) = (
            self.width.div_ceil(8) as u32,
            self.height.div_ceil(8) as u32,
        );
        let mut plane = Plane::new(across, down, self.values.len());
        let mut scratch = Scratch::default();
        let steps: [f32; 64] = std::array::from_fn(|k| match component.table[k] {
            0 => 0.0,
            step => 1.0 / (f32::from(step) * self.scale),
        });
        for block_row in 0..down {
            for block_column in 0..across {
                let mut block = [0.0; 64];
                for y in 0..8 {
                    let row = (block_row as usize * 8 + y).min(self.height - 1) * self.width;
                    for x in 0..8 {
                        let column = (block_column as usize * 8 + x).min(self.width - 1);
                        block[y * 8 + x] = f32::from(self.values[row + column]);
                    }
                }
                let block = dct.forward(&block);
                for k in 0..64 {
                    let value = block[usize::from(ZIGZAG[k])] * steps[k];
                    // F.1.2: one more below zero for DC.
                    let least = if k == 0 {
                        -self.range - 1.0
                    } else {
                        -self.range
                    };
                    let value = nearest(value.clamp(least, self.range));
                    scratch.values[k] = value;
                    scratch.mask |= u64::from(value != 0) << k;
                }
                plane.push(block_row, block_column, &mut scratch);
            }
        }
        plane
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

fn interpolate(taps: &[f32; 4], at: usize, length: usize, sample: impl Fn(usize) -> i16) -> i16 {
    let mut sum = 0.0;
    for (index, tap) in taps.iter().enumerate() {
        sum += tap * f32::from(sample((at + index).saturating_sub(1).min(length - 1)));
    }
    nearest(sum)
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
