//! Which files an argument means, and where each goes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

/// A file to treat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder that was named, or its name if it was named itself.
    pub relative: PathBuf,
}

/// Whether a name ends as the pipeline's rule wants it: `.jpg`, `.jpeg` or `.jpe`, in any case.
pub fn has_jpeg_suffix(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    scrubjay_pipeline::upload::is_jpeg(&name.to_string_lossy())
}

/// Every file that is named, and every JPEG by suffix below every folder that is named, in order of their paths; nothing below
/// `out`, so that a second run does not treat the first one's results.
///
/// # Errors
/// When a path cannot be read, or two inputs would go to the same place.
pub fn find(inputs: &[PathBuf], out: Option<&Path>) -> Result<Vec<Input>> {
    let out = out.and_then(|out| out.canonicalize().ok());
    let mut found = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            input
                .metadata()
                .with_context(|| format!("cannot read {}", input.display()))?;
            let name = input
                .file_name()
                .with_context(|| format!("{} names no file", input.display()))?;
            found.push(Input {
                path: input.clone(),
                relative: name.into(),
            });
            continue;
        }
        let outside = |path: &Path| out.is_none() || path.canonicalize().ok() != out;
        let below = WalkDir::new(input).sort_by_file_name().into_iter();
        for entry in
            below.filter_entry(|e| !e.file_type().is_dir() || e.depth() == 0 || outside(e.path()))
        {
            let entry = entry.with_context(|| format!("cannot read {}", input.display()))?;
            if entry.file_type().is_file() && has_jpeg_suffix(entry.path()) {
                let relative = entry
                    .path()
                    .strip_prefix(input)
                    .unwrap_or(entry.path())
                    .to_owned();
                found.push(Input {
                    path: entry.into_path(),
                    relative,
                });
            }
        }
    }
    let mut seen: HashMap<&Path, &Path> = HashMap::new();
    for input in &found {
        if let Some(other) = seen.insert(&input.relative, &input.path) {
            bail!(
                "{} and {} would both go to {}",
                other.display(),
                input.path.display(),
                input.relative.display()
            );
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_keep_their_tree_and_leave_the_output_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/b/c.JPG", "a/d.jpeg", "a/e.png", "out/c.jpg"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let found = find(&[dir.path().to_owned()], Some(&dir.path().join("out"))).unwrap();
        let relative: Vec<_> = found.iter().map(|f| f.relative.to_str().unwrap()).collect();
        assert_eq!(relative, ["a/b/c.JPG", "a/d.jpeg"]);
    }

    #[test]
    fn two_inputs_for_one_place_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/x.jpg", "b/x.jpg"] {
            fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        assert!(find(&[dir.path().join("a"), dir.path().join("b")], None).is_err());
        assert!(find(&[dir.path().join("none.jpg")], None).is_err());
    }
}
