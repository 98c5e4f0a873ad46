//! Why no copies were made.

/// Why no copies were made of a photo. Messages hold names and numbers, never contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Coded by a process that cannot be decoded here.
    #[error("{0}")]
    Unsupported(String),
    /// More pixels than the recipe takes.
    #[error("{pixels} pixels, the limit is {limit}")]
    TooLarge {
        /// Samples of a component.
        pixels: u64,
        /// The recipe's limit.
        limit: u64,
    },
    /// It does not decode.
    #[error("{0}")]
    Corrupt(String),
    /// A copy is not in canonical clean form: a defect in this crate.
    #[error("a copy is not clean: {0}")]
    NotClean(String),
}

impl Error {
    /// A name to match on.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "UnsupportedJpeg",
            Self::TooLarge { .. } => "TooLarge",
            Self::Corrupt(_) => "CorruptJpeg",
            Self::NotClean(_) => "NotClean",
        }
    }
}

impl From<jpeg_decoder::Error> for Error {
    fn from(error: jpeg_decoder::Error) -> Self {
        match error {
            jpeg_decoder::Error::Unsupported(what) => Self::Unsupported(format!(
                "derivatives are not made of this kind of JPEG ({what:?})"
            )),
            other => Self::Corrupt(other.to_string()),
        }
    }
}
