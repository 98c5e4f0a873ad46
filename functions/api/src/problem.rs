//! What is refused, as problem documents (RFC 9457, <https://www.rfc-editor.org/rfc/rfc9457>).

use scrubjay_gallery::Error as Gallery;
use scrubjay_pipeline::Error as Pipeline;
use serde_json::{Value, json};

/// Why a call was refused. `detail` is a sentence for whoever made the call; it never repeats what a file contains.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What kind of problem, for machines: `urn:scrubjay:problem:<kind>`.
    pub kind: &'static str,
    /// The same in words.
    pub title: &'static str,
    /// What is wrong with this call.
    pub detail: String,
    /// The cause for the log, which the caller does not see.
    pub cause: Option<String>,
}

impl Problem {
    fn new(
        status: u16,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            title,
            detail: detail.into(),
            cause: None,
        }
    }

    /// 400: the call itself is wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, "bad-request", "The request is wrong", detail)
    }

    /// 403: the user is signed in, but may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", "You may not do this", detail)
    }

    /// 404: there is no such photo, or none that this user may know of.
    pub fn not_found() -> Self {
        Self::new(404, "not-found", "Not found", "There is no such photo.")
    }

    /// 404 for an execution.
    pub fn no_execution() -> Self {
        Self::new(404, "not-found", "Not found", "There is no such execution.")
    }

    /// 409: the call does not fit the current state of the photo or execution.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(
            409,
            "conflict",
            "This does not fit how things stand",
            detail,
        )
    }

    /// 413: too much was sent.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(413, "too-large", "Too much", detail)
    }

    /// 415: not JSON.
    pub fn unsupported_type() -> Self {
        Self::new(
            415,
            "unsupported-type",
            "Only JSON is taken",
            "Send the body as application/json.",
        )
    }

    /// 503: something behind the API does not answer; the same call may work a moment later.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(
                503,
                "unavailable",
                "Unavailable for the moment",
                "A service behind this one does not answer. Try again in a moment.",
            )
        }
    }

    /// 500: a mistake of ours.
    pub fn bug(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(
                500,
                "internal",
                "A mistake on our side",
                "The call could not be answered. The mistake is in the log.",
            )
        }
    }

    /// The document.
    pub fn body(&self) -> Value {
        json!({
            "type": format!("urn:scrubjay:problem:{}", self.kind),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        })
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

impl From<Gallery> for Problem {
    fn from(error: Gallery) -> Self {
        match error {
            Gallery::NotFound => Self::not_found(),
            Gallery::Conflict => {
                Self::conflict("Others changed the photo at the same time. Try again.")
            }
            Gallery::Unavailable { .. } => Self::unavailable(chain(&error)),
            told => Self::bad_request(sentence(&told.to_string())),
        }
    }
}

impl From<Pipeline> for Problem {
    fn from(error: Pipeline) -> Self {
        Self::unavailable(chain(&error))
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let rest = chars.as_str().trim_end_matches('.');
    format!("{}{rest}.", first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_stays_in_the_log() {
        let problem = Problem::unavailable("arn:aws:dynamodb:secret");
        assert!(!problem.body().to_string().contains("secret"));
        assert_eq!(problem.body()["status"], 503);
    }

    #[test]
    fn what_the_catalogue_says_is_told_as_a_sentence() {
        let problem = Problem::from(Gallery::BadCursor);
        assert_eq!(problem.status, 400);
        assert!(
            problem.detail.starts_with("The cursor"),
            "{}",
            problem.detail
        );
        assert!(problem.detail.ends_with('.'));
    }
}
