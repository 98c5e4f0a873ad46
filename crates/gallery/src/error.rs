//! What can go wrong in the catalogue.

/// Cause of an error, for the one log line at the edge.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a question to the catalogue, or a change of it, was refused. Messages are sentences for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question is not one that can be answered.
    #[error("{0}")]
    BadQuery(String),
    /// The cursor was not made by this catalogue for this query.
    #[error("the cursor is not one that this search has given out; start again without it")]
    BadCursor,
    /// A title, alternative text or tag that is not accepted.
    #[error("{0}")]
    BadText(String),
    /// There is no photo of this id.
    #[error("there is no such photo")]
    NotFound,
    /// Others changed the photo each time in between.
    #[error("the photo was changed by others each time; try again")]
    Conflict,
    /// DynamoDB did not answer, throttled, or refused access.
    #[error("the catalogue is unavailable while trying to {doing}")]
    Unavailable {
        /// The operation, in words.
        doing: &'static str,
        /// What the SDK said.
        #[source]
        source: Source,
    },
}

impl Error {
    /// The variant's name, for people who search for it and machines that match on it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BadQuery(_) => "BadQuery",
            Self::BadCursor => "BadCursor",
            Self::BadText(_) => "BadText",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Unavailable { .. } => "CatalogueUnavailable",
        }
    }
}
