//! To sRGB.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

use crate::Error;
use crate::resize::Picture;

/// How samples become sRGB.
pub(crate) enum Colours {
    /// They are sRGB, or treated as sRGB because there is no profile or it cannot be read.
    AsTheyAre,
    /// Through a profile.
    Profile(Arc<Transform8BitExecutor>),
    /// From CMYK without a profile.
    Inks,
}

impl Colours {
    /// For pictures of 1 (grey), 3 (RGB) or 4 (CMYK, 255 for all ink) channels.
    ///
    /// A profile that cannot be read, or is of another colour space than the picture, is ignored, as browsers do.
    pub(crate) fn new(channels: usize, profile: Option<&[u8]>) -> Result<Self, Error> {
        let without = match channels {
            1 | 3 => Self::AsTheyAre,
            4 => Self::Inks,
            _ => return Err(Error::Unsupported(format!("{channels} components"))),
        };
        let Some(profile) = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok())
        else {
            return Ok(without);
        };
        let layout = match (channels, profile.color_space) {
            (1, DataColorSpace::Gray) => Layout::Gray,
            (3, DataColorSpace::Rgb) => Layout::Rgb,
            (4, DataColorSpace::Cmyk) => Layout::Rgba,
            _ => return Ok(without),
        };
        let srgb = ColorProfile::new_srgb();
        let transform =
            profile.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default());
        Ok(transform.map_or(without, Self::Profile))
    }

    /// The picture in sRGB, of 1 or 3 channels.
    pub(crate) fn to_srgb(&self, picture: Picture) -> Result<Picture, Error> {
        let pixels = picture.pixels();
        match self {
            Self::AsTheyAre => Ok(picture),
            Self::Profile(transform) => {
                let mut rgb = vec![0; pixels * 3];
                transform
                    .transform(picture.samples(), &mut rgb)
                    .map_err(|e| Error::Corrupt(format!("its colour profile: {e}")))?;
                Ok(picture.with_samples(3, rgb))
            }
            Self::Inks => {
                let mut rgb = Vec::with_capacity(pixels * 3);
                for inks in picture.samples().chunks_exact(4) {
                    let paper = 255 - u32::from(inks[3]);
                    rgb.extend(inks[..3].iter().map(|ink| {
                        let light = (255 - u32::from(*ink)) * paper;
                        // Rounded division by 255; at most 255.
                        ((light + 127) / 255) as u8
                    }));
                }
                Ok(picture.with_samples(3, rgb))
            }
        }
    }
}
