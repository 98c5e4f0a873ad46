//! Recognises by its first bytes what a file is that is not a JPEG.

use crate::error::{Error, Magic};

/// The error for a file that does not begin with SOI.
pub(super) fn not_jpeg(data: &[u8]) -> Error {
    Error::NotJpeg {
        offset: 0,
        found: identify(data),
    }
}

fn identify(data: &[u8]) -> Magic {
    let at = |offset: usize, magic: &[u8]| {
        data.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if data.is_empty() {
        return Magic::Empty;
    }
    if at(4, b"ftyp") {
        return match data.get(8..12) {
            Some(b"avif" | b"avis") => Magic::Avif,
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1") => {
                Magic::Heif
            }
            _ => Magic::Mp4,
        };
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Magic::WebP;
    }
    let table: [(&[u8], Magic); 13] = [
        (b"\x89PNG\r\n\x1A\n", Magic::Png),
        (b"GIF8", Magic::Gif),
        (b"II*\0", Magic::Tiff),
        (b"MM\0*", Magic::Tiff),
        (b"II+\0", Magic::Tiff),
        (b"MM\0+", Magic::Tiff),
        (b"BM", Magic::Bmp),
        (b"\xFF\x0A", Magic::JpegXl),
        (b"\0\0\0\x0CJXL ", Magic::JpegXl),
        (b"\xFF\x4F\xFF\x51", Magic::Jpeg2000),
        (b"\0\0\0\x0CjP  ", Magic::Jpeg2000),
        (b"%PDF-", Magic::Pdf),
        (b"PK\x03\x04", Magic::Zip),
    ];
    if let Some((_, magic)) = table.iter().find(|(magic, _)| at(0, magic)) {
        return *magic;
    }
    // Only the first bytes are searched: the aim is to recognise a JPEG with a few bytes in front of it.
    let head = data.get(..data.len().min(4096)).unwrap_or_default();
    if head.windows(3).any(|window| window == [0xFF, 0xD8, 0xFF]) {
        return Magic::LeadingBytes;
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    if text.trim_ascii_start().starts_with(b"<") {
        return Magic::Markup;
    }
    Magic::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jpeg_is_named() {
        let rows: [(&[u8], Magic); 16] = [
            (b"", Magic::Empty),
            (b"\xFF", Magic::Unknown),
            (b"\0\xFF\xD8\xFF\xE0", Magic::LeadingBytes),
            (b"\x89PNG\r\n\x1A\n\0", Magic::Png),
            (b"GIF89a", Magic::Gif),
            (b"RIFF\0\0\0\0WEBPVP8 ", Magic::WebP),
            (b"II*\0\x08\0\0\0", Magic::Tiff),
            (b"MM\0*\0\0\0\x08", Magic::Tiff),
            (b"BM\x36", Magic::Bmp),
            (b"\0\0\0\x18ftypheic", Magic::Heif),
            (b"\0\0\0\x18ftypavif", Magic::Avif),
            (b"\0\0\0\x18ftypmp42", Magic::Mp4),
            (b"%PDF-1.7", Magic::Pdf),
            (b"PK\x03\x04", Magic::Zip),
            (b"\n <!doctype html>", Magic::Markup),
            (b"hello", Magic::Unknown),
        ];
        for (bytes, magic) in rows {
            assert_eq!(identify(bytes), magic, "{bytes:?}");
        }
    }
}
