//! Names what lies behind EOI.

use std::ops::Range;

use crate::format::bytes::be32;
use crate::format::marker;
use crate::format::walk::{Piece, walk};
use crate::kind::{self, Kind};

/// Largest number of parts that are named separately; the rest of the trailer counts as one unknown part.
const PARTS: usize = 64;

/// The parts of the trailer `range` of `data`, end to end. `gain_map`: whether the file signals a gain
/// map; the first JPEG of the trailer is then taken for it.
pub(super) fn parts(data: &[u8], range: Range<usize>, gain_map: bool) -> Vec<(Kind, Range<usize>)> {
    let mut parts: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut at = range.start;
    while at < range.end && parts.len() < PARTS {
        let rest = data.get(at..range.end).unwrap_or_default();
        let (found, length) = first_part(rest);
        let first_jpeg = parts.iter().all(|(seen, _)| *seen != Kind::TrailerGainMap);
        let found = match found {
            Kind::TrailerJpeg if gain_map && first_jpeg => Kind::TrailerGainMap,
            found => found,
        };
        let end = at.saturating_add(length.max(1)).min(range.end);
        parts.push((found, at..end));
        at = end;
    }
    if at < range.end {
        parts.push((Kind::TrailerUnknown, at..range.end));
    }
    parts
}

fn first_part(rest: &[u8]) -> (Kind, usize) {
    if rest.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return (Kind::TrailerJpeg, jpeg_length(rest));
    }
    if rest.starts_with(b"PK\x03\x04") {
        return (Kind::TrailerZip, rest.len());
    }
    if rest.get(4..8) == Some(b"ftyp") {
        return (Kind::TrailerMp4, boxes_length(rest));
    }
    // Samsung's directory stands at the very end; what it points to stands before it.
    if rest.ends_with(b"SEFT") {
        return (Kind::TrailerSamsung, rest.len());
    }
    let next = next_signature(rest);
    (Kind::TrailerUnknown, next)
}

/// Where the next part with a signature begins; the whole length if there is none.
fn next_signature(rest: &[u8]) -> usize {
    let signature = |window: &[u8]| {
        window.starts_with(&[0xFF, 0xD8, 0xFF, 0xE0])
            || window.starts_with(&[0xFF, 0xD8, 0xFF, 0xE1])
            || window.starts_with(b"PK\x03\x04")
            || window.ends_with(b"ftyp")
    };
    rest.windows(8)
        .skip(1)
        .position(signature)
        .map_or(rest.len(), |at| at.saturating_add(1))
}

/// Length of the JPEG at the start of `rest`; all of `rest` when the JPEG has no EOI.
fn jpeg_length(rest: &[u8]) -> usize {
    walk(rest)
        .map_while(Result::ok)
        .find_map(|piece| match piece {
            Piece::Marker {
                code: marker::EOI,
                range,
            } => Some(range.end),
            _ => None,
        })
        .unwrap_or(rest.len())
}

/// Length of the ISO base media boxes at the start of `rest`.
fn boxes_length(rest: &[u8]) -> usize {
    let mut at = 0_usize;
    while let Some(size) = be32(rest, at) {
        let name = at.saturating_add(4)..at.saturating_add(8);
        let named = rest
            .get(name)
            .is_some_and(|name| name.iter().all(u8::is_ascii_graphic));
        if size < 8 || !named {
            return if size <= 1 && named { rest.len() } else { at };
        }
        at = at.saturating_add(size as usize);
    }
    at.min(rest.len())
}

/// Whether an application segment signals a gain map in the words of Adobe, Apple or Google.
pub(super) fn signals_gain_map(kind: Kind, body: &[u8]) -> bool {
    match kind {
        Kind::GainMap => true,
        Kind::Xmp => {
            kind::contains(body, b"http://ns.adobe.com/hdr-gain-map/1.0/")
                || kind::contains(body, b"HDRGainMap")
                || kind::contains(body, b"\"GainMap\"")
        }
        _ => false,
    }
}
