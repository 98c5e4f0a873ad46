//! Reads the beginning of a file in bucket A, checks whether it is a JPEG that scrubjay accepts, and reports what precedes its
//! picture.
//!
//! This check decodes nothing. It refuses only what can be recognised from the first bytes. Strip reads the whole file and
//! decides on the rest.

use scrubjay_jpeg::{Head, Options, inspect_head};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::Findings;
use scrubjay_pipeline::aws::{self, Source};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::upload::{Upload, decode};
use serde::Deserialize;
use serde_json::Value;

/// Bytes that are read first. In most files the first scan begins within them.
const FIRST: u64 = 64 << 10;
/// Bytes that are read if that was not enough. If the first scan begins even later, Strip decides on the file.
const MOST: u64 = 4 << 20;

/// Made once per cold start.
pub struct Deps {
    source: Source,
    source_bucket: String,
    options: Options,
}

impl Deps {
    /// From `SOURCE_BUCKET` and the stripper's options.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let source_bucket = env.required("SOURCE_BUCKET");
        let options = env.jpeg_options();
        let source = Source::new(aws::s3_client(&aws::sdk_config()));
        env.finish(Self {
            source,
            source_bucket,
            options,
        })
    }

    /// Opens the connection to S3.
    pub async fn open(&self) {
        self.source.open(&self.source_bucket).await;
    }
}

#[derive(Deserialize)]
struct Input {
    upload: Upload,
}

/// `{upload}` in, [`Findings`] of the file's head out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Findings, Error> {
    let Input { upload } = decode(input)?;
    let mut head = read(deps, &upload, FIRST).await?;
    if !head.complete && head.report.bytes_in > FIRST {
        head = read(deps, &upload, MOST).await?;
    }
    Ok(Findings::of(&head.report))
}

async fn read(deps: &Deps, upload: &Upload, most: u64) -> Result<Head, Error> {
    let max_bytes = deps.options.limits.max_bytes;
    let (bytes, size) = deps.source.read_head(upload, most, max_bytes).await?;
    Ok(inspect_head(&bytes, size, &deps.options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let input: Value =
            serde_json::from_str(include_str!("../../../events/validate.json")).unwrap();
        let Input { upload } = decode(&input).unwrap();
        assert_eq!(upload.key, "holiday/beach + sea.jpg");
        assert!(matches!(
            decode::<Input>(&serde_json::json!({})),
            Err(Error::BadEvent(_))
        ));
    }
}
