//! Reads a file once, from its first byte to its last, and decides which parts of it the clean file keeps.

mod application;
mod picture;
mod trailer;

use std::ops::Range;

use crate::entropy::{Checker, Scan, Work};
use crate::error::{Corruption, Error, Excess, Unsupported};
use crate::format::marker;
use crate::format::walk::{Piece, walk};
use crate::format::{Frame, Process, Progression};
use crate::icc;
use crate::kind::Kind;
#[cfg(doc)]
use crate::options::Copyright;
use crate::options::{Check, Options, OrientationPolicy};
use crate::recode::Orientation;
use crate::report::{Head, Repair, Report, SegmentInfo, Turned};
use crate::rights::Rights;

pub(crate) use picture::Item;
use picture::Slots;

/// What is known of a file after it has been read once.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// The parts of the clean file behind its application segments, in order. Unused if the picture is recoded.
    pub(crate) items: Vec<Item>,
    pub(crate) jfif: Option<Jfif>,
    /// The transform flag of the Adobe segment that decoders obey.
    pub(crate) adobe: Option<u8>,
    pub(crate) icc: icc::Chunks,
    /// What [`Copyright::Keep`] keeps.
    pub(crate) rights: Rights,
    /// Whether baking the orientation in changes no sample.
    pub(crate) turns_exactly: bool,
    /// Whether the orientation is baked in.
    pub(crate) bakes: bool,
    /// Whether the coefficients have to be written anew.
    pub(crate) recodes: bool,
    pub(crate) frame: Frame,
    /// All scans in their order.
    pub(crate) scans: Vec<Scan>,
    /// By component: the quantisation table that decoders take, in zigzag order.
    pub(crate) quantization: [[u16; 64]; 4],
    pub(crate) progression: Progression,
    /// One entry per scan: `None` if it was decoded, else the number of bytes that were kept by its markers alone.
    pub(crate) unchecked: Vec<Option<usize>>,
    /// How much work decoding may still spend on this file.
    pub(crate) work: Work,
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

/// What an analysis is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A report: everything is checked here.
    Inspect,
    /// A clean file: scans whose coefficients will be written anew are decoded by [`recode`](crate::recode), which
    /// checks them, and not here.
    Strip,
}

/// Reads `data`, the bytes of a file.
pub(crate) fn analyse(data: &[u8], options: &Options, purpose: Purpose) -> Result<Analysis, Error> {
    if data.len() as u64 > options.limits.max_bytes {
        return Err(Error::too_large(0, Excess::Bytes));
    }
    let mut reader = Reader::new(data, options, purpose);
    reader.run()?;
    reader.finish()
}

/// Reads `head`, the beginning of a file of `size` bytes, up to the first scan.
pub(crate) fn analyse_head(head: &[u8], size: u64, options: &Options) -> Result<Head, Error> {
    if size > options.limits.max_bytes {
        return Err(Error::too_large(0, Excess::Bytes));
    }
    let is_whole = head.len() as u64 >= size;
    let mut reader = Reader::new(head, options, Purpose::Inspect);
    let mut complete = false;
    for piece in walk(head) {
        match piece {
            Ok(Piece::Segment {
                code: marker::SOS, ..
            }) => {
                complete = true;
                break;
            }
            // The skipped bytes may continue behind the head.
            Ok(Piece::Skipped { range }) if !is_whole && range.end == head.len() => break,
            Ok(piece) => {
                reader.piece(&piece)?;
            }
            Err(error @ Error::NotJpeg { .. }) => return Err(error),
            Err(error) if is_whole => return Err(error),
            // The error may only mean that the head ends here.
            Err(_) => break,
        }
    }
    let mut report = reader.report;
    report.bytes_in = size;
    report.orientation = reader.orientation.unwrap_or(1);
    Ok(Head { report, complete })
}

struct Reader<'a> {
    data: &'a [u8],
    options: &'a Options,
    purpose: Purpose,
    report: Report,
    items: Vec<Item>,
    jfif: Option<Jfif>,
    adobe: Option<u8>,
    icc: icc::Chunks,
    rights: Rights,
    frame: Option<Frame>,
    /// Whether the frame header leaves the number of lines open and DNL has not come yet.
    lines_open: bool,
    /// The orientation that is baked in, if any.
    baked: Option<u8>,
    progression: Progression,
    scans: Vec<Scan>,
    /// As [`Analysis::unchecked`].
    unchecked: Vec<Option<usize>>,
    quantization: [[u16; 64]; 4],
    /// Decodes the scans to check them; `None` if the analysis does not decode them.
    checker: Option<Checker>,
    work: Work,
    recodes: bool,
    slots: Slots<'a>,
    /// The restart interval in force, and the one that DRI set last.
    interval: (u16, u16),
    /// Orientation of the first valid Exif segment.
    orientation: Option<u8>,
    /// Index in the report's list of segments, for each ICC chunk.
    icc_listed: Vec<usize>,
    pieces: u32,
    eoi: bool,
}

impl<'a> Reader<'a> {
    fn new(data: &'a [u8], options: &'a Options, purpose: Purpose) -> Self {
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
            purpose,
            report,
            items: Vec::with_capacity(16),
            jfif: None,
            adobe: None,
            icc: icc::Chunks::default(),
            rights: Rights::default(),
            frame: None,
            lines_open: false,
            baked: None,
            progression: Progression::new(),
            scans: Vec::with_capacity(1),
            unchecked: Vec::with_capacity(1),
            quantization: [[0; 64]; 4],
            checker: (options.check == Check::Entropy).then(Checker::default),
            work: Work::new(options.limits.max_work),
            recodes: options.deep,
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

    /// Handles a syntax error behind the scans: if the picture is complete, the rest of the file is a trailer, and the
    /// missing EOI is repaired.
    fn end_without_eoi(&mut self, at: usize, error: Error) -> Result<(), Error> {
        let whole = self
            .frame
            .as_ref()
            .is_some_and(|frame| self.progression.is_whole(frame));
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
        self.report.repair(Repair::MissingEoi);
        self.trailer(at..self.data.len());
        Ok(())
    }

    /// Reads one piece. For a scan header, returns the offset behind the scan's data.
    fn piece(&mut self, piece: &Piece<'a>) -> Result<Option<usize>, Error> {
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
                self.report.repair(Repair::StrayMarker);
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
        if self.report.scans == 0 {
            return corrupt(Corruption::MissingScan);
        }
        if !self.progression.shows(frame) {
            return corrupt(Corruption::MissingComponent);
        }
        Ok(())
    }

    fn segment(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &'a [u8],
    ) -> Result<Option<usize>, Error> {
        match code {
            marker::APP0..=marker::APP15 | marker::COM => self.application(code, range, body),
            marker::DQT | marker::DHT | marker::DAC => self.tables(code, range, body)?,
            marker::DRI => self.restart_interval(range, body)?,
            marker::SOS => return self.scan(range, body).map(Some),
            marker::DNL => self.line_count(range, body),
            0xC0..=0xC7 | 0xC9..=0xCF | 0xF7 => self.frame_header(code, range, body)?,
            _ => {
                return Err(Error::unsupported(range.start, Unsupported::Marker(code)));
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
        self.report.repair(repair);
        self.report.remove(kind, range.len());
        self.info("", range, kind, false);
    }

    fn trailer(&mut self, range: Range<usize>) {
        let gain_map = self.report.gain_map;
        for (kind, part) in trailer::parts(self.data, range, gain_map) {
            self.report.remove(kind, part.len());
            self.info("", &part, kind, false);
        }
    }

    fn drop(&mut self, code: u8, range: &Range<usize>, kind: Kind) {
        self.report.remove(kind, range.len());
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
        self.report.list(SegmentInfo {
            marker,
            offset: range.start as u64,
            bytes: range.len() as u64,
            kind,
            kept,
        })
    }

    fn finish(mut self) -> Result<Analysis, Error> {
        let missing = Error::corrupt(self.data.len(), Corruption::MissingFrame);
        let frame = self.frame.ok_or(missing)?;
        if frame.height == 0 || self.lines_open {
            return Err(Error::corrupt(self.data.len(), Corruption::LineCount));
        }
        self.settle_tables();
        let orientation = self.orientation.unwrap_or(1);
        self.report.orientation = orientation;
        Ok(Analysis {
            items: self.items,
            jfif: self.jfif,
            adobe: self.adobe,
            icc: self.icc,
            rights: self.rights,
            turns_exactly: turns_exactly(&frame, orientation),
            bakes: self.baked.is_some(),
            recodes: self.recodes,
            frame,
            scans: self.scans,
            quantization: self.quantization,
            progression: self.progression,
            unchecked: self.unchecked,
            work: self.work,
            report: self.report,
        })
    }

    /// Decides whether the coefficients will be written anew. Call it at the first scan: from there on the orientation
    /// is known.
    fn decide_on_recoding(&mut self) -> Result<(), Error> {
        let orientation = self.orientation.unwrap_or(1);
        let bakes = match self.options.orientation {
            OrientationPolicy::Bake => true,
            OrientationPolicy::Exact => self
                .frame
                .is_some_and(|frame| !self.lines_open && turns_exactly(&frame, orientation)),
            OrientationPolicy::Tag | OrientationPolicy::Drop => false,
        };
        self.baked = (bakes && orientation != 1).then_some(orientation);
        if self.recodes || self.baked.is_some() {
            self.recode()?;
        }
        Ok(())
    }

    /// Notes that the coefficients will be written anew. For a clean file, the recoder then checks the scans; for a
    /// report, they are checked here.
    fn recode(&mut self) -> Result<(), Error> {
        self.recodes = true;
        match self.purpose {
            Purpose::Strip => self.checker = None,
            Purpose::Inspect => self.check_from_here()?,
        }
        Ok(())
    }

    /// From now on decodes every scan, and first those that came before and were not decoded.
    fn check_from_here(&mut self) -> Result<(), Error> {
        let Some(frame) = self.frame.filter(|_| self.checker.is_none()) else {
            return Ok(());
        };
        let mut checker = Checker::default();
        for (scan, unchecked) in self.scans.iter().zip(&mut self.unchecked) {
            let memory = self.options.limits.max_memory;
            let end = checker.scan(&frame, scan, self.data, &mut self.work, memory)?;
            if let Some(kept) = unchecked.take() {
                let report = &mut self.report;
                report.scan_end(kept.saturating_sub(end.parts.len()), end.padded);
            }
        }
        self.checker = Some(checker);
        Ok(())
    }

    fn before_first_scan(&self) -> bool {
        self.report.scans == 0
    }
}

impl Report {
    /// Takes note of `bytes` of a scan's data that no code needs, and of padding bits that are not ones.
    pub(crate) fn scan_end(&mut self, bytes: usize, padded: bool) {
        if bytes > 0 {
            self.remove(Kind::ScanTail, bytes);
            self.repair(Repair::ScanTail);
        }
        if padded {
            self.remove(Kind::PaddingBits, 0);
            self.repair(Repair::PaddingBits);
        }
    }
}

/// Whether turning the picture changes no sample.
fn turns_exactly(frame: &Frame, orientation: u8) -> bool {
    let turn = Orientation::of(orientation);
    let mut components = frame.components().iter();
    components.all(|component| turn.is_exact(frame, *component))
}
