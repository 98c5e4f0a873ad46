//! The scan header (T.81 B.2.3), the order of MCUs (A.2) and the cutting of a scan into what is kept.

use std::ops::Range;

use super::ScanData;
use super::bits::Tail;
use super::frame::{Frame, NEVER, Plane, Process};
use crate::{Corruption, Error};

/// What SOS says, checked against the frame.
pub(super) struct Header {
    pub(super) members: Vec<Member>,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) high: u32,
    pub(super) low: u32,
    pub(super) mcus_across: u32,
    pub(super) mcus_down: u32,
}

/// A component's part in a scan.
pub(super) struct Member {
    /// Index into the frame's components.
    pub(super) component: usize,
    pub(super) dc_table: usize,
    pub(super) ac_table: usize,
    /// Data units per MCU, across and down.
    pub(super) h: u32,
    pub(super) v: u32,
    pub(super) plane: Plane,
}

impl Header {
    pub(super) fn parse(frame: &Frame, sos: &[u8], offset: usize) -> Result<Self, Error> {
        let corrupt = |detail| Error::corrupt(offset, detail);
        let (&count, rest) = sos
            .split_first()
            .ok_or(corrupt(Corruption::SegmentLength))?;
        if !(1..=4).contains(&count) {
            return Err(corrupt(Corruption::ComponentCount));
        }
        let (list, parameters) = rest
            .split_at_checked(usize::from(count) * 2)
            .ok_or(corrupt(Corruption::SegmentLength))?;
        let &[start, end, approximation] = parameters else {
            return Err(corrupt(Corruption::SegmentLength));
        };
        let mut members: Vec<Member> = Vec::with_capacity(4);
        for entry in list.chunks_exact(2) {
            let &[id, tables] = entry else { continue };
            let component = frame
                .components
                .iter()
                .position(|c| c.id == id)
                .ok_or(corrupt(Corruption::UnknownComponent))?;
            if members.iter().any(|other| other.component == component) {
                return Err(corrupt(Corruption::RepeatedComponent));
            }
            let (dc_table, ac_table) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc_table > 3 || ac_table > 3 {
                return Err(corrupt(Corruption::TableReference));
            }
            let in_frame = &frame.components[component];
            let plane = frame.plane(in_frame);
            members.push(Member {
                component,
                dc_table,
                ac_table,
                h: in_frame.h,
                v: in_frame.v,
                plane,
            });
        }
        let (mut mcus_across, mut mcus_down) = frame.mcus();
        if let [only] = members.as_mut_slice() {
            // A scan of one component is not interleaved: its MCU is one data unit (A.2.2).
            (only.h, only.v) = (1, 1);
            (mcus_across, mcus_down) = (only.plane.width, only.plane.height);
        } else if members.iter().map(|m| m.h * m.v).sum::<u32>() > 10 {
            return Err(corrupt(Corruption::SamplingFactors));
        }
        let mut header = Self {
            members,
            start: u32::from(start),
            end: u32::from(end),
            high: u32::from(approximation >> 4),
            low: u32::from(approximation & 15),
            mcus_across,
            mcus_down,
        };
        header.check_parameters(frame, offset)?;
        Ok(header)
    }

    /// Table B.3.
    fn check_parameters(&mut self, frame: &Frame, offset: usize) -> Result<(), Error> {
        let sound = match frame.process {
            Process::Sequential => {
                // Fixed to 0, 63, 0, 0; decoders do not look, so neither does this. Whoever writes the
                // segment again writes these.
                (self.start, self.end, self.high, self.low) = (0, 63, 0, 0);
                true
            }
            Process::Progressive => {
                let bands = if self.start == 0 {
                    self.end == 0
                } else {
                    self.members.len() == 1
                };
                bands
                    && self.start <= self.end
                    && self.end <= 63
                    && self.low <= 13
                    && (self.high == 0 || self.high == self.low + 1)
            }
            // Selection value 1 to 7 (table H.1).
            Process::Lossless => {
                (1..=7).contains(&self.start)
                    && self.end == 0
                    && self.high == 0
                    && self.low < u32::from(frame.precision)
            }
        };
        if sound {
            Ok(())
        } else {
            Err(Error::corrupt(offset, Corruption::ScanParameters))
        }
    }

    /// Refuses what an earlier scan has coded, and refinement of what none has (G.1.1.1); then notes the scan.
    ///
    /// Decoders let such files pass, and the later codes win: the earlier ones are then read by nobody, which makes
    /// them a place to hide a message in. So it is an error here.
    pub(super) fn note(&self, frame: &mut Frame, offset: usize) -> Result<(), Error> {
        let band = match frame.process {
            Process::Lossless => 0..1,
            _ => self.start as usize..self.end as usize + 1,
        };
        let before = if self.high == 0 {
            NEVER
        } else {
            self.high as u8
        };
        for member in &self.members {
            let seen = frame.components[member.component]
                .seen
                .0
                .get_mut(band.clone())
                .unwrap_or_default();
            if seen.iter().any(|&low| low != before) {
                return Err(Error::corrupt(offset, Corruption::Progression));
            }
            seen.fill(self.low as u8);
        }
        Ok(())
    }

    /// Number of MCUs.
    pub(super) fn mcus(&self) -> u64 {
        u64::from(self.mcus_across) * u64::from(self.mcus_down)
    }

    /// The MCUs of each restart interval, in order. `interval` 0: one interval for all.
    pub(super) fn intervals(&self, interval: u32) -> impl Iterator<Item = Range<u64>> {
        let (total, step) = (
            self.mcus(),
            if interval == 0 {
                u64::MAX
            } else {
                u64::from(interval)
            },
        );
        let mut next = 0u64;
        std::iter::from_fn(move || {
            let range = next..next.saturating_add(step).min(total);
            next = range.end;
            (!range.is_empty()).then_some(range)
        })
    }
}

/// Collects what of a scan is kept.
pub(super) struct Cutter<'a> {
    data: &'a [u8],
    kept: Vec<Range<usize>>,
    padding: Vec<(usize, u8)>,
    intervals: u64,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            kept: Vec::new(),
            padding: Vec::new(),
            intervals: 0,
        }
    }

    fn keep(&mut self, range: Range<usize>) {
        match self.kept.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.kept.push(range),
        }
    }

    /// Takes in an entropy-coded segment that begins at `start`.
    pub(super) fn segment(&mut self, start: usize, tail: &Tail) {
        self.padding.extend(tail.padding);
        if !tail.filled {
            self.keep(start..tail.end);
            return;
        }
        // 0xFF bytes before an 0xFF: decoders skip them, so they go.
        let mut from = start;
        for at in start..tail.end.saturating_sub(1) {
            if self.data.get(at..at + 2) == Some(&[0xFF, 0xFF]) {
                self.keep(from..at);
                from = at + 1;
            }
        }
        self.keep(from..tail.end);
    }

    /// Finds the restart marker that must follow `end`, drops what lies before it, and returns where the next
    /// segment begins. Errors: another marker, or none.
    pub(super) fn restart(&mut self, end: usize) -> Result<usize, Error> {
        let at = find_marker(self.data, end, false);
        let expected = 0xD0 | (self.intervals & 7) as u8;
        self.intervals += 1;
        match self.data.get(at + 1) {
            Some(&code) if code == expected => {
                self.keep(at..at + 2);
                Ok(at + 2)
            }
            Some(0xD0..=0xD7) => Err(Error::corrupt(at, Corruption::Restart)),
            _ => Err(Error::corrupt(at, Corruption::ScanCutOff)),
        }
    }

    /// `end`: where the last segment's data end.
    pub(super) fn finish(self, end: usize, dc_tables: u8, ac_tables: u8) -> ScanData {
        let next_marker = find_marker(self.data, end, true);
        ScanData {
            kept: self.kept,
            padding: self.padding,
            end,
            next_marker,
            dc_tables,
            ac_tables,
        }
    }
}

/// Offset of the 0xFF right before the next marker code at or behind `from`, or the length of `data`.
///
/// `past_restarts`: `RSTn` and TEM do not count, since decoders skip them between segments.
pub(super) fn find_marker(data: &[u8], from: usize, past_restarts: bool) -> usize {
    let mut at = from;
    while let Some(found) = data
        .get(at..)
        .and_then(|tail| tail.iter().position(|&byte| byte == 0xFF))
    {
        at += found;
        match data.get(at + 1) {
            None => break,
            Some(0 | 0x01) => at += 2,
            Some(0xFF) => at += 1,
            Some(0xD0..=0xD7) if past_restarts => at += 2,
            Some(_) => return at,
        }
    }
    data.len()
}
