//! From samples to a progressive JPEG in canonical form.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use scrubjay_jpeg::{Check, Options};

use crate::Error;
use crate::resize::Picture;

pub(crate) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, Error> {
    let side = |length: u32| {
        u16::try_from(length).map_err(|_| Error::Unsupported(format!("a side of {length}")))
    };
    let mut jpeg = Vec::with_capacity(picture.pixels() / 4);
    let mut encoder = Encoder::new(&mut jpeg, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    let colours = if picture.channels() == 1 {
        ColorType::Luma
    } else {
        ColorType::Rgb
    };
    encoder
        .encode(
            picture.samples(),
            side(picture.width())?,
            side(picture.height())?,
            colours,
        )
        .map_err(|e| Error::Corrupt(e.to_string()))?;
    canonical(&jpeg)
}

/// The same JPEG, stripped to canonical form.
fn canonical(encoded: &[u8]) -> Result<Vec<u8>, Error> {
    let not_clean = |why: &dyn std::fmt::Display| Error::NotClean(why.to_string());
    let options = Options {
        check: Check::Structure,
        ..Options::default()
    };
    let stripped = scrubjay_jpeg::strip(encoded, &options).map_err(|e| not_clean(&e))?;
    let mut clean = Vec::with_capacity(encoded.len());
    stripped
        .write_to(encoded, &mut clean)
        .map_err(|e| not_clean(&e))?;
    scrubjay_jpeg::verify(&clean).map_err(|e| not_clean(&e))?;
    Ok(clean)
}
