//! The gallery's data: what the catalogue knows of a photo, how it is found again, and how derivatives follow bucket B.
//!
//! * [`Photo`] is the catalogue's item of one key; [`PhotoId`] names it in addresses.
//! * [`terms`] says under which terms a photo is found; [`Query`] is what is asked; [`search()`] answers it, newest first, a
//!   page at a time, with an opaque [`Cursor`]. All of it is pure: an [`Index`] gives it the entries.
//! * [`follow`] is the rule by which derivatives and catalogue follow bucket B, whatever the order of events.
//! * The module `aws`, behind the feature of that name, is the catalogue on a DynamoDB table.

#[cfg(feature = "aws")]
pub mod aws;
mod cursor;
mod error;
pub mod follow;
mod id;
mod index;
mod photo;
mod query;
mod search;
pub mod terms;
mod texts;

pub use cursor::Cursor;
pub use error::Error;
pub use id::{Month, PhotoId, Position};
pub use index::Index;
pub use photo::{
    Analysis, Colour, Derivative, FoundText, Label, Photo, Published, Reason, Released, State,
    owned_key, owner_of,
};
pub use query::{PAGE_LIMIT, Query};
pub use search::{Page, search};
pub use terms::Term;
pub use texts::{Patch, Texts};
