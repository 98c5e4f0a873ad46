//! What `up` is doing.

use std::fmt;

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
            Self::Building(names) => write!(f, "building {}", names.join(", ")),
            Self::Cargo(line) => f.write_str(line),
            Self::Packaging => f.write_str("packaging the functions"),
            Self::Deploying => f.write_str("deploying template.yaml"),
            Self::Ready => f.write_str("ready"),
        }
    }
}

/// Where the steps are reported; a closure `Fn(Progress)` that can be called from any thread.
pub(crate) type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);
