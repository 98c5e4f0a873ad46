//! The Lambda `validate`.

fn main() {}
