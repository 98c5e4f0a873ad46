//! Which coefficients the scans have coded so far, and to which bit (T.81 G.1.1.1).

use super::frame::Frame;
use super::scan_header::ScanHeader;
use crate::error::Corruption;

/// By component and coefficient in zigzag order: 0 for not yet coded, else one more than the lowest bit coded.
#[derive(Debug, Clone)]
pub(crate) struct Progression {
    bits: [[u8; 64]; 4],
}

impl Progression {
    pub(crate) const fn new() -> Self {
        Self { bits: [[0; 64]; 4] }
    }

    /// Whether component `index` was part of a scan.
    pub(crate) fn has_begun(&self, index: u8) -> bool {
        self.of(usize::from(index))
            .iter()
            .fold(0, |any, bit| any | bit)
            != 0
    }

    /// By coefficient: 0 for not yet coded, else one more than the lowest bit coded.
    pub(crate) fn of(&self, component: usize) -> &[u8; 64] {
        self.bits.get(component).unwrap_or(&[0; 64])
    }

    /// Takes note of a scan.
    ///
    /// An error when it codes again what an earlier scan has coded, or refines what none has. Decoders accept such
    /// files and show the later codes; the earlier ones would be a picture that nobody sees, and could hide a message.
    pub(crate) fn scan(&mut self, header: &ScanHeader) -> Result<(), Corruption> {
        // A lossless scan's first parameter is its predictor.
        let band = if header.start > header.end {
            0..=0
        } else {
            usize::from(header.start)..=usize::from(header.end)
        };
        let expected = match header.high {
            0 => 0,
            high => high.saturating_add(1),
        };
        for member in header.members() {
            let bits = self
                .bits
                .get_mut(usize::from(member.component))
                .and_then(|bits| bits.get_mut(band.clone()))
                .unwrap_or_default();
            if bits.iter().fold(0, |differ, bit| differ | (bit ^ expected)) != 0 {
                return Err(Corruption::Progression);
            }
            bits.fill(header.low.saturating_add(1));
        }
        Ok(())
    }

    /// Whether at least the DC of every component has been coded. That is enough for decoders to show a picture.
    pub(crate) fn shows(&self, frame: &Frame) -> bool {
        self.each(frame, |bits| bits.first() != Some(&0))
    }

    /// Whether nothing can be missing: every coefficient is coded to its last bit.
    ///
    /// T.81 does not require it, and encoders may leave high frequencies out. It is used for two decisions. In a
    /// progressive file without EOI, only this shows that no scan is missing. And decoders smooth a progressive picture
    /// that lacks bits of its low frequencies, so a picture that is not whole must stay progressive.
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
