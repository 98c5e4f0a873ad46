//! scrubjay: jpeg.
