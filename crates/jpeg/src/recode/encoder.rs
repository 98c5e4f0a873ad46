//! Writes a picture from DQT to EOI with optimal Huffman tables: one sequential frame, or a progressive one where the
//! source is progressive and lacks bits of its coefficients.
//!
//! Decoders smooth a progressive picture whose scans leave out bits of its low frequencies, and no other. So such a
//! picture stays progressive, with scans that code the same coefficients to the same bits and leave the same ones out.

use super::bit_writer::BitWriter;
use super::collector::{Component, Picture, Remaining};
use super::component_symbols::EOB;
use super::huffman_optimiser::HuffmanCode;
use super::orientation::Orientation;
use crate::entropy::Work;
use crate::error::{Error, Unsupported};
use crate::format::{marker, segment};

/// Data units in an MCU (B.2.3).
const MAX_UNITS: u32 = 10;

/// The longest end-of-band run (table G.1).
const LONGEST_RUN: u32 = 0x7FFF;

/// The bytes from DQT to EOI, in chunks. `offset`: of the source's end, for errors.
pub(super) fn write(
    picture: &Picture,
    offset: usize,
    work: &mut Work,
) -> Result<Vec<Vec<u8>>, Error> {
    let tables = Tables::new(picture);
    let mut writer = BitWriter::new();
    writer.bytes(&tables.quantization());
    writer.bytes(&frame_header(picture, &tables));
    let written = if picture.unfinished {
        write_progressive(picture, &mut writer, work, offset)?
    } else {
        write_sequential(picture, &tables, &mut writer)
    };
    written.ok_or(Error::unsupported(offset, Unsupported::Turn))?;
    writer.align();
    writer.bytes(&[0xFF, marker::EOI]);
    Ok(writer.finish())
}

fn write_sequential(picture: &Picture, tables: &Tables<'_>, writer: &mut BitWriter) -> Option<()> {
    let scans: Vec<Scan> = picture
        .groups(picture.units() <= MAX_UNITS)
        .iter()
        .map(|members| Scan::new(picture, members))
        .collect();
    let mut counts = [[0; 256]; 4];
    for scan in &scans {
        scan.count(tables, &mut counts)?;
    }
    let codes = counts.map(|counts| HuffmanCode::optimal(&counts));
    for (slot, code) in (0_u8..)
        .zip(&codes)
        .filter(|(_, code)| !code.symbols.is_empty())
    {
        // DC tables are 0x00 and 0x01, AC tables 0x10 and 0x11.
        writer.bytes(&huffman_table((slot >> 1) << 4 | slot & 1, code));
    }
    for scan in &scans {
        let selectors = scan.members.iter().map(|member| {
            let table = tables.huffman(member.index) as u8;
            [member.component.id, table * 0x11]
        });
        writer.bytes(&scan_header(selectors, [0, 63, 0]));
        scan.write(tables, &codes, writer);
        writer.align();
    }
    Some(())
}

/// One DC scan, or one for each component if they are not coded to the same bit; then a scan for each band of
/// coefficients of a component that are coded to the same bit.
fn write_progressive(
    picture: &Picture,
    writer: &mut BitWriter,
    work: &mut Work,
    offset: usize,
) -> Result<Option<()>, Error> {
    let same = |c: &Component| c.coded[0] == picture.components[0].coded[0];
    let together = picture.components.iter().all(same) && picture.units() <= MAX_UNITS;
    for members in picture.groups(together) {
        let scan = Scan::new(picture, &members);
        let low = picture.components[members[0]].coded[0].saturating_sub(1);
        let mut counts = [0; 256];
        let mut largest = 0;
        scan.dc_differences(low, |difference| {
            let size = size_of_value(difference);
            largest = largest.max(size);
            counts[size as usize & 255] += 1;
        });
        if largest > 15 {
            return Ok(None);
        }
        let code = HuffmanCode::optimal(&counts);
        writer.bytes(&huffman_table(0, &code));
        let selectors = scan.members.iter().map(|m| [m.component.id, 0]);
        writer.bytes(&scan_header(selectors, [0, 0, low]));
        scan.dc_differences(low, |difference| put_dc(difference, &code, writer));
        writer.align();
        writer.roll();
    }
    for index in 0..picture.components.len() {
        let scan = Scan::new(picture, &[index]);
        let coded = picture.components[index].coded;
        let mut first = 1;
        while let Some(&bits) = coded.get(first) {
            let length = coded[first..].iter().take_while(|&&b| b == bits).count();
            if bits > 0 {
                work.spend(scan.blocks_inside(), offset)?;
                let band = first as u8..=(first + length - 1) as u8;
                write_band(&scan, band, bits - 1, writer);
            }
            first += length;
        }
    }
    Ok(Some(()))
}

/// Writes a scan of one band of AC coefficients of one component, down to bit `low`.
fn write_band(
    scan: &Scan<'_>,
    band: std::ops::RangeInclusive<u8>,
    low: u8,
    writer: &mut BitWriter,
) {
    let mut counts = [0; 256];
    scan.band_symbols(&band, low, |symbol, _, _| counts[usize::from(symbol)] += 1);
    let code = HuffmanCode::optimal(&counts);
    writer.bytes(&huffman_table(0x10, &code));
    let selectors = scan.members.iter().map(|m| [m.component.id, 0]);
    writer.bytes(&scan_header(selectors, [*band.start(), *band.end(), low]));
    scan.band_symbols(&band, low, |symbol, bits, length| {
        let (word, word_length) = code.word(symbol);
        writer.put(word << length | bits, word_length + length);
        writer.roll();
    });
    writer.align();
}

fn huffman_table(target: u8, code: &HuffmanCode) -> Vec<u8> {
    let mut out = Vec::with_capacity(300);
    let body = [&[target], &code.lengths[..], &code.symbols].concat();
    segment::write(&mut out, marker::DHT, &body);
    out
}

/// `selectors`: identifier and table destinations of each component.
fn scan_header(selectors: impl Iterator<Item = [u8; 2]>, parameters: [u8; 3]) -> Vec<u8> {
    let selectors: Vec<[u8; 2]> = selectors.collect();
    let mut body = vec![selectors.len() as u8];
    body.extend(selectors.iter().flatten());
    body.extend(parameters);
    let mut out = Vec::with_capacity(16);
    segment::write(&mut out, marker::SOS, &body);
    out
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

    /// The components of each scan: all in one, or each in one of its own.
    fn groups(&self, together: bool) -> Vec<Vec<usize>> {
        let all = 0..self.components.len();
        if together {
            vec![all.collect()]
        } else {
            all.map(|index| vec![index]).collect()
        }
    }
}

impl Component {
    /// The order in which the blocks have to be written.
    fn order(&self) -> Orientation {
        match self.remaining {
            Remaining::Order(orientation) => orientation,
            Remaining::Samples(_) => Orientation::default(),
        }
    }

    /// Blocks across and down as they are written.
    fn blocks(&self) -> (u32, u32) {
        let (width, height) = (self.symbols.width, self.symbols.height);
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

    /// Pair of Huffman tables: 0 for components with the quantisation table of the first one, 1 for all others.
    fn huffman(&self, component: usize) -> usize {
        usize::from(self.of[component] != self.of[0])
    }

    fn quantization(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(300);
        for (index, table) in (0u8..).zip(&self.quantization) {
            let wide = table.iter().any(|&element| element > 255);
            let mut body = vec![u8::from(wide) << 4 | index];
            if wide {
                body.extend(table.iter().flat_map(|element| element.to_be_bytes()));
            } else {
                body.extend(table.iter().map(|&element| element as u8));
            }
            segment::write(&mut out, marker::DQT, &body);
        }
        out
    }
}

fn frame_header(picture: &Picture, tables: &Tables) -> Vec<u8> {
    let wide = tables
        .quantization
        .iter()
        .any(|table| table.iter().any(|&element| element > 255));
    // Table B.2: baseline has 8 bits and no 16-bit quantisation tables.
    let code = if picture.unfinished {
        marker::SOF2
    } else if picture.bits == 8 && !wide {
        marker::SOF0
    } else {
        marker::SOF1
    };
    let mut body = vec![picture.bits];
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
    let mut out = Vec::with_capacity(24);
    segment::write(&mut out, code, &body);
    out
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
    order: Orientation,
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

    fn blocks_inside(&self) -> u64 {
        let blocks = self
            .members
            .iter()
            .map(|m| u64::from(m.width) * u64::from(m.height));
        blocks.sum()
    }

    /// Calls `block` for every block in order, with the number of its component in the scan and with its place in the
    /// source; the place is none for a block that only fills an MCU.
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
            let dc = i32::from(member.component.symbols.dc(row, column));
            let size = size_of_value(dc - predictors[slot]);
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
                .zip(member.component.symbols.counts.iter())
            {
                *sum += count;
            }
            counts[2 + table][usize::from(EOB)] += fillers[slot];
        }
        // F.1.2.1.1: 15 is the largest category, for 12 bits.
        (largest <= 15).then_some(())
    }

    fn write(&self, tables: &Tables, codes: &[HuffmanCode; 4], writer: &mut BitWriter) {
        let mut predictors = [0i32; 4];
        self.blocks(|slot, member, place| {
            let table = tables.huffman(member.index);
            let (dc_code, ac_code) = (&codes[table], &codes[2 + table]);
            let Some((row, column)) = place else {
                // A.2.4 lets the encoder choose the contents. A DC difference of zero without coefficients is shortest.
                for (word, length) in [dc_code.word(0), ac_code.word(EOB)] {
                    writer.put(word, length);
                }
                return;
            };
            let symbols = &member.component.symbols;
            let dc = i32::from(symbols.dc(row, column));
            put_dc(dc - predictors[slot], dc_code, writer);
            predictors[slot] = dc;
            symbols.symbols(row, column, |symbol, bits| {
                let (word, length) = ac_code.word(symbol);
                let size = u32::from(symbol & 15);
                writer.put(word << size | bits, length + size);
            });
            writer.roll();
        });
    }

    /// Gives the difference of every block's DC coefficient without its `low` lowest bits to `difference`; none for
    /// blocks that only fill an MCU.
    fn dc_differences(&self, low: u8, mut difference: impl FnMut(i32)) {
        let mut predictors = [0i32; 4];
        self.blocks(|slot, member, place| {
            let Some((row, column)) = place else {
                return difference(0);
            };
            // G.1.2.1: an arithmetic shift.
            let dc = i32::from(member.component.symbols.dc(row, column)) >> low;
            difference(dc - predictors[slot]);
            predictors[slot] = dc;
        });
    }

    /// Gives the symbols of a band to `symbol`, with their additional bits and how many these are: G.1.2.2.
    fn band_symbols(
        &self,
        band: &std::ops::RangeInclusive<u8>,
        low: u8,
        mut symbol: impl FnMut(u8, u32, u32),
    ) {
        let (first, last) = (usize::from(*band.start()), usize::from(*band.end()));
        let mut empty = 0;
        self.blocks(|_, member, place| {
            let Some((row, column)) = place else { return };
            let mut k = first;
            let component = &member.component.symbols;
            component.coefficients(row, column, |at, value| {
                let magnitude = u32::from(value.unsigned_abs()) >> low;
                if at < first || at > last || magnitude == 0 {
                    return;
                }
                end_of_band(&mut empty, &mut symbol);
                while at - k > 15 {
                    symbol(0xF0, 0, 0);
                    k += 16;
                }
                let size = 32 - magnitude.leading_zeros();
                let bits = if value < 0 { !magnitude } else { magnitude } & ((1 << size) - 1);
                symbol(((at - k) << 4) as u8 | size as u8 & 15, bits, size);
                k = at + 1;
            });
            if k <= last {
                empty += 1;
                if empty == LONGEST_RUN {
                    end_of_band(&mut empty, &mut symbol);
                }
            }
        });
        end_of_band(&mut empty, &mut symbol);
    }
}

/// Gives the end-of-band run of `empty` blocks to `symbol`, if there is one, and begins another.
fn end_of_band(empty: &mut u32, symbol: &mut impl FnMut(u8, u32, u32)) {
    let run = std::mem::take(empty);
    if run > 0 {
        let size = run.ilog2();
        symbol((size << 4) as u8, run & ((1 << size) - 1), size);
    }
}

/// Writes a DC difference: F.1.2.1.
#[inline(always)]
fn put_dc(difference: i32, code: &HuffmanCode, writer: &mut BitWriter) {
    let size = size_of_value(difference);
    let (word, length) = code.word(size as u8);
    let bits = (difference + (difference >> 31)) as u32 & ((1 << size) - 1);
    writer.put(word << size | bits, length + size);
}

/// SSSS of F.1.2.1.1.
fn size_of_value(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}
