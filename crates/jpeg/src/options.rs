//! What the caller can choose.

use std::fmt;
use std::str::FromStr;

/// How much a file may ask for. Every limit ends in [`Error::TooLarge`](crate::Error::TooLarge).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the file in bytes. Default 64 MiB.
    pub max_bytes: u64,
    /// Width times height. Default 120,000,000.
    pub max_pixels: u64,
    /// Marker segments, dropped ones included. Default 200,000.
    pub max_segments: u32,
    /// Scans. Default 200; a usual progressive file has 10, one with every bit and band apart 250.
    pub max_scans: u32,
    /// Units of decoding work. Each scan costs one unit for each data unit (block of 8 x 8 samples) that it codes; an
    /// attacker can declare many with a few bytes. Arithmetic coding costs one more for eight decisions, encoding
    /// samples again twelve more for a block, and a lossless scan one for 64 samples. Default 40,000,000: what a
    /// picture of 120 megapixels without subsampling needs in seven scans.
    pub max_work: u64,
    /// Bytes of memory beside the file and the clean file. Default 64 MiB.
    pub max_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_pixels: 120_000_000,
            max_segments: 200_000,
            max_scans: 200,
            max_work: 40_000_000,
            max_memory: 64 << 20,
        }
    }
}

/// What [`inspect`](crate::inspect), [`strip`](crate::strip) do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What a file may ask for.
    pub limits: Limits,
    /// How much is proved.
    pub check: Check,
    /// What becomes of Exif's Orientation.
    pub orientation: OrientationPolicy,
    /// Quality of a picture that can only be turned by encoding it again.
    pub reencode_quality: ReencodeQuality,
    /// What becomes of the colour profile.
    pub icc: IccPolicy,
    /// Decode the coefficients and write them again, so that nothing but the coefficients of the
    /// source is left: not its Huffman tables, not its order of scans.
    pub deep: bool,
    /// Whether arithmetic-coded files are taken.
    pub arithmetic: Arithmetic,
    /// What becomes of notices of copyright.
    pub copyright: Copyright,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in kebab case, as [`FromStr`] reads it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|choice| choice.name() == text)
                    .ok_or(UnknownChoice { expected: concat!($($text, " "),+) })
            }
        }
    };
}

choice! {
    /// How much of a file is proved before it is taken for sound.
    Check {
        /// The marker segments and the boundaries of the scans. Bytes that decoders ignore at the
        /// end of a scan are not seen.
        Structure = "structure",
        /// Every code of every scan: the picture is all there, and what lies behind its last MCU
        /// is cut off.
        #[default]
        Entropy = "entropy",
    }
}

choice! {
    /// What becomes of Exif's Orientation.
    OrientationPolicy {
        /// The picture itself is turned and mirrored, in the DCT domain.
        #[default]
        Bake = "bake",
        /// `bake` where that changes no sample, else `tag`: no picture is ever encoded again. A picture whose height
        /// stands behind its scan (DNL) is tagged.
        Exact = "exact",
        /// The coefficients stay; a canonical Exif segment with nothing but Orientation is written.
        Tag = "tag",
        /// The coefficients stay and the orientation is lost.
        Drop = "drop",
    }
}

choice! {
    /// How `bake` quantises components that it has to encode again because the picture's edge does not lie on their
    /// grid of blocks.
    ReencodeQuality {
        /// With the source's tables.
        #[default]
        Source = "source",
        /// With half of each step: closer to the source, in more bytes. An unfinished progressive picture keeps its
        /// steps, since the bits that its coefficients lack are relative to these.
        High = "high",
    }
}

choice! {
    /// What becomes of the ICC profile. A kept profile is rewritten with what decides colours and
    /// nothing else.
    IccPolicy {
        /// Kept when it is complete and well formed.
        #[default]
        Keep = "keep",
        /// Kept when it describes sRGB, dropped otherwise.
        SrgbOnly = "srgb-only",
        /// Dropped.
        Drop = "drop",
    }
}

choice! {
    /// What becomes of an arithmetic-coded file (SOF9, SOF10). No browser draws one, but libjpeg-turbo and what is
    /// built on it do.
    Arithmetic {
        /// It is cleaned like any other.
        #[default]
        Accept = "accept",
        /// It is refused as [`Unsupported::Process`](crate::Unsupported::Process).
        Refuse = "refuse",
    }
}

choice! {
    /// What becomes of notices of copyright: who made the picture, whose it is, and on which terms.
    Copyright {
        /// They are removed like all metadata.
        #[default]
        Drop = "drop",
        /// Kept are Artist and Copyright of Exif; and creator, copyright notice, credit line, usage terms and web statement
        /// of IPTC and XMP. Each is one line of text of at most 1,000 bytes of UTF-8, without characters that nobody sees.
        /// Exif's are written into a canonical Exif segment, the others into a canonical packet of XMP. It is the file's
        /// maker who wrote them: they can say anything.
        Keep = "keep",
    }
}

/// A text that names no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown value, expected one of: {expected}")]
pub struct UnknownChoice {
    expected: &'static str,
}
