//! Puts GCC's unwinder into the programs, as `-static-libgcc` does: to load and start the shared one, which Rust asks for
//! otherwise, takes a tenth of the time in which `scrub` cleans a small photo.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if linker_has_unwinder().unwrap_or(false) {
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Whether the linker has a static unwinder, where Rust uses GCC's; `None` if it cannot be asked.
fn linker_has_unwinder() -> Option<bool> {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !is("CARGO_CFG_TARGET_OS", "linux")
        || !is("CARGO_CFG_TARGET_ENV", "gnu")
        || env::var("HOST") != env::var("TARGET")
    {
        return None;
    }
    let linker = env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".into());
    let mut ask = Command::new(linker);
    let answer = ask.arg("-print-file-name=libgcc_eh.a").output().ok()?;
    // If it does not have the file, it echoes the bare name, which is no absolute path.
    let path = String::from_utf8(answer.stdout).ok()?;
    Some(Path::new(path.trim_end()).is_absolute())
}
