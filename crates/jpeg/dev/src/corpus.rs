//! Files from outside, if they are there.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of shared files: `SCRUBJAY_SHARED`, or `shared` beside the repository.
pub fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("SCRUBJAY_SHARED").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no shared files (SCRUBJAY_SHARED)");
    None
}

/// Name and bytes of the JPEG files of some sets; none if the sets are not there.
pub fn files(sets: &[&str]) -> Vec<(String, Vec<u8>)> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for set in sets {
        collect(&shared.join("corpus").join(set), &mut files);
    }
    assert!(!files.is_empty(), "the shared folder has no corpus");
    files
}

fn collect(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "jpg") {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            files.push((name, fs::read(&path).unwrap_or_default()));
        }
    }
}
