//! What a search asks of the table: queries by key, never a scan.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::catalogue::{Catalogue, from_item, unavailable};
use super::keys::{self, ENTRY, Item, PARTITION, text};
use crate::{Error, Index, Month, Photo, PhotoId, Position, Term};

/// Keys of one request (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const BATCH: usize = 100;
/// How often the keys that a batch left unanswered are requested again.
const ROUNDS: u32 = 8;

impl Index for Catalogue {
    async fn months(&self, term: &Term) -> Result<Vec<Month>, Error> {
        const DOING: &str = "find the months of a term";
        let value = term.escaped();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#p = :p AND begins_with(#e, :e)")
            .expression_attribute_names("#p", PARTITION)
            .expression_attribute_names("#e", ENTRY)
            .expression_attribute_values(":p", text(keys::dictionary(term.kind(), &value)))
            .expression_attribute_values(":e", text(format!("{value}#")))
            .into_paginator()
            .items()
            .send();
        let mut months = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(unavailable(DOING))?;
            let month = entry(&item).and_then(|entry| entry.rsplit('#').next());
            months.extend(month.and_then(|month| month.parse::<Month>().ok()));
        }
        Ok(months)
    }

    async fn places(
        &self,
        term: &Term,
        month: Month,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#p = :p AND #e <= :e")
            .expression_attribute_names("#p", PARTITION)
            .expression_attribute_names("#e", ENTRY)
            .expression_attribute_values(":p", text(keys::places(term, month)))
            .expression_attribute_values(":e", text(from.entry()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(self.count_units())
            .send()
            .await
            .map_err(unavailable("find the photos of a term"))?;
        self.count(answer.consumed_capacity());
        let items = answer.items.unwrap_or_default();
        Ok(items
            .iter()
            .filter_map(|item| Position::from_entry(entry(item)?))
            .collect())
    }

    async fn photos(&self, ids: &[PhotoId]) -> Result<Vec<Photo>, Error> {
        const DOING: &str = "read photos";
        // BatchGetItem refuses a key that stands twice, and entries of another date that were left over lead to the same photo.
        let ids: Vec<PhotoId> = ids
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut photos = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let mut left: Vec<Item> = batch.iter().map(|id| keys::photo(*id)).collect();
            for round in 0..ROUNDS {
                let wanted = KeysAndAttributes::builder().set_keys(Some(left)).build();
                let wanted = wanted.map_err(|e| Error::Unavailable {
                    doing: DOING,
                    source: e.into(),
                })?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, wanted)
                    .return_consumed_capacity(self.count_units())
                    .send()
                    .await
                    .map_err(unavailable(DOING))?;
                for capacity in answer.consumed_capacity() {
                    self.count(Some(capacity));
                }
                for item in answer.responses.into_iter().flatten().flat_map(|(_, i)| i) {
                    photos.push(from_item(item)?);
                }
                left = answer
                    .unprocessed_keys
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, left)| left.keys)
                    .collect();
                if left.is_empty() {
                    break;
                }
                if round + 1 == ROUNDS {
                    return Err(Error::Unavailable {
                        doing: DOING,
                        source: "the table answers in part only".into(),
                    });
                }
                tokio::time::sleep(Duration::from_millis(25 << round)).await;
            }
        }
        Ok(photos)
    }
}

impl Catalogue {
    /// Up to `limit` words of a kind (`word`, `label` or `tag`) that begin with `beginning`, folded, in alphabetical order; for
    /// fewer than two characters none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn complete(
        &self,
        kind: &str,
        beginning: &str,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        let beginning = crate::terms::escape(&crate::terms::fold(beginning));
        let mut found = Vec::new();
        if beginning.chars().count() < 2 || beginning.len() > crate::terms::LONGEST {
            return Ok(found);
        }
        let partition = keys::dictionary(kind, &beginning);
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        while found.len() < limit {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#p = :p AND begins_with(#e, :e)")
                .expression_attribute_names("#p", PARTITION)
                .expression_attribute_names("#e", ENTRY)
                .expression_attribute_values(":p", text(&partition))
                .expression_attribute_values(":e", text(&beginning))
                .set_exclusive_start_key(start.take())
                .limit(1)
                .send()
                .await
                .map_err(unavailable("complete a word"))?;
            let item = answer.items.unwrap_or_default();
            let Some(value) = item
                .first()
                .and_then(entry)
                .and_then(|entry| entry.rsplit_once('#'))
                .map(|(value, _)| value.to_owned())
            else {
                break;
            };
            // The next word begins after all months of this one: `$` follows `#`.
            start = Some(HashMap::from([
                (PARTITION.to_owned(), text(&partition)),
                (ENTRY.to_owned(), text(format!("{value}$"))),
            ]));
            found.push(crate::terms::unescape(&value));
        }
        Ok(found)
    }
}

fn entry(item: &Item) -> Option<&str> {
    item.get(ENTRY)?.as_s().ok().map(String::as_str)
}
