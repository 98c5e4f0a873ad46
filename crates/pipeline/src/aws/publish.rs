//! Carries a run of the [`crate::fence`] out on S3 and DynamoDB.

use bytes::Bytes;

use super::{Audit, Destination, Staging};
use crate::Error;
use crate::fence::{End, Op, Reply, Run};
use crate::upload::{Staged, object};

/// A run that has lost this many conditional writes gives way and is retried with back-off.
const STEPS: usize = 64;

/// One object of bucket B, with what a run needs to change it.
#[derive(Debug)]
pub struct Bucket<'a> {
    /// Where the fence stands.
    pub audit: &'a Audit,
    /// Where clean files wait.
    pub staging: &'a Staging,
    /// Bucket B.
    pub destination: &'a Destination,
    /// Bucket A's name: the first part of the audit table's partition key.
    pub source_bucket: &'a str,
    /// The object's key, in A and in B.
    pub key: &'a str,
}

/// Carries out `run` to its end. Bytes go to bucket B only after [`scrubjay_jpeg::verify`] has accepted them, whoever staged
/// them.
///
/// # Errors
/// [`Error::NotClean`], [`Error::SourceStale`] (the staged file has expired), and the transient ones. The run may be started
/// again from its beginning after any of them, and after a crash.
pub async fn carry_out(mut run: Run, on: &Bucket<'_>) -> Result<End, Error> {
    let object = object(on.source_bucket, on.key);
    let mut fetched: Option<(Staged, Bytes)> = None;
    for _ in 0..STEPS {
        let op = match run.next() {
            Ok(op) => op,
            Err(end) => return Ok(end),
        };
        let reply = match op {
            Op::Observe => Reply::Object(on.destination.head(on.key).await?),
            Op::ReadHead => Reply::Head(on.audit.head(&object).await?),
            Op::WriteHead { expected, head } => {
                Reply::Held(on.audit.put_head(&object, expected, &head).await?)
            }
            Op::Put { staged, seen } => {
                let bytes = match fetched.take() {
                    Some((of, bytes)) if of == staged => bytes,
                    _ => proved(on, &staged).await?,
                };
                let reply = on
                    .destination
                    .put(on.key, bytes.clone(), seen.as_ref())
                    .await?;
                fetched = Some((staged, bytes));
                Reply::Put(reply)
            }
            Op::Delete { seen } => Reply::Held(on.destination.delete(on.key, &seen).await?),
        };
        run.reply(reply);
    }
    Err(Error::StorageUnavailable {
        doing: "settle bucket B",
        source: "too many other writers of this key".into(),
    })
}

/// A staged file's bytes, proved to be in canonical clean form.
async fn proved(on: &Bucket<'_>, staged: &Staged) -> Result<Bytes, Error> {
    let bytes = on.staging.read(staged).await?;
    scrubjay_jpeg::verify(&bytes).map_err(|leak| Error::NotClean(leak.to_string()))?;
    Ok(bytes)
}
