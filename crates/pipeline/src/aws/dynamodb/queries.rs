//! What Reconcile asks of the audit table, by key and by index: never a scan.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures::future::try_join_all;
use jiff::Timestamp;

use super::super::fences;
use super::{Audit, not_ours, number, text, unavailable, value};
use crate::Error;
use crate::audit::{Status, expires_at, stamp};
use crate::metrics::Reconciled;
use crate::reconcile::{BackfillCounts, KnownUpload, StoredFence, StuckItem};

/// Keys of one request (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const BATCH: usize = 100;
/// How often the keys that DynamoDB left unanswered are requested, at most.
const ROUNDS: u32 = 8;

/// Reads what Reconcile compares with, and keeps Reconcile's cursor. It can write no audit item and no fence.
#[derive(Debug, Clone)]
pub struct AuditQueries(Audit);

impl AuditQueries {
    /// Queries the audit table with this name.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self(Audit::new(sdk, table))
    }

    /// The fences of several objects, each once, strongly consistent; an object without one is not in the answer.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn fences(&self, objects: &[String]) -> Result<HashMap<String, StoredFence>, Error> {
        let mut fences = HashMap::new();
        for batch in objects.chunks(BATCH) {
            let keys = batch.iter().map(|object| {
                HashMap::from([
                    ("object".to_owned(), text(object)),
                    ("entry".to_owned(), text(fences::ENTRY)),
                ])
            });
            for item in self.batch(keys.collect()).await? {
                let stored: StoredFence =
                    serde_dynamo::from_item(item).map_err(not_ours("read fences"))?;
                fences.insert(stored.object.clone(), stored);
            }
        }
        Ok(fences)
    }

    /// The items of up to [`BATCH`] keys. DynamoDB may answer a batch in part; the rest is requested again, after a longer wait
    /// each time.
    async fn batch(
        &self,
        mut keys: Vec<HashMap<String, AttributeValue>>,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, Error> {
        const DOING: &str = "read fences";
        let mut items = Vec::with_capacity(keys.len());
        for round in 0..ROUNDS {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|e| Error::AuditUnavailable {
                    doing: DOING,
                    source: e.into(),
                })?;
            let answer = self
                .0
                .table
                .client
                .batch_get_item()
                .request_items(&self.0.table.name, wanted)
                .send()
                .await
                .map_err(unavailable(DOING))?;
            items.extend(answer.responses.into_iter().flatten().flat_map(|(_, i)| i));
            keys = answer
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, left)| left.keys)
                .collect();
            if keys.is_empty() {
                return Ok(items);
            }
            tokio::time::sleep(Duration::from_millis(50 << round)).await;
        }
        Err(Error::AuditUnavailable {
            doing: DOING,
            source: "the table answers in part only".into(),
        })
    }

    /// Up to `most` items that have said PROCESSING since `day` and were last changed before `before`, oldest first. The index
    /// is eventually consistent, so an item may have another status by now.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn processing(
        &self,
        day: Timestamp,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<StuckItem>, Error> {
        let partitions = Status::Processing.partitions(day);
        let asked = partitions
            .into_iter()
            .map(|partition| self.processing_in(partition, before, most));
        let mut found: Vec<StuckItem> = try_join_all(asked).await?.into_iter().flatten().collect();
        found.sort_by(|a, b| a.updated_at.cmp(&b.updated_at));
        found.truncate(most);
        Ok(found)
    }

    /// The part of [`AuditQueries::processing`] that is in one partition.
    async fn processing_in(
        &self,
        partition: String,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<StuckItem>, Error> {
        const DOING: &str = "find items long in processing";
        let mut pages = self
            .0
            .table
            .client
            .query()
            .table_name(&self.0.table.name)
            .index_name("by-status")
            .key_condition_expression("statusDay = :day AND updatedAt < :before")
            .expression_attribute_values(":day", text(partition))
            .expression_attribute_values(":before", text(stamp(before)))
            .into_paginator()
            .page_size(100)
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let items = page.map_err(unavailable(DOING))?.items.unwrap_or_default();
            let items: Vec<StuckItem> = serde_dynamo::from_items(items).map_err(not_ours(DOING))?;
            found.extend(items);
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// Whether an item still says PROCESSING and still belongs to the same execution; strongly consistent.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn still_processing(&self, stuck: &StuckItem) -> Result<bool, Error> {
        let item = self.0.item(&stuck.object, &stuck.entry).await?;
        let processing = value(&Status::Processing)?;
        Ok(item.get("status") == Some(&processing)
            && item.get("execution") == Some(&text(&stuck.execution)))
    }

    /// What is known of the uploads of an object that have this ETag: strongly consistent.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn uploads(&self, object: &str, etag: &str) -> Result<Vec<KnownUpload>, Error> {
        const DOING: &str = "read an object's uploads";
        let entry = crate::upload::entry(etag, None);
        let mut pages = self
            .0
            .table
            .client
            .query()
            .table_name(&self.0.table.name)
            .consistent_read(true)
            .key_condition_expression("#object = :object AND begins_with(entry, :entry)")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", text(object))
            .expression_attribute_values(":entry", text(&entry))
            .into_paginator()
            .send();
        let mut found: Vec<KnownUpload> = Vec::new();
        while let Some(page) = pages.next().await {
            let items = page.map_err(unavailable(DOING))?.items.unwrap_or_default();
            found.extend(
                serde_dynamo::from_items::<_, KnownUpload>(items).map_err(not_ours(DOING))?,
            );
        }
        // One ETag may be the beginning of another: two multipart uploads may have the ETags `e-1` and `e-12`.
        found.retain(|known| {
            let rest = known.entry.strip_prefix(&entry);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        });
        Ok(found)
    }

    /// Where an earlier run of Reconcile stopped: the last key that it compared, or nothing.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn cursor(&self, prefix: &str) -> Result<String, Error> {
        let item = self.0.item(RECONCILE, &cursor(prefix)).await?;
        let key = item.get("key").and_then(|key| key.as_s().ok());
        Ok(key.cloned().unwrap_or_default())
    }

    /// Keeps what a run of Reconcile found, for the report.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn keep_run(&self, at: Timestamp, found: Reconciled) -> Result<(), Error> {
        let update = self
            .0
            .table
            .client
            .update_item()
            .table_name(&self.0.table.name)
            .key("object", text(RECONCILE))
            .key("entry", text(format!("run#{}", stamp(at))))
            .update_expression(
                "SET lost = :lost, recovered = :recovered, longProcessing = :long, compared = :compared, expiresAt = :expiry",
            )
            .expression_attribute_values(":lost", number(&found.lost))
            .expression_attribute_values(":recovered", number(&found.recovered))
            .expression_attribute_values(":long", number(&found.long_processing))
            .expression_attribute_values(":compared", number(&found.compared))
            .expression_attribute_values(
                ":expiry",
                number(&expires_at(at, RUN_DAYS).unwrap_or_default()),
            );
        update
            .send()
            .await
            .map_err(unavailable("keep what a run found"))?;
        Ok(())
    }

    /// Adds the counts of a batch to those of its backfill, for whoever watches the backfill. A batch that is retried after its
    /// answer was lost is counted twice, so only the audit items say exactly what was started.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn count_backfill(&self, run: &str, counts: BackfillCounts) -> Result<(), Error> {
        let now = Timestamp::now();
        let update = self
            .0
            .table
            .client
            .update_item()
            .table_name(&self.0.table.name)
            .key("object", text(BACKFILL))
            .key("entry", text(run))
            .update_expression(
                "ADD compared :compared, unseen :unseen, orphans :orphans, kept :kept, gone :gone, started :started SET expiresAt = :expiry",
            )
            .expression_attribute_values(":compared", number(&counts.compared))
            .expression_attribute_values(":unseen", number(&counts.unseen))
            .expression_attribute_values(":orphans", number(&counts.orphans))
            .expression_attribute_values(":kept", number(&counts.kept))
            .expression_attribute_values(":gone", number(&counts.gone))
            .expression_attribute_values(":started", number(&counts.started))
            .expression_attribute_values(
                ":expiry",
                number(&expires_at(now, RUN_DAYS).unwrap_or_default()),
            );
        update
            .send()
            .await
            .map_err(unavailable("count what a backfill did"))?;
        Ok(())
    }

    /// Remembers where a run of Reconcile stops; an empty key is the beginning.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn keep_cursor(&self, prefix: &str, key: &str) -> Result<(), Error> {
        let update = self
            .0
            .table
            .client
            .update_item()
            .table_name(&self.0.table.name)
            .key("object", text(RECONCILE))
            .key("entry", text(cursor(prefix)))
            .update_expression("SET #key = :key, updatedAt = :now")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(":key", text(key))
            .expression_attribute_values(":now", text(stamp(Timestamp::now())));
        update
            .send()
            .await
            .map_err(unavailable("keep the cursor"))?;
        Ok(())
    }
}

/// Partition key of the counts of backfills; the sort key is the execution's name. No object has this partition key, since an
/// object's has a slash.
pub const BACKFILL: &str = "backfill";

/// Days for which the findings of a run are kept, because the weekly report reads them.
const RUN_DAYS: u32 = 400;

/// Partition key of the cursors and runs. No object has this partition key, since an object's has a slash.
pub(in crate::aws) const RECONCILE: &str = "reconcile";

fn cursor(prefix: &str) -> String {
    format!("cursor#{prefix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fence::FenceState;

    #[test]
    fn a_fence_is_read_as_the_table_has_it() {
        let fence = FenceState {
            rev: 1,
            source_checks: 2,
            upload: Some("upload#e#v".into()),
            output: Some("o".into()),
            ..FenceState::default()
        };
        let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&fence).unwrap();
        // The stored names are older than the names in the code. They stay, so that existing items can be read.
        assert_eq!(item["rev"], AttributeValue::N("1".into()));
        assert_eq!(item["looks"], AttributeValue::N("2".into()));
        for (name, value) in [
            ("object", "a/k"),
            ("entry", fences::ENTRY),
            ("updatedAt", "1970-01-01T00:00:20.000Z"),
        ] {
            item.insert(name.into(), text(value));
        }
        let read: StoredFence = serde_dynamo::from_item(item).unwrap();
        assert_eq!((read.object.as_str(), read.fence), ("a/k", fence));
    }
}
