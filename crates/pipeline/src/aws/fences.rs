//! The fence items of the audit table. [`FenceReader`] takes snapshots; only [`Fences`] can replace a fence.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::dynamodb::{Table, lost, not_ours, number, text, unavailable};
use crate::Error;
use crate::audit::stamp;
use crate::fence::{ETag, FenceSnapshot, FenceState};

/// Sort key of the fence item.
pub(super) const ENTRY: &str = "head";

/// Takes snapshots of fences and can write nothing: what Strip holds.
#[derive(Debug, Clone)]
pub struct FenceReader(Fences);

impl FenceReader {
    /// Reads the audit table with this name.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self(Fences::new(sdk, table))
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.0.open().await;
    }

    /// The snapshot of an object's fence, strongly consistent.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn snapshot(&self, object: &str) -> Result<FenceSnapshot, Error> {
        Ok(FenceSnapshot::of(self.0.read(object).await?.as_ref()))
    }
}

/// Reads and replaces fences: what [`super::Publisher`] holds, and with it Publish and Retract.
#[derive(Debug, Clone)]
pub(super) struct Fences(Table);

impl Fences {
    pub(super) fn new(sdk: &SdkConfig, table: String) -> Self {
        Self(Table::new(sdk, table))
    }

    pub(super) async fn open(&self) {
        self.0.open().await;
    }

    /// The fence of an object, strongly consistent; `None` when no act was ever admitted.
    pub(super) async fn read(&self, object: &str) -> Result<Option<FenceState>, Error> {
        read(&self.0, object).await
    }

    /// Replaces the fence if its revision is `expected`, or if there is no fence and `expected` is 0. Returns whether it was
    /// replaced.
    pub(super) async fn replace(
        &self,
        object: &str,
        expected: u64,
        fence: &FenceState,
    ) -> Result<bool, Error> {
        let put = self.put(object, fence)?;
        let put = if expected == 0 {
            put.condition_expression("attribute_not_exists(entry)")
        } else {
            put.condition_expression("rev = :expected")
                .expression_attribute_values(":expected", number(&expected))
        };
        applied(put, "replace the fence").await
    }

    /// Writes the fence with a new output, if it still has this revision and the output `known`. Returns whether it was
    /// written.
    pub(super) async fn note(
        &self,
        object: &str,
        known: Option<&ETag>,
        fence: &FenceState,
    ) -> Result<bool, Error> {
        let put = self
            .put(object, fence)?
            .expression_attribute_values(":rev", number(&fence.rev))
            .expression_attribute_names("#output", "output");
        let put = match known {
            None => put.condition_expression("rev = :rev AND attribute_not_exists(#output)"),
            Some(etag) => put
                .condition_expression("rev = :rev AND #output = :known")
                .expression_attribute_values(":known", text(etag)),
        };
        applied(put, "note the output").await
    }

    fn put(&self, object: &str, fence: &FenceState) -> Result<PutItemFluentBuilder, Error> {
        let mut item: HashMap<String, AttributeValue> =
            serde_dynamo::to_item(fence).map_err(not_ours("write the fence"))?;
        item.insert("object".into(), text(object));
        item.insert("entry".into(), text(ENTRY));
        item.insert("updatedAt".into(), text(stamp(Timestamp::now())));
        let put = self.0.client.put_item().table_name(&self.0.name);
        Ok(put.set_item(Some(item)))
    }
}

/// Sends a conditional write. Returns whether its condition held.
async fn applied(put: PutItemFluentBuilder, doing: &'static str) -> Result<bool, Error> {
    match put.send().await {
        Ok(_) => Ok(true),
        Err(error) if lost(&error) => Ok(false),
        Err(error) => Err(unavailable(doing)(error)),
    }
}

/// The fence of an object, strongly consistent.
pub(super) async fn read(table: &Table, object: &str) -> Result<Option<FenceState>, Error> {
    const DOING: &str = "read the fence";
    let answer = table
        .client
        .get_item()
        .table_name(&table.name)
        .key("object", text(object))
        .key("entry", text(ENTRY))
        .consistent_read(true)
        .send()
        .await
        .map_err(unavailable(DOING))?;
    answer
        .item
        .map(|item| serde_dynamo::from_item(item).map_err(not_ours(DOING)))
        .transpose()
}
