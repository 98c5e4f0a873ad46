//! scrubjay: pipeline.
