//! For operators: failed uploads, their replay, and the throughput. For everybody: the numbers of uploads by state.

use std::collections::BTreeMap;

use aws_sdk_sfn::operation::redrive_execution::RedriveExecutionError;
use base64::prelude::*;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::audit::{Status, stamp};
use serde_json::{Value, json};

use crate::audit::{Place, unavailable};
use crate::deps::Deps;
use crate::problem::Problem;
use crate::request::Event;

/// Failures of a page.
const PAGE: usize = 50;
/// Days back that failures are listed: Step Functions replays an execution for 14 days
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).
const DAYS: i64 = 14;
/// Hours of a day.
const HOURS: i64 = 24;

/// `GET /ping`: how many uploads reached each state in the last 24 hours.
pub async fn ping(deps: &Deps, event: &Event, now: Timestamp) -> Result<(u16, Value), Problem> {
    event.query(&[])?;
    let from = now - SignedDuration::from_hours(HOURS);
    let counts = try_join_all(Status::ALL.map(async |status| {
        let (count, complete) = count(deps, status, from, now).await?;
        Ok::<_, Problem>((status, count, complete))
    }))
    .await?;
    let complete = counts.iter().all(|(.., complete)| *complete);
    let states: BTreeMap<String, u64> = counts
        .into_iter()
        .map(|(status, count, _)| (status.as_str().to_lowercase(), count))
        .collect();
    Ok((
        200,
        json!({"states": states, "since": stamp(from), "complete": complete}),
    ))
}

/// Counts a status within a time that may touch two days.
async fn count(
    deps: &Deps,
    status: Status,
    from: Timestamp,
    until: Timestamp,
) -> Result<(u64, bool), Problem> {
    let mut days = status.partitions(from);
    if status.partition(until, "") != status.partition(from, "") {
        days.extend(status.partitions(until));
    }
    let counts = try_join_all(days.iter().map(|day| deps.audit.count(day, from, until))).await?;
    Ok(counts
        .into_iter()
        .fold((0, true), |(sum, all), (count, complete)| {
            (sum + count, all && complete)
        }))
}

/// `GET /throughput`: what ended in each of the last 24 hours.
pub async fn throughput(
    deps: &Deps,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    event.query(&[])?;
    let this = now.as_second() / 3600 * 3600;
    let begins: Vec<Timestamp> = (0..HOURS)
        .rev()
        .filter_map(|back| Timestamp::from_second(this - back * 3600).ok())
        .collect();
    let mut hours = Vec::with_capacity(begins.len());
    let mut complete = true;
    for begin in begins {
        let end = begin + SignedDuration::from_hours(1) - SignedDuration::from_millis(1);
        let of = |status| count(deps, status, begin, end);
        let (cleaned, rejected, failed) = futures::try_join!(
            of(Status::Cleaned),
            of(Status::Rejected),
            of(Status::Failed)
        )?;
        complete &= cleaned.1 && rejected.1 && failed.1;
        hours.push(json!({"hour": stamp(begin), "cleaned": cleaned.0, "rejected": rejected.0, "failed": failed.0}));
    }
    Ok((200, json!({"hours": hours, "complete": complete})))
}

/// `GET /failures`: what stands failed, the latest first.
pub async fn failures(deps: &Deps, event: &Event, now: Timestamp) -> Result<(u16, Value), Problem> {
    let asked = event.query(&["cursor"])?;
    let from = asked.one("cursor")?.map(place).transpose()?;
    let page = deps.audit.failures(now, DAYS, from, PAGE).await?;
    let failures: Vec<Value> = page
        .uploads
        .iter()
        .map(|upload| {
            let reason = upload.error.as_ref();
            json!({
                "id": upload.execution.rsplit(':').next(),
                "object": upload.object,
                "key": upload.key(),
                "since": stamp(upload.updated_at),
                "error": {
                    "name": reason.map_or("Unknown", |r| &r.name),
                    "message": reason.map_or("", |r| &r.message),
                    "state": reason.map_or("", |r| &r.state),
                },
            })
        })
        .collect();
    let next = page.next.as_ref().map(cursor);
    Ok((200, json!({"failures": failures, "next": next})))
}

/// `POST /failures/{execution}/redrive`: goes on from the state that failed.
pub async fn redrive(deps: &Deps, event: &Event) -> Result<(u16, Value), Problem> {
    let name = event.path("execution");
    let fits = (1..=80).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !fits {
        return Err(Problem::no_execution());
    }
    let arn = format!(
        "{}:{name}",
        deps.scrub.replacen(":stateMachine:", ":execution:", 1)
    );
    let answer = deps.sfn.redrive_execution().execution_arn(arn).send().await;
    match answer {
        Ok(_) => Ok((202, json!({"id": name, "says": "It is under way again."}))),
        Err(error) => {
            let refused = error.as_service_error();
            if refused.is_some_and(|e| e.is_execution_does_not_exist() || e.is_invalid_arn()) {
                return Err(Problem::no_execution());
            }
            if refused.is_some_and(RedriveExecutionError::is_execution_not_redrivable) {
                return Err(Problem::conflict(
                    "The execution runs already, has succeeded, or failed more than 14 days ago. `scrubjay replay` starts such work anew.",
                ));
            }
            Err(unavailable(error))
        }
    }
}

fn cursor(place: &Place) -> String {
    let text = json!([place.days, place.after]).to_string();
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn place(cursor: &str) -> Result<Place, Problem> {
    let wrong = || Problem::bad_request("The cursor is none that this list has given out.");
    let text = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    let (days, after): (i64, Option<[String; 3]>) =
        serde_json::from_slice(&text).map_err(|_| wrong())?;
    // The table would refuse a day outside the list or an impossible key, and the answer would look like a mistake of ours.
    let fits = (0..=DAYS).contains(&days)
        && after.as_ref().is_none_or(|[object, entry, updated]| {
            !object.is_empty()
                && object.len() <= 2048
                && entry.starts_with("upload#")
                && entry.len() <= 1024
                && updated.parse::<Timestamp>().is_ok()
        });
    fits.then_some(Place { days, after }).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = Place {
            days: 3,
            after: Some([
                "a/b".into(),
                "upload#e".into(),
                "2026-11-25T10:00:00.000Z".into(),
            ]),
        };
        assert_eq!(place(&cursor(&at)).unwrap(), at);
        for made_up in [
            "",
            "x",
            "W10",
            &cursor(&Place {
                days: 99,
                after: None,
            }),
        ] {
            assert_eq!(place(made_up).unwrap_err().status, 400, "{made_up}");
        }
    }
}
