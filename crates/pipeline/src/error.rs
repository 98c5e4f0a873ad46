//! The one error enum. A variant's name is the `errorType` that Lambda reports and the state machine matches on.

use std::error::Error as StdError;

/// What an error means for the execution, and so how the state machine treats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The file is at fault and always will be: never retried, caught, recorded as REJECTED.
    Permanent,
    /// A newer upload or a delete has overtaken this one: never retried, caught, recorded as SUPERSEDED.
    Overtaken,
    /// What was read earlier is out of date: never retried with the same input, but caught, and read again.
    Stale,
    /// May work the next time: retried with back-off, never caught, so that a redrive continues at the state that failed.
    Transient,
    /// A defect of ours: never retried, never caught; the execution fails and the alarm rings.
    Bug,
}

/// The cause of a transient error, kept for the log line that the Lambda writes about the event.
pub type Source = Box<dyn StdError + Send + Sync>;

/// Every error that crosses a Lambda boundary. Messages hold names, numbers and offsets, never file contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object is not a JPEG at all.
    #[error("{0}")]
    NotJpeg(String),
    /// A JPEG that is damaged or incomplete.
    #[error("{0}")]
    CorruptJpeg(String),
    /// A JPEG coded by a process that is not supported.
    #[error("{0}")]
    UnsupportedJpeg(String),
    /// The file exceeds one of the configured limits.
    #[error("{0}")]
    TooLarge(String),
    /// Bucket A holds another ETag under the key: the object was overwritten after the event.
    #[error("the object was overwritten after the event")]
    SourceSuperseded,
    /// Bucket A holds nothing under the key: the object was deleted after the event.
    #[error("the object was deleted after the event")]
    SourceDeleted,
    /// The fence has admitted a newer upload or delete of the key.
    #[error("a newer upload or delete of the key was admitted first")]
    NewerUpload,
    /// The fence changed in a way that no sequencer orders, or the run's own staged file has expired: read bucket A again.
    #[error("what was read from bucket A is out of date; it must be read again")]
    SourceStale,
    /// The staged file of the key's newest upload has expired, and this run cannot stage it again, because it is the run of
    /// another act.
    #[error("the staged file of the newest upload has expired; that upload must be started again")]
    StagedFileExpired,
    /// S3 did not answer, throttled, or refused access.
    #[error("storage unavailable while trying to {doing}")]
    StorageUnavailable {
        /// The operation, in words.
        doing: &'static str,
        /// What the SDK said.
        #[source]
        source: Source,
    },
    /// DynamoDB did not answer, throttled, or refused access.
    #[error("audit table unavailable while trying to {doing}")]
    AuditUnavailable {
        /// The operation, in words.
        doing: &'static str,
        /// What the SDK said.
        #[source]
        source: Source,
    },
    /// Step Functions did not answer, throttled, or refused access.
    #[error("step functions unavailable while trying to {doing}")]
    WorkflowUnavailable {
        /// The operation, in words.
        doing: &'static str,
        /// What the SDK said.
        #[source]
        source: Source,
    },
    /// EventBridge did not answer, throttled, or refused access.
    #[error("eventbridge unavailable while trying to {doing}")]
    EventsUnavailable {
        /// The operation, in words.
        doing: &'static str,
        /// What the SDK said.
        #[source]
        source: Source,
    },
    /// The input does not decode.
    #[error("bad event: {0}")]
    BadEvent(String),
    /// The staged file is not in canonical clean form. It may leak metadata, so it is not published.
    #[error("the staged file is not clean: {0}")]
    NotClean(String),
}

impl Error {
    /// Every variant's name, in the order of the enum. A test compares the state machines with it.
    pub const NAMES: [(&'static str, Class); 15] = [
        ("NotJpeg", Class::Permanent),
        ("CorruptJpeg", Class::Permanent),
        ("UnsupportedJpeg", Class::Permanent),
        ("TooLarge", Class::Permanent),
        ("SourceSuperseded", Class::Overtaken),
        ("SourceDeleted", Class::Overtaken),
        ("NewerUpload", Class::Overtaken),
        ("SourceStale", Class::Stale),
        ("StagedFileExpired", Class::Transient),
        ("StorageUnavailable", Class::Transient),
        ("AuditUnavailable", Class::Transient),
        ("WorkflowUnavailable", Class::Transient),
        ("EventsUnavailable", Class::Transient),
        ("BadEvent", Class::Bug),
        ("NotClean", Class::Bug),
    ];

    const fn row(&self) -> (&'static str, Class) {
        Self::NAMES[match self {
            Self::NotJpeg(_) => 0,
            Self::CorruptJpeg(_) => 1,
            Self::UnsupportedJpeg(_) => 2,
            Self::TooLarge(_) => 3,
            Self::SourceSuperseded => 4,
            Self::SourceDeleted => 5,
            Self::NewerUpload => 6,
            Self::SourceStale => 7,
            Self::StagedFileExpired => 8,
            Self::StorageUnavailable { .. } => 9,
            Self::AuditUnavailable { .. } => 10,
            Self::WorkflowUnavailable { .. } => 11,
            Self::EventsUnavailable { .. } => 12,
            Self::BadEvent(_) => 13,
            Self::NotClean(_) => 14,
        }]
    }

    /// The `errorType` that Step Functions sees.
    pub const fn name(&self) -> &'static str {
        self.row().0
    }

    /// How the state machine treats it.
    pub const fn class(&self) -> Class {
        self.row().1
    }

    /// The message and every cause below it, on one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl From<scrubjay_jpeg::Error> for Error {
    fn from(error: scrubjay_jpeg::Error) -> Self {
        let text = error.to_string();
        match error {
            scrubjay_jpeg::Error::NotJpeg { .. } => Self::NotJpeg(text),
            scrubjay_jpeg::Error::Corrupt { .. } => Self::CorruptJpeg(text),
            scrubjay_jpeg::Error::Unsupported { .. } => Self::UnsupportedJpeg(text),
            scrubjay_jpeg::Error::TooLarge { .. } => Self::TooLarge(text),
        }
    }
}

/// What `lambda_runtime` posts: our name instead of a Rust type's
/// (<https://docs.rs/lambda_runtime/latest/lambda_runtime/struct.Diagnostic.html>).
#[cfg(feature = "lambda")]
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.name().to_owned(),
            error_message: error.chain(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_named_as_it_is_spelt() {
        let transient = |doing| Error::StorageUnavailable {
            doing,
            source: "refused".into(),
        };
        for error in [
            Error::NotJpeg(String::new()),
            Error::CorruptJpeg(String::new()),
            Error::UnsupportedJpeg(String::new()),
            Error::TooLarge(String::new()),
            Error::SourceSuperseded,
            Error::SourceDeleted,
            Error::NewerUpload,
            Error::SourceStale,
            Error::StagedFileExpired,
            transient("read"),
            Error::AuditUnavailable {
                doing: "read",
                source: "refused".into(),
            },
            Error::WorkflowUnavailable {
                doing: "read",
                source: "refused".into(),
            },
            Error::BadEvent(String::new()),
            Error::NotClean(String::new()),
        ] {
            let spelt = format!("{error:?}");
            assert_eq!(spelt.split([' ', '(']).next(), Some(error.name()));
        }
        assert_eq!(
            transient("read a file").chain(),
            "storage unavailable while trying to read a file: refused"
        );
    }
}
