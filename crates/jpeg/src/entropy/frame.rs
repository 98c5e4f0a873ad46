//! The frame header: T.81 B.2.2, and the geometry of A.1 and A.2.

use super::significance::Significance;
use crate::{Corruption, Error, Excess, Unsupported};

/// How coefficients are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    Sequential,
    Progressive,
    Lossless,
}

/// What `SOFn` declares, and which of it has been coded so far.
pub(crate) struct Frame {
    pub(crate) process: Process,
    pub(crate) arithmetic: bool,
    pub(crate) precision: u8,
    pub(crate) width: u32,
    /// 0 until DNL says it.
    pub(crate) height: u32,
    pub(crate) components: Vec<Component>,
    pub(crate) h_max: u32,
    pub(crate) v_max: u32,
}

/// One component of the frame.
pub(crate) struct Component {
    pub(crate) id: u8,
    pub(crate) h: u32,
    pub(crate) v: u32,
    /// Destination of its quantisation table.
    pub(crate) table: u8,
    pub(super) seen: Seen,
    pub(super) significance: Significance,
}

/// Which codes of a component have been read.
pub(super) struct Seen(
    /// By coefficient of the zigzag order: the point transform Al of its last scan, or `NEVER`.
    pub(super) [u8; 64],
);

/// No scan has coded this coefficient.
pub(super) const NEVER: u8 = u8::MAX;

/// A component's blocks: `width` x `height` of them hold samples, `stride` x `rows` are coded in interleaved scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) stride: u32,
    pub(crate) rows: u32,
}

impl Frame {
    /// `body` as in `Decoder::segment`.
    pub(super) fn parse(
        marker: u8,
        body: &[u8],
        offset: usize,
        max_pixels: u64,
    ) -> Result<Self, Error> {
        let corrupt = |detail| Err(Error::corrupt(offset, detail));
        let process = match marker {
            0xC0 | 0xC1 | 0xC9 => Process::Sequential,
            0xC2 | 0xCA => Process::Progressive,
            0xC3 => Process::Lossless,
            // Hierarchical (annex J) and arithmetic lossless: no decoder of the web reads them.
            _ => return Err(Error::unsupported(offset, Unsupported::Process(marker))),
        };
        let Some((&[precision, y1, y0, x1, x0, count], list)) = body.split_first_chunk::<6>()
        else {
            return corrupt(Corruption::SegmentLength);
        };
        // Table B.2. A baseline frame has 8 bits, the other DCT processes 8 or 12.
        match (process, precision) {
            (Process::Lossless, 2..=16) | (_, 8) => {}
            (Process::Sequential | Process::Progressive, 12) if marker != 0xC0 => {}
            _ => {
                return Err(Error::unsupported(
                    offset,
                    Unsupported::Precision(precision),
                ));
            }
        }
        if count == 0 {
            return corrupt(Corruption::ComponentCount);
        }
        if count > 4 {
            return Err(Error::unsupported(offset, Unsupported::Components(count)));
        }
        if list.len() != usize::from(count) * 3 {
            return corrupt(Corruption::SegmentLength);
        }
        let (width, height) = (
            u32::from(u16::from_be_bytes([x1, x0])),
            u32::from(u16::from_be_bytes([y1, y0])),
        );
        if width == 0 {
            return corrupt(Corruption::ZeroDimension);
        }
        let mut components: Vec<Component> = Vec::with_capacity(4);
        for entry in list.chunks_exact(3) {
            let &[id, sampling, table] = entry else {
                continue;
            };
            let (h, v) = (u32::from(sampling >> 4), u32::from(sampling & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                return corrupt(Corruption::SamplingFactors);
            }
            if table > 3 {
                return corrupt(Corruption::TableReference);
            }
            if components.iter().any(|other| other.id == id) {
                return corrupt(Corruption::RepeatedComponent);
            }
            components.push(Component {
                id,
                h,
                v,
                table,
                seen: Seen([NEVER; 64]),
                significance: Significance::default(),
            });
        }
        let h_max = components.iter().map(|c| c.h).max().unwrap_or(1);
        let v_max = components.iter().map(|c| c.v).max().unwrap_or(1);
        let arithmetic = marker > 0xC8;
        let frame = Self {
            process,
            arithmetic,
            precision,
            width,
            height,
            components,
            h_max,
            v_max,
        };
        frame.check_pixels(max_pixels, offset)?;
        Ok(frame)
    }

    pub(super) fn check_pixels(&self, max_pixels: u64, offset: usize) -> Result<(), Error> {
        if u64::from(self.width) * u64::from(self.height) > max_pixels {
            return Err(Error::too_large(offset, Excess::Pixels));
        }
        Ok(())
    }

    /// Forgets what has been coded.
    pub(super) fn forget(&mut self) {
        for component in &mut self.components {
            component.seen = Seen([NEVER; 64]);
            component.significance = Significance::default();
        }
    }

    /// Side of a data unit in samples: A.1.2, A.1.3.
    fn unit(&self) -> u32 {
        if self.process == Process::Lossless {
            1
        } else {
            8
        }
    }

    /// MCUs of an interleaved scan, across and down (A.2.3).
    pub(crate) fn mcus(&self) -> (u32, u32) {
        let unit = self.unit();
        (
            self.width.div_ceil(unit * self.h_max),
            self.height.div_ceil(unit * self.v_max),
        )
    }

    /// The blocks of a component (A.1.1, A.2.4).
    pub(crate) fn plane(&self, component: &Component) -> Plane {
        let unit = self.unit();
        let (across, down) = self.mcus();
        Plane {
            width: (self.width * component.h)
                .div_ceil(self.h_max)
                .div_ceil(unit),
            height: (self.height * component.v)
                .div_ceil(self.v_max)
                .div_ceil(unit),
            stride: across * component.h,
            rows: down * component.v,
        }
    }
}
