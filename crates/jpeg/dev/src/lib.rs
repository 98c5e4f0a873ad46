//! What the tests, benchmarks and examples of `scrubjay-jpeg` share: files that are built byte by byte, files like
//! photographs, files from outside, and another project's decoder to compare samples with. No part of the product.

pub mod attacks;
pub mod bytes;
pub mod corpus;
pub mod djpeg;
pub mod notices;
pub mod photo;
pub mod profile;
pub mod samples;
