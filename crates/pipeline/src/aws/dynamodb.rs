//! The audit items: how each upload ended.

mod queries;

pub(super) use queries::RECONCILE;
pub use queries::{AuditQueries, BACKFILL};

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;

use super::{cause, fences};
use crate::Error;
use crate::audit::{Event, Outcome, Output, Status, expires_at, stamp};
use crate::upload::Upload;

pub(super) fn unavailable<E>(doing: &'static str) -> impl FnOnce(SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::AuditUnavailable {
        doing,
        source: cause(error),
    }
}

pub(super) fn not_ours(what: &'static str) -> impl Fn(serde_dynamo::Error) -> Error {
    move |error| Error::AuditUnavailable {
        doing: what,
        source: error.into(),
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: &impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A value as DynamoDB stores it.
fn value(of: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(of).map_err(not_ours("write an item"))
}

/// Whether a conditional write was refused by its condition
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>).
pub(super) fn lost<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// What became of an outcome that was to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The item has this outcome now.
    Written,
    /// SUPERSEDED was to be recorded, but another execution of the same upload has published it. So the item says CLEANED.
    Shown,
    /// The item belongs to another execution by now, so the outcome is only in its history.
    Overtaken,
}

/// A DynamoDB table: the client and the table's name.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

impl Table {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        Self {
            client: Client::new(sdk),
            name,
        }
    }

    /// Opens the connection that the first upload would otherwise wait for, by asking for an item that cannot exist: an
    /// object's partition key has a slash, and this one has none. The answer does not matter.
    pub(super) async fn open(&self) {
        let asked = self.client.get_item().table_name(&self.name);
        let answer = asked
            .key("object", text("connection"))
            .key("entry", text("connection"))
            .send()
            .await;
        tracing::debug!(
            table = self.name,
            answered = answer.is_ok(),
            "connection opened"
        );
    }
}

/// Writes into the audit items how uploads ended. It cannot write a fence.
#[derive(Debug, Clone)]
pub struct Audit {
    table: Table,
}

impl Audit {
    /// Uses the SDK's configuration.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self {
            table: Table::new(sdk, table),
        }
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.table.open().await;
    }

    /// Writes how an upload ended, if the item is still this execution's; repeating it changes nothing.
    ///
    /// A failure is written only over PROCESSING, over an earlier failure of the same execution, or where there is no item (the
    /// claim itself failed), so that a late failure event cannot overwrite a newer success.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn record(
        &self,
        outcome: &Outcome,
        now: Timestamp,
        retention_days: u32,
    ) -> Result<Recorded, Error> {
        let upload = &outcome.upload;
        let mut set = Expression::default();
        set.put("status", value(&outcome.status)?);
        set.put(
            "statusDay",
            text(outcome.status.partition(now, &upload.object())),
        );
        set.put("updatedAt", text(stamp(now)));
        set.put("finishedAt", text(stamp(now)));
        set.put("etag", text(&upload.etag));
        set.put("execution", text(&upload.execution));
        name_upload(upload, &mut set);
        if outcome.redrives > 0 {
            self.count_redrives(outcome, &mut set).await?;
        }
        if let Some(findings) = &outcome.findings {
            set.put("source", value(&findings.source)?);
            set.put("removed", value(&findings.removed)?);
            set.put("kept", value(&findings.kept)?);
            set.put("repaired", value(&findings.repaired)?);
            set.put("orientation", text(&findings.orientation));
            if let Some(exif) = &findings.exif {
                set.put("exif", value(exif)?);
            }
            if let Some(digest) = &findings.source_sha256 {
                set.put("sourceSha256", text(digest));
            }
        }
        if let Some(output) = &outcome.output {
            set.put("output", value(output)?);
        }
        if let Some(expiry) = expires_at(now, retention_days) {
            set.put("expiresAt", number(&expiry));
        }
        match &outcome.error {
            Some(error) => set.put("error", value(error)?),
            None => set.remove("error"),
        }
        set.remove("leaseUntil");
        set.append_history(&event(outcome.status, &upload.execution, now)?);
        set.value(":execution", text(&upload.execution));
        set.value(":processing", value(&Status::Processing)?);
        set.value(":failed", value(&Status::Failed)?);
        // A failure event may come more than once, and then changes nothing. A redriven execution may fail again, which is
        // recorded, because it ended later than the recorded failure.
        let condition = if outcome.status == Status::Cleaned {
            // Another execution of the same upload may have ended SUPERSEDED; this one has published it.
            set.value(":superseded", value(&Status::Superseded)?);
            "attribute_not_exists(entry) OR #status = :superseded OR (#execution = :execution AND (#status = :processing OR #status = :failed))"
        } else if let Some(ended) = outcome.ended {
            set.value(":ended", text(stamp(ended)));
            "attribute_not_exists(entry) OR (#execution = :execution AND (#status = :processing OR (#status = :failed AND #updatedAt < :ended)))"
        } else {
            "attribute_not_exists(entry) OR (#execution = :execution AND (#status = :processing OR #status = :failed))"
        };
        if self
            .update(
                &upload.object(),
                &upload.entry(),
                set,
                condition,
                "record the outcome",
            )
            .await?
        {
            self.retracted_meanwhile(outcome, now).await?;
            let shown = self.shown_meanwhile(outcome, now).await?;
            return Ok(if shown {
                Recorded::Shown
            } else {
                Recorded::Written
            });
        }
        let item = self.item(&upload.object(), &upload.entry()).await?;
        let is = |name: &str, wanted: &str| {
            item.get(name)
                .and_then(|v| v.as_s().ok())
                .is_some_and(|v| v == wanted)
        };
        if is("execution", &upload.execution) {
            // This execution has recorded its end already: an earlier attempt of this Record lost the answer, or this failure
            // event is late.
            self.retracted_meanwhile(outcome, now).await?;
            let shown = outcome.status == Status::Superseded
                && item.get("status") == Some(&value(&Status::Cleaned)?);
            return Ok(if shown {
                Recorded::Shown
            } else {
                Recorded::Written
            });
        }
        let mut line = Expression::default();
        line.append_history(&event(outcome.status, &upload.execution, now)?);
        self.update(
            &upload.object(),
            &upload.entry(),
            line,
            "attribute_exists(entry)",
            "add to the history",
        )
        .await?;
        Ok(Recorded::Overtaken)
    }

    /// Adds the redrives that no earlier Record has counted to the number of attempts. Claim counts attempts, but a redrive
    /// continues after Claim.
    async fn count_redrives(&self, outcome: &Outcome, set: &mut Expression) -> Result<(), Error> {
        let upload = &outcome.upload;
        let item = self.item(&upload.object(), &upload.entry()).await?;
        let is_ours = item.get("execution") == Some(&text(&upload.execution));
        let count = |name: &str| -> u32 {
            let stored = item.get(name).and_then(|value| value.as_n().ok());
            stored.and_then(|n| n.parse().ok()).unwrap_or(0)
        };
        if is_ours {
            let more = outcome.redrives.saturating_sub(count("redrives"));
            set.put("attempts", number(&(count("attempts") + more)));
            set.put("redrives", number(&outcome.redrives));
        }
        Ok(())
    }

    /// A removal between Publish and this Record found no CLEANED item that it could mark RETRACTED, so Record marks it.
    async fn retracted_meanwhile(&self, outcome: &Outcome, now: Timestamp) -> Result<(), Error> {
        let (object, entry) = (outcome.upload.object(), outcome.upload.entry());
        if outcome.status == Status::Cleaned
            && let Some(fence) = fences::read(&self.table, &object).await?
            && fence.deleted
            && fence.upload.as_ref() == Some(&entry)
        {
            self.retracted(&object, &entry, &fence.execution, now)
                .await?;
        }
        Ok(())
    }

    /// Changes SUPERSEDED to CLEANED if another execution of the same upload has published it. That execution could not record
    /// this, because the item was claimed by this one. Returns whether the item was changed.
    async fn shown_meanwhile(&self, outcome: &Outcome, now: Timestamp) -> Result<bool, Error> {
        if outcome.status != Status::Superseded {
            return Ok(false);
        }
        let (object, entry) = (outcome.upload.object(), outcome.upload.entry());
        let fence = fences::read(&self.table, &object).await?;
        let Some(fence) = fence.filter(|f| !f.deleted && f.upload.as_ref() == Some(&entry)) else {
            return Ok(false);
        };
        let (Some(staged), Some(etag)) = (fence.staged, fence.output) else {
            return Ok(false);
        };
        let output = Output {
            size: staged.size,
            etag,
            sha256: staged.sha256,
        };
        let mut set = Expression::default();
        set.put("status", value(&Status::Cleaned)?);
        set.put("statusDay", text(Status::Cleaned.partition(now, &object)));
        set.put("updatedAt", text(stamp(now)));
        set.put("output", value(&output)?);
        set.remove("error");
        set.append_history(&event(Status::Cleaned, &fence.execution, now)?);
        set.value(":superseded", value(&Status::Superseded)?);
        let condition = "#status = :superseded";
        self.update(&object, &entry, set, condition, "record the outcome")
            .await
    }

    /// Writes that a published upload was removed again, if the item says that it was published.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn retracted(
        &self,
        object: &str,
        entry: &str,
        execution: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut set = Expression::default();
        set.put("status", value(&Status::Retracted)?);
        set.put("statusDay", text(Status::Retracted.partition(now, object)));
        set.put("updatedAt", text(stamp(now)));
        set.append_history(&event(Status::Retracted, execution, now)?);
        set.name("#status", "status");
        set.value(":cleaned", value(&Status::Cleaned)?);
        self.update(
            object,
            entry,
            set,
            "#status = :cleaned",
            "record the removal",
        )
        .await
    }

    /// One item, strongly consistent; empty when there is none.
    async fn item(
        &self,
        object: &str,
        entry: &str,
    ) -> Result<HashMap<String, AttributeValue>, Error> {
        let get = self
            .table
            .client
            .get_item()
            .table_name(&self.table.name)
            .key("object", text(object))
            .key("entry", text(entry));
        let answer = get
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable("read an item"))?;
        Ok(answer.item.unwrap_or_default())
    }

    async fn update(
        &self,
        object: &str,
        entry: &str,
        set: Expression,
        condition: &str,
        doing: &'static str,
    ) -> Result<bool, Error> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("object", text(object))
            .key("entry", text(entry))
            .update_expression(set.text())
            .set_expression_attribute_names(Some(set.names).filter(|n| !n.is_empty()))
            .set_expression_attribute_values(Some(set.values).filter(|v| !v.is_empty()))
            .condition_expression(condition);
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if lost(&error) => Ok(false),
            Err(error) => Err(unavailable(doing)(error)),
        }
    }
}

/// Adds what the event said about the upload.
fn name_upload(upload: &Upload, set: &mut Expression) {
    if let Some(version) = &upload.version_id {
        set.put("versionId", text(version));
    }
    if let Some(sequencer) = &upload.sequencer {
        set.put("sequencer", text(sequencer.as_ref()));
    }
    if let Some(uploaded) = &upload.event_time {
        set.put("uploadedAt", text(uploaded));
    }
    if let Some(size) = &upload.size {
        set.put("size", number(size));
    }
    if let Some(requester) = &upload.requester {
        set.put("requester", text(requester));
    }
}

/// A line of an item's history.
fn event(status: Status, execution: &str, now: Timestamp) -> Result<AttributeValue, Error> {
    value(&Event {
        at: stamp(now),
        status,
        execution: execution.to_owned(),
    })
}

/// An update expression with its names and values; every attribute has a placeholder, since many of their names are reserved
/// words.
#[derive(Default)]
struct Expression {
    sets: Vec<String>,
    removes: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    fn put(&mut self, name: &str, value: AttributeValue) {
        self.sets.push(format!("#{name} = :new_{name}"));
        self.name(&format!("#{name}"), name);
        self.value(&format!(":new_{name}"), value);
    }

    fn remove(&mut self, name: &str) {
        self.removes.push(format!("#{name}"));
        self.name(&format!("#{name}"), name);
    }

    fn append_history(&mut self, event: &AttributeValue) {
        self.sets
            .push("#history = list_append(if_not_exists(#history, :none), :event)".into());
        self.name("#history", "history");
        self.value(":none", AttributeValue::L(Vec::new()));
        self.value(":event", AttributeValue::L(vec![event.clone()]));
    }

    fn name(&mut self, placeholder: &str, name: &str) {
        self.names.insert(placeholder.to_owned(), name.to_owned());
    }

    fn value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }

    fn text(&self) -> String {
        let mut text = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            text.push_str(" REMOVE ");
            text.push_str(&self.removes.join(", "));
        }
        text
    }
}
