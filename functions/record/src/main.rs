//! The Lambda `record`.

fn main() {}
