//! Puts GCC's unwinder into the programs, as `-static-libgcc` does: to load and start the shared one, which Rust asks for
//! otherwise, takes a tenth of the time in which `scrub` cleans a small photo.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Some(folder) = folder_of_unwinder() {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Where the linker has a static unwinder; `None` if it has none, or where Rust uses another one than GCC's.
fn folder_of_unwinder() -> Option<PathBuf> {
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
    let archive = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim_end());
    // Of a file that it does not have it says the name alone.
    (archive.is_absolute() && archive.is_file()).then(|| archive.with_file_name(""))
}
