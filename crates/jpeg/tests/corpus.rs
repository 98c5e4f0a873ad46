//! Files from cameras, phones, other projects' suites, and files made to leak. Skips without them.

#![allow(missing_docs)]

use img_parts::jpeg::Jpeg;
use scrubjay_jpeg::{Check, Options, OrientationPolicy, Repair, Turned, strip, verify};
use serde_json::Value;

use scrubjay_jpeg_dev::corpus;
use scrubjay_jpeg_dev::samples;

/// Canary of every case and what is expected of it, of both sets.
fn cases() -> Vec<(String, Vec<u8>, Value)> {
    let Some(shared) = corpus::shared() else {
        return Vec::new();
    };
    let mut cases = Vec::new();
    for (set, list) in [
        ("adversarial", "cases.json"),
        ("adversarial-2", "manifest.json"),
    ] {
        let folder = shared.join("corpus").join(set);
        let list: Value =
            serde_json::from_slice(&std::fs::read(folder.join(list)).expect("a list of cases"))
                .expect("a list in JSON");
        let entries: Vec<(String, Value)> = match list {
            Value::Object(map) => map.into_iter().collect(),
            Value::Array(array) => array
                .into_iter()
                .map(|case| (case["file"].as_str().expect("a name").to_owned(), case))
                .collect(),
            _ => panic!("a list of cases is a list"),
        };
        for (name, case) in entries {
            let file = std::fs::read(folder.join(&name)).expect("the file of a case");
            cases.push((name, file, case));
        }
    }
    cases
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[test]
fn no_canary_passes_and_no_good_file_is_refused() {
    for (name, file, case) in cases() {
        // What is no JPEG has none.
        let canary = case["canary"].as_str().unwrap_or("CANARY");
        let class = case["cls"]
            .as_str()
            .or(case["expect"].as_str())
            .expect("a class");
        let wide: Vec<u8> = canary.bytes().flat_map(|byte| [byte, 0]).collect();
        for deep in [false, true] {
            let options = Options {
                deep,
                ..Options::default()
            };
            match strip(&file, &options) {
                Ok(stripped) => {
                    // An APP1 whose length is 0, of which decoders skip nothing: libjpeg-turbo and the browsers show
                    // the picture without a warning. The set is older than that finding.
                    if name != "seg-len-0.jpg" {
                        assert_ne!(class, "reject", "{name} is taken");
                    }
                    let clean = stripped.to_vec(&file);
                    assert!(!contains(&clean, canary.as_bytes()), "{name} leaks");
                    assert!(!contains(&clean, &wide), "{name} leaks in UTF-16");
                    assert_eq!(verify(&clean), Ok(()), "{name}");
                }
                Err(error) => {
                    let may = matches!(class, "reject" | "damaged" | "exotic");
                    assert!(may, "{name} is refused: {error}");
                }
            }
        }
    }
}

#[test]
fn other_parsers_find_no_metadata_and_the_same_samples() {
    let mut compared = 0;
    for (name, file) in corpus::files(&["real", "adversarial", "adversarial-2"]) {
        let Ok(stripped) = strip(&file, &Options::default()) else {
            continue;
        };
        let clean = stripped.to_vec(&file);
        verify(&clean).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = strip(&clean, &Options::default()).expect("a clean file strips");
        assert_eq!(again.to_vec(&clean), clean, "{name}");

        let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&clean));
        assert!(exif.is_err(), "{name} has Exif");
        let parsed = Jpeg::from_bytes(clean.clone().into()).expect("a clean file parses");
        for segment in parsed.segments() {
            let allowed = matches!(
                segment.marker(),
                0xC0..=0xC4 | 0xC9..=0xCC | 0xDA..=0xDD | 0xE0 | 0xE2 | 0xEE
            );
            assert!(allowed, "{name} has marker {:02X}", segment.marker());
        }
        // Of a file that a fuzzer has written decoders show different things behind its end.
        let odd = [Repair::ScanTail, Repair::MissingEoi]
            .iter()
            .any(|repair| stripped.report.repaired.contains(repair));
        if stripped.report.turned == Turned::None && !odd {
            // Not every file of the corpus is one that this decoder reads.
            if let Some(before) = samples::try_decode(&file) {
                assert!(samples::decode(&clean) == before, "{name}: other samples");
                compared += 1;
            }
        }
    }
    println!("{compared} files decoded and compared");
}

#[test]
fn what_is_proved_by_decoding_agrees_with_what_is_proved_by_structure() {
    for (name, file) in corpus::files(&["real"]) {
        let options = |check| Options {
            check,
            orientation: OrientationPolicy::Drop,
            ..Options::default()
        };
        let (Ok(entropy), Ok(structure)) = (
            strip(&file, &options(Check::Entropy)),
            strip(&file, &options(Check::Structure)),
        ) else {
            continue;
        };
        if entropy.report.repaired.is_empty() {
            assert_eq!(entropy.to_vec(&file), structure.to_vec(&file), "{name}");
        }
        assert!(entropy.len() <= structure.len(), "{name}");
    }
}
