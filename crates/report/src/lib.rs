//! What a privacy officer and an operator read on Monday: the figures of days and weeks, counted from audit items, as one
//! page of HTML, as JSON and as CSV. Pure, without clock, network or files, except `gather`, which is behind a feature.
//!
//! A [`Row`] is what is read of an audit item. Rows of one day are counted into a [`Day`], which can be stored and is never
//! counted again. Days make a [`Report`]. The same days and the same [`Now`] give the same bytes.
//!
//! Everything here is numbers, names of kinds and names of errors; the keys of open failures are the only text from outside.

pub mod changes;
pub mod cost;
mod csv;
mod figures;
#[cfg(feature = "gather")]
pub mod gather;
mod histogram;
mod html;
mod period;
mod report;

pub use figures::{Day, Exif, Kind, Reconciled, Row};
pub use histogram::Histogram;
pub use period::{Period, PeriodError, bounds};
pub use report::{InFlight, Now, OpenFailure, Report, Stack, Todo};
