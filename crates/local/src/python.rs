//! The emulator's virtual environment: made once, from pinned versions with their hashes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tracing::debug;

use crate::error::tail;
use crate::home::{Home, lock_file};
use crate::progress::{Progress, Report};
use crate::{Error, Result};

const REQUIREMENTS: &str = include_str!("../requirements.txt");
/// Names an interpreter, before all others.
const CHOICE: &str = "SCRUBJAY_PYTHON";
const CANDIDATES: [&str; 7] = [
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.14",
    "python",
];
const OLDEST: (u32, u32) = (3, 10);

/// Makes the virtual environment unless it is there, and returns its interpreter.
///
/// Two processes that need it at the same time do not collide: the second waits for the first.
pub(crate) async fn ensure(home: &Home, report: Report<'_>) -> Result<PathBuf> {
    let key = requirements_key();
    let dir = home.python(&key);
    let python = dir.join("bin").join("python");
    let stamp = dir.join("scrubjay.ready");
    let lock = lock_file(&dir.with_extension("lock"))?;
    // Waiting for another process's installation can take a minute: not on the runtime's own thread.
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
        .await
        .expect("locking a file does not panic")
        .map_err(Error::io("lock", &dir))?;

    // An environment dies with the interpreter it was made from, so a stamp alone proves nothing.
    if stamp.exists() && version(&python).await.is_some() {
        return Ok(python);
    }
    report(Progress::Installing);
    let base = find().await?;
    debug!(base, dir = %dir.display(), "installing the emulator");
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(Error::io("remove", &dir))?;
    }
    fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
    let log = dir.with_extension("log");
    fs::write(&log, "").map_err(Error::io("write", &log))?;
    let requirements = dir.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(Error::io("write", &requirements))?;

    step(
        "python -m venv",
        Command::new(&base)
            .args(["-m", "venv", "--clear"])
            .arg(&dir),
        &log,
    )
    .await?;
    // `--clear` empties the directory, so the file is written again.
    fs::write(&requirements, REQUIREMENTS).map_err(Error::io("write", &requirements))?;
    step(
        "pip install",
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
            ])
            .args([
                "--require-hashes",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--requirement",
            ])
            .arg(&requirements),
        &log,
    )
    .await?;
    fs::write(&stamp, &key).map_err(Error::io("write", &stamp))?;
    drop(lock);
    Ok(python)
}

/// The environment's name: changes with the requirements, so that an update makes a new one.
fn requirements_key() -> String {
    Sha256::digest(REQUIREMENTS)
        .iter()
        .take(6)
        .fold(String::new(), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        })
}

/// The first interpreter on the `PATH` that is new enough and can make virtual environments.
async fn find() -> Result<String> {
    let mut found = Vec::new();
    let chosen = std::env::var(CHOICE).ok();
    let candidates: Vec<&str> = match &chosen {
        Some(python) => vec![python.as_str()],
        None => CANDIDATES.to_vec(),
    };
    let mut without_venv = None;
    for candidate in candidates {
        let Some((major, minor, venv)) = version(Path::new(candidate)).await else {
            continue;
        };
        if (major, minor) < OLDEST {
            found.push(format!("{candidate} ({major}.{minor})"));
        } else if venv {
            return Ok(candidate.to_owned());
        } else {
            without_venv.get_or_insert_with(|| candidate.to_owned());
        }
    }
    if let Some(python) = without_venv {
        return Err(Error::NoVenv { python });
    }
    let found = match (found.is_empty(), chosen) {
        (false, _) => found.join(", "),
        (true, Some(python)) => format!("nothing that runs at {CHOICE}={python}"),
        (true, None) => "none".to_owned(),
    };
    Err(Error::NoPython { found })
}

/// Major and minor version, and whether `venv` and `ensurepip` are there; `None` when it does not run.
async fn version(python: &Path) -> Option<(u32, u32, bool)> {
    const PROBE: &str = "import sys, importlib.util as u\n\
        print(sys.version_info[0], sys.version_info[1], int(all(u.find_spec(m) for m in ('venv', 'ensurepip'))))";
    let output = Command::new(python)
        .args(["-I", "-c", PROBE])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    let mut next = || numbers.next()?.ok();
    Some((next()?, next()?, next()? == 1))
}

/// Runs one command of the installation, with its output appended to the log.
async fn step(name: &str, command: &mut Command, log: &Path) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| Error::Io {
            what: format!("cannot run {name}"),
            source,
        })?;
    let mut text = fs::read_to_string(log).unwrap_or_default();
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    fs::write(log, &text).map_err(Error::io("write", log))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Install {
        step: name.to_owned(),
        tail: tail(&text, 12),
        log: log.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::REQUIREMENTS;

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let entries: Vec<&str> = REQUIREMENTS
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
            .collect();
        assert!(
            entries
                .iter()
                .any(|line| line.starts_with("ministack==1.5.33"))
        );
        assert!(
            entries
                .iter()
                .any(|line| line.starts_with("botocore==1.43.106"))
        );
        for entry in &entries {
            assert!(entry.contains("=="), "{entry}");
        }
        let hashes = REQUIREMENTS
            .lines()
            .filter(|line| line.trim().starts_with("--hash=sha256:"));
        assert!(hashes.count() > entries.len());
    }
}
