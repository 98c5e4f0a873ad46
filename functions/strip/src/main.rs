//! The Lambda `strip`.

fn main() {}
