//! The functions: built with cargo, zipped as Lambda wants them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::tail;
use crate::home::Home;
use crate::progress::{Progress, Report};
use crate::{Error, Result};

/// How often progress is reported while a build goes on.
const EVERY: Duration = Duration::from_secs(15);

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
    let mut child = cargo(root, home, profile, names)
        .spawn()
        .map_err(|source| Error::Io {
            what: "cannot run cargo".to_owned(),
            source,
        })?;
    let (messages, words) = (child.stdout.take(), child.stderr.take());
    let (Some(messages), Some(words)) = (messages, words) else {
        unreachable!("both are piped")
    };
    let mut watch = Watch::new(names, EVERY, report);
    let printed = watch.follow(messages, words).await;
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

/// The build of some functions: cargo's messages for machines on standard output, those for people on standard error.
fn cargo(root: &Path, home: &Home, profile: &str, names: &[String]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["build", "--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        // Named outright: a member's own settings must not send the binaries elsewhere.
        .arg("--target-dir")
        .arg(home.target())
        // The features of a shared dependency are those that all chosen packages ask for together. With every member chosen,
        // as `cargo run` and `cargo test --workspace` do, they are the same, and nothing is compiled a second time.
        .arg("--workspace");
    for name in names {
        command.args(["--bin", name]);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Follows a build and tells how far it is.
struct Watch<'a> {
    names: &'a [String],
    built: BTreeSet<String>,
    began: Instant,
    /// How often it is told that the build goes on.
    every: Duration,
    report: Report<'a>,
}

/// What of cargo's messages is of use
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>).
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl<'a> Watch<'a> {
    fn new(names: &'a [String], every: Duration, report: Report<'a>) -> Self {
        Self {
            names,
            built: BTreeSet::new(),
            began: Instant::now(),
            every,
            report,
        }
    }

    /// To the end of both streams. Returns what cargo said to people.
    async fn follow(
        &mut self,
        messages: impl AsyncRead + Unpin,
        words: impl AsyncRead + Unpin,
    ) -> String {
        let mut messages = BufReader::new(messages).lines();
        let mut words = BufReader::new(words).lines();
        let mut clock = tokio::time::interval(self.every);
        clock.tick().await;
        let mut printed = String::new();
        let (mut more_messages, mut more_words) = (true, true);
        while more_messages || more_words {
            tokio::select! {
                line = messages.next_line(), if more_messages => match line {
                    Ok(Some(line)) => self.message(&line),
                    _ => more_messages = false,
                },
                line = words.next_line(), if more_words => match line {
                    Ok(Some(line)) => {
                        printed.push_str(&line);
                        printed.push('\n');
                        (self.report)(Progress::Cargo(line));
                    }
                    _ => more_words = false,
                },
                _ = clock.tick() => self.tell(),
            }
        }
        printed
    }

    fn message(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Message>(line) else {
            return;
        };
        if let (Some(target), Some(_)) = (message.target, message.executable)
            && message.reason == "compiler-artifact"
            && self.names.contains(&target.name)
            && self.built.insert(target.name)
        {
            self.tell();
        }
    }

    fn tell(&self) {
        (self.report)(Progress::Built {
            built: self.built.len(),
            of: self.names.len(),
            since: self.began.elapsed(),
        });
    }
}

/// Whether cargo sets a variable for the package that it runs or tests. Build scripts watch some of them, `ring`'s for one (of
/// a package that has a build script itself, `OUT_DIR` too): were they handed on, `cargo run`, `cargo test` and a start without
/// cargo would each build every function anew after the other.
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
        || variable == "OUT_DIR"
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

    use tokio::io::AsyncWriteExt;

    use super::{
        Cursor, Duration, Home, Path, Progress, Watch, cargo, fs, is_of_a_package, package,
    };

    /// Builds a function and counts what was compiled for it.
    fn compiled(mut cargo: std::process::Command) -> usize {
        let built = cargo.output().expect("cargo");
        let words = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{words}");
        let messages = String::from_utf8_lossy(&built.stdout);
        let artifacts = messages.lines().filter_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            message["fresh"].as_bool()
        });
        let fresh: Vec<bool> = artifacts.collect();
        assert!(!fresh.is_empty(), "{words}");
        fresh.into_iter().filter(|fresh| !fresh).count()
    }

    #[test]
    fn a_second_start_the_other_way_builds_nothing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap();
        let build = || cargo(root, &Home::of(root), "dev", &["record".to_owned()]).into_std();
        // As `cargo run -- local run` starts it: cargo has set variables for this test, too.
        compiled(build());
        // As `target/debug/scrubjay local run` starts it, from a shell that knows of no cargo.
        let mut shell = build();
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_the_user = ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL"];
            let of_cargo = text.starts_with("CARGO") && !of_the_user.contains(&&*text);
            if of_cargo || ["RUST_RECURSION_COUNT", "LD_LIBRARY_PATH"].contains(&&*text) {
                shell.env_remove(&name);
            }
        }
        assert_eq!(compiled(shell), 0);
    }

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

    #[tokio::test]
    async fn a_build_tells_how_far_it_is() {
        let names = ["strip", "record"].map(ToOwned::to_owned);
        let told = std::sync::Mutex::new(Vec::new());
        let again = tokio::sync::Notify::new();
        let report = |progress: Progress| {
            let mut told = told.lock().unwrap();
            told.push(progress.to_string());
            if told
                .iter()
                .filter(|line| line.starts_with("built 1 "))
                .count()
                == 3
            {
                again.notify_one();
            }
        };
        let mut watch = Watch::new(&names, Duration::from_millis(5), &report);
        let (mut cargo, messages) = tokio::io::duplex(1 << 16);
        let (mut cargos_words, words) = tokio::io::duplex(1 << 16);
        let again = &again;
        let build = async move {
            let artifact = |name: &str, executable: &str| {
                let executable = if executable.is_empty() {
                    "null".into()
                } else {
                    format!("{executable:?}")
                };
                format!(
                    "{{\"reason\":\"compiler-artifact\",\"target\":{{\"name\":\"{name}\"}},\"executable\":{executable}}}\n"
                )
            };
            cargos_words
                .write_all(b"   Compiling serde\n")
                .await
                .unwrap();
            cargo
                .write_all(artifact("serde", "").as_bytes())
                .await
                .unwrap();
            cargo
                .write_all(artifact("strip", "/t/strip").as_bytes())
                .await
                .unwrap();
            // One line because a function is built, and two because time passes.
            again.notified().await;
            cargo
                .write_all(artifact("record", "/t/record").as_bytes())
                .await
                .unwrap();
            cargo
                .write_all(b"{\"reason\":\"build-finished\",\"success\":true}\n")
                .await
                .unwrap();
        };
        let (printed, ()) = tokio::join!(watch.follow(messages, words), build);
        let end = told.lock().unwrap().last().cloned();
        assert!(end.unwrap().starts_with("built 2 of 2 functions ("));
        assert_eq!(printed, "   Compiling serde\n");
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
