//! What a search needs of the catalogue's index.

use crate::{Error, Month, Photo, PhotoId, Position, Term};

/// Entries of terms, newest first. On AWS a DynamoDB table (`aws::Catalogue`).
pub trait Index {
    /// The months in which there are, or were, photos under a term; in any order.
    fn months(&self, term: &Term) -> impl Future<Output = Result<Vec<Month>, Error>> + Send;

    /// Up to `limit` places of a term in a month, from `from` (itself included) downwards; all of them when there are fewer.
    fn places(
        &self,
        term: &Term,
        month: Month,
        from: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Position>, Error>> + Send;

    /// The photos with these ids; one that is not there is not in the answer. In any order.
    fn photos(&self, ids: &[PhotoId]) -> impl Future<Output = Result<Vec<Photo>, Error>> + Send;
}
