//! A notice as it is kept: one line of plain text.

/// Longest notice, in bytes of UTF-8.
const LONGEST: usize = 1_000;

/// UTF-8 where it is valid, else ISO 8859-1: Exif's ASCII and IPTC's text without a declared character set hold either.
pub(super) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Makes one line of at most [`LONGEST`] bytes, without control characters and invisible characters; `None` when
/// nothing is left. A text that has this form already is not changed.
pub(super) fn clean(text: &str) -> Option<String> {
    let mut clean = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| is_seen(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(&word);
    }
    while clean.len() > LONGEST {
        clean.pop();
    }
    clean.truncate(clean.trim_end().len());
    Some(clean).filter(|clean| !clean.is_empty())
}

/// Whether a character shows. Those that format text, select variants or mean nothing in public could hide a message
/// (<https://www.unicode.org/reports/tr36/>).
const fn is_seen(c: char) -> bool {
    let code = c as u32;
    !matches!(code,
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
        | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
        | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF
        | 0x1_D173..=0x1_D17A
        | 0xE_0000..)
        && code & 0xFFFE != 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_line_of_what_is_seen() {
        for (text, wanted) in [
            ("(c) 2026 Ada", Some("(c) 2026 Ada")),
            ("  © 2026\r\n\tÄda  ", Some("© 2026 Äda")),
            ("Ada\0Grace\0", Some("Ada Grace")),
            ("A\u{200B}d\u{202E}a\u{E0041}\u{FE0F}", Some("Ada")),
            ("日本 👩", Some("日本 👩")),
            (" \0\u{FEFF} ", None),
            ("", None),
        ] {
            assert_eq!(clean(text).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_long_notice_is_cut_between_characters_and_stays_so() {
        let long = clean(&"é x ".repeat(400)).unwrap();
        assert!(long.len() <= LONGEST && long.len() > LONGEST - 4);
        assert_eq!(clean(&long).as_deref(), Some(long.as_str()));
    }
}
