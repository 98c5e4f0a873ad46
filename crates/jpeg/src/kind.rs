//! What a piece of a file is, by name.

use std::fmt;

use crate::format::marker;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What a piece of a file is. Presence only: no kind says anything about a value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in kebab case, as it stands in reports and audit items.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// SOI or EOI.
    Boundary = "boundary",
    /// Frame header, SOFn.
    Frame = "frame",
    /// Scan header, SOS.
    ScanHeader = "scan-header",
    /// Entropy-coded data with its restart markers.
    EntropyCoded = "entropy-coded",
    /// Quantisation tables, DQT.
    QuantizationTables = "quantization-tables",
    /// Huffman tables, DHT.
    HuffmanTables = "huffman-tables",
    /// Arithmetic conditioning, DAC.
    ArithmeticConditioning = "arithmetic-conditioning",
    /// Restart interval, DRI.
    RestartInterval = "restart-interval",
    /// Number of lines, DNL.
    LineCount = "line-count",
    /// JFIF APP0: version and pixel density.
    Jfif = "jfif",
    /// Adobe APP14: the colour transform.
    Adobe = "adobe",
    /// ICC profile.
    Icc = "icc",
    /// Exif.
    Exif = "exif",
    /// Exif with nothing but Orientation, as this crate writes it.
    OrientationTag = "orientation-tag",
    /// Notices of copyright in Exif and XMP with nothing else, as this crate writes them.
    Copyright = "copyright",
    /// XMP.
    Xmp = "xmp",
    /// Continuation of a large XMP.
    ExtendedXmp = "extended-xmp",
    /// IPTC in Photoshop's APP13.
    Iptc = "iptc",
    /// Photoshop's APP13 without IPTC.
    Photoshop = "photoshop",
    /// Comment, COM.
    Comment = "comment",
    /// Thumbnail inside the JFIF segment.
    JfifThumbnail = "jfif-thumbnail",
    /// Bytes behind the end of the JFIF segment's fields.
    JfifTail = "jfif-tail",
    /// JFIF extension (JFXX), which holds a thumbnail.
    JfifExtension = "jfif-extension",
    /// Bytes behind the end of the Adobe segment's fields.
    AdobeTail = "adobe-tail",
    /// Multi-picture format index (CIPA DC-007).
    Mpf = "mpf",
    /// Gain map metadata (ISO 21496-1).
    GainMap = "gain-map",
    /// C2PA manifest in JUMBF boxes.
    C2pa = "c2pa",
    /// Other JUMBF boxes (ISO 19566-5).
    Jumbf = "jumbf",
    /// FlashPix (Exif ready).
    FlashPix = "flashpix",
    /// Photoshop's "Save for Web" APP12.
    Ducky = "ducky",
    /// Text, dates, ids and private tags of the ICC profile.
    IccText = "icc-text",
    /// Application segment APP0 of another make.
    App0 = "app0",
    /// Application segment APP1 of another make.
    App1 = "app1",
    /// Application segment APP2 of another make.
    App2 = "app2",
    /// Application segment APP3.
    App3 = "app3",
    /// Application segment APP4.
    App4 = "app4",
    /// Application segment APP5.
    App5 = "app5",
    /// Application segment APP6.
    App6 = "app6",
    /// Application segment APP7.
    App7 = "app7",
    /// Application segment APP8.
    App8 = "app8",
    /// Application segment APP9.
    App9 = "app9",
    /// Application segment APP10.
    App10 = "app10",
    /// Application segment APP11 of another make.
    App11 = "app11",
    /// Application segment APP12 of another make.
    App12 = "app12",
    /// Application segment APP13 of another make.
    App13 = "app13",
    /// Application segment APP14 of another make.
    App14 = "app14",
    /// Application segment APP15.
    App15 = "app15",
    /// Fill bytes before a marker.
    Fill = "fill",
    /// Bytes between segments that belong to none.
    Garbage = "garbage",
    /// TEM or a restart marker where it means nothing.
    StrayMarker = "stray-marker",
    /// A table that no scan uses, or symbols of a Huffman table that no code can need.
    UnusedTable = "unused-table",
    /// Header fields that decoders ignore, set to what the specification asks for.
    IgnoredField = "ignored-field",
    /// Bytes inside a scan that no code needs.
    ScanTail = "scan-tail",
    /// Padding bits that were not ones.
    PaddingBits = "padding-bits",
    /// A JPEG behind the picture: of MPF, a preview, a burst.
    TrailerJpeg = "trailer-jpeg",
    /// A gain map behind the picture.
    TrailerGainMap = "trailer-gain-map",
    /// A film behind the picture: a motion photo.
    TrailerMp4 = "trailer-mp4",
    /// A ZIP archive behind the picture.
    TrailerZip = "trailer-zip",
    /// Samsung's trailer.
    TrailerSamsung = "trailer-samsung",
    /// Other bytes behind the picture.
    TrailerUnknown = "trailer-unknown",
    /// A marker that is reserved, or a frame of another process.
    Reserved = "reserved",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Signature of an Exif segment. Its sixth byte is a fill byte that readers ignore.
pub(crate) const EXIF: &[u8] = b"Exif\0";
/// Signature of a JFIF segment.
pub(crate) const JFIF: &[u8] = b"JFIF\0";
/// Signature of an Adobe segment.
pub(crate) const ADOBE: &[u8] = b"Adobe";
/// Signature of a chunk of an ICC profile (ICC.1 annex B.4).
pub(crate) const ICC: &[u8] = b"ICC_PROFILE\0";

/// What an application or comment segment is, by its marker and the signature in its body.
pub(crate) fn of_application(code: u8, body: &[u8]) -> Kind {
    const SIGNATURES: &[(u8, &[u8], Kind)] = &[
        (marker::APP0, b"JFXX\0", Kind::JfifExtension),
        (marker::APP1, EXIF, Kind::Exif),
        (marker::APP1, b"http://ns.adobe.com/xap/1.0/", Kind::Xmp),
        (
            marker::APP1,
            b"http://ns.adobe.com/xmp/extension/",
            Kind::ExtendedXmp,
        ),
        (marker::APP2, ICC, Kind::Icc),
        (marker::APP2, b"MPF\0", Kind::Mpf),
        (marker::APP2, b"FPXR\0", Kind::FlashPix),
        (marker::APP2, b"urn:iso:std:iso:ts:21496:-1", Kind::GainMap),
        (marker::APP12, b"Ducky", Kind::Ducky),
    ];
    const BY_NUMBER: [Kind; 16] = [
        Kind::App0,
        Kind::App1,
        Kind::App2,
        Kind::App3,
        Kind::App4,
        Kind::App5,
        Kind::App6,
        Kind::App7,
        Kind::App8,
        Kind::App9,
        Kind::App10,
        Kind::App11,
        Kind::App12,
        Kind::App13,
        Kind::App14,
        Kind::App15,
    ];
    if code == marker::COM {
        return Kind::Comment;
    }
    if let Some((_, _, kind)) = SIGNATURES
        .iter()
        .find(|(of, signature, _)| *of == code && body.starts_with(signature))
    {
        return *kind;
    }
    match code {
        marker::APP0 if is_jfif(body) => Kind::Jfif,
        marker::APP14 if is_adobe(body) => Kind::Adobe,
        marker::APP13 if body.starts_with(b"Photoshop 3.0\0") || body.starts_with(b"Adobe_") => {
            if contains(body, b"8BIM\x04\x04") {
                Kind::Iptc
            } else {
                Kind::Photoshop
            }
        }
        // Box instance and sequence numbers stand before the box (ISO 19566-5 annex D).
        marker::APP11 if body.starts_with(b"JP") && body.get(12..16) == Some(b"jumb") => {
            if contains(body, b"c2pa") {
                Kind::C2pa
            } else {
                Kind::Jumbf
            }
        }
        _ => BY_NUMBER
            .get(usize::from(code.saturating_sub(marker::APP0)))
            .copied()
            .unwrap_or(Kind::Reserved),
    }
}

/// Whether decoders take this APP0 for JFIF: libjpeg asks for all 14 bytes.
pub(crate) fn is_jfif(body: &[u8]) -> bool {
    body.len() >= 14 && body.starts_with(JFIF)
}

/// Whether decoders take this APP14 for Adobe's: libjpeg asks for all 12 bytes.
pub(crate) fn is_adobe(body: &[u8]) -> bool {
    body.len() >= 12 && body.starts_with(ADOBE)
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
