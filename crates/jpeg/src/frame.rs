//! Frame and scan headers (T.81 B.2.2 and B.2.3), and which coefficients have been coded.

use crate::bytes::be16;
use crate::error::{Corruption, Error, Excess, Unsupported};
use crate::marker;
use crate::report::Process;

/// One component of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// Sampling factors: blocks of this component in an MCU of all, across and down.
    pub(crate) sampling: (u8, u8),
    /// Quantisation table destination.
    pub(crate) quantization: u8,
}

/// A frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) process: Process,
    pub(crate) bits: u8,
    pub(crate) width: u16,
    /// 0: DNL gives it behind the first scan.
    pub(crate) height: u16,
    components: [Component; 4],
    count: u8,
}

impl Process {
    pub(crate) const fn of(code: u8) -> Option<Self> {
        Some(match code {
            marker::SOF0 => Self::Baseline,
            marker::SOF1 => Self::Extended,
            marker::SOF2 => Self::Progressive,
            marker::SOF3 => Self::Lossless,
            marker::SOF9 => Self::ExtendedArithmetic,
            marker::SOF10 => Self::ProgressiveArithmetic,
            marker::SOF11 => Self::LosslessArithmetic,
            _ => return None,
        })
    }

    pub(crate) const fn progressive(self) -> bool {
        matches!(self, Self::Progressive | Self::ProgressiveArithmetic)
    }

    pub(crate) const fn lossless(self) -> bool {
        matches!(self, Self::Lossless | Self::LosslessArithmetic)
    }

    pub(crate) const fn arithmetic(self) -> bool {
        matches!(
            self,
            Self::ExtendedArithmetic | Self::ProgressiveArithmetic | Self::LosslessArithmetic
        )
    }

    const fn allows_bits(self, bits: u8) -> bool {
        match self {
            Self::Baseline => bits == 8,
            Self::Lossless | Self::LosslessArithmetic => bits >= 2 && bits <= 16,
            _ => bits == 8 || bits == 12,
        }
    }
}

impl Frame {
    /// Reads the body of SOFn, `code`, which stands at `offset` of the file.
    pub(crate) fn read(
        code: u8,
        body: &[u8],
        offset: usize,
        max_pixels: u64,
    ) -> Result<Self, Error> {
        let process =
            Process::of(code).ok_or(Error::unsupported(offset, Unsupported::Process(code)))?;
        let bad_length = Error::corrupt(offset, Corruption::SegmentLength);
        let (&[bits, _, _, _, _, count], parameters) =
            body.split_first_chunk::<6>().ok_or(bad_length)?;
        if parameters.len() != usize::from(count).saturating_mul(3) {
            return Err(bad_length);
        }
        if !process.allows_bits(bits) {
            return Err(Error::unsupported(offset, Unsupported::Precision(bits)));
        }
        let height = be16(body, 1).unwrap_or(0);
        let width = be16(body, 3).unwrap_or(0);
        if width == 0 {
            return Err(Error::corrupt(offset, Corruption::ZeroDimension));
        }
        if u64::from(width).saturating_mul(u64::from(height)) > max_pixels {
            return Err(Error::too_large(offset, Excess::Pixels));
        }
        let mut frame = Self {
            process,
            bits,
            width,
            height,
            components: [Component::default(); 4],
            count,
        };
        if count == 0 {
            return Err(Error::corrupt(offset, Corruption::ComponentCount));
        }
        if count > 4 {
            return Err(Error::unsupported(offset, Unsupported::Components(count)));
        }
        frame.read_components(parameters, offset)?;
        Ok(frame)
    }

    fn read_components(&mut self, parameters: &[u8], offset: usize) -> Result<(), Error> {
        let (rows, _) = parameters.as_chunks::<3>();
        for (index, &[id, sampling, quantization]) in rows.iter().enumerate() {
            let (across, down) = (sampling >> 4, sampling & 0x0F);
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return Err(Error::corrupt(offset, Corruption::SamplingFactors));
            }
            if quantization > 3 {
                return Err(Error::corrupt(offset, Corruption::TableReference));
            }
            if self
                .components()
                .iter()
                .take(index)
                .any(|seen| seen.id == id)
            {
                return Err(Error::corrupt(offset, Corruption::RepeatedComponent));
            }
            if let Some(component) = self.components.get_mut(index) {
                *component = Component {
                    id,
                    sampling: (across, down),
                    quantization,
                };
            }
        }
        Ok(())
    }

    /// Whether the picture can be turned by Exif's `orientation` without a sample changing: an axis
    /// that is mirrored has to end with a block's edge in every component.
    pub(crate) fn turns_exactly(&self, orientation: u8, lines: u32) -> bool {
        let (columns_mirrored, lines_mirrored) = match orientation {
            2 | 8 => (true, false),
            4 | 6 => (false, true),
            3 | 7 => (true, true),
            _ => (false, false),
        };
        let even = |samples: u32, factor: fn(&Component) -> u8| {
            let most = self.components().iter().map(factor).max().unwrap_or(1);
            let blocks = 8_u32.saturating_mul(u32::from(most));
            self.components().iter().all(|component| {
                samples
                    .saturating_mul(u32::from(factor(component)))
                    .is_multiple_of(blocks)
            })
        };
        (!columns_mirrored || even(u32::from(self.width), |component| component.sampling.0))
            && (!lines_mirrored || even(lines, |component| component.sampling.1))
    }

    pub(crate) fn components(&self) -> &[Component] {
        self.components
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }
}

/// A scan header, read and checked against its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanHeader {
    /// Per component: its index in the frame, its DC and its AC table destination.
    components: [(u8, u8, u8); 4],
    count: u8,
    pub(crate) spectral: (u8, u8),
    /// Successive approximation, high and low.
    pub(crate) bits: (u8, u8),
}

impl ScanHeader {
    /// Reads the body of SOS, which stands at `offset` of the file.
    ///
    /// Fields that mean nothing in the frame's process are set to what T.81 table B.3 asks for, as
    /// decoders ignore them.
    pub(crate) fn read(frame: &Frame, body: &[u8], offset: usize) -> Result<Self, Error> {
        let corrupt = |detail| Error::corrupt(offset, detail);
        let (&count, rest) = body
            .split_first()
            .ok_or(corrupt(Corruption::SegmentLength))?;
        if !(1..=4).contains(&count) {
            return Err(corrupt(Corruption::ComponentCount));
        }
        let (selectors, parameters) = rest
            .split_at_checked(usize::from(count).saturating_mul(2))
            .ok_or(corrupt(Corruption::SegmentLength))?;
        let &[first, last, approximation] = parameters
            .as_array::<3>()
            .ok_or(corrupt(Corruption::SegmentLength))?;
        let mut header = Self {
            components: [(0, 0, 0); 4],
            count,
            spectral: (first, last),
            bits: (approximation >> 4, approximation & 0x0F),
        };
        header.check_parameters(frame).map_err(corrupt)?;
        header.read_selectors(frame, selectors).map_err(corrupt)?;
        Ok(header)
    }

    fn check_parameters(&mut self, frame: &Frame) -> Result<(), Corruption> {
        if frame.process.lossless() {
            // Predictor and point transform; the other two mean nothing.
            self.spectral.1 = 0;
            self.bits.0 = 0;
            if !(1..=7).contains(&self.spectral.0) {
                return Err(Corruption::ScanParameters);
            }
        } else if frame.process.progressive() {
            let ((first, last), (high, low)) = (self.spectral, self.bits);
            let band = if first == 0 {
                last == 0
            } else {
                self.count == 1 && first <= last && last <= 63
            };
            // libjpeg: "Al > 13" is an error; 13 is what T.81 table B.3 allows.
            if !band || low > 13 || (high != 0 && high != low.saturating_add(1)) {
                return Err(Corruption::ScanParameters);
            }
        } else {
            self.spectral = (0, 63);
            self.bits = (0, 0);
        }
        Ok(())
    }

    fn read_selectors(&mut self, frame: &Frame, selectors: &[u8]) -> Result<(), Corruption> {
        let (rows, _) = selectors.as_chunks::<2>();
        let (dc, ac) = (self.uses_dc_tables(frame), self.uses_ac_tables(frame));
        let mut blocks = 0_u8;
        for (at, &[id, tables]) in rows.iter().enumerate() {
            let index = frame
                .components()
                .iter()
                .position(|component| component.id == id)
                .ok_or(Corruption::UnknownComponent)?;
            if self
                .components()
                .iter()
                .take(at)
                .any(|seen| usize::from(seen.0) == index)
            {
                return Err(Corruption::RepeatedComponent);
            }
            let differences = if dc { tables >> 4 } else { 0 };
            let coefficients = if ac { tables & 0x0F } else { 0 };
            // Decoders take destinations 2 and 3 in a baseline frame as well; some encoders
            // write SOF0 where SOF1 belongs.
            if differences > 3 || coefficients > 3 {
                return Err(Corruption::TableReference);
            }
            blocks = blocks.saturating_add(frame.components().get(index).map_or(0, |component| {
                component.sampling.0.saturating_mul(component.sampling.1)
            }));
            if let Some(slot) = self.components.get_mut(at) {
                *slot = (index as u8, differences, coefficients);
            }
        }
        // B.2.3: an interleaved MCU has at most ten blocks.
        if self.count > 1 && blocks > 10 {
            return Err(Corruption::SamplingFactors);
        }
        Ok(())
    }

    /// Per component: its index in the frame, its DC and its AC table destination.
    pub(crate) fn components(&self) -> &[(u8, u8, u8)] {
        self.components
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    pub(crate) fn uses_dc_tables(&self, frame: &Frame) -> bool {
        // A refinement of DC is raw bits (G.1.2.1.2); arithmetic coding has a fixed state for it.
        self.spectral.0 == 0 && (self.bits.0 == 0 || !frame.process.progressive())
            || frame.process.lossless()
    }

    pub(crate) fn uses_ac_tables(&self, frame: &Frame) -> bool {
        self.spectral.1 != 0 && !frame.process.lossless()
    }

    /// The header's body, with fields that mean nothing set to zero or what table B.3 asks for.
    pub(crate) fn canonical(&self, frame: &Frame) -> Vec<u8> {
        let mut body = Vec::with_capacity(12);
        body.push(self.count);
        for (index, dc, ac) in self.components() {
            let id = frame
                .components()
                .get(usize::from(*index))
                .map_or(0, |component| component.id);
            body.extend([id, dc << 4 | ac]);
        }
        body.extend([
            self.spectral.0,
            self.spectral.1,
            self.bits.0 << 4 | self.bits.1,
        ]);
        body
    }
}

/// Which coefficients the scans have coded so far, and to which bit.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    /// Per component and coefficient: 0 for not yet, else one more than the lowest bit coded.
    bits: [[u8; 64]; 4],
}

impl Coded {
    pub(crate) fn new() -> Self {
        Self { bits: [[0; 64]; 4] }
    }

    /// Whether component `index` was part of a scan.
    pub(crate) fn has_begun(&self, index: u8) -> bool {
        self.bits
            .get(usize::from(index))
            .is_some_and(|bits| bits.iter().fold(0, |any, bit| any | bit) != 0)
    }

    /// Takes note of a scan. An error when it codes again what is already there: the first of the
    /// two would be a picture that nobody sees.
    pub(crate) fn scan(&mut self, header: &ScanHeader) -> Result<(), Corruption> {
        let (high, low) = header.bits;
        let (first, last) = header.spectral;
        // A lossless scan's first parameter is its predictor.
        let band = if first > last {
            0..=0
        } else {
            usize::from(first)..=usize::from(last)
        };
        for (index, _, _) in header.components() {
            let expected = if high == 0 { 0 } else { high.saturating_add(1) };
            let bits = self
                .bits
                .get_mut(usize::from(*index))
                .and_then(|bits| bits.get_mut(band.clone()))
                .unwrap_or_default();
            if bits.iter().fold(0, |differ, bit| differ | (bit ^ expected)) != 0 {
                return Err(Corruption::Progression);
            }
            bits.fill(low.saturating_add(1));
        }
        Ok(())
    }

    /// Whether every component has been coded, its DC at least: what decoders show as a picture.
    pub(crate) fn shows(&self, frame: &Frame) -> bool {
        self.each(frame, |bits| bits.first() != Some(&0))
    }

    /// Whether nothing can be missing: every coefficient is coded to its last bit.
    pub(crate) fn is_whole(&self, frame: &Frame) -> bool {
        if frame.process.progressive() {
            self.each(frame, |bits| bits.iter().all(|bit| *bit == 1))
        } else {
            self.shows(frame)
        }
    }

    fn each(&self, frame: &Frame, holds: impl Fn(&[u8; 64]) -> bool) -> bool {
        self.bits.iter().take(frame.components().len()).all(holds)
    }
}
