//! Lossless Huffman scans: T.81 H.2, the codes only.

use std::sync::Arc;

use super::Position;
use super::bits::Bits;
use super::huffman::{Codes, bad_code};
use super::scan::{Cutter, Header};
use super::sequential::cut_off;
use super::tables::Tables;
use crate::{Corruption, Error};

/// Follows a scan's codes and returns where its data end.
pub(super) fn scan(
    header: &Header,
    tables: &mut Tables,
    position: Position,
    cutter: &mut Cutter,
) -> Result<usize, Error> {
    // H.1.2.1 lets prediction start afresh at the beginning of a row only.
    if !tables.restart_interval.is_multiple_of(header.mcus_across) {
        return Err(Error::corrupt(position.sos, Corruption::Restart));
    }
    let mut plan: Vec<Arc<Codes>> = Vec::with_capacity(10);
    for member in &header.members {
        let codes = tables.dc(member.dc_table, position.sos)?.codes();
        plan.extend((0..member.h * member.v).map(|_| Arc::clone(&codes)));
    }
    let (mut at, mut end) = (position.start, position.start);
    for (index, mcus) in header.intervals(tables.restart_interval).enumerate() {
        if index > 0 {
            at = cutter.restart(end)?;
        }
        let mut bits = Bits::new(position.data, at);
        for _ in mcus {
            let mut reader = bits;
            for codes in &plan {
                reader.need32();
                match u32::from(codes.symbol(&mut reader)?) {
                    size @ 0..=15 => reader.skip(size),
                    // 32768, which has no sign and so no bits (table H.2).
                    16 => {}
                    _ => return Err(bad_code(&reader)),
                }
            }
            bits = reader;
            if bits.overrun() {
                return Err(cut_off(&bits));
            }
        }
        let tail = bits.tail();
        cutter.segment(at, &tail);
        end = tail.end;
    }
    Ok(end)
}
