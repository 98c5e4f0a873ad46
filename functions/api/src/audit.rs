//! What the audit table says of uploads: read by key or by the index of statuses, never a scan.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::audit::{Event, Reason, Removed, Status, stamp};
use serde::Deserialize;

use crate::problem::Problem;
use crate::words::ExifParts;

/// Uploads of one key that are read, in the order of their ETags. The API gives every upload a key of its own, so there are more only
/// if somebody else writes to bucket A too.
const UPLOADS: i32 = 50;
/// Pages of the index that counting may take for one status: some 20,000 items.
const COUNTED_PAGES: usize = 20;

/// One upload of a key, as far as the API tells of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// `<bucket>/<key>`.
    pub object: String,
    /// Its status.
    pub status: Status,
    /// ARN of the execution that works on it, or did.
    pub execution: String,
    /// When it got its status.
    pub updated_at: Timestamp,
    /// What was removed.
    #[serde(default)]
    pub removed: Option<Vec<Removed>>,
    /// Which parts its Exif segments had.
    #[serde(default)]
    pub exif: Option<ExifParts>,
    /// What was kept beside the picture.
    #[serde(default)]
    pub kept: Vec<String>,
    /// What was done about Exif Orientation.
    #[serde(default)]
    pub orientation: Option<String>,
    /// Why it was not published, if it was not.
    #[serde(default)]
    pub error: Option<Reason>,
    /// What happened to it, oldest first.
    #[serde(default)]
    pub history: Vec<Event>,
}

impl Upload {
    /// The key in bucket A. Bucket names have no slash.
    pub fn key(&self) -> &str {
        self.object.split_once('/').map_or("", |(_, key)| key)
    }
}

/// A page of failed uploads.
pub struct Failures {
    /// The latest first.
    pub uploads: Vec<Upload>,
    /// The day and the key of the index after which the next page begins.
    pub next: Option<Place>,
}

/// Where a list of failures goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Days before today.
    pub days: i64,
    /// Key of the last item: object, entry, time.
    pub after: Option<[String; 3]>,
}

/// The audit table, read.
#[derive(Debug, Clone)]
pub struct Audit {
    client: Client,
    table: String,
    bucket: String,
}

impl Audit {
    /// Of the uploads into `bucket`.
    pub fn new(client: Client, table: String, bucket: String) -> Self {
        Self {
            client,
            table,
            bucket,
        }
    }

    /// The uploads of a key, the latest first.
    pub async fn uploads(&self, key: &str) -> Result<Vec<Upload>, Problem> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#object = :object AND begins_with(entry, :upload)")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", text(format!("{}/{key}", self.bucket)))
            .expression_attribute_values(":upload", text("upload#"))
            .limit(UPLOADS)
            .send()
            .await
            .map_err(unavailable)?;
        let mut uploads = decode(answer.items.unwrap_or_default())?;
        uploads.sort_by_key(|upload| std::cmp::Reverse(upload.updated_at));
        Ok(uploads)
    }

    /// The failed uploads of the last `days` days, the latest first.
    pub async fn failures(
        &self,
        now: Timestamp,
        days: i64,
        from: Option<Place>,
        most: usize,
    ) -> Result<Failures, Problem> {
        let mut place = from.unwrap_or(Place {
            days: 0,
            after: None,
        });
        let mut uploads = Vec::new();
        while place.days <= days {
            // FAILED has one partition a day, whatever the object.
            let at = now - SignedDuration::from_hours(24 * place.days);
            let day = Status::Failed.partition(at, "");
            let start = place.after.take().map(|[object, entry, updated]| {
                HashMap::from([
                    ("object".to_owned(), text(object)),
                    ("entry".to_owned(), text(entry)),
                    ("statusDay".to_owned(), text(&day)),
                    ("updatedAt".to_owned(), text(updated)),
                ])
            });
            let left = i32::try_from(most - uploads.len()).unwrap_or(i32::MAX);
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("by-status")
                .key_condition_expression("statusDay = :day")
                .expression_attribute_values(":day", text(&day))
                .scan_index_forward(false)
                .limit(left)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(unavailable)?;
            uploads.extend(decode(answer.items.unwrap_or_default())?);
            let last = answer.last_evaluated_key.and_then(|key| {
                let part = |name| key.get(name)?.as_s().ok().cloned();
                Some([part("object")?, part("entry")?, part("updatedAt")?])
            });
            match last {
                Some(last) => place.after = Some(last),
                None => place.days += 1,
            }
            if uploads.len() >= most {
                break;
            }
        }
        let next = (place.days <= days).then_some(place);
        Ok(Failures { uploads, next })
    }

    /// How many items a partition of the index has within a time, and whether all of them were counted.
    pub async fn count(
        &self,
        partition: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<(u64, bool), Problem> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("by-status")
            .select(Select::Count)
            .key_condition_expression("statusDay = :day AND updatedAt BETWEEN :from AND :until")
            .expression_attribute_values(":day", text(partition))
            .expression_attribute_values(":from", text(stamp(from)))
            .expression_attribute_values(":until", text(stamp(until)))
            .into_paginator()
            .send();
        let mut count = 0;
        let mut read = 0;
        while let Some(page) = pages.next().await {
            count += u64::from(page.map_err(unavailable)?.count.unsigned_abs());
            read += 1;
            if read == COUNTED_PAGES {
                return Ok((count, false));
            }
        }
        Ok((count, true))
    }
}

fn decode(items: Vec<HashMap<String, AttributeValue>>) -> Result<Vec<Upload>, Problem> {
    serde_dynamo::from_items(items)
        .map_err(|error| Problem::bug(format!("an audit item does not decode: {error}")))
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// The answer to an error of any service behind the API.
pub fn unavailable<E>(error: SdkError<E>) -> Problem
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    Problem::unavailable(match error.code() {
        Some(code) => code.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    })
}
