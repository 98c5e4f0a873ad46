//! EventBridge: the event by which a company's own systems learn how an upload ended.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::cause;
use crate::Error;
use crate::audit::{Outcome, SETTLED, SOURCE, settled};

const DOING: &str = "announce how an upload ended";

fn unavailable<E>(error: SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    Error::EventsUnavailable {
        doing: DOING,
        source: cause(error),
    }
}

/// Sends *Upload Settled* to the account's default event bus, and can send nothing else.
#[derive(Debug, Clone)]
pub struct Announcer {
    client: Client,
}

impl Announcer {
    /// Uses the SDK's configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }

    /// Announces an outcome. A repeated call announces it again, so subscribers receive each outcome at least once.
    ///
    /// # Errors
    /// [`Error::EventsUnavailable`], also when EventBridge answers but does not accept the event
    /// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
    pub async fn settled(&self, outcome: &Outcome) -> Result<(), Error> {
        let entry = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(SETTLED)
            .detail(settled(outcome).to_string())
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(unavailable)?;
        if answer.failed_entry_count() == 0 {
            return Ok(());
        }
        let refused = answer.entries().iter().find_map(|entry| entry.error_code());
        Err(Error::EventsUnavailable {
            doing: DOING,
            source: refused.unwrap_or("the event was not taken").into(),
        })
    }
}
