//! What memory a file can ask for: no more than the clean file, the limit, and a little.

#![allow(missing_docs)]

use peak_alloc::PeakAlloc;
use scrubjay_jpeg::{Error, Excess, Limits, Options, Part, strip};
use scrubjay_jpeg_dev::{attacks, photo::Photo};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What no limit counts: look-ups of Huffman tables, the lists of scans and parts, the chunk that is being written.
const LITTLE: usize = 6 << 20;

/// The list of segments, of which `max_segments` allows 200,000, while it grows.
const SEGMENT: usize = 96;

/// Strips a file and holds its peak of memory against the limit.
fn hold(name: &str, file: &[u8], deep: bool, max_memory: u64) -> Result<(), Error> {
    let options = Options {
        deep,
        limits: Limits {
            max_memory,
            ..Limits::default()
        },
        ..Options::default()
    };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = strip(file, &options);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let made: usize = match &result {
        Ok(stripped) => {
            let made = stripped.parts.iter().filter(|p| matches!(p, Part::Made(_)));
            made.map(Part::len).sum()
        }
        Err(_) => file.len(),
    };
    let listed = SEGMENT * (file.len() / 4).min(200_000);
    let most = made + made / 8 + max_memory as usize + LITTLE + listed;
    assert!(
        peak <= most,
        "{name}: {peak} bytes at a limit of {max_memory}, clean {made}"
    );
    result.map(|_| ())
}

// One test alone, since the counter is the process's.
#[test]
fn no_file_takes_more_memory_than_the_limit_and_what_comes_out() {
    for attack in attacks::all(1200) {
        for max_memory in [0, 1 << 20, 4 << 20, 64 << 20] {
            if let Err(error) = hold(attack.name, &attack.file, attack.deep, max_memory) {
                let named = matches!(error, Error::TooLarge { .. } | Error::Corrupt { .. });
                assert!(named, "{}: {error}", attack.name);
            }
        }
    }
    let mut refused = 0;
    for progressive in [false, true] {
        let photo = Photo {
            width: 1600,
            height: 1205,
            progressive,
            ..Photo::default()
        };
        let photo = photo.encode();
        for orientation in 1..=8 {
            let exif = attacks::oriented(orientation);
            let file = [&photo[..2], &exif, &photo[2..]].concat();
            for max_memory in [0, 100 << 10, 1 << 20, 3 << 20, 64 << 20] {
                match hold("a photo", &file, false, max_memory) {
                    Ok(()) => {}
                    Err(Error::TooLarge {
                        detail: Excess::Memory,
                        ..
                    }) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    assert!(refused > 10, "{refused}");
}
