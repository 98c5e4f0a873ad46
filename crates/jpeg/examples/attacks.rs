//! Measures what files that cost much cost: peak memory and CPU time of a process that strips and verifies each.
//!
//! `cargo run --release -p scrubjay-jpeg --example attacks` prints the table of `docs/jpeg.md`. Linux only.

use std::process::Command;
use std::{env, fs, io};

use scrubjay_jpeg::{Check, Options, Part, strip, verify};
use scrubjay_jpeg_dev::attacks;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    if let (Some(path), Some(deep)) = (arguments.next(), arguments.next()) {
        return one(&path, deep == "deep");
    }
    let folder = tempfile::tempdir()?;
    let program = env::current_exe()?;
    println!("| attack | bytes | clean | memory beside both, MB | CPU time, s | outcome |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for attack in attacks::all(attacks::LARGEST) {
        let path = folder.path().join("attack.jpg");
        fs::write(&path, &attack.file)?;
        let deep = if attack.deep { "deep" } else { "plain" };
        let output = Command::new(&program).arg(&path).arg(deep).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!(
            "| {} | {} | {} |",
            attack.name,
            attack.file.len(),
            text.trim()
        );
    }
    Ok(())
}

/// Strips one file in this process and says what it took.
fn one(path: &str, deep: bool) -> io::Result<()> {
    let file = fs::read(path)?;
    let (before, start) = (status("VmHWM:")?, cpu_seconds()?);
    let options = Options {
        check: Check::Entropy,
        deep,
        ..Options::default()
    };
    let result = strip(&file, &options);
    let (after, end) = (status("VmHWM:")?, cpu_seconds()?);
    let (clean, made, outcome) = match &result {
        Ok(stripped) => {
            let made = stripped.parts.iter().filter(|p| matches!(p, Part::Made(_)));
            let made: usize = made.map(Part::len).sum();
            let clean = stripped.to_vec(&file);
            let proved = verify(&clean).map_or("clean, but not canonical", |()| "cleaned");
            (stripped.len(), made, proved.to_owned())
        }
        Err(error) => (0, 0, error.to_string()),
    };
    let beside = (after.saturating_sub(before) as f64 * 1024.0 - made as f64).max(0.0) / 1e6;
    println!("{clean} | {beside:.1} | {:.2} | {outcome}", end - start);
    Ok(())
}

/// A field of this process's status, in KiB.
fn status(field: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| io::Error::other("no such field"))
}

/// CPU time of this process.
fn cpu_seconds() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at| {
        let number = behind.split_whitespace().nth(at);
        number.and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)
    };
    // User and system time, in hundredths of a second.
    Ok((ticks(11) + ticks(12)) / 100.0)
}
