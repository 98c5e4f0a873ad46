//! The command `scrubjay`.

fn main() {}
