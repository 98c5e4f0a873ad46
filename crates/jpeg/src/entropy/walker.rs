//! A naive walker for the tests: finds segments byte by byte and feeds them to the decoder.

use super::{Coefficients, Decoder, Nowhere, ScanData};
use crate::{Corruption, Error};

/// What a picture consists of.
pub(crate) struct Walked {
    pub decoder: Decoder,
    pub scans: Vec<ScanData>,
    pub eoi: bool,
}

/// Decodes the first picture of `data`, checked only.
pub(crate) fn walk(data: &[u8]) -> Result<Walked, Error> {
    walk_into(data, &mut Nowhere)
}

/// Decodes the first picture of `data` into `sink`.
pub(crate) fn walk_into<S: Coefficients>(data: &[u8], sink: &mut S) -> Result<Walked, Error> {
    let mut walked = Walked {
        decoder: Decoder::new(200_000_000),
        scans: Vec::new(),
        eoi: false,
    };
    let mut at = 2;
    loop {
        while at < data.len()
            && (data[at] != 0xFF || matches!(data.get(at + 1), Some(0 | 0xFF | 1 | 0xD0..=0xD7)))
        {
            at += 1;
        }
        let Some(&marker) = data.get(at + 1) else {
            break;
        };
        if marker == 0xD9 {
            walked.eoi = true;
            break;
        }
        let overrun = Error::corrupt(at, Corruption::SegmentOverrun);
        let length = data
            .get(at + 2..at + 4)
            .map(|b| usize::from(b[0]) << 8 | usize::from(b[1]))
            .ok_or(overrun)?;
        let body = data.get(at + 4..at + 2 + length).ok_or(overrun)?;
        let end = at + 2 + length;
        match marker {
            0xDA => {
                let scan = walked.decoder.scan_into(body, at + 4, data, end, sink)?;
                at = scan.next_marker;
                walked.scans.push(scan);
                continue;
            }
            0xC0..=0xCF | 0xDB..=0xDD if marker != 0xC8 => {
                walked.decoder.segment(marker, body, at + 4)?;
            }
            _ => {}
        }
        at = end;
    }
    walked.decoder.finish()?;
    if !walked.eoi && !walked.decoder.complete() {
        return Err(Error::corrupt(data.len(), Corruption::Truncated));
    }
    Ok(walked)
}
