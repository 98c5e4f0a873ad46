//! scrubjay: local.
