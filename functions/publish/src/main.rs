//! The Lambda `publish`.

fn main() {}
