//! Decodes files with another project's decoder, to compare samples.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Width, height and the samples as they are coded: no conversion of colours.
pub type Decoded = (usize, usize, Vec<u8>);

/// Decodes a file that must decode.
pub fn decode(file: &[u8]) -> Decoded {
    try_decode(file).expect("a picture that decodes")
}

/// Decodes a file, if this decoder can.
pub fn try_decode(file: &[u8]) -> Option<Decoded> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), DecoderOptions::default());
    decoder.decode_headers().ok()?;
    let coded = decoder.input_colorspace().unwrap_or(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(
        ZCursor::new(file),
        DecoderOptions::default().jpeg_set_out_colorspace(coded),
    );
    let samples = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    Some((width, height, samples))
}
