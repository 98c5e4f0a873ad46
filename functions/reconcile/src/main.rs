//! The Lambda `reconcile`.

fn main() {}
