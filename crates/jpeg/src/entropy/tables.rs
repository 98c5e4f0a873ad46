//! Table destinations and the segments that fill them: T.81 B.2.4.

use super::arithmetic::Conditioning;
use super::huffman::Table;
use crate::{Corruption, Error};

/// Table destinations (B.2.4).
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    pub(super) conditioning: [Conditioning; 4],
    /// In zigzag order, as DQT has them.
    pub(super) quantization: [Option<[u16; 64]>; 4],
    pub(super) restart_interval: u32,
}

impl Tables {
    pub(super) fn dc(&mut self, destination: usize, offset: usize) -> Result<&mut Table, Error> {
        let missing = Error::corrupt(offset, Corruption::MissingHuffmanTable);
        self.dc
            .get_mut(destination)
            .and_then(Option::as_mut)
            .ok_or(missing)
    }

    pub(super) fn ac(&mut self, destination: usize, offset: usize) -> Result<&mut Table, Error> {
        let missing = Error::corrupt(offset, Corruption::MissingHuffmanTable);
        self.ac
            .get_mut(destination)
            .and_then(Option::as_mut)
            .ok_or(missing)
    }

    /// B.2.4.2.
    pub(super) fn define_huffman(&mut self, mut body: &[u8], offset: usize) -> Result<(), Error> {
        let short = Error::corrupt(offset, Corruption::SegmentLength);
        while let Some((&target, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
            let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
            if total > 256 {
                return Err(Error::corrupt(offset, Corruption::HuffmanTable));
            }
            let (symbols, rest) = rest.split_at_checked(total).ok_or(short)?;
            let set = if target & 0x10 == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            let out_of_range = Error::corrupt(offset, Corruption::TableReference);
            let slot = set
                .get_mut(usize::from(target & 0xEF))
                .ok_or(out_of_range)?;
            *slot = Some(Table::new(counts, symbols, offset)?);
            body = rest;
        }
        Ok(())
    }

    /// B.2.4.3.
    pub(super) fn define_conditioning(&mut self, body: &[u8], offset: usize) -> Result<(), Error> {
        let (pairs, []) = body.as_chunks::<2>() else {
            return Err(Error::corrupt(offset, Corruption::SegmentLength));
        };
        for &[target, value] in pairs {
            let out_of_range = Error::corrupt(offset, Corruption::TableReference);
            let slot = self
                .conditioning
                .get_mut(usize::from(target & 0xEF))
                .ok_or(out_of_range)?;
            let (lower, upper) = (value & 15, value >> 4);
            if target & 0x10 == 0 && lower <= upper {
                (slot.lower, slot.upper) = (lower, upper);
            } else if target & 0x10 != 0 && (1..=63).contains(&value) {
                slot.kx = value;
            } else {
                return Err(Error::corrupt(offset, Corruption::ArithmeticConditioning));
            }
        }
        Ok(())
    }

    /// B.2.4.1. A zero element is not allowed, but decoders draw such pictures.
    pub(super) fn define_quantization(
        &mut self,
        mut body: &[u8],
        offset: usize,
    ) -> Result<(), Error> {
        let short = Error::corrupt(offset, Corruption::SegmentLength);
        while let Some((&target, rest)) = body.split_first() {
            let wide = match target >> 4 {
                0 => false,
                1 => true,
                _ => return Err(Error::corrupt(offset, Corruption::QuantizationTable)),
            };
            let (elements, rest) = rest
                .split_at_checked(if wide { 128 } else { 64 })
                .ok_or(short)?;
            let mut table = [0; 64];
            for (k, element) in table.iter_mut().enumerate() {
                *element = if wide {
                    u16::from_be_bytes([elements[2 * k], elements[2 * k + 1]])
                } else {
                    u16::from(elements[k])
                };
            }
            let out_of_range = Error::corrupt(offset, Corruption::TableReference);
            *self
                .quantization
                .get_mut(usize::from(target & 15))
                .ok_or(out_of_range)? = Some(table);
            body = rest;
        }
        Ok(())
    }
}
