//! Smaller copies of a photo, for pages.
//!
//! [`make`] decodes a clean JPEG once, at the smallest of 1/1, 1/2, 1/4 and 1/8 that the widest copy allows, resamples each copy from
//! that with Lanczos3, brings it to sRGB and encodes it as a progressive JPEG in the canonical form that
//! [`scrubjay_jpeg::verify`] accepts. It also makes what a page shows before the picture is there: a thumbhash and the
//! dominant colours.
//!
//! Resampling works on the gamma-encoded samples, as browsers and libvips do by default; `docs/decisions/derivatives.md` says why,
//! and why the decoder is the one that it is.

mod colour;
mod decode;
mod encode;
mod error;
mod glance;
mod recipe;
mod resize;

pub use error::Error;
pub use glance::Share;
pub use recipe::{BadRecipe, Recipe, WIDEST};

/// What was made of a photo.
#[derive(Debug, Clone)]
pub struct Made {
    /// Samples per line of the photo.
    pub width: u32,
    /// Lines of the photo.
    pub height: u32,
    /// A thumbhash (<https://evanw.github.io/thumbhash/>): some 25 bytes.
    pub thumbhash: Vec<u8>,
    /// Dominant colours, the most frequent first.
    pub colours: Vec<Share>,
    /// The copies, by their wanted width, the narrowest first.
    pub copies: Vec<Copy>,
}

/// A smaller copy.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The width that was asked for.
    pub wanted: u32,
    /// Samples per line: the wanted width, or the photo's if that is narrower.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// A progressive JPEG in sRGB (or grey), without metadata.
    pub jpeg: Vec<u8>,
}

/// Makes all copies of a recipe from a photo that [`scrubjay_jpeg::verify`] has accepted.
///
/// # Errors
/// [`Error::Unsupported`] for processes that cannot be decoded here (12 bits, lossless, arithmetic), [`Error::TooLarge`] above the
/// recipe's pixels, [`Error::Corrupt`], and [`Error::NotClean`] when a copy came out otherwise than canonical.
pub fn make(photo: &[u8], recipe: &Recipe) -> Result<Made, Error> {
    let source = decode::decode(photo, recipe)?;
    let (width, height) = (source.photo_width, source.photo_height);
    let mut copies = Vec::with_capacity(recipe.widths().len());
    let mut glance = None;
    for wanted in recipe.widths() {
        let copy_width = wanted.min(width);
        let copy_height = resize::height(width, height, copy_width);
        let picture = source.picture.resized(copy_width, copy_height)?;
        let picture = source.colours.to_srgb(picture)?;
        if glance.is_none() {
            glance = Some(glance::Glance::of(&picture)?);
        }
        copies.push(Copy {
            wanted,
            width: copy_width,
            height: copy_height,
            jpeg: encode::encode(&picture, recipe.quality())?,
        });
    }
    let glance = glance.ok_or_else(|| Error::Corrupt("a recipe without widths".into()))?;
    Ok(Made {
        width,
        height,
        thumbhash: glance.thumbhash,
        colours: glance.colours,
        copies,
    })
}
