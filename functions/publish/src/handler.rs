//! Reads the staging bucket, proves the file clean, fences, and writes bucket B.

use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit;
use scrubjay_pipeline::aws::{self, Audit, Bucket, Destination, Staging, carry_out};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::fence::{Act, End, Run, Seen};
use scrubjay_pipeline::metrics::Metrics;
use scrubjay_pipeline::upload::{Staged, Upload, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    audit: Audit,
    staging: Staging,
    destination: Destination,
    metrics: Metrics,
}

impl Deps {
    /// From `AUDIT_TABLE`, `STAGING_BUCKET`, `DESTINATION_BUCKET` and `STACK`.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let table = env.required("AUDIT_TABLE");
        let staging = env.required("STAGING_BUCKET");
        let destination = env.required("DESTINATION_BUCKET");
        let stack = env.required("STACK");
        let sdk = aws::sdk_config().await;
        let s3 = aws::s3_client(&sdk);
        env.finish(Self {
            audit: Audit::new(&sdk, table),
            staging: Staging::new(s3.clone(), staging),
            destination: Destination::new(s3, destination),
            metrics: Metrics::new(stack),
        })
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        tokio::join!(self.destination.open(), self.audit.open());
    }
}

#[derive(Deserialize)]
struct Input {
    upload: Upload,
    staged: Staged,
    seen: Seen,
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
        seen,
    } = decode(input)?;
    let act = Act::Publish {
        upload: upload.entry(),
        sequencer: upload.sequencer.clone(),
        staged: staged.clone(),
        seen,
        execution: upload.execution.clone(),
    };
    let bucket = Bucket {
        audit: &deps.audit,
        staging: &deps.staging,
        destination: &deps.destination,
        source_bucket: &upload.bucket,
        key: &upload.key,
    };
    let end = carry_out(Run::new(act), &bucket).await;
    if matches!(end, Err(Error::NotClean(_))) {
        deps.metrics.not_clean();
    }
    match end? {
        End::Done(head) => {
            let etag = head.output.unwrap_or_default();
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
