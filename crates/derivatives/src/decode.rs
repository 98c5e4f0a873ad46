//! From bytes to samples, at reduced size where that is enough.

use jpeg_decoder::{CodingProcess, Decoder, PixelFormat};

use crate::colour::Colours;
use crate::resize::{self, Picture};
use crate::{Error, Recipe};

/// A decoded photo.
pub(crate) struct Source {
    /// Of the photo, not of what was decoded.
    pub(crate) photo_width: u32,
    pub(crate) photo_height: u32,
    /// At least as wide as the widest copy.
    pub(crate) picture: Picture,
    pub(crate) colours: Colours,
}

pub(crate) fn decode(photo: &[u8], recipe: &Recipe) -> Result<Source, Error> {
    let mut decoder = Decoder::new(photo);
    decoder.read_info()?;
    let info = decoder
        .info()
        .ok_or_else(|| Error::Corrupt("no frame".into()))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let pixels = u64::from(width) * u64::from(height);
    if pixels > recipe.max_pixels() {
        return Err(Error::TooLarge {
            pixels,
            limit: recipe.max_pixels(),
        });
    }
    // The decoder reads lossless pictures, but only those of 8 bits rightly: it hands out the bytes of wider samples as if each were
    // a sample of its own.
    if info.coding_process == CodingProcess::Lossless {
        return Err(Error::Unsupported(
            "derivatives are not made of lossless JPEGs".into(),
        ));
    }
    let channels = match info.pixel_format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
        PixelFormat::L16 => {
            return Err(Error::Unsupported(
                "derivatives are not made of more than 8 bits per sample".into(),
            ));
        }
    };
    let widest = recipe.widths().max().unwrap_or(1).min(width);
    let highest = resize::height(width, height, widest);
    // Either axis is enough for the decoder, so both are named; what it takes is at least that large.
    let (decoded_width, decoded_height) = decoder.scale(
        u16::try_from(widest).unwrap_or(u16::MAX),
        u16::try_from(highest).unwrap_or(u16::MAX),
    )?;
    let mut samples = decoder.decode()?;
    if channels == 4 && !has_adobe(photo) {
        // The decoder assumes inverted CMYK, as Adobe writes it; other encoders do not invert it.
        for sample in &mut samples {
            *sample = 255 - *sample;
        }
    }
    let profile = decoder.icc_profile();
    Ok(Source {
        photo_width: width,
        photo_height: height,
        picture: Picture::new(
            u32::from(decoded_width),
            u32::from(decoded_height),
            channels,
            samples,
        ),
        colours: Colours::new(channels, profile.as_deref())?,
    })
}

/// Whether there is an Adobe segment before the picture. In canonical form segments are APP0, APP2 and APP14, then tables.
fn has_adobe(photo: &[u8]) -> bool {
    let mut rest = photo.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = *rest {
        if marker == 0xEE {
            return rest.get(4..9) == Some(b"Adobe");
        }
        if marker == 0xDA {
            break;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    false
}
