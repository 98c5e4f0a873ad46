//! Reads bucket A and writes the clean file to the staging bucket.

use scrubjay_jpeg::Options;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::Findings;
use scrubjay_pipeline::aws::{self, FenceReader, Source, StagingWriter};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::fence::FenceSnapshot;
use scrubjay_pipeline::upload::{Staged, Upload, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    fences: FenceReader,
    source: Source,
    staging: StagingWriter,
    options: Options,
}

impl Deps {
    /// From `AUDIT_TABLE`, `STAGING_BUCKET` and the stripper's options.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let table = env.required("AUDIT_TABLE");
        let staging = env.required("STAGING_BUCKET");
        let options = env.jpeg_options();
        let sdk = aws::sdk_config();
        let s3 = aws::s3_client(&sdk);
        env.finish(Self {
            fences: FenceReader::new(&sdk, table),
            source: Source::new(s3.clone()),
            staging: StagingWriter::new(s3, staging),
            options,
        })
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        tokio::join!(self.staging.open(), self.fences.open());
    }
}

#[derive(Deserialize)]
struct Input {
    upload: Upload,
}

/// What Publish needs, and what Record will say.
#[derive(Serialize)]
pub struct Output {
    staged: Staged,
    #[serde(rename = "seen")]
    snapshot: FenceSnapshot,
    findings: Findings,
}

/// `{upload}` in, [`Output`] out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Output, Error> {
    let Input { upload } = decode(input)?;
    // Taken before bucket A is read: an act that a source check admits in between must be noticed.
    let snapshot = deps.fences.snapshot(&upload.object()).await?;
    let bytes = deps
        .source
        .read(&upload, deps.options.limits.max_bytes)
        .await?;
    let clean = scrubjay_jpeg::strip(&bytes, &deps.options)?;
    let staged = deps.staging.write(&upload.object(), &bytes, &clean).await?;
    Ok(Output {
        staged,
        snapshot,
        findings: Findings::of(&clean.report).with_content(&bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let input: Value =
            serde_json::from_str(include_str!("../../../events/strip.json")).unwrap();
        let Input { upload } = decode(&input).unwrap();
        assert!(upload.sequencer.is_some() && upload.version_id.is_some());
    }
}
