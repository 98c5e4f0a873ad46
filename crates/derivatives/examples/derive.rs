//! Makes derivatives of a photo as files: what `tests/measure/derivatives.py` compares with libvips.
//!
//! `derive PHOTO FOLDER [WIDTHS] [QUALITY] [ROUNDS]` writes `FOLDER/<width>.jpg`; with more than one round it prints the least time of
//! one, in milliseconds.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use scrubjay_derivatives::{Recipe, make};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [photo, folder, rest @ ..] = args.as_slice() else {
        return Err("derive PHOTO FOLDER [WIDTHS] [QUALITY] [ROUNDS]".into());
    };
    let widths = rest.first().map_or("320,1600", String::as_str);
    let quality = rest.get(1).map_or(Ok(82), |text| text.parse())?;
    let rounds: u32 = rest.get(2).map_or(Ok(1), |text| text.parse())?;
    let recipe = Recipe::new(widths, quality, u64::MAX)?;
    let photo = std::fs::read(photo)?;
    let mut least = f64::MAX;
    for _ in 1..rounds {
        let began = Instant::now();
        make(&photo, &recipe)?;
        least = least.min(began.elapsed().as_secs_f64() * 1e3);
    }
    for copy in make(&photo, &recipe)?.copies {
        let name = format!("{}.jpg", copy.wanted);
        std::fs::write(Path::new(folder).join(name), copy.jpeg)?;
    }
    if rounds > 1 {
        println!("{least:.1}");
    }
    Ok(())
}
