//! The catalogue on a DynamoDB table.
//!
//! # Layout
//! | item | `partition` | `entry` |
//! | --- | --- | --- |
//! | a photo | `photo#<id>` | `photo` |
//! | a place of a term | `term#<kind>:<value>#<yyyymm>` | `<date>#<id>` |
//! | a month of a term | `terms#<kind>#<first two characters>` | `<value>#<yyyymm>` |
//!
//! In a value `#` is written `%23` and `%` is written `%25`. A photo and all its places change in one transaction, so a search never
//! finds half of a change. Months of terms are written before that transaction, and stay: a month without places costs
//! an empty query, until the sweep removes it. Months are also the dictionary that completes a word while it is typed.

mod catalogue;
mod index;
mod keys;

pub use catalogue::{Catalogue, NewPhoto};
