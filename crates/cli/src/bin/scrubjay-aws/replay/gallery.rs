//! The gallery's dead letters: keys that derive could not follow, and photos that could not be analysed.

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use serde_json::Value;

use super::report::{Action, Row};
use super::steps::refused;
use crate::target::Target;

/// Where its messages go back to.
pub struct Gallery {
    sqs: aws_sdk_sqs::Client,
    sfn: aws_sdk_sfn::Client,
    derive: String,
    analyse: String,
    pub dry_run: bool,
}

impl Gallery {
    pub fn new(target: &Target, dry_run: bool) -> Result<Self> {
        Ok(Self {
            sqs: aws_sdk_sqs::Client::new(target.sdk()),
            sfn: aws_sdk_sfn::Client::new(target.sdk()),
            derive: target.output("DeriveQueueUrl")?.to_owned(),
            analyse: target.output("AnalyseStateMachineArn")?.to_owned(),
            dry_run,
        })
    }

    /// Sends a message back to where it failed.
    pub async fn one(&self, message: &Message) -> Result<Row> {
        let body = message.body.as_deref().unwrap_or_default();
        let rule = message
            .message_attributes()
            .and_then(|all| all.get("RULE_ARN"));
        let rule = rule
            .and_then(|rule| rule.string_value())
            .unwrap_or_default();
        match read(body, rule) {
            Letter::Derive { key } => {
                if !self.dry_run {
                    let send = self.sqs.send_message().queue_url(&self.derive);
                    let answer = send.message_body(body).send().await;
                    answer.map_err(|error| refused(&error, "SendMessage"))?;
                }
                Ok(Row::new(key, Action::Sent))
            }
            Letter::Analyse { key, event } => {
                let id = message.message_id.as_deref().unwrap_or_default();
                let name = super::replay_name(&["dead letter", &self.analyse, id]);
                if !self.dry_run {
                    let start = self.sfn.start_execution().state_machine_arn(&self.analyse);
                    let start = start.name(name).input(event.to_string());
                    let answer = start.send().await;
                    answer.map_err(|error| refused(&error, "StartExecution"))?;
                }
                Ok(Row::new(key, Action::Sent))
            }
            Letter::Unknown => {
                let id = message.message_id.as_deref().unwrap_or("?");
                Ok(Row::new(format!("message {id}"), Action::Impossible)
                    .because("it is no message of this gallery; it stays in the queue"))
            }
        }
    }
}

/// What a message is about.
#[derive(Debug, PartialEq)]
enum Letter {
    /// Something happened to a key: derive looks at it.
    Derive {
        key: String,
    },
    /// An analysis that failed, or could not be started.
    Analyse {
        key: String,
        event: Value,
    },
    Unknown,
}

/// A message is what derive was sent (an event of S3, or `{"key": …}`), what the machine analyse has put there
/// (`{"analyse": event, "error": …}`), or an event that EventBridge could not deliver to either; the rule tells which.
fn read(body: &str, rule: &str) -> Letter {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return Letter::Unknown;
    };
    let analysis = value.get_mut("analyse").map(Value::take);
    let is_analysis = analysis.is_some() || rule.ends_with("-gallery-published");
    let event = analysis.unwrap_or(value);
    let key = event
        .pointer("/detail/object/key")
        .or_else(|| event.get("key"));
    match key.and_then(Value::as_str).map(ToOwned::to_owned) {
        Some(key) if is_analysis => Letter::Analyse { key, event },
        Some(key) => Letter::Derive { key },
        None => Letter::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_goes_back_to_where_it_failed() {
        let event = json!({"detail": {"object": {"key": "a.jpg", "etag": "e"}}});
        let derive = Letter::Derive {
            key: "a.jpg".into(),
        };
        let analyse = Letter::Analyse {
            key: "a.jpg".into(),
            event: event.clone(),
        };
        let rule = "arn:aws:events:eu-central-1:111122223333:rule/scrubjay-dev-gallery-";
        assert_eq!(read(&event.to_string(), ""), derive);
        assert_eq!(read(&event.to_string(), &format!("{rule}changed")), derive);
        assert_eq!(read(r#"{"key": "a.jpg"}"#, ""), derive);
        assert_eq!(
            read(&event.to_string(), &format!("{rule}published")),
            analyse
        );
        let buried = json!({"analyse": event, "error": "Rekognition.ThrottlingException"});
        assert_eq!(read(&buried.to_string(), ""), analyse);
        for body in ["", "{}", "[]", r#"{"key": 1}"#] {
            assert_eq!(read(body, ""), Letter::Unknown, "{body}");
        }
    }
}
