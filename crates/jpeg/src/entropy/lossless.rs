//! Lossless Huffman scans: T.81 H.2, the codes only.

use super::Scan;
use super::bits::Bits;
use super::cut::{Cutter, ScanEnd, no_tables};
use super::huffman::{Codes, bad_code};
use super::sequential::cut_off;
use crate::error::Error;

/// Follows a scan's codes.
pub(super) fn check(scan: &Scan, data: &[u8]) -> Result<ScanEnd, Error> {
    let mut plan: Vec<&Codes> = Vec::with_capacity(10);
    for (member, table) in scan.header.members().iter().zip(&scan.tables.dc) {
        let Some(table) = table else {
            return no_tables(scan);
        };
        plan.extend((0..member.h * member.v).map(|_| table.codes()));
    }
    let mut cutter = Cutter::new(data, scan.start);
    let mut at = scan.start;
    for (index, mcus) in scan.header.intervals(scan.interval).enumerate() {
        if index > 0 {
            at = cutter.restart()?;
        }
        let mut bits = Bits::new(data, at);
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
        cutter.segment(at, &bits.tail())?;
    }
    Ok(cutter.finish())
}
