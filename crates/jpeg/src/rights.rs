//! What [`Copyright::Keep`](crate::Copyright::Keep) keeps: who made a picture, whose it is, and on which terms.
//!
//! The notices are read from the first Exif segment, the first IPTC record and the first XMP packet before the first scan. They are
//! written in canonical form: those of Exif into the Exif segment, those of IPTC and XMP into one XMP packet, which is where the IPTC
//! Photo Metadata Standard puts them and where search engines look. Nothing else of the three is read.

mod iptc;
mod text;
mod xmp;

use crate::exif;
use crate::kind::Kind;

/// The notices of a picture. None of them is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Exif's Artist (tag 315).
    pub(crate) artist: Option<String>,
    /// Exif's Copyright (tag 33432).
    pub(crate) copyright: Option<String>,
    xmp: xmp::Notices,
    seen: Seen,
}

/// Which of the sources have been read. Only the first segment of each counts, which bounds the work for a file with
/// many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    exif: bool,
    iptc: bool,
    xmp: bool,
}

impl Rights {
    /// Reads the body of an application segment, if it is one that can have notices.
    pub(crate) fn read(&mut self, kind: Kind, body: &[u8]) {
        let seen = match kind {
            Kind::Exif => &mut self.seen.exif,
            Kind::Iptc => &mut self.seen.iptc,
            Kind::Xmp => &mut self.seen.xmp,
            _ => return,
        };
        if std::mem::replace(seen, true) {
            return;
        }
        match kind {
            Kind::Exif => {
                let [artist, copyright] = exif::notices(body).map(|found| found.map(text::decode));
                self.artist = artist.and_then(|artist| text::clean(&artist));
                self.copyright = copyright.and_then(|copyright| text::clean(&copyright));
            }
            Kind::Iptc => self.xmp.or(iptc::read(body)),
            _ => {
                // Where XMP and IPTC both have a notice, XMP's counts: it is what editors write today.
                let iptc = std::mem::replace(&mut self.xmp, xmp::read(body));
                self.xmp.or(iptc);
            }
        }
    }

    /// The body of the APP1 segment with what is kept of IPTC and XMP, if anything is.
    pub(crate) fn packet(&self) -> Option<Vec<u8>> {
        self.xmp.packet()
    }
}
