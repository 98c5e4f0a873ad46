//! Whether a profile describes sRGB (IEC 61966-2-1).

use super::{fixed, fraction, tag};
use crate::format::bytes::{be16, be32};

/// Primaries of sRGB, adapted to D50.
const PRIMARIES: [(&[u8; 4], [f64; 3]); 3] = [
    (b"rXYZ", [0.4360, 0.2225, 0.0139]),
    (b"gXYZ", [0.3851, 0.7169, 0.0971]),
    (b"bXYZ", [0.1431, 0.0606, 0.7141]),
];

/// Whether a profile that was rewritten has the primaries and the curve of sRGB.
pub(crate) fn is_srgb(profile: &[u8]) -> bool {
    let primaries = PRIMARIES.iter().all(|(name, expected)| {
        tag(profile, **name).is_some_and(|value| {
            [8, 12, 16].iter().zip(expected).all(|(at, expected)| {
                fixed(value, *at).is_some_and(|found| (found - expected).abs() < 0.003)
            })
        })
    });
    let curves = [b"rTRC", b"gTRC", b"bTRC"]
        .iter()
        .all(|name| tag(profile, **name).is_some_and(is_srgb_curve));
    // A table overrides primaries and curves.
    primaries && curves && tag(profile, *b"A2B0").is_none()
}

fn is_srgb_curve(value: &[u8]) -> bool {
    (0..=32_u8).all(|step| {
        let x = f64::from(step) / 32.0;
        evaluate(value, x).is_some_and(|y| (y - srgb(x)).abs() < 0.004)
    })
}

fn srgb(x: f64) -> f64 {
    if x <= 0.040_45 {
        x / 12.92
    } else {
        ((x + 0.055) / 1.055).powf(2.4)
    }
}

/// The curve's value at `x`, for the types that sRGB profiles use.
fn evaluate(value: &[u8], x: f64) -> Option<f64> {
    if value.starts_with(b"para") {
        if be16(value, 8)? != 3 {
            return None;
        }
        let [gamma, scale, offset, slope, from] =
            [12, 16, 20, 24, 28].map(|at| fixed(value, at).unwrap_or(f64::NAN));
        return Some(if x >= from {
            (scale * x + offset).powf(gamma)
        } else {
            slope * x
        });
    }
    let count = be32(value, 8)? as usize;
    let last = count.checked_sub(1).filter(|last| *last > 0)?;
    let last = u32::try_from(last).ok().map(f64::from)?;
    let place = x * last;
    let below = place.floor();
    #[allow(
        clippy::cast_sign_loss,
        reason = "a product of two numbers that are not negative"
    )]
    let at = |index: f64| {
        fraction(
            value,
            12_usize.checked_add((index as usize).checked_mul(2)?)?,
        )
    };
    let low = at(below)?;
    let high = at((below + 1.0).min(last))?;
    Some(low + (high - low) * (place - below))
}
