//! The frame header (T.81 B.2.2) and the geometry of its components (A.1, A.2).

use super::bytes::be16;
use super::marker;
use super::process::Process;
use crate::error::{Corruption, Error, Excess, Unsupported};

/// One component of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub(crate) h: u8,
    /// Vertical sampling factor, 1 to 4.
    pub(crate) v: u8,
    /// Destination of its quantisation table, 0 to 3.
    pub(crate) quantization: u8,
}

/// A frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) process: Process,
    /// Bits per sample.
    pub(crate) bits: u8,
    /// Samples per line.
    pub(crate) width: u32,
    /// Lines. 0 until DNL has said it (B.2.5).
    pub(crate) height: u32,
    components: [Component; 4],
    count: u8,
}

/// A component's data units: `width` x `height` of them hold samples, `stride` x `rows` are coded in interleaved scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct BlockGrid {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) stride: u32,
    pub(crate) rows: u32,
}

impl Process {
    /// The process of marker SOFn, if it is one that is read here. Hierarchical processes (annex J) and lossless
    /// arithmetic coding are not: no decoder of the web reads them.
    const fn of(code: u8) -> Option<Self> {
        Some(match code {
            marker::SOF0 => Self::Baseline,
            marker::SOF1 => Self::Extended,
            marker::SOF2 => Self::Progressive,
            marker::SOF3 => Self::Lossless,
            marker::SOF9 => Self::ExtendedArithmetic,
            marker::SOF10 => Self::ProgressiveArithmetic,
            _ => return None,
        })
    }

    pub(crate) const fn progressive(self) -> bool {
        matches!(self, Self::Progressive | Self::ProgressiveArithmetic)
    }

    pub(crate) const fn lossless(self) -> bool {
        matches!(self, Self::Lossless)
    }

    pub(crate) const fn arithmetic(self) -> bool {
        matches!(self, Self::ExtendedArithmetic | Self::ProgressiveArithmetic)
    }

    /// Table B.2.
    const fn allows_bits(self, bits: u8) -> bool {
        match self {
            Self::Baseline => bits == 8,
            Self::Lossless => bits >= 2 && bits <= 16,
            _ => bits == 8 || bits == 12,
        }
    }
}

impl Frame {
    /// Parses the body of SOFn, `code`. `offset`: of the segment in the file, for errors.
    pub(crate) fn parse(
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
        let mut frame = Self {
            process,
            bits,
            width: u32::from(be16(body, 3).unwrap_or(0)),
            height: u32::from(be16(body, 1).unwrap_or(0)),
            components: [Component::default(); 4],
            count,
        };
        if frame.width == 0 {
            return Err(Error::corrupt(offset, Corruption::ZeroDimension));
        }
        frame.check_pixels(max_pixels, offset)?;
        if count == 0 {
            return Err(Error::corrupt(offset, Corruption::ComponentCount));
        }
        if count > 4 {
            return Err(Error::unsupported(offset, Unsupported::Components(count)));
        }
        frame
            .parse_components(parameters)
            .map_err(|detail| Error::corrupt(offset, detail))?;
        Ok(frame)
    }

    /// Components may share an identifier: libjpeg-turbo and the browsers draw such files, since a scan header finds
    /// its components in the frame's order (see [`ScanHeader`](super::ScanHeader)).
    fn parse_components(&mut self, parameters: &[u8]) -> Result<(), Corruption> {
        let (rows, _) = parameters.as_chunks::<3>();
        for (component, &[id, sampling, quantization]) in self.components.iter_mut().zip(rows) {
            let (h, v) = (sampling >> 4, sampling & 0x0F);
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                return Err(Corruption::SamplingFactors);
            }
            if quantization > 3 {
                return Err(Corruption::TableReference);
            }
            *component = Component {
                id,
                h,
                v,
                quantization,
            };
        }
        Ok(())
    }

    /// Refuses more than `max_pixels` samples of a full-resolution component.
    pub(crate) fn check_pixels(&self, max_pixels: u64, offset: usize) -> Result<(), Error> {
        if u64::from(self.width).saturating_mul(u64::from(self.height)) > max_pixels {
            return Err(Error::too_large(offset, Excess::Pixels));
        }
        Ok(())
    }

    pub(crate) fn components(&self) -> &[Component] {
        self.components
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    /// The largest sampling factors, across and down.
    pub(crate) fn factors(&self) -> (u32, u32) {
        let most = |factor: fn(&Component) -> u8| {
            let factors = self.components().iter().map(factor);
            u32::from(factors.max().unwrap_or(1))
        };
        (most(|c| c.h), most(|c| c.v))
    }

    /// Side of a data unit in samples (A.1.2, A.1.3).
    const fn unit(&self) -> u32 {
        if self.process.lossless() { 1 } else { 8 }
    }

    /// MCUs of a scan of all components, across and down (A.2.3).
    pub(crate) fn mcus(&self) -> (u32, u32) {
        let (unit, (h, v)) = (self.unit(), self.factors());
        (
            self.width.div_ceil(unit.saturating_mul(h)),
            self.height.div_ceil(unit.saturating_mul(v)),
        )
    }

    /// The data units of a component (A.1.1, A.2.4).
    pub(crate) fn grid(&self, component: Component) -> BlockGrid {
        let (unit, (h_max, v_max)) = (self.unit(), self.factors());
        let (across, down) = self.mcus();
        let (h, v) = (u32::from(component.h), u32::from(component.v));
        BlockGrid {
            width: self.width.saturating_mul(h).div_ceil(h_max).div_ceil(unit),
            height: self.height.saturating_mul(v).div_ceil(v_max).div_ceil(unit),
            stride: across.saturating_mul(h),
            rows: down.saturating_mul(v),
        }
    }

    /// Whether the samples of a component end with a block's edge, across and down.
    pub(crate) fn ends_on_blocks(&self, component: Component) -> (bool, bool) {
        let (h_max, v_max) = self.factors();
        let ends = |samples: u32, factor: u8, most: u32| {
            samples
                .saturating_mul(u32::from(factor))
                .is_multiple_of(most.saturating_mul(8))
        };
        (
            ends(self.width, component.h, h_max),
            ends(self.height, component.v, v_max),
        )
    }
}
