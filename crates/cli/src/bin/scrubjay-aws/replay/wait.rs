//! What became of the executions.

use anyhow::Result;
use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay::show;

use super::Pace;
use super::report::Row;
use super::steps::Replay;

/// Asks in turns, at the pace that was ordered, until every execution has ended: the machines' own time-out sees to that.
pub async fn for_ends(replay: &Replay, rows: &mut [Row], pace: &mut Pace) -> Result<()> {
    let bar = show::bar(rows.len(), "waiting");
    let mut open: Vec<&mut Row> = Vec::new();
    for row in rows {
        if row.is_under_way() {
            open.push(row);
        } else {
            stands(replay, row).await?;
            bar.inc(1);
        }
    }
    while !open.is_empty() {
        let mut running = Vec::new();
        for row in open {
            pace.tick().await;
            if ended(replay, row).await? {
                bar.inc(1);
            } else {
                running.push(row);
            }
        }
        open = running;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn ended(replay: &Replay, row: &mut Row) -> Result<bool> {
    let arn = row.execution.clone().unwrap_or_default();
    let Some(described) = replay.describe(&arn).await? else {
        row.failed = true;
        row.detail = Some("Step Functions does not know it any more".into());
        return Ok(true);
    };
    match described.status() {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => return Ok(false),
        ExecutionStatus::Succeeded => stands(replay, row).await?,
        status => {
            row.failed = true;
            row.outcome = Some(status.as_str().to_owned());
            row.detail = described.error().map(ToOwned::to_owned);
        }
    }
    Ok(true)
}

/// What the audit table says now of an upload whose execution has ended as it should.
async fn stands(replay: &Replay, row: &mut Row) -> Result<()> {
    if row.failed || row.execution.is_none() {
        return Ok(());
    }
    let item = match &row.item {
        Some((object, entry)) => replay.table.item(object, entry).await?,
        None => None,
    };
    row.outcome = Some(item.map_or_else(|| "SUCCEEDED".to_owned(), |item| item.status.to_string()));
    Ok(())
}
