//! Reads a picture's coefficients, turned on the way where that is exact.

use super::plane::{Plane, Scratch, Symbols};
use super::sparse::Sparse;
use super::transform::{Cell, Transform};
use crate::entropy::{Coefficients, Decoder, Frame, Process, Put, ScanData};
use crate::walk::{Piece, walk};
use crate::{Corruption, Error, Excess, Limits, Unsupported};

/// A picture as coefficients.
pub(super) struct Picture {
    pub(super) precision: u8,
    /// As seen: after the turn.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
}

/// A component, its geometry after the turn.
pub(super) struct Component {
    pub(super) id: u8,
    pub(super) h: u32,
    pub(super) v: u32,
    /// Quantisation table in zigzag order, for the turned blocks.
    pub(super) table: [u16; 64],
    pub(super) plane: Plane,
    /// What is still to be done to `plane`, whose blocks have been turned in themselves.
    pub(super) rest: Rest,
}

/// What is left to do for a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Blocks have to be taken in this order.
    Order(Transform),
    /// A mirrored dimension ends within a block, so that blocks do not lie on the grid; samples have to be turned.
    Samples(Transform),
}

/// Decodes all scans of `data`.
pub(super) fn read(data: &[u8], transform: Transform, limits: &Limits) -> Result<Picture, Error> {
    let mut reader = Reader {
        decoder: Decoder::new(limits.max_pixels),
        blocks: Blocks::new(transform, data.len()),
        scans: 0,
        max_scans: limits.max_scans,
    };
    let end = reader.read(data)?;
    reader.blocks.picture(&reader.decoder, end)
}

struct Reader {
    decoder: Decoder,
    blocks: Blocks,
    scans: u32,
    max_scans: u32,
}

impl Reader {
    /// Reads the pieces up to EOI, or to the end of a picture that is all there without it, and returns where that is.
    fn read(&mut self, data: &[u8]) -> Result<usize, Error> {
        let mut pieces = walk(data);
        let mut at = 0;
        while let Some(piece) = pieces.next() {
            let piece = match piece {
                Ok(piece) => piece,
                Err(_) if self.decoder.complete() => break,
                Err(error) => return Err(error),
            };
            at = piece.range().end;
            match piece {
                Piece::Marker { code: 0xD9, .. } => break,
                Piece::Segment {
                    code: 0xDA,
                    range,
                    body,
                } => {
                    self.scans += 1;
                    if self.scans > self.max_scans {
                        return Err(Error::too_large(range.start + 4, Excess::Scans));
                    }
                    let (decoder, header) = (&mut self.decoder, range.start + 4);
                    let scan = self.blocks.scan(decoder, body, header, data, range.end)?;
                    at = scan.next_marker;
                    pieces.leave_scan(at);
                }
                Piece::Segment { code: 0xC8, .. } => {}
                Piece::Segment {
                    code: code @ (0xC0..=0xCF | 0xDB..=0xDD),
                    range,
                    body,
                } => {
                    self.decoder.segment(code, body, range.start + 4)?;
                }
                _ => {}
            }
        }
        Ok(at)
    }
}

/// Takes a picture's coefficients in, scan by scan.
pub(super) struct Blocks {
    intake: Intake,
    /// Quantisation table of each component at its first scan, which is the one that counts.
    tables: Vec<Option<[u16; 64]>>,
}

impl Blocks {
    /// `bytes`: length of the file.
    pub(super) fn new(transform: Transform, bytes: usize) -> Self {
        Self {
            intake: Intake {
                transform,
                bytes,
                layers: Vec::new(),
            },
            tables: Vec::new(),
        }
    }

    /// [`Decoder::scan`], and keeps what it decodes.
    pub(super) fn scan(
        &mut self,
        decoder: &mut Decoder,
        sos: &[u8],
        sos_offset: usize,
        data: &[u8],
        start: usize,
    ) -> Result<ScanData, Error> {
        let frame = decoder
            .frame()
            .ok_or(Error::corrupt(sos_offset, Corruption::ScanBeforeFrame))?;
        if frame.process == Process::Lossless {
            return Err(Error::unsupported(sos_offset, Unsupported::Turn));
        }
        let whole = frame.process == Process::Sequential && !frame.arithmetic;
        self.tables.resize(frame.components.len(), None);
        for id in sos
            .iter()
            .skip(1)
            .step_by(2)
            .take(usize::from(sos.first().copied().unwrap_or(0)))
        {
            let Some(index) = frame.components.iter().position(|c| c.id == *id) else {
                continue;
            };
            if self.tables[index].is_none() {
                self.tables[index] = decoder.quantization(frame.components[index].table).copied();
            }
        }
        let intake = &mut self.intake;
        if whole && intake.transform.transpose {
            decoder.scan_into(sos, sos_offset, data, start, &mut Whole(intake))
        } else if whole {
            decoder.scan_into(sos, sos_offset, data, start, &mut Straight(intake))
        } else {
            decoder.scan_into(sos, sos_offset, data, start, &mut Partial(intake))
        }
    }

    /// The picture, after its last scan. `end`: offset for errors about the picture as a whole.
    pub(super) fn picture(self, decoder: &Decoder, end: usize) -> Result<Picture, Error> {
        decoder.finish()?;
        let missing = Error::corrupt(end, Corruption::MissingFrame);
        let frame = decoder.frame().ok_or(missing)?;
        let transform = self.intake.transform;
        let swap = |a, b| if transform.transpose { (b, a) } else { (a, b) };
        let (width, height) = swap(frame.width, frame.height);
        // Factors that are common to all components say nothing, and one component has none at all (A.2.2).
        let h_unit = frame.components.iter().fold(0, |unit, c| gcd(unit, c.h));
        let v_unit = frame.components.iter().fold(0, |unit, c| gcd(unit, c.v));
        let mut components = Vec::with_capacity(4);
        for ((layer, component), table) in self
            .intake
            .layers
            .into_iter()
            .zip(&frame.components)
            .zip(&self.tables)
        {
            let (h, v) = swap(component.h / h_unit, component.v / v_unit);
            let table = transform.table(&table.ok_or(missing)?);
            let (plane, rest) = layer.finish();
            plane.check(end)?;
            components.push(Component {
                id: component.id,
                h,
                v,
                table,
                plane,
                rest,
            });
        }
        Ok(Picture {
            precision: frame.precision,
            width,
            height,
            components,
        })
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Takes the blocks in.
struct Intake {
    transform: Transform,
    /// Length of the file: what symbols may take.
    bytes: usize,
    layers: Vec<Layer>,
}

/// One component on its way in.
struct Layer {
    plane: Plane,
    rest: Rest,
    cells: [Cell; 64],
    scratch: Scratch,
    symbols: Symbols,
    /// For scans that give coefficients bit by bit.
    sparse: Sparse,
}

impl Intake {
    fn begin(&mut self, frame: &Frame) {
        let transform = self.transform;
        self.layers.clear();
        for component in &frame.components {
            let geometry = frame.plane(component);
            // Whether an axis of the source ends with a block's edge.
            let even_x = (frame.width * component.h).is_multiple_of(8 * frame.h_max);
            let even_y = (frame.height * component.v).is_multiple_of(8 * frame.v_max);
            let (even_x, even_y) = if transform.transpose {
                (even_y, even_x)
            } else {
                (even_x, even_y)
            };
            let exact = (even_x || !transform.mirror_x) && (even_y || !transform.mirror_y);
            let rest = if exact {
                Rest::Order(transform)
            } else {
                Rest::Samples(transform)
            };
            self.layers.push(Layer {
                plane: Plane::new(geometry.width, geometry.height, self.bytes),
                rest,
                cells: transform.cells(),
                scratch: Scratch::default(),
                symbols: Symbols::default(),
                sparse: Sparse::default(),
            });
        }
    }
}

impl Layer {
    fn finish(mut self) -> (Plane, Rest) {
        self.sparse.empty_into(&mut self.plane, &self.cells);
        (self.plane, self.rest)
    }
}

/// The sink of scans that give whole blocks.
struct Whole<'a>(&'a mut Intake);

/// A block being decoded; it is complete when dropped.
struct Open<'a> {
    layer: &'a mut Layer,
    row: u32,
    column: u32,
}

impl Coefficients for Whole<'_> {
    const STORED: bool = true;
    type Block<'b>
        = Open<'b>
    where
        Self: 'b;

    fn begin(&mut self, frame: &Frame) -> Result<(), Error> {
        self.0.begin(frame);
        Ok(())
    }

    fn nth(&mut self, component: usize, index: usize) -> Open<'_> {
        let width = self.0.layers[component].plane.width as usize;
        self.block(component, (index / width) as u32, (index % width) as u32)
    }

    #[inline]
    fn block(&mut self, component: usize, row: u32, column: u32) -> Open<'_> {
        Open {
            layer: &mut self.0.layers[component],
            row,
            column,
        }
    }
}

impl Put for Open<'_> {
    #[inline]
    fn put(&mut self, k: usize, value: i32) {
        let layer = &mut *self.layer;
        let cell = layer.cells[k & 63];
        let narrow = value as i16;
        if i32::from(narrow) != value {
            layer.plane.set_overflow();
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
        if self.row < layer.plane.height && self.column < layer.plane.width {
            layer.plane.push(self.row, self.column, &mut layer.scratch);
        } else {
            // Only there to fill an MCU (A.2.4).
            layer.scratch = Scratch::default();
        }
    }
}

/// The sink of scans that give whole blocks whose coefficients keep their order: what is only mirrored is written down
/// as it is read.
struct Straight<'a>(&'a mut Intake);

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
    const STORED: bool = true;
    type Block<'b>
        = Line<'b>
    where
        Self: 'b;

    fn begin(&mut self, frame: &Frame) -> Result<(), Error> {
        self.0.begin(frame);
        Ok(())
    }

    fn nth(&mut self, component: usize, index: usize) -> Line<'_> {
        let width = self.0.layers[component].plane.width as usize;
        self.block(component, (index / width) as u32, (index % width) as u32)
    }

    #[inline]
    fn block(&mut self, component: usize, row: u32, column: u32) -> Line<'_> {
        let layer = &mut self.0.layers[component];
        let inside = row < layer.plane.height && column < layer.plane.width;
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
    #[inline(always)]
    fn put(&mut self, k: usize, value: i32) {
        if !self.inside {
            return;
        }
        let layer = &mut *self.layer;
        let narrow = value as i16;
        if i32::from(narrow) != value {
            layer.plane.set_overflow();
        }
        if k == 0 {
            self.dc = narrow;
        } else {
            let value = layer.cells[k & 63].turned(narrow);
            layer.plane.add(&mut layer.symbols, k as u32, value);
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
            let (plane, symbols) = (&mut layer.plane, &mut layer.symbols);
            plane.close(self.row, self.column, self.dc, symbols);
        }
    }
}

/// The sink of scans that give parts of blocks.
struct Partial<'a>(&'a mut Intake);

/// A block that gets more coefficients.
struct Part<'a> {
    layer: &'a mut Layer,
    /// None for a block that only fills an MCU.
    index: Option<usize>,
    /// Where its AC coefficients are, once it has any.
    slot: Option<usize>,
}

impl Coefficients for Partial<'_> {
    const STORED: bool = true;
    type Block<'b>
        = Part<'b>
    where
        Self: 'b;

    fn begin(&mut self, frame: &Frame) -> Result<(), Error> {
        self.0.begin(frame);
        let bytes = self.0.bytes;
        for layer in &mut self.0.layers {
            let blocks = layer.plane.width as usize * layer.plane.height as usize;
            layer.sparse = Sparse::new(blocks, bytes);
        }
        Ok(())
    }

    #[inline]
    fn nth(&mut self, component: usize, index: usize) -> Part<'_> {
        Part {
            layer: &mut self.0.layers[component],
            index: Some(index),
            slot: None,
        }
    }

    #[inline]
    fn block(&mut self, component: usize, row: u32, column: u32) -> Part<'_> {
        let layer = &mut self.0.layers[component];
        let (width, height) = (layer.plane.width, layer.plane.height);
        let index = (row < height && column < width)
            .then_some(row as usize * width as usize + column as usize);
        Part {
            layer,
            index,
            slot: None,
        }
    }
}

impl Put for Part<'_> {
    #[inline(always)]
    fn put(&mut self, k: usize, value: i32) {
        let Some(index) = self.index else { return };
        if k == 0 {
            self.layer.sparse.dc[index] = value;
            return;
        }
        let narrow = value as i16;
        if i32::from(narrow) != value {
            self.layer.plane.set_overflow();
        }
        let sparse = &mut self.layer.sparse;
        let slot = *self.slot.get_or_insert_with(|| sparse.slot(index));
        sparse.put(slot, k, narrow);
    }

    #[inline]
    fn grow(&mut self, k: usize, low: u32) {
        let Some(index) = self.index else { return };
        let step = 1i16.wrapping_shl(low);
        if !self.layer.sparse.grow(index, k, step) {
            self.layer.plane.set_overflow();
        }
    }

    fn set_dc_bit(&mut self, low: u32) {
        if let Some(index) = self.index {
            self.layer.sparse.dc[index] |= 1 << low;
        }
    }
}
