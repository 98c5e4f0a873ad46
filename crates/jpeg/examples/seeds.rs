//! Writes seeds for the fuzz targets: `seeds FOLDER`, a subfolder per target.

use std::path::Path;
use std::{env, fs, io};

use jpeg_encoder::{ColorType, SamplingFactor};

use scrubjay_jpeg_dev::photo;

use photo::Photo;

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: seeds FOLDER"))?;
    let base = Photo {
        width: 24,
        height: 16,
        quality: 60,
        ..Photo::default()
    };
    let grey = Photo {
        color: ColorType::Luma,
        ..base
    };
    let rows = [
        ("baseline", base),
        (
            "odd",
            Photo {
                width: 19,
                height: 9,
                ..base
            },
        ),
        (
            "444",
            Photo {
                sampling: SamplingFactor::R_4_4_4,
                ..base
            },
        ),
        (
            "440",
            Photo {
                sampling: SamplingFactor::R_4_4_0,
                ..base
            },
        ),
        (
            "restarts",
            Photo {
                restart_interval: 1,
                ..base
            },
        ),
        (
            "progressive",
            Photo {
                progressive: true,
                ..base
            },
        ),
        ("grey", grey),
        (
            "grey-progressive",
            Photo {
                progressive: true,
                ..grey
            },
        ),
        (
            "cmyk",
            Photo {
                color: ColorType::Cmyk,
                ..base
            },
        ),
    ];
    for target in ["walk", "strip_verify", "entropy", "turn", "differential"] {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (number, (name, photo)) in rows.iter().enumerate() {
            let mut seed = photo.encode();
            if matches!(target, "turn" | "differential") {
                seed.insert(0, number as u8);
            }
            fs::write(folder.join(name), seed)?;
        }
    }
    Ok(())
}
