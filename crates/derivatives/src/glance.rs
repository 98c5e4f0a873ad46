//! What a page shows before the picture is there: a thumbhash and the dominant colours.

use crate::Error;
use crate::resize::Picture;

/// A thumbhash is made of so many pixels per side at most.
const SIDE: u32 = 100;
/// Dominant colours, at most.
const COLOURS: usize = 5;
/// Colours nearer than this (Euclidean, in 8-bit sRGB) count as one.
const NEAR: i32 = 48;
/// Bits of a channel that the histogram tells apart.
const BITS: u32 = 4;

/// A colour and its share of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Red, green and blue, sRGB.
    pub rgb: [u8; 3],
    /// Percent of the picture.
    pub percent: f32,
}

pub(crate) struct Glance {
    pub(crate) thumbhash: Vec<u8>,
    pub(crate) colours: Vec<Share>,
}

impl Glance {
    pub(crate) fn of(picture: &Picture) -> Result<Self, Error> {
        let longest = picture.width().max(picture.height()).max(1);
        let scaled = |side: u32| (side * SIDE.min(longest) / longest).max(1);
        let small = picture.resized(scaled(picture.width()), scaled(picture.height()))?;
        let rgba: Vec<u8> = small
            .samples()
            .chunks_exact(small.channels())
            .flat_map(|pixel| match *pixel {
                [red, green, blue] => [red, green, blue, 255],
                _ => [pixel[0], pixel[0], pixel[0], 255],
            })
            .collect();
        let (width, height) = (small.width() as usize, small.height() as usize);
        Ok(Self {
            thumbhash: thumbhash::rgba_to_thumb_hash(width, height, &rgba),
            colours: dominant(&rgba),
        })
    }
}

/// Peaks of the histogram that are not near one another; every pixel counts for the nearest peak, whose colour is the mean of
/// its pixels.
fn dominant(rgba: &[u8]) -> Vec<Share> {
    let mut histogram = vec![0_u32; 1 << (3 * BITS)];
    let bin = |pixel: &[u8]| {
        pixel[..3].iter().fold(0, |bin, sample| {
            (bin << BITS) | usize::from(sample >> (8 - BITS))
        })
    };
    for pixel in rgba.chunks_exact(4) {
        histogram[bin(pixel)] += 1;
    }
    let mut bins: Vec<usize> = (0..histogram.len()).filter(|b| histogram[*b] > 0).collect();
    // Equal counts in the order of the bins, so that the same picture gives the same colours.
    bins.sort_by_key(|bin| (std::cmp::Reverse(histogram[*bin]), *bin));
    let mut peaks: Vec<[i32; 3]> = Vec::new();
    for bin in bins {
        let middle = |shift: u32| {
            let level = (bin >> (shift * BITS)) & ((1 << BITS) - 1);
            ((level << (8 - BITS)) + (1 << (7 - BITS))) as i32
        };
        let colour = [middle(2), middle(1), middle(0)];
        if peaks
            .iter()
            .all(|peak| distance(*peak, colour) > NEAR * NEAR)
        {
            peaks.push(colour);
        }
        if peaks.len() == COLOURS {
            break;
        }
    }
    let mut sums = vec![[0_u64; 4]; peaks.len()];
    for pixel in rgba.chunks_exact(4) {
        let colour = [0, 1, 2].map(|channel| i32::from(pixel[channel]));
        let nearest = (0..peaks.len()).min_by_key(|index| distance(peaks[*index], colour));
        if let Some(sum) = nearest.and_then(|index| sums.get_mut(index)) {
            for (total, sample) in sum.iter_mut().zip(pixel) {
                *total += u64::from(*sample);
            }
        }
    }
    // The fourth channel is 255 in every pixel, and so counts them.
    let pixels = (rgba.len() / 4).max(1) as f32;
    let mut shares: Vec<Share> = sums
        .iter()
        .filter(|sum| sum[3] > 0)
        .map(|sum| {
            let count = sum[3] / 255;
            Share {
                rgb: [0, 1, 2].map(|channel| ((sum[channel] + count / 2) / count) as u8),
                percent: (1000.0 * count as f32 / pixels).round() / 10.0,
            }
        })
        .collect();
    shares.sort_by(|a, b| b.percent.total_cmp(&a.percent).then(a.rgb.cmp(&b.rgb)));
    shares
}

fn distance(a: [i32; 3], b: [i32; 3]) -> i32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_colours_are_found_with_their_shares() {
        let mut samples = Vec::new();
        for line in 0..100 {
            for _ in 0..100 {
                samples.extend(if line < 70 {
                    [200, 30, 40]
                } else {
                    [20, 40, 220]
                });
            }
        }
        let glance = Glance::of(&Picture::new(100, 100, 3, samples)).unwrap();
        let found: Vec<_> = glance.colours.iter().map(|c| (c.rgb, c.percent)).collect();
        assert_eq!(found, [([200, 30, 40], 70.0), ([20, 40, 220], 30.0)]);
        assert!((5..=40).contains(&glance.thumbhash.len()));
    }
}
