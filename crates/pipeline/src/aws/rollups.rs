//! What the report reads from the audit table, by index and by key, and the figures of closed days, which it stores there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::dynamodb::{RECONCILE, Table, not_ours, text, unavailable};
use crate::Error;
use crate::audit::{Status, stamp};
use crate::metrics::Reconciled;

/// Partitions that are read at the same time.
const AT_ONCE: usize = 16;
/// Partition key of the closed days. No object has this partition key, since an object's has a slash.
const ROLLUP: &str = "rollup";
/// What is read of an item: no history, no digests.
const PROJECTION: &str = "#status, #object, #execution, #updatedAt, #uploadedAt, #receivedAt, #finishedAt, #source, #output, #removed, #exif, #error";

/// Reads the index by-status, and keeps closed days. It can write no audit item and no fence, and never scans.
#[derive(Debug)]
pub struct Rollups {
    table: Table,
    units: Mutex<f64>,
}

impl Rollups {
    /// Reads the audit table with this name.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self {
            table: Table::new(sdk, table),
            units: Mutex::new(0.0),
        }
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.table.open().await;
    }

    /// Read units consumed since the last time that this was asked. An eventually consistent read of 4 KB takes half a unit
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/provisioned-capacity-mode.html>).
    pub fn units(&self) -> f64 {
        std::mem::take(&mut *self.units.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn consumed(&self, capacity: Option<&ConsumedCapacity>) {
        let units = capacity.and_then(ConsumedCapacity::capacity_units);
        *self.units.lock().unwrap_or_else(PoisonError::into_inner) += units.unwrap_or(0.0);
    }

    /// Folds every item that got one of `statuses` at `from` or later and before `to`. Each partition is folded by itself, and
    /// only the results are kept in memory.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn fold<T: DeserializeOwned, A>(
        &self,
        statuses: &[Status],
        (from, to): (Timestamp, Timestamp),
        start: impl Fn() -> A,
        fold: impl Fn(&mut A, T),
    ) -> Result<Vec<A>, Error> {
        let partitions = days(from, to)
            .flat_map(|day| statuses.iter().map(move |status| (*status, day)))
            .flat_map(|(status, day)| status.partitions(day));
        let (start, fold) = (&start, &fold);
        stream::iter(partitions)
            .map(|partition| async move {
                let mut folded = start();
                self.partition(partition, (from, to), |item| fold(&mut folded, item))
                    .await?;
                Ok(folded)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn partition<T: DeserializeOwned>(
        &self,
        partition: String,
        (from, to): (Timestamp, Timestamp),
        mut each: impl FnMut(T),
    ) -> Result<(), Error> {
        // BETWEEN includes both ends, and times have milliseconds.
        let last = to - SignedDuration::from_millis(1);
        let mut query = self
            .query()
            .index_name("by-status")
            .projection_expression(PROJECTION)
            .key_condition_expression("statusDay = :day AND updatedAt BETWEEN :from AND :last")
            .expression_attribute_values(":day", text(partition))
            .expression_attribute_values(":from", text(stamp(from)))
            .expression_attribute_values(":last", text(stamp(last)));
        for name in PROJECTION.split(", ") {
            query = query.expression_attribute_names(name, name.trim_start_matches('#'));
        }
        self.pages(query, "read what ended", &mut each).await
    }

    fn query(&self) -> QueryFluentBuilder {
        self.table
            .client
            .query()
            .table_name(&self.table.name)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        query: QueryFluentBuilder,
        doing: &'static str,
        each: &mut impl FnMut(T),
    ) -> Result<(), Error> {
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(unavailable(doing))?;
            self.consumed(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                each(serde_dynamo::from_item(item).map_err(not_ours(doing))?);
            }
        }
        Ok(())
    }

    /// What each run of Reconcile found, for the runs at `from` or later and before `to`.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn runs(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Reconciled>, Error> {
        const DOING: &str = "read what reconcile found";
        let last = to - SignedDuration::from_millis(1);
        let query = self
            .query()
            .key_condition_expression("#object = :object AND entry BETWEEN :from AND :last")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", text(RECONCILE))
            .expression_attribute_values(":from", text(format!("run#{}", stamp(from))))
            .expression_attribute_values(":last", text(format!("run#{}", stamp(last))));
        let mut runs = Vec::new();
        self.pages(query, DOING, &mut |run| runs.push(run)).await?;
        Ok(runs)
    }

    /// The stored figures of a time zone's closed days, from the first to the last, both included. Days are written as
    /// 2026-11-24.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn closed(
        &self,
        zone: &str,
        first: &str,
        last: &str,
    ) -> Result<BTreeMap<String, String>, Error> {
        const DOING: &str = "read the closed days";
        let query = self
            .query()
            .key_condition_expression("#object = :object AND entry BETWEEN :first AND :last")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", text(ROLLUP))
            .expression_attribute_values(":first", text(first))
            // The tilde sorts after every time zone's name, so that the last day is included.
            .expression_attribute_values(":last", text(format!("{last}#~")));
        let mut days = BTreeMap::new();
        self.pages(query, DOING, &mut |day: Closed| {
            if let Some((date, of)) = day.entry.split_once('#')
                && of == zone
            {
                days.insert(date.to_owned(), day.figures);
            }
        })
        .await?;
        Ok(days)
    }

    /// Stores a closed day's figures and replaces earlier ones.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn close(
        &self,
        zone: &str,
        day: &str,
        figures: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("object", text(ROLLUP))
            .key("entry", text(format!("{day}#{zone}")))
            .update_expression("SET figures = :figures, closedAt = :now")
            .expression_attribute_values(":figures", text(figures))
            .expression_attribute_values(":now", AttributeValue::S(stamp(now)));
        update.send().await.map_err(unavailable("close a day"))?;
        Ok(())
    }
}

/// A closed day, as the table has it.
#[derive(serde::Deserialize)]
struct Closed {
    entry: String,
    figures: String,
}

/// One time in each UTC day that the span touches.
fn days(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    const DAY: i64 = 86_400;
    let day = |at: Timestamp| at.as_second().div_euclid(DAY);
    let last = to - SignedDuration::from_millis(1);
    (day(from)..=day(last)).filter_map(|day| Timestamp::from_second(day * DAY).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_touches_each_of_its_days_once() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let text = |from, to| -> Vec<String> {
            days(at(from), at(to))
                .map(|day| day.to_string()[..10].to_owned())
                .collect()
        };
        assert_eq!(
            text("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ["2026-10-24", "2026-10-25"]
        );
        assert_eq!(
            text("2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z"),
            ["2026-10-24"]
        );
    }
}
