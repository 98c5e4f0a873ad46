//! Infrastructure files, read as data: the SAM template and its stand-in foundation, Terraform, and the policies.

pub mod cloudformation;
pub mod environment;
pub mod example;
pub mod policy;
pub mod terraform;

use std::path::PathBuf;

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
///
/// # Panics
///
/// When it cannot be read: a contract test without its file must not pass.
pub fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
