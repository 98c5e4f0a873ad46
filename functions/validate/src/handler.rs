//! Reads bucket A; is this a JPEG that we accept, and what is in it?

use scrubjay_jpeg::Options;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::Findings;
use scrubjay_pipeline::aws::{self, Source};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::upload::{Upload, decode};
use serde::Deserialize;
use serde_json::Value;

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

/// `{upload}` in, [`Findings`] out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Findings, Error> {
    let Input { upload } = decode(input)?;
    let bytes = deps
        .source
        .read(&upload, deps.options.limits.max_bytes)
        .await?;
    Ok(Findings::of(&scrubjay_jpeg::inspect(
        &bytes,
        &deps.options,
    )?))
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
