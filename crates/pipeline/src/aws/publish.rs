//! Carries a run of the [`crate::fence`] out on S3 and DynamoDB.

use std::ops::ControlFlow;

use aws_config::SdkConfig;
use bytes::Bytes;
use scrubjay_jpeg::Copyright;

use super::fences::Fences;
use super::s3::{Destination, StagingReader};
use super::s3_client;
use crate::Error;
use crate::config::Lookup;
use crate::fence::{End, Op, Reply, Run};
use crate::upload::{Staged, object};

/// A run that has not ended after this many steps fails with a transient error, so that it is retried with back-off.
const STEPS: usize = 64;

/// The only type that can change bucket B. Publish and Retract use it.
#[derive(Debug)]
pub struct Publisher {
    fences: Fences,
    staging: StagingReader,
    destination: Destination,
    copyright: Copyright,
}

impl Publisher {
    /// From `AUDIT_TABLE`, `STAGING_BUCKET`, `DESTINATION_BUCKET` and `COPYRIGHT`.
    pub fn new<F: Fn(&str) -> Option<String>>(sdk: &SdkConfig, env: &mut Lookup<F>) -> Self {
        let s3 = s3_client(sdk);
        Self {
            fences: Fences::new(sdk, env.required("AUDIT_TABLE")),
            staging: StagingReader::new(s3.clone(), env.required("STAGING_BUCKET")),
            destination: Destination::new(s3, env.required("DESTINATION_BUCKET")),
            copyright: env.copyright(),
        }
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        tokio::join!(self.destination.open(), self.fences.open());
    }

    /// Carries out `run` for one key of `source_bucket` to its end. Bytes go to bucket B only after
    /// [`scrubjay_jpeg::verify`] has accepted them, whoever staged them.
    ///
    /// # Errors
    /// [`Error::NotClean`], [`Error::SourceStale`] (the run's own staged file has expired), [`Error::StagedFileExpired`] (the
    /// staged file of the act that was admitted last has expired), and the other transient errors. After any of them, and after
    /// a crash, the run may be started again from its beginning.
    pub async fn carry_out(
        &self,
        mut run: Run,
        source_bucket: &str,
        key: &str,
    ) -> Result<End, Error> {
        let object = object(source_bucket, key);
        let mut fetched: Option<(Staged, Bytes)> = None;
        for _ in 0..STEPS {
            let op = match run.next() {
                ControlFlow::Continue(op) => op,
                ControlFlow::Break(end) => return Ok(end),
            };
            let reply = match op {
                Op::Observe => Reply::Object(self.destination.etag(key).await?),
                Op::ReadFence => Reply::Fence(self.fences.read(&object).await?),
                Op::WriteFence { expected, fence } => {
                    // The bytes are proved clean before they are admitted, because from then on older runs of the key may
                    // publish them.
                    if let Some(staged) = &fence.staged
                        && fetched.as_ref().is_none_or(|(of, _)| of != staged)
                    {
                        fetched = Some((staged.clone(), self.proved(staged).await?));
                    }
                    Reply::Applied(self.fences.replace(&object, expected, &fence).await?)
                }
                Op::NoteOutput { known, fence } => {
                    Reply::Applied(self.fences.note(&object, known.as_ref(), &fence).await?)
                }
                Op::Put { staged, expected } => {
                    let bytes = match fetched.take() {
                        Some((of, bytes)) if of == staged => bytes,
                        _ => self.proved(&staged).await.map_err(|error| match error {
                            // Only the run that staged a file can stage it again.
                            Error::SourceStale if run.staged() != Some(&staged) => {
                                Error::StagedFileExpired
                            }
                            other => other,
                        })?,
                    };
                    let reply = self
                        .destination
                        .put(key, bytes.clone(), expected.as_ref())
                        .await?;
                    fetched = Some((staged, bytes));
                    Reply::Put(reply)
                }
                Op::Delete { expected } => {
                    Reply::Applied(self.destination.delete(key, &expected).await?)
                }
            };
            run.reply(reply);
        }
        Err(Error::StorageUnavailable {
            doing: "bring bucket B to what the fence says",
            source: "too many other writers of this key".into(),
        })
    }

    /// A staged file's bytes, proved to be in canonical clean form.
    async fn proved(&self, staged: &Staged) -> Result<Bytes, Error> {
        let bytes = self.staging.read(staged).await?;
        scrubjay_jpeg::verify_with(&bytes, self.copyright)
            .map_err(|leak| Error::NotClean(leak.to_string()))?;
        Ok(bytes)
    }
}
