//! The functions: built with cargo, zipped as Lambda wants them.

use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::tail;
use crate::home::Home;
use crate::progress::{Progress, Report};
use crate::{Error, Result};

/// From this size on a package is compressed; in bytes.
const WORTH_PACKING: usize = 32 << 20;

/// Where the functions' binaries come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Functions {
    /// `cargo build --profile <profile>` of every function that the template names. `dev`, the default, shares what it compiles
    /// with `cargo run` and `cargo test`; `release` is what runs on AWS.
    Build {
        /// A cargo profile.
        profile: String,
    },
    /// A directory that holds one binary per function, named as the function.
    Prebuilt(PathBuf),
}

impl Default for Functions {
    fn default() -> Self {
        Self::Build {
            profile: "dev".to_owned(),
        }
    }
}

impl Functions {
    /// Builds the named functions unless they are there, and returns the directory with their binaries.
    pub(crate) async fn provide(
        &self,
        root: &Path,
        home: &Home,
        names: &[String],
        report: Report<'_>,
    ) -> Result<PathBuf> {
        match self {
            Self::Prebuilt(dir) => Ok(dir.clone()),
            Self::Build { .. } if names.is_empty() => Ok(home.target().to_owned()),
            Self::Build { profile } => {
                report(Progress::Building(names.to_vec()));
                build(root, home, profile, names, report).await
            }
        }
    }
}

async fn build(
    root: &Path,
    home: &Home,
    profile: &str,
    names: &[String],
    report: Report<'_>,
) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["build", "--profile", profile])
        // Named outright: a member's own settings must not send the binaries elsewhere.
        .arg("--target-dir")
        .arg(home.target());
    for name in names {
        command.args(["--package", name]);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::Io {
            what: "cannot run cargo".to_owned(),
            source,
        })?;
    let mut printed = String::new();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            printed.push_str(&line);
            printed.push('\n');
            report(Progress::Cargo(line));
        }
    }
    let status = child.wait().await.map_err(|source| Error::Io {
        what: "cannot wait for cargo".to_owned(),
        source,
    })?;
    if !status.success() {
        return Err(Error::Build {
            tail: tail(&printed, 30),
        });
    }
    // Cargo puts the profile `dev` into `debug`.
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(home.target().join(folder))
}

/// Whether cargo sets a variable for the package that it runs or tests. Build scripts watch some of them, `ring`'s for one: were
/// they handed on, `cargo run` and `cargo test` would each build every function anew after the other.
/// <https://doc.rust-lang.org/cargo/reference/environment-variables.html>
fn is_of_a_package(variable: &OsStr) -> bool {
    let variable = variable.to_string_lossy();
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
    ]
    .iter()
    .any(|start| variable.starts_with(start))
}

/// A deployment package of a `provided.al2023` function: one executable, `bootstrap`.
///
/// The same binary gives the same bytes, so that an unchanged function keeps its hash.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html>
pub(crate) fn package(binary: &Path) -> Result<Vec<u8>> {
    let code = fs::read(binary).map_err(Error::io("read", binary))?;
    // The zip lives for one local deployment: packing a release binary would cost more than it saves. One with debug
    // symbols is another matter, since the emulator keeps every package in memory.
    let (method, level) = if code.len() < WORTH_PACKING {
        (CompressionMethod::Stored, None)
    } else {
        (CompressionMethod::Deflated, Some(1))
    };
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .compression_level(level)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(code.len())));
    let zipped = zip
        .start_file("bootstrap", options)
        .and_then(|()| Ok(zip.write_all(&code)?))
        .and_then(|()| zip.finish());
    zipped.map(Cursor::into_inner).map_err(|error| Error::Io {
        what: format!("cannot zip {}", binary.display()),
        source: error.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Cursor, fs, is_of_a_package, package};

    #[test]
    fn a_nested_build_is_the_same_whoever_runs_it() {
        // This test is itself run by cargo.
        let mut left = std::env::vars_os().filter(|(name, _)| !is_of_a_package(name));
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let own = std::ffi::OsStr::new(env!("CARGO_MANIFEST_DIR"));
        assert!(!left.any(|(name, value)| name != "PWD" && value == own));
        for kept in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
        ] {
            assert!(!is_of_a_package(kept.as_ref()));
        }
    }

    #[test]
    fn a_package_is_an_executable_bootstrap_and_reproducible() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("validate");
        fs::write(&binary, b"\x7fELF and so on").unwrap();

        let first = package(&binary).unwrap();
        fs::write(&binary, b"\x7fELF and so on").unwrap();
        assert_eq!(first, package(&binary).unwrap());

        let mut archive = zip::ZipArchive::new(Cursor::new(first)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let mut code = Vec::new();
        file.read_to_end(&mut code).unwrap();
        assert_eq!(code, b"\x7fELF and so on");
    }
}
