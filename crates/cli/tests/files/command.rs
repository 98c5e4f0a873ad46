//! The real binary.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/samples");

pub fn sample(name: &str) -> PathBuf {
    Path::new(SAMPLES).join(name)
}

pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(sample(name)).unwrap()
}

/// What the library makes of a sample.
pub fn clean(name: &str) -> Vec<u8> {
    let source = bytes(name);
    let options = scrubjay_jpeg::Options::default();
    scrubjay_jpeg::strip(&source, &options)
        .unwrap()
        .to_vec(&source)
}

/// A folder with copies of samples, under other names.
pub fn folder(names: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, of) in names {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(of)).unwrap();
    }
    dir
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrubjay"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs `scrubjay` with some arguments and some paths behind them.
pub fn run(arguments: &[&str], paths: &[impl AsRef<OsStr>]) -> Answer {
    command(arguments).args(paths).output().unwrap().into()
}

/// Runs it with something on standard input.
pub fn fed(mut command: Command, input: &[u8]) -> Answer {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end before it has read all.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output.into()
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub bytes: Vec<u8>,
    pub err: String,
}

impl Answer {
    pub fn out(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn lines(&self) -> Vec<Value> {
        let lines = self.out().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            bytes: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Every file below a folder, by its relative path.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                names.push(
                    path.strip_prefix(dir)
                        .unwrap()
                        .to_string_lossy()
                        .into_owned(),
                );
            }
        }
    }
    names.sort();
    names
}
