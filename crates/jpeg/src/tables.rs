//! The entries of table segments (T.81 B.2.4): where each begins and ends, not what it says.

use std::ops::Range;

use crate::bytes::be16;
use crate::error::Corruption;
use crate::marker;

/// One table of a DQT, DHT or DAC segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Class times four plus destination: 0 to 3 for DQT, 0 to 7 for DHT and DAC.
    pub(crate) slot: u8,
    /// Its bytes within the segment's body.
    pub(crate) range: Range<usize>,
}

/// Splits the body of a DQT, DHT or DAC segment into its tables. Each is a body of its own.
///
/// An error when the last one does not end where the body does, as libjpeg has it.
pub(crate) fn entries(
    code: u8,
    body: &[u8],
) -> impl Iterator<Item = Result<Entry, Corruption>> + '_ {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let rest = body.get(at..)?;
        let first = *rest.first()?;
        let entry = match code {
            marker::DQT => quantization(first),
            marker::DHT => huffman(first, rest),
            _ => conditioning(first),
        };
        let found = entry.and_then(|(slot, length)| {
            let end = at.saturating_add(length);
            if end > body.len() {
                return Err(Corruption::SegmentLength);
            }
            let range = at..end;
            at = end;
            Ok(Entry { slot, range })
        });
        if found.is_err() {
            at = usize::MAX;
        }
        Some(found)
    })
}

fn quantization(first: u8) -> Result<(u8, usize), Corruption> {
    match (first >> 4, first & 0x0F) {
        (0, slot @ 0..=3) => Ok((slot, 65)),
        (1, slot @ 0..=3) => Ok((slot, 129)),
        (0 | 1, _) => Err(Corruption::TableReference),
        _ => Err(Corruption::QuantizationTable),
    }
}

fn huffman(first: u8, rest: &[u8]) -> Result<(u8, usize), Corruption> {
    let counts = rest.get(1..17).ok_or(Corruption::SegmentLength)?;
    let codes = counts
        .iter()
        .map(|count| usize::from(*count))
        .sum::<usize>();
    if codes > 256 {
        return Err(Corruption::HuffmanTable);
    }
    Ok((class_and_slot(first)?, codes.saturating_add(17)))
}

fn conditioning(first: u8) -> Result<(u8, usize), Corruption> {
    Ok((class_and_slot(first)?, 2))
}

fn class_and_slot(first: u8) -> Result<u8, Corruption> {
    match (first >> 4, first & 0x0F) {
        (class @ 0..=1, slot @ 0..=3) => Ok(class << 2 | slot),
        _ => Err(Corruption::TableReference),
    }
}

/// How many symbols of a Huffman table no code can need: listed before, or without a meaning in
/// this process (F.1.2.1.2, F.1.2.2.1, H.1.2.2).
///
/// `entry`: the table from its class and destination on.
pub(crate) fn idle_symbols(entry: &[u8], progressive: bool) -> usize {
    let Some((head, symbols)) = entry.split_first_chunk::<17>() else {
        return 0;
    };
    let of_dc = head.first().is_some_and(|class| class >> 4 == 0);
    let meaningless: fn(&[u8]) -> usize = match (of_dc, progressive) {
        (true, _) => |symbols| count(symbols, |size| size > 16),
        (false, true) => |_| 0,
        (false, false) => |symbols| {
            count(symbols, |symbol| {
                symbol % 16 == 0 && symbol != 0 && symbol != 0xF0
            })
        },
    };
    let repeated = symbols.len().saturating_sub(distinct(symbols));
    repeated.saturating_add(meaningless(symbols))
}

fn count(symbols: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // Without a branch per symbol, in numbers as small as symbols: this is read for every file.
    let ones = |symbols: &[u8]| {
        let ones = symbols.iter().map(|symbol| u8::from(is(*symbol)));
        ones.fold(0_u8, u8::wrapping_add)
    };
    let counts = symbols.chunks(128).map(|part| usize::from(ones(part)));
    counts.sum()
}

/// How many different symbols there are.
fn distinct(symbols: &[u8]) -> usize {
    let mut seen = [0_u8; 256];
    for symbol in symbols {
        if let Some(seen) = seen.get_mut(usize::from(*symbol)) {
            *seen = 1;
        }
    }
    count(&seen, |seen| seen != 0)
}

/// The interval of a DRI segment's body, in MCUs (B.2.4.4).
pub(crate) fn restart_interval(body: &[u8]) -> Result<u16, Corruption> {
    match body.len() {
        2 => be16(body, 0).ok_or(Corruption::SegmentLength),
        _ => Err(Corruption::SegmentLength),
    }
}
