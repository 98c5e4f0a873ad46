//! What `up` is doing.

use std::fmt;
use std::time::Duration;

/// A step of [`up`](crate::up), in the order in which they happen. `Display` gives one line for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The emulator is being installed: once per machine, about 20 seconds and a download.
    Installing,
    /// The emulator's process has been started.
    Starting,
    /// It answers, at this address.
    Started(String),
    /// Buckets, key, table and parameters are being created.
    Foundation,
    /// The functions are being built with cargo.
    Building(Vec<String>),
    /// How far that is; told whenever one is built, and every 15 seconds.
    Built {
        /// So many functions are built.
        built: usize,
        /// Of so many.
        of: usize,
        /// So long it has taken.
        since: Duration,
    },
    /// A line that cargo printed.
    Cargo(String),
    /// The functions are being zipped and uploaded.
    Packaging,
    /// The template is being deployed.
    Deploying,
    /// Everything is there.
    Ready,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installing => f.write_str("installing the emulator (once)"),
            Self::Starting => f.write_str("starting the emulator"),
            Self::Started(endpoint) => write!(f, "emulator ready at {endpoint}"),
            Self::Foundation => f.write_str("creating buckets, key, table and parameters"),
            Self::Building(names) => write!(
                f,
                "building {} functions ({}); the first time this takes minutes",
                names.len(),
                names.join(", ")
            ),
            Self::Built { built, of, since } => write!(
                f,
                "built {built} of {of} functions ({} so far)",
                Span(*since)
            ),
            Self::Cargo(line) => f.write_str(line),
            Self::Packaging => f.write_str("packaging the functions"),
            Self::Deploying => f.write_str("deploying template.yaml"),
            Self::Ready => f.write_str("ready"),
        }
    }
}

/// `40 s` or `2 min`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ ..120 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} min", seconds / 60),
        }
    }
}

/// Where the steps are reported; a closure `Fn(Progress)` that can be called from any thread.
pub(crate) type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);
