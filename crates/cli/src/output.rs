//! Where a clean file goes, and how it gets there.

use std::fs::{self, File, FileTimes, Metadata};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use scrubjay_jpeg::Stripped;

use crate::interrupt;
use crate::show;

/// The names under which standard output is known.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where a clean file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To standard output.
    Stdout,
    /// To a file.
    File(PathBuf),
    /// To where its source is.
    InPlace(PathBuf),
}

/// What of the source a clean file takes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// Times of the last change and the last access.
    pub times: bool,
}

/// A source and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Clean<'a> {
    /// The source's bytes.
    pub source: &'a [u8],
    /// What the source was before it was read; `None` for standard input.
    pub was: Option<&'a Metadata>,
    /// The clean file.
    pub stripped: &'a Stripped,
}

/// Whether a path means standard output.
pub fn is_stdout(path: &Path) -> bool {
    STDOUT.iter().any(|name| path == Path::new(name))
}

impl Place {
    /// Whether something is there already; not asked of standard output.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::File(path) if path.symlink_metadata().is_ok())
    }

    /// Its name, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".into(),
            Self::File(path) | Self::InPlace(path) => show::path(path),
        }
    }

    /// Puts the clean file there. Nobody ever sees half a file under its name, and a source that is changed meanwhile stays.
    ///
    /// # Errors
    /// When it cannot be written, or the source was changed, or would be overwritten by its own clean file.
    pub fn write(&self, clean: Clean<'_>, keep: Keep) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                clean
                    .write_to(&mut out)
                    .and_then(|()| out.flush())
                    .context("cannot write to standard output")
            }
            Self::File(path) => {
                if let Ok(there) = fs::metadata(path) {
                    if clean.was.is_some_and(|was| is_same(was, &there)) {
                        bail!(
                            "its clean file would overwrite it: give another --output, or --in-place"
                        );
                    }
                    if !there.is_file() && !there.is_dir() {
                        // A pipe or a device stays what it is.
                        let file = File::options().write(true).open(path);
                        return file
                            .and_then(|file| clean.write_to(file))
                            .with_context(|| format!("cannot write {}", show::path(path)));
                    }
                }
                interrupt::complete(|| beside(path, clean, keep, false))
            }
            Self::InPlace(path) => {
                // What a link shows is cleaned, and the link stays.
                let path = path
                    .canonicalize()
                    .with_context(|| format!("cannot find {}", show::path(path)))?;
                interrupt::complete(|| beside(&path, clean, keep, true))
            }
        }
    }
}

impl Clean<'_> {
    /// Whether the source is clean already, byte for byte.
    pub fn is_source(&self) -> bool {
        let mut rest = self.source;
        for slice in self.stripped.slices(self.source) {
            match rest.split_at_checked(slice.len()) {
                Some((first, behind)) if first == slice => rest = behind,
                _ => return false,
            }
        }
        rest.is_empty()
    }

    fn write_to(&self, mut to: impl Write) -> io::Result<()> {
        let slices: Vec<&[u8]> = self.stripped.slices(self.source).collect();
        let mut vectors: Vec<IoSlice<'_>> =
            slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut rest = vectors.as_mut_slice();
        // Empty ones in front are no progress.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match to.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Writes beside the place and moves it there.
fn beside(path: &Path, clean: Clean<'_>, keep: Keep, in_place: bool) -> Result<()> {
    let cannot = || format!("cannot write {}", show::path(path));
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = match temporary(folder) {
        // Most often it is there.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !in_place => {
            fs::create_dir_all(folder).with_context(cannot)?;
            temporary(folder)
        }
        file => file,
    }
    .with_context(cannot)?;
    clean.write_to(&mut file).with_context(cannot)?;
    if let Some(was) = clean.was {
        if in_place {
            // Only root may change a file's owner. Without the old owner, the mode must not keep the set-user-id bits:
            // the file would run as somebody else.
            let owned = fchown(file.as_file(), Some(was.uid()), Some(was.gid())).is_ok();
            let kept = if owned { 0o7777 } else { 0o777 };
            let mode = fs::Permissions::from_mode(was.mode() & kept);
            file.as_file().set_permissions(mode).with_context(cannot)?;
        }
        if keep.times {
            let times = FileTimes::new().set_modified(was.modified().with_context(cannot)?);
            let times = match was.accessed() {
                Ok(accessed) => times.set_accessed(accessed),
                Err(_) => times,
            };
            file.as_file().set_times(times).with_context(cannot)?;
        }
        if in_place {
            unchanged(path, was)?;
        }
    }
    file.persist(path)
        .map_err(|error| error.error)
        .with_context(cannot)?;
    Ok(())
}

fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .prefix(".scrubjay-")
        .tempfile_in(folder)
}

/// That nobody has written the source since it was opened.
fn unchanged(path: &Path, was: &Metadata) -> Result<()> {
    let is = fs::metadata(path).with_context(|| format!("cannot find {}", show::path(path)))?;
    let stamp = |m: &Metadata| (m.len(), m.mtime(), m.mtime_nsec());
    if is_same(was, &is) && stamp(was) == stamp(&is) {
        return Ok(());
    }
    bail!("it was changed while it was being cleaned, and stays as it is now: try again")
}
