//! Questions to the audit table.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryOutput};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_async::future::pagination_stream::PaginationStream;
use futures::future::try_join_all;
use jiff::Timestamp;
use scrubjay_pipeline::audit::{Status, stamp};

use super::Item;
use crate::when::days;

/// Keys of one request (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
pub const BATCH: usize = 100;
/// Entry of the fence of an object.
pub const HEAD: &str = "head";
/// How often the keys that a batch left unanswered are requested again.
const ROUNDS: u32 = 8;

type Row = HashMap<String, AttributeValue>;

/// The audit table. Two methods write, and only `audit erase`, `smoke` and `load` call them.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    page_size: Option<i32>,
}

/// Which uploads.
#[derive(Debug, Clone)]
pub struct Ask {
    /// In one of these.
    pub statuses: Vec<Status>,
    /// Last touched at this time or later.
    pub since: Timestamp,
    /// Last touched at this time or earlier.
    pub until: Timestamp,
    /// `<bucket>/<beginning of the key>`.
    pub prefix: Option<String>,
}

impl Table {
    /// Over the SDK's configuration; `page_size` items a page, or as many as fit into DynamoDB's megabyte.
    pub fn new(sdk: &SdkConfig, name: &str, page_size: Option<u16>) -> Self {
        Self {
            client: Client::new(sdk),
            name: name.to_owned(),
            page_size: page_size.map(i32::from),
        }
    }

    fn query(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .set_limit(self.page_size)
    }

    /// Everything that is known of an object, its fence among it: strongly consistent.
    pub async fn object(&self, object: &str) -> Result<Vec<Row>> {
        let query = self
            .query()
            .consistent_read(true)
            .key_condition_expression("#object = :object")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", text(object));
        rows(query).await
    }

    /// One item, strongly consistent.
    pub async fn item(&self, object: &str, entry: &str) -> Result<Option<Item>> {
        let get = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("object", text(object))
            .key("entry", text(entry))
            .consistent_read(true);
        let answer = get.send().await.context(REFUSED)?;
        answer.item.map(read).transpose()
    }

    /// The uploads with this content, by object: SHA-256, lower-case hexadecimal.
    pub async fn with_content(&self, digest: &str) -> Result<Vec<Item>> {
        let query = self
            .query()
            .index_name("by-content")
            .key_condition_expression("sourceSha256 = :digest")
            .expression_attribute_values(":digest", text(digest));
        rows(query).await?.into_iter().map(read).collect()
    }

    /// The items of up to [`BATCH`] keys, object and entry, each once, strongly consistent; what is not there is not in the answer.
    pub async fn batch(&self, keys: &[(String, String)]) -> Result<Vec<Row>> {
        let mut left: Vec<Row> = keys
            .iter()
            .map(|(object, entry)| {
                HashMap::from([
                    ("object".to_owned(), text(object)),
                    ("entry".to_owned(), text(entry)),
                ])
            })
            .collect();
        let mut rows = Vec::with_capacity(left.len());
        // A batch may be answered in part; the rest is asked for again, later each time.
        for round in 0..ROUNDS {
            if left.is_empty() {
                return Ok(rows);
            }
            if round > 0 {
                tokio::time::sleep(Duration::from_millis(25 << round)).await;
            }
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(true)
                .build()?;
            let get = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted);
            let answer = get.send().await.context(REFUSED)?;
            rows.extend(answer.responses.into_iter().flatten().flat_map(|(_, i)| i));
            let unprocessed = answer.unprocessed_keys.into_iter().flatten();
            left = unprocessed.flat_map(|(_, left)| left.keys).collect();
        }
        if left.is_empty() {
            return Ok(rows);
        }
        bail!("the audit table answers in part only")
    }

    /// Erases everything that is known of an object, its fence among it: for a photo for trial, whose key nobody else has ever had.
    pub async fn forget(&self, object: &str) -> Result<()> {
        for row in self.object(object).await? {
            if let Some(entry) = row.get("entry").and_then(|entry| entry.as_s().ok()) {
                self.delete(object, entry).await?;
            }
        }
        Ok(())
    }

    /// Erases one item.
    pub async fn delete(&self, object: &str, entry: &str) -> Result<()> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key("object", text(object))
            .key("entry", text(entry));
        delete
            .send()
            .await
            .context("the audit table refuses to erase an item")?;
        Ok(())
    }

    /// Writes that items of an object were erased. Names no key.
    pub async fn bury(&self, tombstone: &str, items: usize, now: Timestamp) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("object", text(tombstone))
            .item("entry", text(format!("erased#{}", stamp(now))))
            .item("updatedAt", text(stamp(now)))
            .item("items", AttributeValue::N(items.to_string()));
        put.send()
            .await
            .context("the audit table refuses to keep a tombstone")?;
        Ok(())
    }

    /// Walks the uploads that are asked for, newest first.
    pub fn walk(&self, ask: Ask) -> Walk {
        Walk {
            days: days(ask.since, ask.until).collect(),
            table: self.clone(),
            ask,
            open: Vec::new(),
        }
    }

    /// The uploads of one partition of the index by-status, newest first.
    fn partition(&self, ask: &Ask, partition: String) -> Pages {
        let mut query = self
            .query()
            .index_name("by-status")
            .scan_index_forward(false)
            .key_condition_expression("statusDay = :day AND updatedAt BETWEEN :since AND :until")
            .expression_attribute_values(":day", text(partition))
            .expression_attribute_values(":since", text(stamp(ask.since)))
            .expression_attribute_values(":until", text(stamp(ask.until)));
        if let Some(prefix) = &ask.prefix {
            query = query
                .filter_expression("begins_with(#object, :prefix)")
                .expression_attribute_names("#object", "object")
                .expression_attribute_values(":prefix", text(prefix));
        }
        Pages {
            pages: query.into_paginator().send(),
            ready: VecDeque::new(),
        }
    }
}

/// A walk over uploads, newest first: a day at a time, and in it one page at a time of each partition. Holds no more than that.
#[derive(Debug)]
pub struct Walk {
    table: Table,
    ask: Ask,
    /// Still to come.
    days: VecDeque<Timestamp>,
    /// Of the current day.
    open: Vec<Pages>,
}

#[derive(Debug)]
struct Pages {
    pages: PaginationStream<Result<QueryOutput, SdkError<QueryError>>>,
    ready: VecDeque<Item>,
}

impl Pages {
    /// Whether there is one more.
    async fn fill(mut self) -> Result<Option<Self>> {
        while self.ready.is_empty() {
            let Some(page) = self.pages.next().await else {
                return Ok(None);
            };
            let items = page.context(REFUSED)?.items.unwrap_or_default();
            let items: Result<Vec<Item>> = items.into_iter().map(read).collect();
            self.ready.extend(items?);
        }
        Ok(Some(self))
    }
}

impl Walk {
    /// The next upload.
    pub async fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let filled = try_join_all(self.open.drain(..).map(Pages::fill)).await?;
            self.open = filled.into_iter().flatten().collect();
            let newest = self
                .open
                .iter_mut()
                .max_by_key(|pages| pages.ready.front().map(|item| item.updated_at));
            if let Some(pages) = newest {
                return Ok(pages.ready.pop_front());
            }
            let Some(day) = self.days.pop_front() else {
                return Ok(None);
            };
            let statuses = self.ask.statuses.iter();
            self.open = statuses
                .flat_map(|status| status.partitions(day))
                .map(|partition| self.table.partition(&self.ask, partition))
                .collect();
        }
    }
}

const REFUSED: &str = "the audit table refuses to answer";

async fn rows(query: QueryFluentBuilder) -> Result<Vec<Row>> {
    let mut pages = query.into_paginator().send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        rows.extend(page.context(REFUSED)?.items.unwrap_or_default());
    }
    Ok(rows)
}

/// An item of the table.
pub fn read(row: Row) -> Result<Item> {
    serde_dynamo::from_item(row).context("an audit item that cannot be read")
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
