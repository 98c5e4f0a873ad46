//! Writes marker segments.

/// Appends a marker segment: marker, length field and `body` of at most 65,533 bytes (T.81 B.1.1.4).
pub(crate) fn write(out: &mut Vec<u8>, code: u8, body: &[u8]) {
    out.extend_from_slice(&[0xFF, code]);
    out.extend_from_slice(&(body.len() as u16).saturating_add(2).to_be_bytes());
    out.extend_from_slice(body);
}
