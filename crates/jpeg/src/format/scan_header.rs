//! The scan header (T.81 B.2.3) and the order of its MCUs (A.2).

use std::ops::Range;

use super::frame::{BlockGrid, Frame};
use crate::error::Corruption;

/// A scan header, parsed and checked against its frame.
///
/// Fields that mean nothing in the frame's process have the values that T.81 table B.3 asks for, since decoders ignore
/// what the file says there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanHeader {
    members: [Member; 4],
    count: u8,
    /// First coefficient of the band in zigzag order, Ss; the predictor of a lossless scan.
    pub(crate) start: u8,
    /// Last coefficient of the band, Se.
    pub(crate) end: u8,
    /// Successive approximation: the bit position of the scan before, Ah.
    pub(crate) high: u8,
    /// Successive approximation: the bit position of this scan, Al; the point transform of a lossless scan.
    pub(crate) low: u8,
    pub(crate) mcus_across: u32,
    pub(crate) mcus_down: u32,
    uses_dc_tables: bool,
    uses_ac_tables: bool,
}

/// A component's part in a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Member {
    /// Index into the frame's components.
    pub(crate) component: u8,
    id: u8,
    /// Destinations of its entropy coding tables, 0 where the scan uses none.
    pub(crate) dc_table: u8,
    pub(crate) ac_table: u8,
    /// Data units per MCU, across and down.
    pub(crate) h: u32,
    pub(crate) v: u32,
    pub(crate) grid: BlockGrid,
}

impl ScanHeader {
    /// Parses the body of SOS. The frame's height must be known.
    pub(crate) fn parse(frame: &Frame, body: &[u8]) -> Result<Self, Corruption> {
        let (&count, rest) = body.split_first().ok_or(Corruption::SegmentLength)?;
        if !(1..=4).contains(&count) {
            return Err(Corruption::ComponentCount);
        }
        let (selectors, parameters) = rest
            .split_at_checked(usize::from(count).saturating_mul(2))
            .ok_or(Corruption::SegmentLength)?;
        let &[start, end, approximation] = parameters
            .as_array::<3>()
            .ok_or(Corruption::SegmentLength)?;
        let mut header = Self {
            members: [Member::default(); 4],
            count,
            start,
            end,
            high: approximation >> 4,
            low: approximation & 0x0F,
            mcus_across: 0,
            mcus_down: 0,
            uses_dc_tables: false,
            uses_ac_tables: false,
        };
        header.parse_parameters(frame)?;
        header.parse_selectors(frame, selectors)?;
        header.set_mcus(frame)?;
        Ok(header)
    }

    /// Table B.3.
    fn parse_parameters(&mut self, frame: &Frame) -> Result<(), Corruption> {
        if frame.process.lossless() {
            // Predictor and point transform; the other two mean nothing.
            (self.end, self.high) = (0, 0);
            (self.uses_dc_tables, self.uses_ac_tables) = (true, false);
            if !(1..=7).contains(&self.start) || self.low >= frame.bits {
                return Err(Corruption::ScanParameters);
            }
        } else if frame.process.progressive() {
            let band = if self.start == 0 {
                self.end == 0
            } else {
                self.count == 1 && self.start <= self.end && self.end <= 63
            };
            // libjpeg: "Al > 13" is an error; 13 is what T.81 table B.3 allows.
            let step = self.high == 0 || self.high == self.low.saturating_add(1);
            if !band || self.low > 13 || !step {
                return Err(Corruption::ScanParameters);
            }
            // A refinement of DC uses no tables: Huffman coding writes raw bits (G.1.2.1.2), arithmetic coding has a
            // fixed state.
            self.uses_dc_tables = self.start == 0 && self.high == 0;
            self.uses_ac_tables = self.start > 0;
        } else {
            (self.start, self.end, self.high, self.low) = (0, 63, 0, 0);
            (self.uses_dc_tables, self.uses_ac_tables) = (true, true);
        }
        Ok(())
    }

    /// Finds the components as libjpeg-turbo does: for place n of a scan it takes the first component with that
    /// identifier among the frame's components from index n on. T.81 B.2.3 requires the frame's order. A scan in
    /// another order is read only if this search finds all its components, each of them once.
    fn parse_selectors(&mut self, frame: &Frame, selectors: &[u8]) -> Result<(), Corruption> {
        let (rows, _) = selectors.as_chunks::<2>();
        let mut taken = 0_u8;
        for (place, (member, &[id, tables])) in self.members.iter_mut().zip(rows).enumerate() {
            let (index, component) = frame
                .components()
                .iter()
                .enumerate()
                .skip(place)
                .find(|(_, component)| component.id == id)
                .ok_or_else(|| {
                    let known = frame.components().iter().any(|other| other.id == id);
                    if known {
                        Corruption::ComponentOrder
                    } else {
                        Corruption::UnknownComponent
                    }
                })?;
            let bit = 1_u8.checked_shl(index as u32).unwrap_or(0);
            if taken & bit != 0 {
                return Err(Corruption::RepeatedComponent);
            }
            taken |= bit;
            *member = Member {
                component: index as u8,
                id,
                dc_table: if self.uses_dc_tables { tables >> 4 } else { 0 },
                ac_table: if self.uses_ac_tables { tables & 15 } else { 0 },
                h: u32::from(component.h),
                v: u32::from(component.v),
                grid: frame.grid(*component),
            };
            // Decoders take destinations 2 and 3 in a baseline frame as well; some encoders write SOF0 where SOF1
            // belongs.
            if member.dc_table > 3 || member.ac_table > 3 {
                return Err(Corruption::TableReference);
            }
        }
        Ok(())
    }

    fn set_mcus(&mut self, frame: &Frame) -> Result<(), Corruption> {
        (self.mcus_across, self.mcus_down) = frame.mcus();
        if self.count == 1 {
            // A scan of one component is not interleaved: its MCU is one data unit (A.2.2).
            let [only, ..] = &mut self.members;
            (only.h, only.v) = (1, 1);
            (self.mcus_across, self.mcus_down) = (only.grid.width, only.grid.height);
        } else if self.units_per_mcu() > 10 {
            // B.2.3.
            return Err(Corruption::SamplingFactors);
        }
        Ok(())
    }

    pub(crate) fn members(&self) -> &[Member] {
        self.members
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    pub(crate) const fn uses_dc_tables(&self) -> bool {
        self.uses_dc_tables
    }

    pub(crate) const fn uses_ac_tables(&self) -> bool {
        self.uses_ac_tables
    }

    fn units_per_mcu(&self) -> u32 {
        let units = self.members().iter().map(|m| m.h.saturating_mul(m.v));
        units.fold(0, u32::saturating_add)
    }

    /// Number of MCUs.
    pub(crate) fn mcus(&self) -> u64 {
        u64::from(self.mcus_across).saturating_mul(u64::from(self.mcus_down))
    }

    /// Number of data units.
    pub(crate) fn units(&self) -> u64 {
        self.mcus().saturating_mul(u64::from(self.units_per_mcu()))
    }

    /// Number of restart intervals of `interval` MCUs; `interval` 0 means one for all.
    pub(crate) fn interval_count(&self, interval: u16) -> u64 {
        match u64::from(interval) {
            0 => 1,
            interval => self.mcus().div_ceil(interval),
        }
    }

    /// The MCUs of each restart interval, in order. `interval` 0: one interval for all.
    pub(crate) fn intervals(&self, interval: u16) -> impl Iterator<Item = Range<u64>> + use<> {
        let total = self.mcus();
        let step = match interval {
            0 => u64::MAX,
            interval => u64::from(interval),
        };
        let mut next = 0_u64;
        std::iter::from_fn(move || {
            let range = next..next.saturating_add(step).min(total);
            next = range.end;
            (!range.is_empty()).then_some(range)
        })
    }

    /// The header's body, with fields that mean nothing set to zero or what table B.3 asks for.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(12);
        body.push(self.count);
        for member in self.members() {
            body.extend([member.id, member.dc_table << 4 | member.ac_table]);
        }
        body.extend([self.start, self.end, self.high << 4 | self.low]);
        body
    }
}
