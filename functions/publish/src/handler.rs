//! Reads the staged file, proves it clean, records the upload in the fence as the key's newest, and writes bucket B.

use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit;
use scrubjay_pipeline::aws::{self, Publisher};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::fence::{Act, End, FenceSnapshot, Run};
use scrubjay_pipeline::metrics::Metrics;
use scrubjay_pipeline::upload::{Staged, Upload, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    publisher: Publisher,
    metrics: Metrics,
}

impl Deps {
    /// From what [`Publisher`] needs and `STACK`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let publisher = Publisher::new(&aws::sdk_config(), &mut env);
        let metrics = Metrics::new(env.required("STACK"));
        env.finish(Self { publisher, metrics })
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        self.publisher.open().await;
    }
}

#[derive(Deserialize)]
struct Input {
    upload: Upload,
    staged: Staged,
    #[serde(rename = "seen")]
    snapshot: FenceSnapshot,
}

/// What is in bucket B now.
#[derive(Serialize)]
pub struct Output {
    output: audit::Output,
}

/// `{upload, staged, seen}` in, [`Output`] out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Output, Error> {
    let Input {
        upload,
        staged,
        snapshot,
    } = decode(input)?;
    let act = Act::Publish {
        upload: upload.entry(),
        sequencer: upload.sequencer.clone(),
        staged: staged.clone(),
        snapshot,
        execution: upload.execution.clone(),
    };
    let end = deps
        .publisher
        .carry_out(Run::new(act), &upload.bucket, &upload.key)
        .await;
    if matches!(end, Err(Error::NotClean(_))) {
        deps.metrics.not_clean();
    }
    match end? {
        End::Done(fence) => {
            let etag = fence.output.unwrap_or_default();
            Ok(Output {
                output: audit::Output {
                    size: staged.size,
                    etag,
                    sha256: staged.sha256,
                },
            })
        }
        End::Newer => Err(Error::NewerUpload),
        End::Stale => Err(Error::SourceStale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let input: Value =
            serde_json::from_str(include_str!("../../../events/publish.json")).unwrap();
        let Input {
            upload,
            staged,
            snapshot,
        } = decode(&input).unwrap();
        assert!(upload.entry().starts_with("upload#"));
        assert_eq!((staged.size, snapshot.rev), (470_655, 0));
    }
}
