//! The segments that code the picture: frame, tables, scans.

use std::ops::Range;

use super::Reader;
use crate::error::{Corruption, Error, Excess};
use crate::frame::{Frame, ScanHeader};
use crate::kind::Kind;
use crate::marker;
use crate::report::Repair;
use crate::scan;
use crate::tables;

/// A part of the clean file behind its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A segment as it stands in the source.
    Verbatim(Range<usize>),
    /// A table segment, of which some tables may be used.
    Tables {
        code: u8,
        /// The whole segment in the source.
        range: Range<usize>,
        /// One bit per slot that a scan uses.
        used: u8,
        /// Its place in the report's list.
        listed: Option<usize>,
    },
    /// DRI.
    Interval(u16),
    /// A scan's data.
    Data(Stretch),
    /// Bytes that the source does not have.
    Made(Vec<u8>),
}

/// Entropy-coded bytes of the source, with single bytes put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stretch {
    pub(crate) kept: Vec<Range<usize>>,
    /// Offsets in the source and what is written there instead, in order.
    pub(crate) patches: Vec<(usize, u8)>,
}

/// Where the definition of a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Definition {
    /// Whether the decoder knows it.
    read: bool,
    /// Index of its segment among the items.
    item: usize,
    /// The table in the file.
    range: Range<usize>,
}

/// The table definitions in force.
#[derive(Debug, Default)]
pub(super) struct Slots {
    quantization: [Option<Definition>; 4],
    huffman: [Option<Definition>; 8],
    conditioning: [Option<Definition>; 8],
}

impl Slots {
    fn of(&mut self, code: u8) -> &mut [Option<Definition>] {
        match code {
            marker::DQT => &mut self.quantization,
            marker::DHT => &mut self.huffman,
            _ => &mut self.conditioning,
        }
    }
}

impl Reader<'_> {
    pub(super) fn frame_header(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &[u8],
    ) -> Result<(), Error> {
        let limits = &self.options.limits;
        let frame = Frame::read(code, body, range.start, limits.max_pixels)?;
        if self.frame.is_some() {
            return Err(Error::corrupt(range.start, Corruption::RepeatedFrame));
        }
        let report = &mut self.survey.report;
        report.width = u32::from(frame.width);
        report.height = u32::from(frame.height);
        report.bits = frame.bits;
        report.components = frame.components().len() as u8;
        report.process = frame.process;
        if let Some(decoder) = &mut self.decoder {
            decoder.segment(code, body, range.start.saturating_add(4))?;
        }
        self.frame = Some(frame);
        self.survey.items.push(Item::Verbatim(range.clone()));
        self.list(code, range, Kind::Frame, true);
        Ok(())
    }

    pub(super) fn tables(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &[u8],
    ) -> Result<(), Error> {
        let item = self.survey.items.len();
        let start = range.start.saturating_add(4);
        for entry in tables::entries(code, body) {
            let entry = entry.map_err(|detail| Error::corrupt(range.start, detail))?;
            if let Some(slot) = self.slots.of(code).get_mut(usize::from(entry.slot)) {
                let range =
                    start.saturating_add(entry.range.start)..start.saturating_add(entry.range.end);
                *slot = Some(Definition {
                    read: false,
                    item,
                    range,
                });
            }
        }
        let kind = match code {
            marker::DQT => Kind::QuantizationTables,
            marker::DHT => Kind::HuffmanTables,
            _ => Kind::ArithmeticConditioning,
        };
        let listed = self.list(code, range, kind, false);
        self.survey.items.push(Item::Tables {
            code,
            range: range.clone(),
            used: 0,
            listed,
        });
        Ok(())
    }

    pub(super) fn restart_interval(
        &mut self,
        range: &Range<usize>,
        body: &[u8],
    ) -> Result<(), Error> {
        self.interval.1 =
            tables::restart_interval(body).map_err(|detail| Error::corrupt(range.start, detail))?;
        self.list(marker::DRI, range, Kind::RestartInterval, true);
        Ok(())
    }

    pub(super) fn line_count(&mut self, range: &Range<usize>, body: &[u8]) -> Result<(), Error> {
        let frame = self
            .frame
            .ok_or(Error::corrupt(range.start, Corruption::LineCount))?;
        // With lines in the frame header decoders pass over it, whatever it holds.
        if frame.height != 0 || self.survey.report.scans != 1 || self.survey.report.height != 0 {
            self.drop(marker::DNL, range, Kind::LineCount);
            return Ok(());
        }
        // Decoders that need it take its first two bytes.
        let canonical = body.first_chunk::<2>();
        let [high, low] =
            *canonical.ok_or(Error::corrupt(range.start, Corruption::SegmentLength))?;
        let lines = u16::from_be_bytes([high, low]);
        if lines == 0 {
            return Err(Error::corrupt(range.start, Corruption::ZeroDimension));
        }
        if u64::from(lines).saturating_mul(u64::from(frame.width)) > self.options.limits.max_pixels
        {
            return Err(Error::too_large(range.start, Excess::Pixels));
        }
        self.survey.report.height = u32::from(lines);
        if body.len() > 2 {
            self.survey
                .report
                .remove(Kind::IgnoredField, body.len().saturating_sub(2));
        }
        self.survey
            .items
            .push(Item::Made(vec![0xFF, marker::DNL, 0, 4, high, low]));
        self.list(marker::DNL, range, Kind::LineCount, true);
        Ok(())
    }

    /// Reads a scan, header and data; the offset of the marker that ends it.
    pub(super) fn scan(&mut self, range: &Range<usize>, body: &[u8]) -> Result<usize, Error> {
        let corrupt = |detail| Error::corrupt(range.start, detail);
        let frame = self.frame.ok_or(corrupt(Corruption::ScanBeforeFrame))?;
        if self.survey.report.scans >= self.options.limits.max_scans {
            return Err(Error::too_large(range.start, Excess::Scans));
        }
        let header = ScanHeader::read(&frame, body, range.start)?;
        if self.before_first_scan() && self.decoder.is_some() {
            self.begin_turning(&frame);
        }
        self.use_tables(&frame, &header, range.start)?;
        self.coded.scan(&header).map_err(corrupt)?;
        self.survey.report.scans = self.survey.report.scans.saturating_add(1);
        if self.interval.0 != self.interval.1 {
            self.interval.0 = self.interval.1;
            self.survey.items.push(Item::Interval(self.interval.0));
            if let Some(decoder) = &mut self.decoder {
                decoder.segment(marker::DRI, &self.interval.0.to_be_bytes(), range.start)?;
            }
        }
        let canonical = header.canonical(&frame);
        self.header(range, body, &canonical);
        let (next_marker, end, stretch) = self.decode(range, &canonical)?;
        self.data(range.end..next_marker, end, stretch)?;
        Ok(next_marker)
    }

    fn header(&mut self, range: &Range<usize>, body: &[u8], canonical: &[u8]) {
        if body == canonical {
            self.survey.items.push(Item::Verbatim(range.clone()));
        } else {
            let mut made = self
                .data
                .get(range.start..range.start.saturating_add(4))
                .unwrap_or_default()
                .to_vec();
            made.extend_from_slice(canonical);
            self.survey.items.push(Item::Made(made));
            self.survey.report.remove(Kind::IgnoredField, 0);
        }
        self.list(marker::SOS, range, Kind::ScanHeader, true);
    }

    /// Where the scan's data end: the offset of the marker behind them, the offset behind the last
    /// byte that a code needs, and what is kept of them.
    fn decode(
        &mut self,
        header: &Range<usize>,
        canonical: &[u8],
    ) -> Result<(usize, usize, Stretch), Error> {
        let (data, start) = (self.data, header.end);
        let Some(decoder) = &mut self.decoder else {
            let bounds = scan::bounds(data, start, self.interval.0 != 0)?;
            let patches = Vec::new();
            let kept = bounds.kept;
            return Ok((
                bounds.next_marker,
                bounds.next_marker,
                Stretch { kept, patches },
            ));
        };
        let header_at = header.start.saturating_add(4);
        let scan = match &mut self.turning {
            Some(turning) => turning.scan(decoder, canonical, header_at, data, start),
            None => decoder.scan(canonical, header_at, data, start),
        }?;
        let declared = self.frame.map_or(0, |frame| frame.height);
        let lines = decoder.frame().map_or(0, |frame| frame.height);
        if declared != 0 && lines != u32::from(declared) {
            // Fewer lines by DNL: the decoders that people have would miss the others.
            return Err(Error::corrupt(scan.end, Corruption::ScanCutOff));
        }
        let stretch = Stretch {
            kept: scan.kept,
            patches: scan.padding,
        };
        Ok((scan.next_marker, scan.end, stretch))
    }

    fn data(&mut self, range: Range<usize>, end: usize, stretch: Stretch) -> Result<(), Error> {
        self.info("", &range, Kind::EntropyCoded, true);
        // Nothing says that the writer came to an end: the file stops with the last code's byte,
        // or cannot be seen to be whole.
        if end >= self.data.len() {
            return Err(Error::corrupt(end, Corruption::ScanCutOff));
        }
        let kept = stretch
            .kept
            .iter()
            .map(ExactSizeIterator::len)
            .fold(0, usize::saturating_add);
        self.scan_tail(range.len().saturating_sub(kept));
        if !stretch.patches.is_empty() {
            self.survey.report.remove(Kind::PaddingBits, 0);
            self.survey.report.repair(Repair::PaddingBits);
        }
        self.survey.items.push(Item::Data(stretch));
        Ok(())
    }

    fn scan_tail(&mut self, bytes: usize) {
        if bytes > 0 {
            self.survey.report.remove(Kind::ScanTail, bytes);
            self.survey.report.repair(Repair::ScanTail);
        }
    }

    /// Marks the tables that a scan uses.
    fn use_tables(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        offset: usize,
    ) -> Result<(), Error> {
        let (dc, ac) = (header.uses_dc_tables(frame), header.uses_ac_tables(frame));
        let (code, missing) = if frame.process.arithmetic() {
            (marker::DAC, None)
        } else {
            (marker::DHT, Some(Corruption::MissingHuffmanTable))
        };
        for (index, of_dc, of_ac) in header.components() {
            if dc {
                self.use_table(code, *of_dc, missing, offset)?;
            }
            if ac {
                self.use_table(code, of_ac | 4, missing, offset)?;
            }
            // Decoders take the quantisation table that is in force at a component's first scan.
            if !frame.process.lossless() && !self.coded.has_begun(*index) {
                let component = frame.components().get(usize::from(*index));
                let slot = component.map_or(0, |component| component.quantization);
                let missing = Some(Corruption::MissingQuantizationTable);
                self.use_table(marker::DQT, slot, missing, offset)?;
            }
        }
        Ok(())
    }

    fn use_table(
        &mut self,
        code: u8,
        slot: u8,
        missing: Option<Corruption>,
        offset: usize,
    ) -> Result<(), Error> {
        let Some(Some(definition)) = self.slots.of(code).get_mut(usize::from(slot)) else {
            // Arithmetic conditioning has defaults (F.1.4.4.1.4).
            return missing.map_or(Ok(()), |detail| Err(Error::corrupt(offset, detail)));
        };
        let item = definition.item;
        let table = definition.range.clone();
        let known = std::mem::replace(&mut definition.read, true);
        if !known && let Some(decoder) = &mut self.decoder {
            let body = self.data.get(table.clone()).unwrap_or_default();
            decoder.segment(code, body, table.start)?;
        }
        if !known && code == marker::DHT {
            self.look_for_idle_symbols(table)?;
        }
        if let Some(Item::Tables { used, .. }) = self.survey.items.get_mut(item) {
            *used |= 1_u8.checked_shl(u32::from(slot)).unwrap_or(0);
        }
        Ok(())
    }

    /// Symbols that cannot stand for anything are room for a message: such a file is written anew.
    fn look_for_idle_symbols(&mut self, table: Range<usize>) -> Result<(), Error> {
        let offset = table.start;
        let (Some(frame), Some(table)) = (&self.frame, self.data.get(table)) else {
            return Ok(());
        };
        let idle = tables::idle_symbols(table, frame.process.progressive());
        if idle == 0 {
            return Ok(());
        }
        if frame.process.lossless() {
            // There are no coefficients to write.
            return Err(Error::corrupt(offset, Corruption::HuffmanTable));
        }
        self.survey.report.remove(Kind::UnusedTable, idle);
        self.survey.idle_symbols = true;
        Ok(())
    }

    /// Sorts out the tables that no scan has used.
    pub(super) fn settle_tables(&mut self) {
        let data = self.data;
        let report = &mut self.survey.report;
        for item in &mut self.survey.items {
            let Item::Tables {
                code,
                range,
                used,
                listed,
            } = item
            else {
                continue;
            };
            if all_used(data, *code, range, *used) {
                if let Some(info) = listed.and_then(|at| report.segments.get_mut(at)) {
                    info.kept = true;
                }
                *item = Item::Verbatim(range.clone());
                continue;
            }
            let kept = used_entries(data, *code, range, *used);
            let body: usize = kept
                .iter()
                .map(std::iter::ExactSizeIterator::len)
                .fold(0, usize::saturating_add);
            report.remove(
                Kind::UnusedTable,
                range
                    .len()
                    .saturating_sub(body)
                    .saturating_sub(if body > 0 { 4 } else { 0 }),
            );
            let mut made = Vec::new();
            if body > 0 {
                if let Some(info) = listed.and_then(|at| report.segments.get_mut(at)) {
                    info.kept = true;
                }
                let length = (body as u16).saturating_add(2).to_be_bytes();
                made.extend_from_slice(&[0xFF, *code]);
                made.extend_from_slice(&length);
                for entry in kept {
                    made.extend_from_slice(data.get(entry).unwrap_or_default());
                }
            }
            *item = Item::Made(made);
        }
    }
}

/// Whether a table segment has nothing but tables that are used, each of them once.
fn all_used(data: &[u8], code: u8, range: &Range<usize>, used: u8) -> bool {
    let body = data
        .get(range.start.saturating_add(4)..range.end)
        .unwrap_or_default();
    let mut seen = 0_u8;
    let once = tables::entries(code, body)
        .map_while(Result::ok)
        .all(|entry| {
            let bit = 1_u8.checked_shl(u32::from(entry.slot)).unwrap_or(0);
            let new = seen & bit == 0;
            seen |= bit;
            new && used & bit != 0
        });
    once && seen != 0
}

/// The entries of a table segment that are used, in order: per slot the last one.
fn used_entries(data: &[u8], code: u8, range: &Range<usize>, used: u8) -> Vec<Range<usize>> {
    let start = range.start.saturating_add(4);
    let body = data.get(start..range.end).unwrap_or_default();
    let mut last: [Option<Range<usize>>; 8] = Default::default();
    if used == 0 {
        return Vec::new();
    }
    for entry in tables::entries(code, body).map_while(Result::ok) {
        let bit = 1_u8.checked_shl(u32::from(entry.slot)).unwrap_or(0);
        if let Some(place) = last
            .get_mut(usize::from(entry.slot))
            .filter(|_| used & bit != 0)
        {
            *place = Some(
                start.saturating_add(entry.range.start)..start.saturating_add(entry.range.end),
            );
        }
    }
    let mut kept: Vec<_> = last.into_iter().flatten().collect();
    kept.sort_by_key(|range| range.start);
    kept
}
