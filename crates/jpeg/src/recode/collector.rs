//! Collects a picture's coefficients, turned on the way where that is exact.

use super::Source;
use super::component_symbols::{ComponentSymbols, Memory, Scratch, Symbols};
use super::orientation::{Cell, Orientation};
use crate::entropy::{Block, Coefficients, Progressive, Put, ScanEnd, Work, decode_blocks};
use crate::error::{Error, Unsupported};

/// A picture as coefficients.
pub(super) struct Picture {
    pub(super) bits: u8,
    /// As seen: after the turn.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
    /// Whether the source is progressive and lacks bits of its coefficients.
    pub(super) unfinished: bool,
    pub(super) memory: Memory,
}

/// A component, its geometry after the turn.
pub(super) struct Component {
    pub(super) id: u8,
    pub(super) h: u32,
    pub(super) v: u32,
    /// Quantisation table in zigzag order, for the turned blocks.
    pub(super) table: [u16; 64],
    /// As [`Progression::of`](crate::format::Progression::of) has it, for the turned blocks.
    pub(super) coded: [u8; 64],
    pub(super) symbols: ComponentSymbols,
    /// What is still to be done to `symbols`. The contents of each block are turned already.
    pub(super) remaining: Remaining,
}

/// What is left to do for a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remaining {
    /// Blocks have to be taken in this order.
    Order(Orientation),
    /// A mirrored dimension ends within a block, so that blocks do not lie on the grid; samples have to be turned.
    Samples(Orientation),
}

/// Decodes all scans of `source`; the picture, and where its scans end.
pub(super) fn read(
    source: &Source<'_>,
    orientation: Orientation,
    work: &mut Work,
    max_memory: u64,
) -> Result<(Picture, Vec<ScanEnd>), Error> {
    let (frame, offset) = (source.frame, source.data.len());
    if frame.process.lossless() {
        return Err(Error::unsupported(offset, Unsupported::Turn));
    }
    let memory = Memory::new(max_memory);
    let mut layers = Vec::with_capacity(4);
    for component in frame.components() {
        let grid = frame.grid(*component);
        layers.push(Layer {
            symbols: ComponentSymbols::new(grid.width, grid.height, &memory, offset)?,
            cells: orientation.cells(),
            in_order: !orientation.transpose,
            scratch: Scratch::default(),
            line: Symbols::default(),
        });
    }
    let ends = if frame.process.progressive() {
        memory.claim(Progressive::bytes(frame), offset)?;
        read_progressive(source, &mut layers, work)?
    } else {
        let scans = source.scans.iter();
        let ends = scans.map(|scan| {
            if orientation.transpose {
                let mut sink = Whole(&mut layers);
                decode_blocks(frame, scan, source.data, work, &mut sink)
            } else {
                let mut sink = Straight(&mut layers);
                decode_blocks(frame, scan, source.data, work, &mut sink)
            }
        });
        ends.collect::<Result<_, _>>()?
    };
    let picture = picture(source, orientation, layers, memory)?;
    Ok((picture, ends))
}

fn read_progressive(
    source: &Source<'_>,
    layers: &mut [Layer],
    work: &mut Work,
) -> Result<Vec<ScanEnd>, Error> {
    let mut rows = Progressive::new(source.frame, source.scans, source.data)?;
    while let Some(components) = rows.next(work)? {
        for (layer, rows) in layers.iter_mut().zip(components) {
            for (row, blocks) in rows.inside() {
                for (column, block) in (0..).zip(blocks) {
                    layer.take(row, column, block);
                }
            }
        }
    }
    rows.finish()
}

fn picture(
    source: &Source<'_>,
    orientation: Orientation,
    layers: Vec<Layer>,
    memory: Memory,
) -> Result<Picture, Error> {
    let frame = source.frame;
    let swap = |a, b| {
        if orientation.transpose {
            (b, a)
        } else {
            (a, b)
        }
    };
    let (width, height) = swap(frame.width, frame.height);
    // Only the ratio of sampling factors matters, so common factors are divided out. A single component then has 1 x 1;
    // its scan is not interleaved and ignores them (A.2.2).
    let common = |factor: fn(&crate::format::Component) -> u8| {
        let factors = frame.components().iter().map(factor);
        factors.fold(0, |unit, factor| gcd(unit, u32::from(factor)))
    };
    let (h_unit, v_unit) = (common(|c| c.h), common(|c| c.v));
    let mut components = Vec::with_capacity(4);
    for (index, (layer, component)) in layers.into_iter().zip(frame.components()).enumerate() {
        layer.symbols.check(source.data.len())?;
        let (h, v) = swap(
            u32::from(component.h) / h_unit,
            u32::from(component.v) / v_unit,
        );
        components.push(Component {
            id: component.id,
            h,
            v,
            table: orientation.table(&source.quantization[index & 3]),
            coded: orientation.table(source.progression.of(index)),
            symbols: layer.symbols,
            remaining: if orientation.is_exact(frame, *component) {
                Remaining::Order(orientation)
            } else {
                Remaining::Samples(orientation)
            },
        });
    }
    Ok(Picture {
        bits: frame.bits,
        width,
        height,
        components,
        unfinished: !source.progression.is_whole(frame),
        memory,
    })
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One component while its blocks are collected.
struct Layer {
    symbols: ComponentSymbols,
    cells: [Cell; 64],
    /// Whether coefficients keep their order.
    in_order: bool,
    scratch: Scratch,
    line: Symbols,
}

impl Layer {
    /// Adds a block that several scans have coded together.
    fn take(&mut self, row: u32, column: u32, block: &Block) {
        if block.overflow {
            self.symbols.set_overflow();
        }
        let (dc, cells) = (block.values[0], &self.cells);
        if self.in_order {
            // Mirrored at most: coefficients keep their order.
            let value = |k: usize| cells[k].turned(block.values[k]);
            self.symbols.push_values(row, column, dc, block.mask, value);
            return;
        }
        self.scratch.values[0] = dc;
        let mut mask = block.mask;
        while mask != 0 {
            let k = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            let cell = cells[k & 63];
            self.scratch.values[usize::from(cell.to & 63)] = cell.turned(block.values[k & 63]);
            self.scratch.mask |= 1 << (cell.to & 63);
        }
        self.symbols.push(row, column, &mut self.scratch);
    }
}

/// The sink of scans that give whole blocks.
struct Whole<'a>(&'a mut [Layer]);

/// A block being decoded; it is complete when dropped.
struct Open<'a> {
    layer: &'a mut Layer,
    row: u32,
    column: u32,
}

impl Coefficients for Whole<'_> {
    type Block<'b>
        = Open<'b>
    where
        Self: 'b;

    #[inline]
    fn block(&mut self, component: usize, row: u32, column: u32) -> Open<'_> {
        Open {
            layer: &mut self.0[component],
            row,
            column,
        }
    }
}

impl Put for Open<'_> {
    const STORED: bool = true;

    #[inline]
    fn put(&mut self, k: usize, value: i32) {
        let layer = &mut *self.layer;
        let cell = layer.cells[k & 63];
        let narrow = value as i16;
        if i32::from(narrow) != value {
            layer.symbols.set_overflow();
        }
        layer.scratch.values[usize::from(cell.to & 63)] = cell.turned(narrow);
        layer.scratch.mask |= 1 << (cell.to & 63);
    }

    fn grow(&mut self, _: usize, _: u32) {}
    fn set_dc_bit(&mut self, _: u32) {}
}

impl Drop for Open<'_> {
    #[inline]
    fn drop(&mut self) {
        let layer = &mut *self.layer;
        if self.row < layer.symbols.height && self.column < layer.symbols.width {
            layer
                .symbols
                .push(self.row, self.column, &mut layer.scratch);
        } else {
            // Only there to fill an MCU (A.2.4).
            layer.scratch = Scratch::default();
        }
    }
}

/// The sink for scans of whole blocks without a transposition. The coefficients keep their order, so each is stored as
/// it is decoded.
struct Straight<'a>(&'a mut [Layer]);

/// A block being decoded; it is complete when dropped.
struct Line<'a> {
    layer: &'a mut Layer,
    row: u32,
    column: u32,
    /// Whether it holds samples, or is only there to fill an MCU (A.2.4).
    inside: bool,
    dc: i16,
}

impl Coefficients for Straight<'_> {
    type Block<'b>
        = Line<'b>
    where
        Self: 'b;

    #[inline]
    fn block(&mut self, component: usize, row: u32, column: u32) -> Line<'_> {
        let layer = &mut self.0[component];
        let inside = row < layer.symbols.height && column < layer.symbols.width;
        Line {
            layer,
            row,
            column,
            inside,
            dc: 0,
        }
    }
}

impl Put for Line<'_> {
    const STORED: bool = true;

    #[inline(always)]
    fn put(&mut self, k: usize, value: i32) {
        if !self.inside {
            return;
        }
        let layer = &mut *self.layer;
        let narrow = value as i16;
        if i32::from(narrow) != value {
            layer.symbols.set_overflow();
        }
        if k == 0 {
            self.dc = narrow;
        } else {
            let value = layer.cells[k & 63].turned(narrow);
            layer.symbols.add(&mut layer.line, k as u32, value);
        }
    }

    fn grow(&mut self, _: usize, _: u32) {}
    fn set_dc_bit(&mut self, _: u32) {}
}

impl Drop for Line<'_> {
    #[inline]
    fn drop(&mut self) {
        let layer = &mut *self.layer;
        if self.inside {
            let (symbols, line) = (&mut layer.symbols, &mut layer.line);
            symbols.close(self.row, self.column, self.dc, line);
        }
    }
}
