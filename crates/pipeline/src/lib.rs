//! The domain of scrubjay: what an upload is, what the audit table says of it, which errors there are, and the protocol
//! that keeps bucket B at the newest state of bucket A; and the adapters that carry it out on S3 and DynamoDB.
//!
//! Start at [`upload`] (what comes in), [`fence`] (who may write bucket B, and why that is safe) and [`Error`] (the one
//! enum whose variant names the state machine matches on).

pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
pub mod config;
mod error;
pub mod fence;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod metrics;
pub mod reconcile;
pub mod upload;

pub use error::{Class, Error};
