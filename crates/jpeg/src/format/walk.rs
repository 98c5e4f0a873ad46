//! Iterates over the marker segments and scans of any JPEG.

use std::iter::FusedIterator;
use std::ops::Range;

use super::bytes::be16;
use super::magic;
use super::marker::{self, Syntax};
use super::marker_search::next_unstuffed;
use crate::error::{Corruption, Error};

/// One piece of a file. The pieces of a file lie end to end: together they are the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A marker that stands alone: SOI, EOI, and TEM or RSTn where they mean nothing.
    Marker {
        /// Second byte of the marker code.
        code: u8,
        /// The marker's two bytes.
        range: Range<usize>,
    },
    /// A marker segment: marker, length field and body (T.81 B.1.1.4).
    Segment {
        /// Second byte of the marker code.
        code: u8,
        /// Marker, length field and body.
        range: Range<usize>,
        /// What lies behind the length field, as long as the length field says.
        body: &'a [u8],
    },
    /// What lies between a scan header and the next marker that is no RSTn: entropy-coded
    /// segments and restart markers (B.1.1.5).
    EntropyCoded {
        /// Its bytes.
        range: Range<usize>,
    },
    /// Bytes before a marker that decoders skip: fill bytes (B.1.1.2), and garbage.
    Skipped {
        /// Its bytes.
        range: Range<usize>,
    },
    /// Everything behind EOI.
    Trailer {
        /// Its bytes.
        range: Range<usize>,
    },
}

impl Piece<'_> {
    /// The bytes of the piece.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Marker { range, .. }
            | Self::Segment { range, .. }
            | Self::EntropyCoded { range }
            | Self::Skipped { range }
            | Self::Trailer { range } => range.clone(),
        }
    }
}

/// Iterates over the pieces of `data`, the bytes of a JPEG of any process.
///
/// Between segments it skips what libjpeg's `next_marker` skips. Nothing is allocated and no body
/// is looked into. The time is linear in the length of `data`.
///
/// The length field of an APPn, COM or DNL segment may be 0 or 1: decoders skip as many bytes as it says less the two
/// of the field, and so none. Such a segment has an empty body.
///
/// # Errors
///
/// The last item is an error, and nothing follows it, when the file
///
/// * does not begin with SOI: [`Error::NotJpeg`];
/// * has a length field below 2 in another segment ([`Corruption::SegmentLength`]), or one that leads past the end of
///   the file ([`Corruption::SegmentOverrun`]);
/// * ends without EOI: [`Corruption::Truncated`].
///
/// # Examples
///
/// ```
/// use scrubjay_jpeg::{Piece, walk};
///
/// let bytes = [0xFF, 0xD8, 0xFF, 0xFE, 0, 4, b'h', b'i', 0xFF, 0xD9];
/// let comments = walk(&bytes)
///     .filter(|piece| matches!(piece, Ok(Piece::Segment { code: 0xFE, .. })))
///     .count();
/// assert_eq!(comments, 1);
/// ```
///
/// Source: ITU-T T.81 B.1.1.2 to B.1.1.5 and B.2.1.
pub fn walk(data: &[u8]) -> Walk<'_> {
    Walk {
        data,
        at: 0,
        next: Next::Soi,
    }
}

/// The iterator of [`walk`].
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    data: &'a [u8],
    at: usize,
    next: Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Soi,
    Marker,
    EntropyCoded,
    Trailer,
    End,
}

impl<'a> Walk<'a> {
    /// Continues at `offset`, the marker that ends the scan, instead of searching for it. For a caller that
    /// has decoded the scan whose header was the last item.
    pub(crate) fn leave_scan(&mut self, offset: usize) {
        self.at = offset.max(self.at);
        self.next = Next::Marker;
    }

    fn soi(&mut self) -> Result<Piece<'a>, Error> {
        if !self.data.starts_with(&[0xFF, marker::SOI]) {
            return Err(magic::not_jpeg(self.data));
        }
        // Bytes behind SOI that are no marker are skipped, as between segments.
        self.next = Next::Marker;
        Ok(self.marker(marker::SOI))
    }

    fn marker(&mut self, code: u8) -> Piece<'a> {
        let start = self.at;
        self.at = start.saturating_add(2);
        Piece::Marker {
            code,
            range: start..self.at,
        }
    }

    fn at_marker(&mut self) -> Result<Piece<'a>, Error> {
        let start = self.at;
        let Some((at, code)) = find_marker(self.data, start) else {
            if start < self.data.len() {
                self.at = self.data.len();
                return Ok(Piece::Skipped {
                    range: start..self.data.len(),
                });
            }
            return Err(Error::corrupt(self.data.len(), Corruption::Truncated));
        };
        if at > start {
            self.at = at;
            return Ok(Piece::Skipped { range: start..at });
        }
        if marker::syntax(code) == Syntax::Alone {
            if code == marker::EOI {
                self.next = Next::Trailer;
            }
            return Ok(self.marker(code));
        }
        self.segment(code)
    }

    fn segment(&mut self, code: u8) -> Result<Piece<'a>, Error> {
        let start = self.at;
        let length_at = start.saturating_add(2);
        let length =
            be16(self.data, length_at).ok_or(Error::corrupt(start, Corruption::SegmentOverrun))?;
        let skipped = matches!(
            code,
            marker::APP0..=marker::APP15 | marker::COM | marker::DNL
        );
        if length < 2 && !skipped {
            return Err(Error::corrupt(length_at, Corruption::SegmentLength));
        }
        let end = length_at.saturating_add(usize::from(length.max(2)));
        let body = self
            .data
            .get(length_at.saturating_add(2)..end)
            .ok_or(Error::corrupt(start, Corruption::SegmentOverrun))?;
        self.at = end;
        if code == marker::SOS {
            self.next = Next::EntropyCoded;
        }
        Ok(Piece::Segment {
            code,
            range: start..end,
            body,
        })
    }

    fn entropy_coded(&mut self) -> Piece<'a> {
        let start = self.at;
        let mut at = start;
        self.at = loop {
            let Some(hit) = next_unstuffed(self.data, at) else {
                break self.data.len();
            };
            // Fill bytes may stand before a marker, and decoders also take them before a stuffed
            // zero.
            let code_at = skip_fill(self.data, hit);
            match self.data.get(code_at) {
                None => break self.data.len(),
                Some(0 | marker::RST0..=marker::RST7) => at = code_at.saturating_add(1),
                Some(_) => break hit,
            }
        };
        self.next = Next::Marker;
        Piece::EntropyCoded {
            range: start..self.at,
        }
    }
}

/// Offset of the first byte at or after `from` that is not 0xFF.
pub(super) fn skip_fill(data: &[u8], from: usize) -> usize {
    data.get(from..)
        .and_then(|rest| rest.iter().position(|byte| *byte != 0xFF))
        .map_or(data.len(), |fill| from.saturating_add(fill))
}

/// Offset of the 0xFF and second byte of the first marker at or after `from`, found as libjpeg's
/// `next_marker` does: bytes other than 0xFF, stuffed zeros and all but the last of several 0xFF
/// are passed over.
fn find_marker(data: &[u8], from: usize) -> Option<(usize, u8)> {
    let mut at = from;
    loop {
        let code_at = skip_fill(data, next_unstuffed(data, at)?);
        match *data.get(code_at)? {
            0 => at = code_at,
            code => return Some((code_at.saturating_sub(1), code)),
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Piece<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match self.next {
            Next::Soi => self.soi(),
            Next::Marker => self.at_marker(),
            Next::EntropyCoded => Ok(self.entropy_coded()),
            Next::Trailer => {
                self.next = Next::End;
                let range = self.at..self.data.len();
                if range.is_empty() {
                    return None;
                }
                Ok(Piece::Trailer { range })
            }
            Next::End => return None,
        };
        if item.is_err() {
            self.next = Next::End;
        }
        Some(item)
    }
}

impl FusedIterator for Walk<'_> {}
