//! Lists what a bucket holds: keys, ETags and times, never contents.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{EncodingType, ExpirationStatus, LifecycleRule, Tag};
use jiff::Timestamp;

use super::s3::{bare, unavailable};
use crate::Error;
use crate::reconcile::{Listed, Page, decoded};

/// Tag of rejected uploads. A lifecycle rule that is limited to this tag expires no original of a photo in bucket B.
const OUR_TAG: &str = "scrubjay:status";

/// A bucket whose objects can be listed, but not read.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// Uses this client.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Up to `most` (at most 1,000) objects whose key begins with `prefix`, after the key `after`, in the order of their keys
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>: UTF-8 binary order).
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn page(&self, prefix: &str, after: &str, most: usize) -> Result<Page, Error> {
        const DOING: &str = "list a bucket";
        let list = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            // A key may have characters that XML cannot represent.
            .encoding_type(EncodingType::Url)
            .max_keys(i32::try_from(most.clamp(1, 1_000)).unwrap_or(1_000))
            .set_prefix(Some(prefix).filter(|p| !p.is_empty()).map(Into::into))
            .set_start_after(Some(after).filter(|a| !a.is_empty()).map(Into::into));
        let answer = list.send().await.map_err(unavailable(DOING))?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let strange = |what: String| Error::StorageUnavailable {
            doing: DOING,
            source: what.into(),
        };
        let mut objects = Vec::with_capacity(answer.contents().len());
        for object in answer.contents() {
            let key = object.key().unwrap_or_default();
            let key = if encoded {
                decoded(key).ok_or_else(|| strange("a key that is not UTF-8".into()))?
            } else {
                key.to_owned()
            };
            let modified = object
                .last_modified()
                .and_then(|at| Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).ok())
                .ok_or_else(|| strange("an object without a time".into()))?;
            objects.push(Listed {
                key,
                etag: bare(object.e_tag()),
                modified,
            });
        }
        Ok(Page {
            objects,
            more: answer.is_truncated().unwrap_or(false),
        })
    }

    /// Whether a lifecycle rule removes current objects, other than uploads that were refused
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>).
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn expires(&self) -> Result<bool, Error> {
        let get = self
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(&self.name);
        match get.send().await {
            Ok(answer) => Ok(answer.rules().iter().any(expires_photos)),
            Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(false),
            Err(error) => Err(unavailable("read a bucket's lifecycle rules")(error)),
        }
    }
}

fn expires_photos(rule: &LifecycleRule) -> bool {
    let expires = rule
        .expiration()
        .is_some_and(|e| e.days().is_some() || e.date().is_some());
    let ours = |tag: &Tag| tag.key() == OUR_TAG;
    let confined = rule.filter().is_some_and(|filter| {
        filter.tag().is_some_and(ours)
            || filter.and().is_some_and(|and| and.tags().iter().any(ours))
    });
    *rule.status() == ExpirationStatus::Enabled && expires && !confined
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{LifecycleExpiration, LifecycleRuleFilter};

    use super::*;

    #[test]
    fn only_an_expiry_of_current_photos_counts() {
        let rule = |status: ExpirationStatus, expiration, tag: Option<&str>| {
            let tag = tag.map(|key| Tag::builder().key(key).value("x").build().unwrap());
            LifecycleRule::builder()
                .status(status)
                .expiration(expiration)
                .filter(LifecycleRuleFilter::builder().set_tag(tag).build())
                .build()
                .unwrap()
        };
        let days = || LifecycleExpiration::builder().days(30).build();
        let markers = LifecycleExpiration::builder()
            .expired_object_delete_marker(true)
            .build();
        let on = ExpirationStatus::Enabled;
        assert!(expires_photos(&rule(on.clone(), days(), None)));
        assert!(expires_photos(&rule(on.clone(), days(), Some("project"))));
        assert!(!expires_photos(&rule(on.clone(), days(), Some(OUR_TAG))));
        assert!(!expires_photos(&rule(on, markers, None)));
        assert!(!expires_photos(&rule(
            ExpirationStatus::Disabled,
            days(),
            None
        )));
    }
}
