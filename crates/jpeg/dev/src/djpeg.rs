//! libjpeg-turbo's `djpeg`, where it is installed, as the judge of what decoders draw.

use std::io::Write;
use std::process::{Command, Stdio};

/// What `djpeg` makes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// A PNM file; empty if it gave up.
    pub samples: Vec<u8>,
    /// Whether it said anything about the file.
    pub warned: bool,
}

/// Whether `djpeg` is installed.
pub fn installed() -> bool {
    let status = Command::new("djpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let there = status.is_ok();
    if !there {
        println!("skipped: djpeg is not installed");
    }
    there
}

/// Decodes `file`; none if `djpeg` cannot be run.
pub fn draw(file: &[u8]) -> Option<Drawn> {
    let mut child = Command::new("djpeg")
        .args(["-pnm", "-dct", "int"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let file = file.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&file)));
    let output = child.wait_with_output().ok()?;
    feeder.join().ok()?;
    Some(Drawn {
        samples: if output.status.success() || !output.stdout.is_empty() {
            output.stdout
        } else {
            Vec::new()
        },
        warned: !output.status.success() || !output.stderr.is_empty(),
    })
}
