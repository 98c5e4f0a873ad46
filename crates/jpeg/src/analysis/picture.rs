//! The segments that code the picture: frame, tables, scans.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::Reader;
use crate::entropy::{HuffmanDecoder, Scan, ScanTables};
use crate::error::{Corruption, Error, Excess, Unsupported};
use crate::format::marker;
use crate::format::segment;
use crate::format::standard_tables;
use crate::format::tables::{self, HuffmanTable, Table};
use crate::format::{Frame, ScanHeader, bounds, lines_ahead, next_segment};
use crate::kind::Kind;
use crate::options::Arithmetic;
use crate::parts::PartList;
use crate::report::Repair;

/// A part of the clean file behind its application segments.
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
    Data(PartList),
    /// Bytes that the source does not have.
    Made(Vec<u8>),
}

/// The definition of a table.
#[derive(Debug)]
struct Definition<'a> {
    table: Table<'a>,
    /// Index of its segment among the items; none for a standard table, which the source does not contain.
    item: Option<usize>,
    /// For a Huffman table that a scan uses.
    decoder: OnceCell<Rc<HuffmanDecoder>>,
}

/// The table definitions in force.
#[derive(Debug, Default)]
pub(super) struct Slots<'a> {
    quantization: [Option<Definition<'a>>; 4],
    huffman: [Option<Definition<'a>>; 8],
    conditioning: [Option<Definition<'a>>; 8],
}

impl<'a> Slots<'a> {
    fn of(&mut self, code: u8) -> &mut [Option<Definition<'a>>] {
        match code {
            marker::DQT => &mut self.quantization,
            marker::DHT => &mut self.huffman,
            _ => &mut self.conditioning,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn frame_header(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &[u8],
    ) -> Result<(), Error> {
        let limits = &self.options.limits;
        let frame = Frame::parse(code, body, range.start, limits.max_pixels)?;
        if frame.process.arithmetic() && self.options.arithmetic == Arithmetic::Refuse {
            return Err(Error::unsupported(range.start, Unsupported::Process(code)));
        }
        if self.frame.is_some() {
            return Err(Error::corrupt(range.start, Corruption::RepeatedFrame));
        }
        let report = &mut self.report;
        report.width = frame.width;
        report.height = frame.height;
        report.bits = frame.bits;
        report.components = frame.components().len() as u8;
        report.process = frame.process;
        self.frame = Some(frame);
        let item = self.frame_item(&frame, range, body);
        self.items.push(item);
        self.list(code, range, Kind::Frame, true);
        Ok(())
    }

    /// A lossless frame has no quantisation tables, and T.81 table B.2 asks for 0 where they would be named.
    fn frame_item(&mut self, frame: &Frame, range: &Range<usize>, body: &[u8]) -> Item {
        let named = frame.components().iter().any(|c| c.quantization != 0);
        if !frame.process.lossless() || !named {
            return Item::Verbatim(range.clone());
        }
        let (head, components) = body.split_at_checked(6).unwrap_or_default();
        let mut canonical = head.to_vec();
        for [id, sampling, _] in components.as_chunks::<3>().0 {
            canonical.extend([*id, *sampling, 0]);
        }
        self.report.remove(Kind::IgnoredField, 0);
        let mut made = Vec::new();
        segment::write(&mut made, marker::SOF3, &canonical);
        Item::Made(made)
    }

    pub(super) fn tables(
        &mut self,
        code: u8,
        range: &Range<usize>,
        body: &'a [u8],
    ) -> Result<(), Error> {
        let item = self.items.len();
        for entry in tables::entries(code, body) {
            let entry = entry.map_err(|detail| Error::corrupt(range.start, detail))?;
            if let Some(slot) = self.slots.of(code).get_mut(usize::from(entry.slot)) {
                *slot = Some(Definition {
                    table: entry.table,
                    item: Some(item),
                    decoder: OnceCell::new(),
                });
            }
        }
        let kind = match code {
            marker::DQT => Kind::QuantizationTables,
            marker::DHT => Kind::HuffmanTables,
            _ => Kind::ArithmeticConditioning,
        };
        let listed = self.list(code, range, kind, false);
        self.items.push(Item::Tables {
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

    /// DNL counts once, behind the first scan of a frame whose header leaves the lines open; decoders pass over any
    /// other, whatever it holds. Its value was read ahead, before that scan.
    pub(super) fn line_count(&mut self, range: &Range<usize>, body: &[u8]) {
        let counts = self.lines_open && self.report.scans == 1;
        let Some(&lines) = body.first_chunk::<2>().filter(|_| counts) else {
            self.drop(marker::DNL, range, Kind::LineCount);
            return;
        };
        self.lines_open = false;
        if body.len() > 2 {
            self.report
                .remove(Kind::IgnoredField, body.len().saturating_sub(2));
        }
        let mut made = Vec::with_capacity(6);
        segment::write(&mut made, marker::DNL, &lines);
        self.items.push(Item::Made(made));
        self.list(marker::DNL, range, Kind::LineCount, true);
    }

    /// Reads a scan, header and data. Returns the offset of the marker that ends it.
    pub(super) fn scan(&mut self, range: &Range<usize>, body: &[u8]) -> Result<usize, Error> {
        let corrupt = |detail| Error::corrupt(range.start, detail);
        let mut frame = self.frame.ok_or(corrupt(Corruption::ScanBeforeFrame))?;
        if self.report.scans >= self.options.limits.max_scans {
            return Err(Error::too_large(range.start, Excess::Scans));
        }
        if frame.height == 0 {
            // B.2.5: DNL may only follow the first scan, so its value is read ahead from there.
            let lines = lines_ahead(self.data, range.end).ok_or(corrupt(Corruption::LineCount))?;
            frame.height = u32::from(lines);
            frame.check_pixels(self.options.limits.max_pixels, range.start)?;
            self.frame = Some(frame);
            self.lines_open = true;
            self.report.height = frame.height;
        }
        let header = ScanHeader::parse(&frame, body).map_err(corrupt)?;
        if self.before_first_scan() {
            self.decide_on_recoding()?;
        }
        self.work.scan(&frame, &header, range.start)?;
        let tables = self.use_tables(&frame, &header, range.start)?;
        self.progression.scan(&header).map_err(corrupt)?;
        self.report.scans = self.report.scans.saturating_add(1);
        if self.interval.0 != self.interval.1 {
            self.interval.0 = self.interval.1;
            self.items.push(Item::Interval(self.interval.0));
        }
        let interval = self.interval.0;
        // H.1.2.1 lets prediction start afresh at the beginning of a row only.
        if frame.process.lossless() && !u32::from(interval).is_multiple_of(header.mcus_across) {
            return Err(corrupt(Corruption::Restart));
        }
        self.header(range, body, &header.canonical());
        let scan = Scan {
            header,
            tables,
            interval,
            sos: range.start,
            start: range.end,
        };
        self.scan_data(&frame, scan)
    }

    fn header(&mut self, range: &Range<usize>, body: &[u8], canonical: &[u8]) {
        if body == canonical {
            self.items.push(Item::Verbatim(range.clone()));
        } else {
            let mut made = Vec::with_capacity(16);
            segment::write(&mut made, marker::SOS, canonical);
            self.items.push(Item::Made(made));
            self.report.remove(Kind::IgnoredField, 0);
        }
        self.list(marker::SOS, range, Kind::ScanHeader, true);
    }

    /// Finds the end of a scan, and decodes it if the analysis checks scans. Returns the offset of the next marker.
    fn scan_data(&mut self, frame: &Frame, scan: Scan) -> Result<usize, Error> {
        let (data, start) = (self.data, scan.start);
        let mut found = None;
        if self.checker.is_none() {
            let (kept, next_marker) = self.bounds(&scan)?;
            if next_marker < data.len() {
                found = Some((kept, next_marker));
            } else {
                // No marker ends the scan; only decoding tells whether its data end before the file does.
                self.check_from_here()?;
            }
        }
        let memory = self.options.limits.max_memory;
        let (kept, end, next_marker) = match (&mut self.checker, found) {
            (Some(checker), None) => {
                let scan_end = checker.scan(frame, &scan, data, &mut self.work, memory)?;
                let tail = (scan_end.next_marker.saturating_sub(start))
                    .saturating_sub(scan_end.parts.len());
                self.info("", &(start..scan_end.next_marker), Kind::EntropyCoded, true);
                self.report.scan_end(tail, scan_end.padded);
                self.unchecked.push(None);
                (scan_end.parts, scan_end.end, scan_end.next_marker)
            }
            (_, found) => {
                let (kept, next_marker) = found.unwrap_or_default();
                self.info("", &(start..next_marker), Kind::EntropyCoded, true);
                let tail = next_marker.saturating_sub(start).saturating_sub(kept.len());
                self.report.scan_end(tail, false);
                self.unchecked.push(Some(kept.len()));
                (kept, next_marker, next_marker)
            }
        };
        self.scans.push(scan);
        // The file stops with the byte of the last code, so nothing shows that the scan is complete: an upload that
        // was cut off here would look the same.
        if end >= data.len() {
            return Err(Error::corrupt(end, Corruption::ScanCutOff));
        }
        self.items.push(Item::Data(kept));
        Ok(next_marker)
    }

    /// Returns the parts of a scan to keep, found by its markers without decoding, and the offset of the marker that
    /// ends the scan.
    fn bounds(&self, scan: &Scan) -> Result<(PartList, usize), Error> {
        let mut kept = PartList::new();
        if self.recodes {
            // The recoder decodes the scan and finds which of these bytes it needs.
            let next_marker = next_segment(self.data, scan.start);
            kept.keep(self.data, scan.start..next_marker);
            return Ok((kept, next_marker));
        }
        let restarts = scan.header.interval_count(scan.interval).saturating_sub(1);
        let next_marker = bounds(self.data, scan.start, restarts, |range| {
            kept.keep(self.data, range);
        })?;
        Ok((kept, next_marker))
    }

    /// Marks the tables that a scan uses, and gives those that its codes need.
    fn use_tables(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        offset: usize,
    ) -> Result<ScanTables, Error> {
        let mut tables = ScanTables::default();
        let arithmetic = frame.process.arithmetic();
        let places = tables.dc.iter_mut().zip(&mut tables.ac);
        for (member, (dc, ac)) in header.members().iter().zip(places) {
            let dc_slot = header.uses_dc_tables().then_some(member.dc_table);
            let ac_slot = header.uses_ac_tables().then_some(member.ac_table | 4);
            if arithmetic {
                for slot in [dc_slot, ac_slot].into_iter().flatten() {
                    let place = tables.conditioning.get_mut(usize::from(slot & 3));
                    // Arithmetic conditioning has defaults (F.1.4.4.1.4).
                    if let (Some(Table::Conditioning(value)), Some(conditioning)) =
                        (self.use_table(marker::DAC, slot), place)
                    {
                        let set = conditioning.set(slot, value);
                        set.map_err(|detail| Error::corrupt(offset, detail))?;
                    }
                }
            } else {
                for (slot, place) in [(dc_slot, dc), (ac_slot, ac)] {
                    if let Some(slot) = slot {
                        *place = Some(self.use_huffman_table(frame, slot, offset)?);
                    }
                }
            }
            self.use_quantization_table(frame, member.component, offset)?;
        }
        Ok(tables)
    }

    /// Decoders take the quantisation table that is in force at a component's first scan.
    fn use_quantization_table(
        &mut self,
        frame: &Frame,
        index: u8,
        offset: usize,
    ) -> Result<(), Error> {
        if frame.process.lossless() || self.progression.has_begun(index) {
            return Ok(());
        }
        let index = usize::from(index);
        let slot = frame.components().get(index).map_or(0, |c| c.quantization);
        let Some(Table::Quantization(table)) = self.use_table(marker::DQT, slot) else {
            return Err(Error::corrupt(offset, Corruption::MissingQuantizationTable));
        };
        if let Some(place) = self.quantization.get_mut(index) {
            *place = table.elements();
        }
        Ok(())
    }

    fn use_huffman_table(
        &mut self,
        frame: &Frame,
        slot: u8,
        offset: usize,
    ) -> Result<Rc<HuffmanDecoder>, Error> {
        let missing = Error::corrupt(offset, Corruption::MissingHuffmanTable);
        if self
            .slots
            .huffman
            .get(usize::from(slot))
            .is_none_or(Option::is_none)
        {
            self.define_standard_table(frame, slot).ok_or(missing)?;
        }
        let Some(Table::Huffman(table)) = self.use_table(marker::DHT, slot) else {
            return Err(missing);
        };
        let definition = self.slots.huffman.get(usize::from(slot));
        let decoder = definition
            .and_then(Option::as_ref)
            .and_then(|d| d.decoder.get());
        if let Some(decoder) = decoder {
            return Ok(Rc::clone(decoder));
        }
        table
            .check()
            .map_err(|detail| Error::corrupt(offset, detail))?;
        self.look_for_idle_symbols(frame, &table, offset)?;
        let decoder = Rc::new(HuffmanDecoder::new(&table));
        if let Some(Some(definition)) = self.slots.huffman.get(usize::from(slot)) {
            let _ = definition.decoder.set(Rc::clone(&decoder));
        }
        Ok(decoder)
    }

    /// Adds the table of annex K that decoders assume where a sequential file defines none. Frames of Motion JPEG leave
    /// their tables out.
    fn define_standard_table(&mut self, frame: &Frame, slot: u8) -> Option<()> {
        let sequential = !frame.process.progressive() && !frame.process.lossless();
        let table = standard_tables::huffman(slot).filter(|_| sequential)?;
        let mut body = Vec::with_capacity(200);
        table.write(slot, &mut body);
        let mut made = Vec::with_capacity(204);
        segment::write(&mut made, marker::DHT, &body);
        self.items.push(Item::Made(made));
        self.report.repair(Repair::StandardTables);
        *self.slots.huffman.get_mut(usize::from(slot))? = Some(Definition {
            table: Table::Huffman(table),
            item: None,
            decoder: OnceCell::new(),
        });
        Some(())
    }

    /// Marks the table in a slot as used; none if it is not defined.
    fn use_table(&mut self, code: u8, slot: u8) -> Option<Table<'a>> {
        let definition = self.slots.of(code).get(usize::from(slot))?.as_ref()?;
        let (table, item) = (definition.table, definition.item);
        if let Some(Item::Tables { used, .. }) = item.and_then(|item| self.items.get_mut(item)) {
            *used |= 1_u8.checked_shl(u32::from(slot)).unwrap_or(0);
        }
        Some(table)
    }

    /// Looks for symbols that no code can need: they could hide a message, so the coefficients of such a file are
    /// written anew.
    fn look_for_idle_symbols(
        &mut self,
        frame: &Frame,
        table: &HuffmanTable<'_>,
        offset: usize,
    ) -> Result<(), Error> {
        let idle = table.idle_symbols(frame.process.progressive());
        if idle == 0 {
            return Ok(());
        }
        if frame.process.lossless() {
            // A lossless file has no DCT coefficients that could be written anew.
            return Err(Error::corrupt(offset, Corruption::HuffmanTable));
        }
        self.report.remove(Kind::UnusedTable, idle);
        self.recode()
    }

    /// Removes the tables that no scan has used.
    pub(super) fn settle_tables(&mut self) {
        let data = self.data;
        let report = &mut self.report;
        for item in &mut self.items {
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
                .map(ExactSizeIterator::len)
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
                let mut entries = Vec::with_capacity(body);
                for entry in kept {
                    entries.extend_from_slice(data.get(entry).unwrap_or_default());
                }
                segment::write(&mut made, *code, &entries);
            }
            *item = Item::Made(made);
        }
    }
}

/// Whether a scan uses every table of the segment, and no slot is defined twice.
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

/// The used entries of a table segment, in order. If several define the same slot, only the last one counts.
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
