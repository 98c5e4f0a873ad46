//! What the report uses besides the audit table: the reports bucket, the mail, the dead-letter queue.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;

use super::cause;
use super::s3::unavailable;
use crate::Error;

/// The reports bucket.
#[derive(Debug, Clone)]
pub struct ReportsBucket {
    client: Client,
    name: String,
}

impl ReportsBucket {
    /// Uses this client.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that is stored under a key; `None` if there is no object, or if it is not UTF-8.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn read(&self, key: &str) -> Result<Option<String>, Error> {
        const DOING: &str = "read an earlier report";
        let get = self.client.get_object().bucket(&self.name).key(key);
        let object = match get.send().await {
            Ok(object) => object,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(unavailable(DOING)(error)),
        };
        let body = object.body.collect().await;
        let body = body.map_err(|error| Error::StorageUnavailable {
            doing: DOING,
            source: error.into(),
        })?;
        Ok(String::from_utf8(body.to_vec()).ok())
    }

    /// Stores a text under a key.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn write(&self, key: &str, media_type: &str, text: String) -> Result<(), Error> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        put.content_type(media_type)
            .body(ByteStream::from(text.into_bytes()))
            .send()
            .await
            .map_err(unavailable("store a report"))?;
        Ok(())
    }
}

/// The topic whose subscribers are told of a report.
#[derive(Debug, Clone)]
pub struct Postbox {
    client: aws_sdk_sns::Client,
    topic: String,
}

impl Postbox {
    /// Uses the topic with this ARN.
    pub fn new(sdk: &SdkConfig, topic: String) -> Self {
        Self {
            client: aws_sdk_sns::Client::new(sdk),
            topic,
        }
    }

    /// Sends a mail. A subject has at most 100 characters of ASCII
    /// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
    ///
    /// # Errors
    /// [`Error::EventsUnavailable`].
    pub async fn send(&self, subject: &str, text: &str) -> Result<(), Error> {
        let publish = self.client.publish().topic_arn(&self.topic);
        let sent = publish.subject(subject).message(text).send().await;
        sent.map_err(|error| Error::EventsUnavailable {
            doing: "send a mail about a report",
            source: cause(error),
        })?;
        Ok(())
    }
}

/// A queue of which only the length can be read.
#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// Uses the queue with this URL.
    pub fn new(sdk: &SdkConfig, url: String) -> Self {
        Self {
            client: aws_sdk_sqs::Client::new(sdk),
            url,
        }
    }

    /// About how many messages wait in it.
    ///
    /// # Errors
    /// [`Error::EventsUnavailable`].
    pub async fn length(&self) -> Result<u64, Error> {
        let name = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let get = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = get.attribute_names(name.clone()).send().await;
        let answer = answer.map_err(|error| Error::EventsUnavailable {
            doing: "count the dead letters",
            source: cause(error),
        })?;
        let count = answer.attributes().and_then(|all| all.get(&name));
        Ok(count.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
