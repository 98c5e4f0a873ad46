//! What there is to replay: by the audit table's keys and indexes, and by Step Functions' own list; never a scan.

use anyhow::Result;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::reconcile::created;
use scrubjay_pipeline::upload::object;

use super::report::{Action, Row};
use super::steps::{Replay, Work, refused};
use super::{Only, replay_name};
use crate::audit::{Ask, Item, read};
use crate::error_name::ErrorName;
use crate::key::{KeyArg, not_taken};

/// Uploads that stand FAILED, and removals that failed: they have no audit item of their own. Oldest first.
pub async fn failed(replay: &Replay, only: &Only) -> Result<Vec<Work>> {
    let since = only.since.timestamp();
    let prefix = only.prefix.as_deref();
    let mut walk = replay.table.walk(Ask {
        statuses: vec![Status::Failed],
        since,
        until: Timestamp::now(),
        prefix: prefix.map(|prefix| object(replay.source.name(), prefix)),
    });
    let mut works = Vec::new();
    while let Some(item) = walk.next().await? {
        let name = item.error.as_ref().map(|error| error.name.as_str());
        if only.error.is_none() || only.error.as_ref().map(ErrorName::as_str) == name {
            works.push(of_item(item));
        }
    }
    for status in [
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted,
    ] {
        works.extend(removals(replay, status, since).await?);
    }
    works.reverse();
    Ok(works)
}

/// Executions of the machine retract with this end. The list is sorted by their start, which a redrive does not change.
/// So an old execution can have ended recently, and every page has to be read.
async fn removals(replay: &Replay, status: ExecutionStatus, since: Timestamp) -> Result<Vec<Work>> {
    let list = replay
        .sfn
        .list_executions()
        .state_machine_arn(&replay.retract);
    let mut pages = list.status_filter(status).into_paginator().send();
    let mut works = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| refused(&error, "ListExecutions"))?;
        for execution in page.executions() {
            let ended = execution.stop_date().unwrap_or(execution.start_date());
            if ended.secs() >= since.as_second() {
                works.push(Work::Execution {
                    arn: execution.execution_arn().to_owned(),
                    item: None,
                });
            }
        }
    }
    Ok(works)
}

fn of_item(item: Item) -> Work {
    Work::Execution {
        arn: item.execution.clone(),
        item: Some(Box::new(item)),
    }
}

/// Of each key what has failed or is under way, and what bucket A holds now, whatever the table says of it.
pub async fn objects(replay: &Replay, keys: &[KeyArg]) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for key in keys {
        let key = key.key(replay.source.name())?;
        works.extend(of_object(replay, &key).await?);
    }
    Ok(works)
}

async fn of_object(replay: &Replay, key: &str) -> Result<Vec<Work>> {
    let bucket = replay.source.name();
    let object = object(bucket, key);
    let mut items = Vec::new();
    for row in replay.table.object(&object).await? {
        if row.contains_key("status") {
            items.push(read(row)?);
        }
    }
    items.sort_by_key(|item: &Item| item.updated_at);
    let listed = replay.source.page(key, "", 1).await?.objects;
    let current = listed.into_iter().find(|listed| listed.key == key);
    let known = |item: &&Item| current.as_ref().is_some_and(|c| c.etag == item.etag);
    let newest = items.iter().rfind(known).cloned();
    let open = |item: &Item| matches!(item.status, Status::Failed | Status::Processing);
    // With `--anew`, a failed upload that bucket A still holds is started without its sequencer: a newer upload may have been
    // admitted that can no longer be finished.
    let failed = newest.as_ref().is_some_and(|n| n.status == Status::Failed);
    let anew = replay.anew && failed;
    let started = |item: &Item| anew && newest.as_ref().is_some_and(|n| n.entry == item.entry);
    let mut works: Vec<Work> = items
        .into_iter()
        .filter(|item| open(item) && !started(item))
        .map(of_item)
        .collect();
    if let Some(current) = current
        && replay.suffixes.take(key)
        && (anew || !newest.as_ref().is_some_and(open))
    {
        // The name of the execution is made from the item's state. After this replay the state is another one, so a
        // later replay gets a new name.
        let stands = newest.as_ref().map(|item| item.updated_at.to_string());
        let entry = newest
            .as_ref()
            .map(|item| item.entry.clone())
            .unwrap_or_default();
        let modified = current.modified.to_string();
        let version = newest.and_then(|item| item.version_id);
        works.push(Work::Event {
            about: key.to_owned(),
            machine: replay.scrub.clone(),
            name: replay_name(&[
                "object",
                &object,
                &current.etag,
                &modified,
                &entry,
                &stands.unwrap_or_default(),
            ]),
            input: created(bucket, key, &current.etag, version.as_deref()),
        });
    }
    if works.is_empty() {
        let row = Row::new(key, Action::Impossible);
        let why = not_taken(key, replay.suffixes).unwrap_or_else(|| {
            "bucket A has no such photo, and none of its uploads has failed".into()
        });
        works.push(Work::Impossible(row.because(why)));
    }
    Ok(works)
}
