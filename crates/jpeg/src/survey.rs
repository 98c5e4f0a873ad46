//! Reads a file once, from its first byte to its last, and decides what of it goes on.

mod application;
mod picture;

use std::ops::Range;

use crate::entropy::Decoder;
use crate::error::{Corruption, Error, Excess, Unsupported};
use crate::frame::{Coded, Frame};
use crate::icc;
use crate::kind::Kind;
use crate::marker;
use crate::options::{Check, Options, OrientationPolicy};
use crate::report::{Process, Repair, Report, SegmentInfo, Turned};
use crate::trailer;
use crate::turn::{self, Turning};
use crate::walk::{Piece, walk};

use picture::Slots;
pub(crate) use picture::{Item, Stretch};

/// What is known of a file after it has been read once.
#[derive(Debug)]
pub(crate) struct Survey {
    /// What the clean file consists of behind its head, in order.
    pub(crate) items: Vec<Item>,
    pub(crate) jfif: Option<Jfif>,
    /// The transform flag of the Adobe segment that decoders obey.
    pub(crate) adobe: Option<u8>,
    pub(crate) icc: icc::Chunks,
    /// Whether baking the orientation in changes no sample.
    pub(crate) turns_exactly: bool,
    /// Whether a Huffman table in use has symbols that no code can need.
    pub(crate) idle_symbols: bool,
    /// The picture, turned or only written anew, if that was asked for and wanted.
    pub(crate) turned: Option<turn::Turned>,
    pub(crate) report: Report,
}

/// What is kept of a JFIF segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jfif {
    /// Second byte of the version; the first is 1.
    pub(crate) minor: u8,
    pub(crate) units: u8,
    pub(crate) across: u16,
    pub(crate) down: u16,
}

/// Reads `data`, the bytes of a file.
///
/// `turns`: a picture that is to be turned is turned on the way, where every scan is decoded anyway.
pub(crate) fn survey(data: &[u8], options: &Options, turns: bool) -> Result<Survey, Error> {
    if data.len() as u64 > options.limits.max_bytes {
        return Err(Error::too_large(0, Excess::Bytes));
    }
    let mut reader = Reader::new(data, options, turns);
    reader.run()?;
    reader.finish()
}

struct Reader<'a> {
    data: &'a [u8],
    options: &'a Options,
    survey: Survey,
    frame: Option<Frame>,
    coded: Coded,
    /// Decodes the scans, if they are to be.
    decoder: Option<Decoder>,
    /// Whether coefficients that have to be written anew are kept; those that are, from the first scan on.
    turns: bool,
    turning: Option<Turning>,
    slots: Slots,
    /// The restart interval in force, and the one that DRI set last.
    interval: (u16, u16),
    /// First valid Exif: its orientation.
    orientation: Option<u8>,
    /// Where each ICC chunk is listed.
    icc_listed: Vec<usize>,
    pieces: u32,
    eoi: bool,
}

impl<'a> Reader<'a> {
    fn new(data: &'a [u8], options: &'a Options, turns: bool) -> Self {
        let report = Report {
            bytes_in: data.len() as u64,
            bytes_out: 0,
            width: 0,
            height: 0,
            output_width: 0,
            output_height: 0,
            components: 0,
            bits: 0,
            process: Process::Baseline,
            scans: 0,
            orientation: 1,
            turned: Turned::None,
            exif: None,
            gain_map: false,
            segments: Vec::with_capacity(16),
            segments_omitted: 0,
            removed: Vec::new(),
            kept: Vec::new(),
            repaired: Vec::new(),
        };
        Self {
            data,
            options,
            survey: Survey {
                items: Vec::with_capacity(16),
                jfif: None,
                adobe: None,
                icc: icc::Chunks::default(),
                turns_exactly: true,
                idle_symbols: false,
                turned: None,
                report,
            },
            frame: None,
            coded: Coded::new(),
            decoder: (options.check == Check::Entropy)
                .then(|| Decoder::new(options.limits.max_pixels)),
            turns,
            turning: None,
            slots: Slots::default(),
            interval: (0, 0),
            orientation: None,
            icc_listed: Vec::new(),
            pieces: 0,
            eoi: false,
        }
    }

    fn run(&mut self) -> Result<(), Error> {
        let mut pieces = walk(self.data);
        let mut at = 0;
        while let Some(piece) = pieces.next() {
            let result = piece.and_then(|piece| {
                let end = piece.range().end;
                let next_marker = self.piece(&piece)?;
                if let Some(offset) = next_marker {
                    pieces.leave_scan(offset);
                }
                Ok(next_marker.unwrap_or(end))
            });
            match result {
                Ok(end) => at = end,
                Err(error) => return self.end_without_eoi(at, error),
            }
        }
        Ok(())
    }

    /// What follows a picture that is all there is a trailer, whatever is wrong with it.
    fn end_without_eoi(&mut self, at: usize, error: Error) -> Result<(), Error> {
        let whole = self
            .frame
            .as_ref()
            .is_some_and(|frame| self.coded.is_whole(frame));
        let ends_here = matches!(
            error,
            Error::Corrupt {
                detail: Corruption::Truncated
                    | Corruption::SegmentOverrun
                    | Corruption::SegmentLength
                    | Corruption::RepeatedSoi,
                ..
            } | Error::Unsupported {
                detail: Unsupported::Marker(_),
                ..
            }
        );
        if !whole || !ends_here {
            return Err(error);
        }
        self.survey.report.repair(Repair::MissingEoi);
        self.trailer(at..self.data.len());
        Ok(())
    }

    /// Reads one piece. For a scan header, the offset behind the scan's data.
    fn piece(&mut self, piece: &Piece<'_>) -> Result<Option<usize>, Error> {
        self.pieces = self.pieces.saturating_add(1);
        if self.pieces > self.options.limits.max_segments.saturating_add(2) {
            return Err(Error::too_large(piece.range().start, Excess::Segments));
        }
        match piece {
            Piece::Marker { code, range } => self.marker(*code, range)?,
            Piece::Segment { code, range, body } => return self.segment(*code, range, body),
            Piece::Skipped { range } => self.skipped(range),
            Piece::Trailer { range } => self.trailer(range.clone()),
            // Read together with its header.
            Piece::EntropyCoded { .. } => {}
        }
        Ok(None)
    }

    fn marker(&mut self, code: u8, range: &Range<usize>) -> Result<(), Error> {
        match code {
            marker::SOI if range.start == 0 => self.list(code, range, Kind::Boundary, true),
            marker::SOI => return Err(Error::corrupt(range.start, Corruption::RepeatedSoi)),
            marker::EOI => {
                self.eoi = true;
                self.list(code, range, Kind::Boundary, true);
                self.at_eoi(range.start)?;
                return Ok(());
            }
            _ => {
                self.survey.report.repair(Repair::StrayMarker);
                self.drop(code, range, Kind::StrayMarker);
                return Ok(());
            }
        };
        Ok(())
    }

    fn at_eoi(&self, offset: usize) -> Result<(), Error> {
        let corrupt = |detail| Err(Error::corrupt(offset, detail));
        let Some(frame) = &self.frame else {
            return corrupt(Corruption::MissingFrame);
        };
        if self.survey.report.scans == 0 {
            return corrupt(Corruption::MissingScan);
        }
        if !self.coded.shows(frame) {
            return corrupt(Corruption::MissingComponent);
        }
        Ok(())
    }

    fn segment(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &[u8],
    ) -> Result<Option<usize>, Error> {
        let offset = range.start.saturating_add(4);
        match code {
            marker::APP0..=marker::APP15 | marker::COM => self.application(code, range, body),
            marker::DQT | marker::DHT | marker::DAC => self.tables(code, range, body)?,
            marker::DRI => self.restart_interval(range, body)?,
            marker::SOS => return self.scan(range, body).map(Some),
            marker::DNL => self.line_count(range, body)?,
            0xC0..=0xC7 | 0xC9..=0xCF | 0xF7 => self.frame_header(code, range, body)?,
            _ => {
                return Err(Error::unsupported(
                    offset.saturating_sub(4),
                    Unsupported::Marker(code),
                ));
            }
        }
        Ok(None)
    }

    fn skipped(&mut self, range: &Range<usize>) {
        let bytes = self.data.get(range.clone()).unwrap_or_default();
        let fill = bytes.iter().all(|byte| *byte == 0xFF);
        // Behind a whole picture without EOI these are the trailer's.
        let (kind, repair) = if fill {
            (Kind::Fill, Repair::Fill)
        } else {
            (Kind::Garbage, Repair::Garbage)
        };
        self.survey.report.repair(repair);
        self.survey.report.remove(kind, range.len());
        self.info("", range, kind, false);
    }

    fn trailer(&mut self, range: Range<usize>) {
        let gain_map = self.survey.report.gain_map;
        for (kind, part) in trailer::parts(self.data, range, gain_map) {
            self.survey.report.remove(kind, part.len());
            self.info("", &part, kind, false);
        }
    }

    fn drop(&mut self, code: u8, range: &Range<usize>, kind: Kind) {
        self.survey.report.remove(kind, range.len());
        self.info(marker::name(code), range, kind, false);
    }

    fn list(&mut self, code: u8, range: &Range<usize>, kind: Kind, kept: bool) -> Option<usize> {
        self.info(marker::name(code), range, kind, kept)
    }

    fn info(
        &mut self,
        marker: &'static str,
        range: &Range<usize>,
        kind: Kind,
        kept: bool,
    ) -> Option<usize> {
        self.survey.report.list(SegmentInfo {
            marker,
            offset: range.start as u64,
            bytes: range.len() as u64,
            kind,
            kept,
        })
    }

    fn finish(mut self) -> Result<Survey, Error> {
        let missing = Error::corrupt(self.data.len(), Corruption::MissingFrame);
        let frame = self.frame.ok_or(missing)?;
        if self.survey.report.height == 0 {
            return Err(Error::corrupt(self.data.len(), Corruption::LineCount));
        }
        self.settle_tables();
        if let (Some(turning), Some(decoder)) = (self.turning.take(), &self.decoder) {
            self.survey.turned = Some(turning.finish(decoder)?);
        }
        let orientation = self.orientation.unwrap_or(1);
        self.survey.report.orientation = orientation;
        self.survey.turns_exactly = frame.turns_exactly(orientation, self.survey.report.height);
        Ok(self.survey)
    }

    /// To be called at the first scan, when the orientation is known: keeps coefficients from there on if they will be
    /// written anew.
    fn begin_turning(&mut self, frame: &Frame) {
        let orientation = match self.options.orientation {
            OrientationPolicy::Bake => self.orientation.unwrap_or(1),
            OrientationPolicy::Tag | OrientationPolicy::Drop => 1,
        };
        let wanted = self.options.deep || orientation != 1;
        // A lossless frame has no coefficients; that it cannot be turned is said where that is tried.
        if self.turns && wanted && !frame.process.lossless() {
            self.turning = Some(Turning::new(orientation, self.data.len()));
        }
    }

    fn before_first_scan(&self) -> bool {
        self.survey.report.scans == 0
    }
}
