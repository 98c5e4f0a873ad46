//! The Lambda `retract`.

fn main() {}
