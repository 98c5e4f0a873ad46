//! Keys of bucket A as people give them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use scrubjay::show;
use scrubjay_pipeline::upload::Suffixes;

/// `holiday/beach.jpg`, `my-bucket-a/holiday/beach.jpg` (as an export has it) or `s3://my-bucket-a/holiday/beach.jpg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyArg(String);

impl FromStr for KeyArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyArg {
    /// The key, in bucket A of that name. A key that begins with the bucket's own name is given as `s3://`.
    ///
    /// # Errors
    /// When another bucket is named.
    pub fn key(&self, bucket: &str) -> Result<String> {
        if let Some(address) = self.0.strip_prefix("s3://") {
            let (named, key) = address.split_once('/').unwrap_or((address, ""));
            if named != bucket {
                bail!(
                    "{} is in another bucket than {bucket}, bucket A of this stack",
                    show::printable(&self.0)
                );
            }
            if key.is_empty() {
                bail!("{} names no key", show::printable(&self.0));
            }
            return Ok(key.to_owned());
        }
        let below = self.0.strip_prefix(bucket);
        let key = below.and_then(|rest| rest.strip_prefix('/'));
        Ok(key.unwrap_or(&self.0).to_owned())
    }
}

/// Why the pipeline does not take a key, if it does not.
pub fn not_taken(key: &str, suffixes: Suffixes) -> Option<String> {
    (!suffixes.take(key)).then(|| {
        let (last, others) = suffixes
            .list()
            .split_last()
            .expect("there is at least one ending");
        format!(
            "the pipeline does not take {}: it does not end in {} or {last}",
            show::printable(key),
            others.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_three_ways() {
        let key = |text: &str| text.parse::<KeyArg>().unwrap().key("bucket-a").ok();
        for (text, wanted) in [
            ("a/b.jpg", Some("a/b.jpg")),
            ("bucket-a/a/b.jpg", Some("a/b.jpg")),
            ("s3://bucket-a/a/b.jpg", Some("a/b.jpg")),
            ("s3://bucket-a/bucket-a/b.jpg", Some("bucket-a/b.jpg")),
            ("bucket-ab/c.jpg", Some("bucket-ab/c.jpg")),
            ("s3://bucket-b/a.jpg", None),
            ("s3://bucket-a", None),
        ] {
            assert_eq!(key(text).as_deref(), wanted, "{text}");
        }
        assert_eq!(not_taken("a.JPG", Suffixes::Jpeg), None);
        for (suffixes, listed) in [
            (Suffixes::Jpeg, ".jpg, .jpeg or .jpe"),
            (Suffixes::JpegAndJfif, ".jpe, .jfif, .jif or .jfi"),
        ] {
            assert!(not_taken("a.png", suffixes).unwrap().ends_with(listed));
        }
    }
}
