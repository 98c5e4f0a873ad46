//! The dead-letter queue: events that EventBridge or Lambda could not deliver.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use scrubjay::show;
use serde_json::Value;

use super::gallery::Gallery;
use super::report::{Action, Row};
use super::steps::{Replay, Work, refused};
use super::{Pace, replay_name};
use crate::target::Target;

/// Visibility time-out of a received message: longer than it takes to start ten executions at the lowest rate.
const HIDDEN: Duration = Duration::from_mins(2);
/// Seconds to wait for messages; with none SQS may ask only some of its servers.
const PATIENCE: i32 = 2;

/// The queue.
#[derive(Debug)]
pub struct Queue {
    sqs: Client,
    url: String,
}

impl Queue {
    /// Of a stack, by the output that names it.
    pub fn new(target: &Target, output: &str) -> Result<Self> {
        Ok(Self {
            sqs: Client::new(target.sdk()),
            url: target.output(output)?.to_owned(),
        })
    }

    async fn receive(&self) -> Result<Vec<Message>> {
        let receive = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .message_attribute_names("RULE_ARN")
            .visibility_timeout(i32::try_from(HIDDEN.as_secs())?)
            .wait_time_seconds(PATIENCE);
        let answer = receive.send().await;
        let answer = answer.map_err(|error| refused(&error, "ReceiveMessage"))?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn delete(&self, message: &Message) -> Result<()> {
        let delete = self.sqs.delete_message().queue_url(&self.url);
        let delete = delete.set_receipt_handle(message.receipt_handle.clone());
        let deleted = delete.send().await;
        deleted.map_err(|error| refused(&error, "DeleteMessage"))?;
        Ok(())
    }

    /// The message may be received again at once.
    async fn put_back(&self, message: &Message) -> Result<()> {
        let change = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.url)
            .set_receipt_handle(message.receipt_handle.clone())
            .visibility_timeout(0);
        let changed = change.send().await;
        changed.map_err(|error| refused(&error, "ChangeMessageVisibility"))?;
        Ok(())
    }
}

/// What puts a message through.
pub enum Reader<'a> {
    /// The pipeline's.
    Pipeline(&'a Replay),
    /// The gallery's.
    Gallery(&'a Gallery),
}

impl Reader<'_> {
    async fn one(&self, message: &Message) -> Result<Row> {
        match self {
            Self::Pipeline(replay) => one(replay, message).await,
            Self::Gallery(gallery) => gallery.one(message).await,
        }
    }

    fn dry_run(&self) -> bool {
        match self {
            Self::Pipeline(replay) => replay.dry_run,
            Self::Gallery(gallery) => gallery.dry_run,
        }
    }
}

/// Puts every message of the queue through. One leaves the queue once its execution has begun, and only then; what cannot be
/// replayed stays.
pub async fn replay(reader: &Reader<'_>, queue: &Queue, pace: &mut Pace) -> Result<Vec<Row>> {
    let (mut rows, mut kept) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let spinner = show::spinner();
    let done = loop {
        let messages = queue.receive().await?;
        // A message that comes a second time is one that stays in the queue, so only such messages are left.
        let fresh: Vec<Message> = messages
            .into_iter()
            .filter(|message| seen.insert(message.message_id.clone()))
            .collect();
        if fresh.is_empty() {
            break Ok(());
        }
        for message in fresh {
            pace.tick().await;
            let row = match reader.one(&message).await {
                Ok(row) => row,
                Err(error) => {
                    kept.push(message);
                    spinner.finish_and_clear();
                    put_back(queue, &kept).await?;
                    return Err(error);
                }
            };
            if reader.dry_run() || row.failed {
                kept.push(message);
            } else {
                queue.delete(&message).await?;
            }
            rows.push(row);
            spinner.set_message(format!("{} messages", rows.len()));
        }
    };
    spinner.finish_and_clear();
    put_back(queue, &kept).await?;
    done.map(|()| rows)
}

async fn put_back(queue: &Queue, kept: &[Message]) -> Result<()> {
    for message in kept {
        queue.put_back(message).await?;
    }
    Ok(())
}

async fn one(replay: &Replay, message: &Message) -> Result<Row> {
    let body = message.body.as_deref().unwrap_or_default();
    let row = match read(body, &replay.scrub, &replay.retract) {
        Letter::Replay(work) => replay.put_through(work).await?,
        Letter::Nothing => Some(
            Row::new("a run of reconcile", Action::Dropped)
                .because("the next run does what this one would have done"),
        ),
        Letter::Unknown => None,
    };
    Ok(row.unwrap_or_else(|| {
        let id = message.message_id.as_deref().unwrap_or("?");
        Row::new(format!("message {id}"), Action::Impossible)
            .because("it is no event of this pipeline; it stays in the queue")
    }))
}

/// What a message is about.
#[derive(Debug)]
enum Letter {
    Replay(Work),
    Nothing,
    Unknown,
}

/// A message is the event as EventBridge would have delivered it
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>), or Lambda's record of an asynchronous invocation
/// that failed, with the event in it (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).
fn read(body: &str, scrub: &str, retract: &str) -> Letter {
    let Ok(mut event) = serde_json::from_str::<Value>(body) else {
        return Letter::Unknown;
    };
    if let Some(payload) = event.get_mut("requestPayload") {
        event = payload.take();
    }
    let text = |path: &str| event.pointer(path).and_then(Value::as_str);
    let machine = match (text("/source"), text("/detail-type")) {
        (_, Some("Scheduled Event")) => return Letter::Nothing,
        // Replayed itself: its next end is recorded, as this one was not.
        (Some("aws.states"), _) => {
            return text("/detail/executionArn").map_or(Letter::Unknown, |arn| {
                Letter::Replay(Work::Execution {
                    arn: arn.to_owned(),
                    item: None,
                })
            });
        }
        (_, Some("Object Created")) => scrub,
        (_, Some("Object Deleted")) => retract,
        _ => return Letter::Unknown,
    };
    let Some(key) = text("/detail/object/key") else {
        return Letter::Unknown;
    };
    // Two deliveries of one event have the same id.
    let id = text("/id").map_or_else(|| event.to_string(), ToOwned::to_owned);
    Letter::Replay(Work::Event {
        about: key.to_owned(),
        machine: machine.to_owned(),
        name: replay_name(&["dead letter", machine, &id]),
        input: event,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Letter {
        super::read(&body.to_string(), "scrub", "retract")
    }

    fn started(letter: Letter) -> (String, String, String) {
        match letter {
            Letter::Replay(Work::Event {
                about,
                machine,
                name,
                ..
            }) => (about, machine, name),
            other => panic!("{other:?}"),
        }
    }

    fn sample(name: &str) -> Value {
        let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn an_event_goes_to_its_machine_under_one_name() {
        let uploaded = sample("object-created");
        let (about, machine, name) = started(read(&uploaded));
        assert_eq!(uploaded["detail"]["object"]["key"], about);
        assert_eq!(machine, "scrub");
        assert!(name.starts_with("replay-"), "{name}");
        assert_eq!(started(read(&uploaded)).2, name);
        let (_, machine, other) = started(read(&sample("object-deleted")));
        assert_eq!(machine, "retract");
        assert_ne!(other, name);
        let mut again = uploaded;
        again["id"] = "another".into();
        assert_ne!(started(read(&again)).2, name);
    }

    #[test]
    fn a_failure_that_was_not_recorded_names_its_execution() {
        let failed = sample("execution-failed");
        let from_lambda = json!({
            "version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": failed,
        });
        for body in [&failed, &from_lambda] {
            match read(body) {
                Letter::Replay(Work::Execution { arn, .. }) => {
                    assert_eq!(failed["detail"]["executionArn"], arn);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_event_of_ours_is_left_alone() {
        assert!(matches!(
            read(&json!({"detail-type": "Scheduled Event"})),
            Letter::Nothing
        ));
        for body in [
            json!({}),
            json!("text"),
            json!({"detail-type": "Object Created"}),
            json!({"source": "aws.states"}),
        ] {
            assert!(matches!(read(&body), Letter::Unknown), "{body}");
        }
        assert!(matches!(super::read("no JSON", "", ""), Letter::Unknown));
    }
}
