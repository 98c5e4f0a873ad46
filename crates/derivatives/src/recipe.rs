//! Which copies are wanted.

use std::collections::BTreeSet;
use std::fmt;

/// The widest copy, in pixels.
pub const WIDEST: u32 = 4_096;
/// Copies of a photo, at most.
const MOST: usize = 8;
/// Increase this when the same widths and quality give other bytes than before, so that all copies are made again.
const VERSION: u32 = 1;

/// Widths, quality and limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    widths: BTreeSet<u32>,
    quality: u8,
    max_pixels: u64,
}

/// What is wrong with a recipe, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRecipe(String);

impl Recipe {
    /// From widths with commas between them, such as `320,1600`; a quality from 1 to 100 on libjpeg's scale; and the pixels of a
    /// photo, at most.
    ///
    /// # Errors
    /// [`BadRecipe`] for no width, more than eight, one that is 0 or above [`WIDEST`] or there twice, and another quality.
    pub fn new(widths: &str, quality: u8, max_pixels: u64) -> Result<Self, BadRecipe> {
        let bad = |why: String| Err(BadRecipe(why));
        let mut known = BTreeSet::new();
        for text in widths.split(',') {
            let text = text.trim();
            match text.parse() {
                Ok(width) if (1..=WIDEST).contains(&width) => {
                    if !known.insert(width) {
                        return bad(format!("the width {width} is there twice"));
                    }
                }
                _ => {
                    return bad(format!("{text:?} is no width from 1 to {WIDEST}"));
                }
            }
        }
        if known.len() > MOST {
            return bad(format!("{} widths, the limit is {MOST}", known.len()));
        }
        if !(1..=100).contains(&quality) {
            return bad(format!("the quality {quality} is not from 1 to 100"));
        }
        Ok(Self {
            widths: known,
            quality,
            max_pixels,
        })
    }

    /// The widths, the narrowest first.
    pub fn widths(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.widths.iter().copied()
    }

    /// The quality.
    pub const fn quality(&self) -> u8 {
        self.quality
    }

    /// Pixels of a photo, at most.
    pub const fn max_pixels(&self) -> u64 {
        self.max_pixels
    }
}

/// What the catalogue remembers of it: `320,1600 q82 v1`.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, width) in self.widths.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{width}")?;
        }
        write!(f, " q{} v{VERSION}", self.quality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let recipe = |widths, quality| Recipe::new(widths, quality, 1);
        assert_eq!(
            recipe("1600, 320", 82).unwrap().to_string(),
            "320,1600 q82 v1"
        );
        for (widths, quality, why) in [
            ("0", 82, "\"0\" is no width from 1 to 4096"),
            ("4097", 82, "\"4097\" is no width from 1 to 4096"),
            ("320,", 82, "\"\" is no width from 1 to 4096"),
            ("320,320", 82, "the width 320 is there twice"),
            ("1,2,3,4,5,6,7,8,9", 82, "9 widths, the limit is 8"),
            ("320", 0, "the quality 0 is not from 1 to 100"),
        ] {
            assert_eq!(recipe(widths, quality).unwrap_err().to_string(), why);
        }
    }
}
