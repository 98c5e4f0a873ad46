//! Removes from bucket B what bucket A no longer has, or what was replaced by a file that is refused.

use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::{self, Audit, Publisher};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::fence::{Act, End, FenceSnapshot, Run};
use scrubjay_pipeline::reconcile::OnRejected;
use scrubjay_pipeline::upload::{Sequencer, Suffixes, decode, object};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    publisher: Publisher,
    audit: Audit,
    on_rejected: OnRejected,
    suffixes: Suffixes,
}

impl Deps {
    /// From what [`Publisher`] needs and `ON_REJECTED`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let sdk = aws::sdk_config();
        let publisher = Publisher::new(&sdk, &mut env);
        let audit = Audit::new(&sdk, env.required("AUDIT_TABLE"));
        let on_rejected = env.or("ON_REJECTED", OnRejected::Withdraw);
        let suffixes = env.or("SUFFIXES", Suffixes::Jpeg);
        env.finish(Self {
            publisher,
            audit,
            on_rejected,
            suffixes,
        })
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        self.publisher.open().await;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    upload: Subject,
    /// The fence before the source check.
    #[serde(rename = "seen")]
    snapshot: FenceSnapshot,
    /// What bucket A was found to hold: an ETag, or nothing.
    #[serde(default)]
    current: Option<String>,
}

/// A deleted object, or (with `rejected`) an upload that was refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    bucket: String,
    key: String,
    #[serde(default)]
    sequencer: Option<Sequencer>,
    #[serde(default)]
    version_id: Option<String>,
    execution: String,
    /// ETag of the refused upload.
    #[serde(default)]
    rejected: Option<String>,
    /// S3's `deletion-type` of a delete.
    #[serde(default)]
    deletion_type: Option<String>,
}

impl Subject {
    /// A version was deleted for good, so that an older one may have become current: S3 sends no *Object Created* for that.
    fn may_reveal(&self) -> bool {
        self.version_id.is_some() && self.deletion_type.as_deref() == Some("Permanently Deleted")
    }
}

/// What was done.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Output {
    /// Bucket B holds nothing under the key now.
    Removed,
    /// Bucket A holds the object, so there is nothing to remove.
    Present,
    /// Bucket A holds an object that no event will announce: it must be treated as an upload.
    Revealed {
        /// Its ETag.
        etag: String,
    },
    /// A newer act was admitted.
    Overtaken,
    /// Nothing was removed: the policy is to keep the older photo, or the key has none of the accepted endings.
    Kept,
}

/// `{upload, seen, current}` in, [`Output`] out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Output, Error> {
    let Input {
        upload,
        snapshot,
        current,
    } = decode(input)?;
    if upload.rejected.is_some() && deps.on_rejected == OnRejected::Keep {
        return Ok(Output::Kept);
    }
    // With a key prefix, the rule cannot filter by suffix, so deletes of other files come too.
    if upload.rejected.is_none() && !deps.suffixes.take(&upload.key) {
        return Ok(Output::Kept);
    }
    if let Some(etag) = current
        && upload.rejected.as_ref() != Some(&etag)
    {
        // A revealed version is treated as an upload even if bucket B shows it already. A removal that checked bucket A earlier
        // may still be running, and only a newly admitted act makes it check again.
        return Ok(if upload.may_reveal() {
            Output::Revealed { etag }
        } else {
            Output::Present
        });
    }
    remove(deps, &upload, snapshot).await
}

async fn remove(deps: &Deps, upload: &Subject, snapshot: FenceSnapshot) -> Result<Output, Error> {
    let act = Act::Remove {
        sequencer: upload.sequencer.clone(),
        snapshot,
        execution: upload.execution.clone(),
    };
    match deps
        .publisher
        .carry_out(Run::new(act), &upload.bucket, &upload.key)
        .await?
    {
        End::Done(fence) => {
            if let Some(entry) = &fence.upload {
                let object = object(&upload.bucket, &upload.key);
                deps.audit
                    .retracted(&object, entry, &upload.execution, jiff::Timestamp::now())
                    .await?;
            }
            Ok(Output::Removed)
        }
        End::Newer => Ok(Output::Overtaken),
        End::Stale => Err(Error::SourceStale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let input: Value =
            serde_json::from_str(include_str!("../../../events/retract.json")).unwrap();
        let Input {
            upload, current, ..
        } = decode(&input).unwrap();
        assert!(current.is_none() && !upload.may_reveal());
    }
}
