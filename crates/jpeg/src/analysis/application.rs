//! Application and comment segments: what of them decides how the picture looks.

use std::ops::Range;

use super::{Jfif, Reader, trailer};
use crate::exif;
use crate::format::bytes::be16;
use crate::kind::{self, Kind};
use crate::options::Copyright;

impl Reader<'_> {
    pub(super) fn application(&mut self, code: u8, range: &Range<usize>, body: &[u8]) {
        let kind = kind::of_application(code, body);
        self.report.gain_map |= trailer::signals_gain_map(kind, body);
        // Decoders choose colours and orientation before the first scan; later segments have no effect.
        let counts = self.before_first_scan();
        if counts && self.options.copyright == Copyright::Keep {
            self.rights.read(kind, body);
        }
        match kind {
            Kind::Jfif if counts => self.jfif(code, range, body),
            Kind::Adobe if counts => self.adobe(code, range, body),
            Kind::Icc if counts => {
                self.icc.add(body, range.start.saturating_add(4));
                let listed = self.list(code, range, kind, true);
                self.icc_listed.extend(listed);
            }
            Kind::Exif => {
                self.exif(body, counts);
                self.drop(code, range, kind);
            }
            _ => self.drop(code, range, kind),
        }
    }

    fn jfif(&mut self, code: u8, range: &Range<usize>, body: &[u8]) {
        let byte = |at: usize| body.get(at).copied().unwrap_or(0);
        let units = byte(7);
        let density = |at| be16(body, at).unwrap_or(0);
        let known = units <= 2;
        let repeated = self.jfif.replace(Jfif {
            minor: byte(6).min(2),
            units: if known { units } else { 0 },
            across: if known { density(8) } else { 1 },
            down: if known { density(10) } else { 1 },
        });
        if repeated.is_some() {
            self.report.remove(Kind::Jfif, range.len());
        }
        let tail = body.len().saturating_sub(14);
        if tail > 0 {
            let thumbnail = byte(12) > 0 && byte(13) > 0;
            let kind = if thumbnail {
                Kind::JfifThumbnail
            } else {
                Kind::JfifTail
            };
            self.report.remove(kind, tail);
        }
        self.list(code, range, Kind::Jfif, true);
    }

    fn adobe(&mut self, code: u8, range: &Range<usize>, body: &[u8]) {
        let transform = body.get(11).copied().unwrap_or(0);
        if self.adobe.replace(transform).is_some() {
            self.report.remove(Kind::Adobe, range.len());
        }
        let tail = body.len().saturating_sub(12);
        if tail > 0 {
            self.report.remove(Kind::AdobeTail, tail);
        }
        self.list(code, range, Kind::Adobe, true);
    }

    fn exif(&mut self, body: &[u8], counts: bool) {
        let found = exif::read(body);
        let parts = self.report.exif.get_or_insert_default();
        if let Some(exif) = found {
            parts.gps |= exif.parts.gps;
            parts.maker_note |= exif.parts.maker_note;
            parts.thumbnail |= exif.parts.thumbnail;
            if counts {
                self.orientation.get_or_insert(exif.orientation);
            }
        }
    }
}
