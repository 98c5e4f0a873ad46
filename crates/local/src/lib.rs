//! The whole pipeline on this machine: an emulated AWS with the real `template.yaml` deployed on it.
//!
//! [`up`] sets the pinned emulator up in a virtual environment under the target directory, starts it on a free
//! port of 127.0.0.1, creates the foundation (`foundation.yaml`, standing in for Terraform), builds and packages
//! the functions, and deploys the template. What it hands back is a [`Stack`]: endpoint, names, and clients.
//!
//! ```no_run
//! # async fn example() -> Result<(), scrubjay_local::Error> {
//! use scrubjay_local::{Options, up};
//!
//! let stack = up(Options::new("."), &|progress| eprintln!("{progress}")).await?;
//! stack.put("holiday/beach.jpg", b"...".to_vec()).await?;
//! stack.down().await
//! # }
//! ```
//!
//! A stack lives in its own directory, `<target>/scrubjay-local/<name>/`, with its own port, so several run side by
//! side. Its processes end with [`Stack::down`], when the [`Stack`] is dropped, and when the process that holds it
//! ends in any way, Ctrl-C and SIGKILL included; [`Stack::detach`] leaves it running for [`attach`] to find, or,
//! from any folder, [`find`].
//!
//! The emulator is `MiniStack`. What it does not do as AWS does, and matters here, is put right by a small overlay
//! (`src/overlay/`); what remains is listed in `docs/emulator.md`.
//!
//! Python 3.10 or newer is the only prerequisite. Unix only: process groups are how nothing is left behind.

mod deploy;
mod emulator;
mod error;
pub mod faults;
mod foundation;
mod functions;
pub mod gallery;
mod home;
pub mod pages;
mod progress;
mod python;
pub mod signing_key;
mod stack;
mod template;
pub mod users;

pub use error::{Error, Result};
pub use functions::Functions;
pub use gallery::GALLERY;
pub use progress::Progress;
pub use stack::{Options, Outputs, Stack, attach, find, up};
