//! Marker codes: ITU-T T.81 table B.1, T.84 and T.87 for what they added.

/// TEM, temporary private use in arithmetic coding. Stands alone.
pub(crate) const TEM: u8 = 0x01;
/// SOF0, baseline DCT.
pub(crate) const SOF0: u8 = 0xC0;
/// SOF1, extended sequential DCT, Huffman.
pub(crate) const SOF1: u8 = 0xC1;
/// SOF2, progressive DCT, Huffman.
pub(crate) const SOF2: u8 = 0xC2;
/// SOF3, lossless, Huffman.
pub(crate) const SOF3: u8 = 0xC3;
/// DHT, define Huffman tables.
pub(crate) const DHT: u8 = 0xC4;
/// SOF9, extended sequential DCT, arithmetic.
pub(crate) const SOF9: u8 = 0xC9;
/// SOF10, progressive DCT, arithmetic.
pub(crate) const SOF10: u8 = 0xCA;
/// DAC, define arithmetic coding conditioning.
pub(crate) const DAC: u8 = 0xCC;
/// RST0, the first of eight restart markers.
pub(crate) const RST0: u8 = 0xD0;
/// RST7, the last of eight restart markers.
pub(crate) const RST7: u8 = 0xD7;
/// SOI, start of image.
pub(crate) const SOI: u8 = 0xD8;
/// EOI, end of image.
pub(crate) const EOI: u8 = 0xD9;
/// SOS, start of scan.
pub(crate) const SOS: u8 = 0xDA;
/// DQT, define quantisation tables.
pub(crate) const DQT: u8 = 0xDB;
/// DNL, define number of lines.
pub(crate) const DNL: u8 = 0xDC;
/// DRI, define restart interval.
pub(crate) const DRI: u8 = 0xDD;
/// APP0, the first of sixteen application segments.
pub(crate) const APP0: u8 = 0xE0;
/// APP1: Exif and XMP.
pub(crate) const APP1: u8 = 0xE1;
/// APP2: ICC, MPF, FlashPix.
pub(crate) const APP2: u8 = 0xE2;
/// APP11: JUMBF.
pub(crate) const APP11: u8 = 0xEB;
/// APP12: Ducky.
pub(crate) const APP12: u8 = 0xEC;
/// APP13: Photoshop.
pub(crate) const APP13: u8 = 0xED;
/// APP14: Adobe.
pub(crate) const APP14: u8 = 0xEE;
/// APP15, the last of sixteen application segments.
pub(crate) const APP15: u8 = 0xEF;
/// COM, comment.
pub(crate) const COM: u8 = 0xFE;

/// How the bytes behind a marker are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// 0xFF00 and 0xFFFF: stuffing or fill, no marker.
    None,
    /// Two bytes, nothing follows.
    Alone,
    /// A length field and a body follow (B.1.1.4).
    Segment,
}

/// How the bytes behind marker `0xFF code` are to be read.
pub(crate) const fn syntax(code: u8) -> Syntax {
    match code {
        0x00 | 0xFF => Syntax::None,
        TEM | RST0..=RST7 | SOI | EOI => Syntax::Alone,
        _ => Syntax::Segment,
    }
}

/// The marker's symbol in T.81 table B.1, by the second byte of its code.
pub(crate) const fn name(code: u8) -> &'static str {
    const SOF: [&str; 16] = [
        "SOF0", "SOF1", "SOF2", "SOF3", "DHT", "SOF5", "SOF6", "SOF7", "JPG", "SOF9", "SOF10",
        "SOF11", "DAC", "SOF13", "SOF14", "SOF15",
    ];
    const D: [&str; 16] = [
        "RST0", "RST1", "RST2", "RST3", "RST4", "RST5", "RST6", "RST7", "SOI", "EOI", "SOS", "DQT",
        "DNL", "DRI", "DHP", "EXP",
    ];
    const APP: [&str; 16] = [
        "APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10",
        "APP11", "APP12", "APP13", "APP14", "APP15",
    ];
    const F: [&str; 16] = [
        "JPG0", "JPG1", "JPG2", "JPG3", "JPG4", "JPG5", "JPG6", "JPG7", "JPG8", "JPG9", "JPG10",
        "JPG11", "JPG12", "JPG13", "COM", "fill",
    ];
    let low = (code & 0x0F) as usize;
    #[allow(clippy::indexing_slicing)] // four bits into sixteen rows
    match code {
        0x00 => "stuffing",
        TEM => "TEM",
        0x02..=0xBF => "RES",
        0xC0..=0xCF => SOF[low],
        0xD0..=0xDF => D[low],
        0xE0..=0xEF => APP[low],
        0xF0..=0xFF => F[low],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_row_of_table_b1() {
        let rows: [(std::ops::RangeInclusive<u8>, Syntax, &str); 14] = [
            (0x00..=0x00, Syntax::None, "stuffing"),
            (0x01..=0x01, Syntax::Alone, "TEM"),
            (0x02..=0xBF, Syntax::Segment, "RES"),
            (0xC0..=0xC3, Syntax::Segment, "SOF"),
            (0xC4..=0xC4, Syntax::Segment, "DHT"),
            (0xC5..=0xC7, Syntax::Segment, "SOF"),
            (0xC8..=0xC8, Syntax::Segment, "JPG"),
            (0xC9..=0xCB, Syntax::Segment, "SOF"),
            (0xCC..=0xCC, Syntax::Segment, "DAC"),
            (0xCD..=0xCF, Syntax::Segment, "SOF"),
            (0xD0..=0xD7, Syntax::Alone, "RST"),
            (0xE0..=0xEF, Syntax::Segment, "APP"),
            (0xF0..=0xFD, Syntax::Segment, "JPG"),
            (0xFF..=0xFF, Syntax::None, "fill"),
        ];
        let mut seen = 0;
        for (codes, syntax_of, prefix) in rows {
            for code in codes {
                seen += 1;
                assert_eq!(syntax(code), syntax_of, "{code:02X}");
                assert!(
                    name(code).starts_with(prefix),
                    "{code:02X} is {}",
                    name(code)
                );
            }
        }
        let singles = [
            (0xD8, Syntax::Alone, "SOI"),
            (0xD9, Syntax::Alone, "EOI"),
            (0xDA, Syntax::Segment, "SOS"),
            (0xDB, Syntax::Segment, "DQT"),
            (0xDC, Syntax::Segment, "DNL"),
            (0xDD, Syntax::Segment, "DRI"),
            (0xDE, Syntax::Segment, "DHP"),
            (0xDF, Syntax::Segment, "EXP"),
            (0xFE, Syntax::Segment, "COM"),
        ];
        for (code, syntax_of, symbol) in singles {
            seen += 1;
            assert_eq!((syntax(code), name(code)), (syntax_of, symbol));
        }
        assert_eq!(seen, 256);
        for n in 0..16_u8 {
            assert!(name(0xE0 + n).ends_with(&n.to_string()));
        }
    }
}
