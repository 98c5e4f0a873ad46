//! What is kept of a profile's header (ICC.1:2022 7.2).

use super::Applied;
use crate::format::bytes::be32;

/// Header fields that decide how colours are read.
pub(super) struct Header {
    /// 2, or 4 for 4 and later.
    major: u8,
    class: [u8; 4],
    pub(super) space: [u8; 4],
    pub(super) connection: [u8; 4],
    /// 0 to 3.
    intent: u8,
    /// Which browser accepts the header's fields. One that does not never applies the profile, whatever its tags are.
    pub(super) applied: Applied,
}

const D50: [u8; 12] = [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D];
/// A rendering intent that does not exist: Firefox does not apply such a profile, Chromium does.
const NO_INTENT: u8 = 4;

impl Header {
    /// `None` when no browser applies a profile of this header.
    pub(super) fn read(profile: &[u8]) -> Option<Self> {
        let four = |at: usize| -> Option<[u8; 4]> { profile.get(at..)?.first_chunk().copied() };
        let major = *profile.get(8)?;
        let class = four(12)?;
        let known_class = matches!(&class, b"mntr" | b"scnr" | b"prtr" | b"spac");
        let intent = be32(profile, 64)?;
        let header = Self {
            major: if major < 4 { 2 } else { 4 },
            class: if known_class { class } else { *b"mntr" },
            space: four(16)?,
            connection: four(20)?,
            intent: u8::try_from(intent).ok().filter(|i| *i <= 3).unwrap_or(0),
            applied: Applied {
                chromium: major <= 4 && &four(36)? == b"acsp" && nearly_d50(profile.get(68..80)?),
                firefox: known_class && intent <= 3,
            },
        };
        let known = matches!(&header.space, b"GRAY" | b"RGB " | b"CMYK")
            && matches!(&header.connection, b"XYZ " | b"Lab ");
        known.then_some(header)
    }

    /// Whether browsers apply a profile of this colour space to a picture of `components`.
    pub(super) fn is_for(&self, components: u8) -> bool {
        match components {
            1 => matches!(&self.space, b"GRAY" | b"RGB "),
            3 => &self.space == b"RGB ",
            4 => &self.space == b"CMYK",
            _ => false,
        }
    }

    /// Whether a profile description of version 4 is to be written.
    pub(super) fn is_version_4(&self) -> bool {
        self.major == 4
    }

    /// `stop`: the browsers that are to be kept from applying the profile.
    pub(super) fn write(&self, length: u32, stop: Applied) -> [u8; 128] {
        let mut out = [0; 128];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = out.get_mut(at..at.saturating_add(bytes.len())) {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &length.to_be_bytes());
        // The minor version does not affect colours, so the latest ones are written: 2.4 and 4.4.
        put(8, &[self.major, 0x40]);
        put(12, &self.class);
        put(16, &self.space);
        put(20, &self.connection);
        // A fixed date: 1 January 2000.
        put(24, &[0x07, 0xD0, 0, 1, 0, 1]);
        put(36, b"acsp");
        put(67, &[if stop.firefox { NO_INTENT } else { self.intent }]);
        // Chromium does not apply a profile with another illuminant; Firefox and Little CMS do not look.
        put(68, if stop.chromium { &[0; 12] } else { &D50 });
        out
    }
}

/// Within a hundredth, which is what skcms asks for.
fn nearly_d50(illuminant: &[u8]) -> bool {
    [0, 4, 8].iter().all(|at| {
        be32(illuminant, *at)
            .zip(be32(&D50, *at))
            .is_some_and(|(a, b)| a.abs_diff(b) <= 655)
    })
}
