//! Pictures as samples, and their resampling.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::Error;

/// Samples of 8 bits, channels interleaved, lines from the top.
pub(crate) struct Picture {
    width: u32,
    height: u32,
    channels: usize,
    samples: Vec<u8>,
}

/// The height of a copy: the photo's aspect, rounded to the nearest line, at least one.
pub(crate) fn height(photo_width: u32, photo_height: u32, width: u32) -> u32 {
    let (w, h) = (u64::from(photo_width.max(1)), u64::from(photo_height));
    let lines = (2 * h * u64::from(width) + w) / (2 * w);
    u32::try_from(lines).unwrap_or(u32::MAX).max(1)
}

impl Picture {
    pub(crate) fn new(width: u32, height: u32, channels: usize, samples: Vec<u8>) -> Self {
        Self {
            width,
            height,
            channels,
            samples,
        }
    }

    pub(crate) fn with_samples(&self, channels: usize, samples: Vec<u8>) -> Self {
        Self::new(self.width, self.height, channels, samples)
    }

    pub(crate) const fn width(&self) -> u32 {
        self.width
    }

    pub(crate) const fn height(&self) -> u32 {
        self.height
    }

    pub(crate) const fn channels(&self) -> usize {
        self.channels
    }

    pub(crate) fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    pub(crate) fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// A copy of this size, by Lanczos3 over the whole of this one. Four channels are four inks, none of them is alpha.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Result<Self, Error> {
        let format = match self.channels {
            1 => PixelType::U8,
            3 => PixelType::U8x3,
            _ => PixelType::U8x4,
        };
        let wrong = |what: &dyn std::fmt::Display| Error::Corrupt(what.to_string());
        let source =
            ImageRef::new(self.width, self.height, &self.samples, format).map_err(|e| wrong(&e))?;
        let mut copy = Image::new(width, height, format);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .use_alpha(false);
        Resizer::new()
            .resize(&source, &mut copy, &options)
            .map_err(|e| wrong(&e))?;
        Ok(Self::new(width, height, self.channels, copy.into_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::height;

    #[test]
    fn the_aspect_is_kept_to_the_nearest_line() {
        assert_eq!(height(4000, 3000, 320), 240);
        assert_eq!(height(3, 2, 2), 1);
        assert_eq!(height(3, 2, 1), 1);
        assert_eq!(height(65_535, 1, 320), 1);
        assert_eq!(height(1, 65_535, 1), 65_535);
    }
}
