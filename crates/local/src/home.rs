//! Where a stack keeps its files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The directories under the target directory.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    target: PathBuf,
}

impl Home {
    /// The target directory as cargo finds it: `CARGO_TARGET_DIR`, else `target` in the workspace around `root`.
    pub(crate) fn of(root: &Path) -> Self {
        let workspace = root
            .ancestors()
            .find(|dir| dir.join("Cargo.lock").is_file())
            .unwrap_or(root);
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .filter(|value| !value.is_empty())
            .map_or_else(|| workspace.join("target"), |value| root.join(value));
        Self { target }
    }

    /// Cargo's target directory.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The virtual environment for these requirements.
    pub(crate) fn python(&self, key: &str) -> PathBuf {
        self.target.join("scrubjay-local-python").join(key)
    }

    /// The directory of one stack.
    pub(crate) fn stack(&self, name: &str) -> PathBuf {
        self.target.join("scrubjay-local").join(name)
    }
}

/// A stack's name becomes part of bucket names (63 characters at most) and of SSM paths.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = name.len() <= 24
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(())
    } else {
        Err(Error::BadName {
            name: name.to_owned(),
        })
    }
}

/// The file that says where the directory of a stack that was left running is, for whoever asks from another folder
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>: state).
fn note_path(stack: &str) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/state")))?;
    Some(state.join("scrubjay/stacks").join(stack))
}

/// Writes down where a stack's directory is. Without it the stack is found from its repository alone.
pub(crate) fn note(stack: &str, dir: &Path) {
    let written = note_path(stack).and_then(|path| {
        let dir = fs::canonicalize(dir).ok()?;
        fs::create_dir_all(path.parent()?).ok()?;
        fs::write(&path, dir.to_str()?).ok()
    });
    if written.is_none() {
        tracing::debug!(stack, "it is not written down where the stack is");
    }
}

/// Where a stack's directory is, if that was written down.
pub(crate) fn noted(stack: &str) -> Option<PathBuf> {
    let dir = fs::read_to_string(note_path(stack)?).ok()?;
    Some(PathBuf::from(dir))
}

/// Removes that file, unless it belongs to another stack of the same name.
pub(crate) fn forget(stack: &str, dir: &Path) {
    if let (Some(noted), Some(path)) = (noted(stack), note_path(stack))
        && fs::canonicalize(dir).is_ok_and(|dir| dir == noted)
    {
        let _ = fs::remove_file(path);
    }
}

/// Opens a lock file, making it and its directory when they are not there.
pub(crate) fn lock_file(path: &Path) -> Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    }
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(Error::io("open", path))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_that_fit_into_a_bucket_name() {
        for name in ["local", "a", "run-1a2b", "t0"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "Local",
            "1a",
            "a_b",
            "a/b",
            "../x",
            "a-",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
