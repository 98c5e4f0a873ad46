//! Writes a picture from DQT to EOI: one sequential frame with optimal Huffman tables.

use super::code::Code;
use super::plane::{EOB, FULL};
use super::source::{Component, Picture, Rest};
use super::transform::Transform;
use super::writer::Writer;
use crate::{Error, Unsupported};

/// Data units in an MCU (B.2.3).
const MAX_UNITS: u32 = 10;

/// The bytes from DQT to EOI. `capacity`: about how many that will be; `offset`: of the source's end, for errors.
pub(super) fn write(picture: &Picture, capacity: usize, offset: usize) -> Result<Vec<u8>, Error> {
    let tables = Tables::new(picture);
    let mut out = Vec::with_capacity(capacity);
    tables.quantization(&mut out);
    frame_header(picture, &tables, &mut out);
    let groups: Vec<Vec<usize>> = if picture.units() > MAX_UNITS {
        (0..picture.components.len())
            .map(|index| vec![index])
            .collect()
    } else {
        vec![(0..picture.components.len()).collect()]
    };
    let scans: Vec<Scan> = groups
        .iter()
        .map(|members| Scan::new(picture, members))
        .collect();
    let unsupported = Error::unsupported(offset, Unsupported::Turn);
    let mut counts = [[0; 256]; 4];
    for scan in &scans {
        scan.count(&tables, &mut counts).ok_or(unsupported)?;
    }
    let codes = counts.map(|counts| Code::optimal(&counts));
    for (slot, code) in codes
        .iter()
        .enumerate()
        .filter(|(_, code)| !code.symbols.is_empty())
    {
        // DC tables are 0x00 and 0x01, AC tables 0x10 and 0x11.
        let target = (slot as u8 >> 1) << 4 | slot as u8 & 1;
        segment(
            &mut out,
            0xC4,
            &[&[target], &code.lengths[..], &code.symbols].concat(),
        );
    }
    for scan in &scans {
        scan.header(&tables, &mut out);
        let mut writer = Writer::new(out);
        scan.write(&tables, &codes, &mut writer);
        out = writer.finish();
    }
    out.extend([0xFF, 0xD9]);
    Ok(out)
}

fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend([0xFF, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(body);
}

impl Picture {
    fn units(&self) -> u32 {
        self.components.iter().map(|c| c.h * c.v).sum()
    }

    fn factors(&self) -> (u32, u32) {
        let most =
            |factor: fn(&Component) -> u32| self.components.iter().map(factor).max().unwrap_or(1);
        (most(|c| c.h), most(|c| c.v))
    }
}

impl Component {
    /// How the plane's blocks have to be taken.
    fn order(&self) -> Transform {
        match self.rest {
            Rest::Order(transform) => transform,
            Rest::Samples(_) => Transform::default(),
        }
    }

    /// Blocks across and down as they are written.
    fn blocks(&self) -> (u32, u32) {
        let (width, height) = (self.plane.width, self.plane.height);
        if self.order().transpose {
            (height, width)
        } else {
            (width, height)
        }
    }
}

/// Which table destinations the components use.
struct Tables<'a> {
    quantization: Vec<&'a [u16; 64]>,
    /// By component: index into `quantization`.
    of: Vec<usize>,
}

impl<'a> Tables<'a> {
    fn new(picture: &'a Picture) -> Self {
        let mut quantization: Vec<&[u16; 64]> = Vec::with_capacity(4);
        let of = picture.components.iter().map(|component| {
            quantization
                .iter()
                .position(|&table| *table == component.table)
                .unwrap_or_else(|| {
                    quantization.push(&component.table);
                    quantization.len() - 1
                })
        });
        let of = of.collect();
        Self { quantization, of }
    }

    /// Huffman tables: components that are quantised like the first share its tables, the others have theirs.
    fn huffman(&self, component: usize) -> usize {
        usize::from(self.of[component] != self.of[0])
    }

    fn quantization(&self, out: &mut Vec<u8>) {
        for (index, table) in (0u8..).zip(&self.quantization) {
            let wide = table.iter().any(|&element| element > 255);
            let mut body = vec![u8::from(wide) << 4 | index];
            if wide {
                body.extend(table.iter().flat_map(|element| element.to_be_bytes()));
            } else {
                body.extend(table.iter().map(|&element| element as u8));
            }
            segment(out, 0xDB, &body);
        }
    }
}

fn frame_header(picture: &Picture, tables: &Tables, out: &mut Vec<u8>) {
    let wide = tables
        .quantization
        .iter()
        .any(|table| table.iter().any(|&element| element > 255));
    // Table B.2: baseline has 8 bits and no 16-bit quantisation tables.
    let marker = if picture.precision == 8 && !wide {
        0xC0
    } else {
        0xC1
    };
    let mut body = vec![picture.precision];
    body.extend((picture.height as u16).to_be_bytes());
    body.extend((picture.width as u16).to_be_bytes());
    body.push(picture.components.len() as u8);
    for (component, &table) in picture.components.iter().zip(&tables.of) {
        body.extend([
            component.id,
            (component.h << 4 | component.v) as u8,
            table as u8,
        ]);
    }
    segment(out, marker, &body);
}

/// One scan, interleaved unless it has one component.
struct Scan<'a> {
    members: Vec<Member<'a>>,
    mcus_across: u32,
    mcus_down: u32,
}

struct Member<'a> {
    component: &'a Component,
    index: usize,
    order: Transform,
    /// Data units of an MCU.
    h: u32,
    v: u32,
    /// Blocks across and down that hold samples.
    width: u32,
    height: u32,
}

impl<'a> Scan<'a> {
    fn new(picture: &'a Picture, indices: &[usize]) -> Self {
        let alone = indices.len() == 1;
        let members: Vec<Member> = indices
            .iter()
            .map(|&index| {
                let component = &picture.components[index];
                let (width, height) = component.blocks();
                let (h, v) = if alone {
                    (1, 1)
                } else {
                    (component.h, component.v)
                };
                Member {
                    component,
                    index,
                    order: component.order(),
                    h,
                    v,
                    width,
                    height,
                }
            })
            .collect();
        let (mcus_across, mcus_down) = if let [only] = members.as_slice() {
            (only.width, only.height)
        } else {
            let (h, v) = picture.factors();
            (
                picture.width.div_ceil(8 * h),
                picture.height.div_ceil(8 * v),
            )
        };
        Self {
            members,
            mcus_across,
            mcus_down,
        }
    }

    fn header(&self, tables: &Tables, out: &mut Vec<u8>) {
        let mut body = vec![self.members.len() as u8];
        for member in &self.members {
            body.extend([
                member.component.id,
                tables.huffman(member.index) as u8 * 0x11,
            ]);
        }
        body.extend([0, 63, 0]);
        segment(out, 0xDA, &body);
    }

    /// Calls `block` for every block in order, with its member's number and its place in the source, or none for a
    /// block that only fills an MCU.
    #[inline(always)]
    fn blocks(&self, mut block: impl FnMut(usize, &Member, Option<(u32, u32)>)) {
        for mcu_row in 0..self.mcus_down {
            for mcu_column in 0..self.mcus_across {
                for (slot, member) in self.members.iter().enumerate() {
                    for y in 0..member.v {
                        let row = mcu_row * member.v + y;
                        for x in 0..member.h {
                            let column = mcu_column * member.h + x;
                            let inside = row < member.height && column < member.width;
                            let place = inside.then(|| {
                                member
                                    .order
                                    .source(member.width, member.height, row, column)
                            });
                            block(slot, member, place);
                        }
                    }
                }
            }
        }
    }

    /// Counts the symbols into the tables DC 0, DC 1, AC 0, AC 1. None if a difference is too large for a code.
    fn count(&self, tables: &Tables, counts: &mut [[u32; 256]; 4]) -> Option<()> {
        let mut predictors = [0i32; 4];
        let mut fillers = [0u32; 4];
        let mut largest = 0;
        let mut dc_counts = [[0u32; 32]; 4];
        self.blocks(|slot, member, place| {
            let Some((row, column)) = place else {
                fillers[slot] += 1;
                return;
            };
            let dc = i32::from(member.component.plane.dc(row, column));
            let size = size_of(dc - predictors[slot]);
            predictors[slot] = dc;
            largest = largest.max(size);
            dc_counts[slot][size as usize & 31] += 1;
        });
        for (slot, member) in self.members.iter().enumerate() {
            let table = tables.huffman(member.index);
            for (sum, count) in counts[table].iter_mut().zip(&dc_counts[slot]) {
                *sum += count;
            }
            counts[table][0] += fillers[slot];
            for (sum, count) in counts[2 + table]
                .iter_mut()
                .zip(member.component.plane.counts.iter())
            {
                *sum += count;
            }
            counts[2 + table][usize::from(EOB)] += fillers[slot];
        }
        // F.1.2.1.1: 15 is the largest category, for 12 bits.
        (largest <= 15).then_some(())
    }

    fn write(&self, tables: &Tables, codes: &[Code; 4], writer: &mut Writer) {
        let mut predictors = [0i32; 4];
        self.blocks(|slot, member, place| {
            let table = tables.huffman(member.index);
            let (dc_code, ac_code) = (&codes[table], &codes[2 + table]);
            let Some((row, column)) = place else {
                // A.2.4 leaves the contents to the encoder: no difference and no coefficients are the shortest.
                for (word, length) in [dc_code.word(0), ac_code.word(EOB)] {
                    writer.put(word, length);
                }
                return;
            };
            let plane = &member.component.plane;
            let dc = i32::from(plane.dc(row, column));
            let difference = dc - predictors[slot];
            predictors[slot] = dc;
            let size = size_of(difference);
            let (word, length) = dc_code.word(size as u8);
            let bits = (difference + (difference >> 31)) as u32 & ((1 << size) - 1);
            writer.put(word << size | bits, length + size);
            write_symbols(plane.symbols(row, column), ac_code, writer);
        });
    }
}

/// Writes the AC coefficients of one block.
#[inline(always)]
fn write_symbols(symbols: &[u8], code: &Code, writer: &mut Writer) {
    let mut at = 0;
    while let Some(&symbol) = symbols.get(at) {
        let size = u32::from(symbol & 15);
        let (word, length) = code.word(symbol);
        if size == 0 {
            if symbol == FULL {
                return;
            }
            writer.put(word, length);
            if symbol == EOB {
                return;
            }
            at += 1;
            continue;
        }
        let byte = |index: usize| u32::from(symbols.get(index).copied().unwrap_or(0));
        let mut bits = byte(at + 1);
        at += 2;
        if size > 8 {
            bits |= byte(at) << 8;
            at += 1;
        }
        writer.put(word << size | bits, length + size);
    }
}

/// SSSS of F.1.2.1.1.
fn size_of(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}
