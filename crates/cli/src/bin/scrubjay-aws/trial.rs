//! A photo for trials of a deployed stack.

/// Lies on its side, and says so by its Exif orientation.
pub const PHOTO: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/samples/portrait.JPG"
));

/// The photo with a comment, which makes it unlike any other.
pub fn with_comment(text: &str) -> Vec<u8> {
    let length = (text.len() as u16 + 2).to_be_bytes();
    [
        &PHOTO[..2],
        &[0xFF, 0xFE],
        length.as_slice(),
        text.as_bytes(),
        &PHOTO[2..],
    ]
    .concat()
}
