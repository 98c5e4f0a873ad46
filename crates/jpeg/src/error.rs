//! What can be wrong with a file, sorted by blame.
//!
//! Every error has the byte offset where it was noticed and a typed detail. No text from the file
//! is ever part of an error.

use std::fmt;

/// Why a file was refused.
///
/// The four variants are the four permanent outcomes of the pipeline: [`Error::name`] gives the
/// names under which they are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin as a JPEG does (T.81 B.2.1: SOI first).
    #[error("not a JPEG: {found} at byte {offset}")]
    NotJpeg {
        /// Byte offset in the file.
        offset: usize,
        /// What the bytes look like instead.
        found: Magic,
    },
    /// A JPEG that is broken or not all there.
    #[error("corrupt JPEG at byte {offset}: {detail}")]
    Corrupt {
        /// Byte offset in the file.
        offset: usize,
        /// What is wrong.
        detail: Corruption,
    },
    /// A JPEG that may well be sound, but of a kind that is not accepted.
    #[error("unsupported JPEG at byte {offset}: {detail}")]
    Unsupported {
        /// Byte offset in the file.
        offset: usize,
        /// What is not supported.
        detail: Unsupported,
    },
    /// A limit of [`Limits`](crate::Limits) is exceeded.
    #[error("too large at byte {offset}: {detail}")]
    TooLarge {
        /// Byte offset in the file.
        offset: usize,
        /// Which limit.
        detail: Excess,
    },
}

impl Error {
    /// The name under which the pipeline records this error.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotJpeg { .. } => "NotJpeg",
            Self::Corrupt { .. } => "CorruptJpeg",
            Self::Unsupported { .. } => "UnsupportedJpeg",
            Self::TooLarge { .. } => "TooLarge",
        }
    }

    /// Byte offset in the file where the error was noticed.
    pub const fn offset(&self) -> usize {
        match self {
            Self::NotJpeg { offset, .. }
            | Self::Corrupt { offset, .. }
            | Self::Unsupported { offset, .. }
            | Self::TooLarge { offset, .. } => *offset,
        }
    }

    pub(crate) const fn corrupt(offset: usize, detail: Corruption) -> Self {
        Self::Corrupt { offset, detail }
    }

    pub(crate) const fn unsupported(offset: usize, detail: Unsupported) -> Self {
        Self::Unsupported { offset, detail }
    }

    pub(crate) const fn too_large(offset: usize, detail: Excess) -> Self {
        Self::TooLarge { offset, detail }
    }
}

/// What a file that is no JPEG looks like, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Magic {
    /// No bytes at all.
    Empty,
    /// A JPEG with other bytes before its SOI.
    LeadingBytes,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// TIFF, or a raw format built on it.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// HEIF or HEIC.
    Heif,
    /// AVIF.
    Avif,
    /// MP4, MOV or another ISO base media file.
    Mp4,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// PDF.
    Pdf,
    /// ZIP, or a document built on it.
    Zip,
    /// HTML, SVG or XML.
    Markup,
    /// None of these.
    Unknown,
}

impl fmt::Display for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::LeadingBytes => "bytes before the SOI marker",
            Self::Png => "a PNG file",
            Self::Gif => "a GIF file",
            Self::WebP => "a WebP file",
            Self::Tiff => "a TIFF file",
            Self::Bmp => "a BMP file",
            Self::Heif => "a HEIF file",
            Self::Avif => "an AVIF file",
            Self::Mp4 => "an MP4 or QuickTime file",
            Self::JpegXl => "a JPEG XL file",
            Self::Jpeg2000 => "a JPEG 2000 file",
            Self::Pdf => "a PDF file",
            Self::Zip => "a ZIP file",
            Self::Markup => "an HTML or XML file",
            Self::Unknown => "unknown bytes",
        })
    }
}

/// What is wrong with a corrupt JPEG. Clauses are those of ITU-T T.81.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Corruption {
    /// The file ends inside a marker segment or before the picture is complete.
    #[error("the file ends before the picture is complete")]
    Truncated,
    /// A length field that is less than 2, or not what the segment's content needs (B.1.1.4).
    #[error("bad segment length")]
    SegmentLength,
    /// A segment that runs past the end of the file (B.1.1.4).
    #[error("the segment runs past the end of the file")]
    SegmentOverrun,
    /// A second SOI inside the picture (B.2.1).
    #[error("a second SOI")]
    RepeatedSoi,
    /// No frame header before EOI (B.2.2).
    #[error("no frame header")]
    MissingFrame,
    /// A second frame header (B.2.2).
    #[error("a second frame header")]
    RepeatedFrame,
    /// A frame, but no scan (B.2.1).
    #[error("no scan")]
    MissingScan,
    /// A scan before the frame header (B.2.3).
    #[error("a scan before the frame header")]
    ScanBeforeFrame,
    /// Zero width, or zero height without DNL (B.2.2, B.2.5).
    #[error("zero width or height")]
    ZeroDimension,
    /// A number of components that cannot be (B.2.2, B.2.3).
    #[error("bad number of components")]
    ComponentCount,
    /// A component named twice in a scan header (B.2.3).
    #[error("a component is named twice")]
    RepeatedComponent,
    /// A scan header names a component that the frame lacks (B.2.3).
    #[error("the scan names an unknown component")]
    UnknownComponent,
    /// A scan header names components out of the frame's order (B.2.3).
    #[error("the scan's components are out of order")]
    ComponentOrder,
    /// Sampling factors out of 1 to 4, or more than ten blocks in an MCU (B.2.2, B.2.3).
    #[error("bad sampling factors")]
    SamplingFactors,
    /// A table destination out of range (B.2.2, B.2.3, B.2.4).
    #[error("table destination out of range")]
    TableReference,
    /// A quantisation table that is referenced but not defined (B.2.2).
    #[error("missing quantisation table")]
    MissingQuantizationTable,
    /// A Huffman table that is referenced but not defined (B.2.3).
    #[error("missing Huffman table")]
    MissingHuffmanTable,
    /// A quantisation table with a bad precision (B.2.4.1).
    #[error("bad quantisation table")]
    QuantizationTable,
    /// A Huffman table in use that is no prefix code, or has no code (B.2.4.2, C).
    #[error("bad Huffman table")]
    HuffmanTable,
    /// Arithmetic conditioning out of range (B.2.4.3).
    #[error("bad arithmetic conditioning")]
    ArithmeticConditioning,
    /// Spectral selection or successive approximation out of range (B.2.3, G.1.1.1).
    #[error("bad scan parameters")]
    ScanParameters,
    /// A scan codes again what an earlier one has coded, or refines what none has (G.1.1.1).
    #[error("the scan does not follow from the ones before it")]
    Progression,
    /// A component or coefficient band that no scan codes.
    #[error("a component is never coded")]
    MissingComponent,
    /// A bit sequence that is no code of its table (F.2.2.3).
    #[error("bad Huffman code")]
    BadCode,
    /// Fill bytes before a stuffed zero (B.1.1.5), about which decoders do not agree.
    #[error("fill bytes within entropy-coded data")]
    Stuffing,
    /// A run or value that leaves the block or the range of the precision (F.1.2).
    #[error("bad coefficient")]
    BadCoefficient,
    /// The entropy-coded data end before the last MCU (B.2.3).
    #[error("the scan ends before its last MCU")]
    ScanCutOff,
    /// A restart marker is missing, or out of its sequence (B.2.1, E.1.4).
    #[error("restart markers out of sequence")]
    Restart,
    /// DNL in a place where it cannot be, or missing (B.2.5).
    #[error("bad or missing DNL")]
    LineCount,
}

/// What is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A coding process, by its SOF marker's second byte (T.81 table B.1).
    #[error("coding process of marker 0xFF{0:02X}")]
    Process(u8),
    /// A marker that is reserved or changes how the picture is decoded, by its second byte.
    #[error("marker 0xFF{0:02X}")]
    Marker(u8),
    /// A sample precision that the process does not have here, in bits.
    #[error("sample precision of {0} bits")]
    Precision(u8),
    /// A number of components that is not supported.
    #[error("{0} components")]
    Components(u8),
    /// A picture that cannot be turned in the DCT domain nor re-encoded.
    #[error("this picture cannot be turned")]
    Turn,
}

/// Which limit is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Excess {
    /// More bytes than `max_bytes`.
    #[error("more bytes than the limit")]
    Bytes,
    /// More pixels than `max_pixels`.
    #[error("more pixels than the limit")]
    Pixels,
    /// More marker segments than `max_segments`.
    #[error("more segments than the limit")]
    Segments,
    /// More scans than `max_scans`.
    #[error("more scans than the limit")]
    Scans,
    /// More work than `max_work`.
    #[error("more work than the limit: too many blocks in too many scans")]
    Work,
    /// More memory than `max_memory`.
    #[error("more memory than the limit")]
    Memory,
}
