//! Whether a file is in canonical clean form.
//!
//! This module shares no code with `strip`, on purpose: it parses markers, headers and tables itself, and even searches
//! for markers with code of its own, so that it finds mistakes of `strip`. Do not replace what looks like repetition of
//! the syntax layer in `format` by calls to it: a mistake there would then pass unnoticed.

mod picture;
mod profile;
mod rights;

use std::fmt;

use crate::options::Copyright;
use picture::Picture;
use profile::Profile;

/// Why a file is not in canonical clean form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("not clean at byte {offset}: {reason}")]
pub struct NotClean {
    /// Byte offset in the file.
    pub offset: usize,
    /// What is not as it has to be.
    pub reason: Reason,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What is not as it has to be in a clean file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant),+ }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),+ })
            }
        }
    };
}

reasons! {
    /// The first two bytes are not SOI.
    Start = "no SOI at the start",
    /// Bytes other than a marker stand where a marker is required.
    Stray = "bytes that belong to no segment",
    /// A segment that a clean file never has, or does not have at this place.
    Segment = "a segment that has no place here",
    /// A segment is longer or shorter than its content.
    Length = "a segment of the wrong length",
    /// The JFIF segment is not canonical.
    Jfif = "a JFIF segment that is not canonical",
    /// The Exif segment has more than Orientation.
    Orientation = "an Exif segment with more than orientation",
    /// Notices of copyright that are not canonical, in Exif or XMP.
    Copyright = "notices of copyright that are not canonical",
    /// The Adobe segment is not canonical.
    Adobe = "an Adobe segment that is not canonical",
    /// The ICC profile is incomplete, has more than what decides colours, or does not fit the picture's components.
    Icc = "an ICC profile that is not canonical",
    /// A table that no scan uses, or that is defined twice before it is used.
    UnusedTable = "a table that no scan uses",
    /// A table segment that is not well formed.
    Table = "a table that is not well formed",
    /// The frame header is not well formed.
    Frame = "a frame header that is not well formed",
    /// The scan header is not canonical.
    Scan = "a scan header that is not canonical",
    /// The restart interval is not used or not new.
    Interval = "a restart interval that is not used",
    /// Entropy-coded data have something else than stuffed zeros and restart markers in sequence.
    EntropyCoded = "entropy-coded data with other markers",
    /// DNL stands where it is not allowed, or is missing where it is required.
    Lines = "a number of lines that has no place here",
    /// The file does not end with EOI.
    End = "no EOI at the end",
    /// Bytes behind EOI.
    Trailer = "bytes behind EOI",
}

/// Proves that `data` is a file in the form that [`strip`](crate::strip) writes, and nothing else.
///
/// That is: SOI; at most one JFIF APP0 of 14 bytes; at most one Exif APP1 with Orientation alone;
/// an ICC profile in full chunks, complete, with what decides colours alone; at most one Adobe
/// APP14 of 12 bytes; then DQT, DHT, DAC, DRI, SOFn, DNL and SOS at their exact lengths, every
/// table used, entropy-coded data with nothing but stuffed zeros and restart markers in sequence;
/// EOI as the last two bytes. Nothing is decoded. Nothing is allocated but the table of a profile
/// of several chunks.
///
/// # Errors
///
/// [`NotClean`] with the first offset at which this does not hold.
///
/// Source: ITU-T T.81 annex B; JFIF 1.02; ICC.1:2022 annex B.4; Adobe Technical Note 5116.
pub fn verify(data: &[u8]) -> Result<(), NotClean> {
    verify_with(data, Copyright::Drop)
}

/// As [`verify`], of a file that was stripped under a policy for notices of copyright.
///
/// With [`Copyright::Keep`] the Exif segment may have Artist and Copyright, and one XMP APP1 may follow it, with the notices
/// that [`Copyright::Keep`] names and nothing else.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_with(data: &[u8], copyright: Copyright) -> Result<(), NotClean> {
    let mut cursor = Cursor { data, at: 0 };
    if cursor.take(2) != Some(&[0xFF, 0xD8]) {
        return Err(NotClean {
            offset: 0,
            reason: Reason::Start,
        });
    }
    let profile = head(&mut cursor, copyright)?;
    let components = Picture::new(&mut cursor).run()?;
    if let Some(profile) = profile.filter(|profile| !profile.is_for(components)) {
        return Err(NotClean {
            offset: profile.offset,
            reason: Reason::Icc,
        });
    }
    if cursor.at == data.len() {
        Ok(())
    } else {
        Err(cursor.because(Reason::Trailer))
    }
}

/// The application segments, each of which may be missing, in their order.
fn head(cursor: &mut Cursor<'_>, copyright: Copyright) -> Result<Option<Profile>, NotClean> {
    let not = |offset, reason| Err(NotClean { offset, reason });
    if let Some((at, body)) = cursor.segment_of(0xE0)? {
        let canonical = matches!(
            body,
            [b'J', b'F', b'I', b'F', 0, 1, 0..=2, 0..=2, _, _, _, _, 0, 0]
        );
        if !canonical {
            return not(at, Reason::Jfif);
        }
    }
    if copyright == Copyright::Keep {
        rights::verify(cursor)?;
    } else if let Some((at, body)) = cursor.segment_of(0xE1)? {
        let canonical = body.len() == 32
            && body.starts_with(b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0")
            && matches!(body.get(25), Some(2..=8))
            && body.ends_with(&[0; 6]);
        if !canonical {
            return not(at, Reason::Orientation);
        }
    }
    let profile = profile::verify(cursor)?;
    if let Some((at, body)) = cursor.segment_of(0xEE)? {
        let canonical = matches!(
            body,
            [b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, 0..=2]
        );
        if !canonical {
            return not(at, Reason::Adobe);
        }
    }
    Ok(profile)
}

/// A place in the file. Everything before it has been verified.
struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn because(&self, reason: Reason) -> NotClean {
        NotClean {
            offset: self.at,
            reason,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..count)?;
        self.at = self.at.saturating_add(count);
        Some(taken)
    }

    /// Second byte of the marker that stands here.
    fn code(&self) -> Result<u8, NotClean> {
        match self.rest() {
            [0xFF, code, ..] if !matches!(code, 0 | 0xFF) => Ok(*code),
            [] | [0xFF] => Err(self.because(Reason::End)),
            _ => Err(self.because(Reason::Stray)),
        }
    }

    /// Offset and body of the segment that stands here; the cursor moves behind it.
    fn segment(&mut self) -> Result<(usize, &'a [u8]), NotClean> {
        let start = self.at;
        let wrong = NotClean {
            offset: start,
            reason: Reason::Length,
        };
        let &[_, _, high, low] = self.rest().first_chunk().ok_or(wrong)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = self.take(length.saturating_add(2)).ok_or(wrong)?;
        Ok((start, segment.get(4..).ok_or(wrong)?))
    }

    /// The same if it is a segment of marker `code`; else the cursor stays.
    fn segment_of(&mut self, code: u8) -> Result<Option<(usize, &'a [u8])>, NotClean> {
        if self.code()? == code {
            self.segment().map(Some)
        } else {
            Ok(None)
        }
    }
}
