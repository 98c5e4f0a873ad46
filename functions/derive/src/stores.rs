//! Bucket B, which is read, and the derivatives bucket, which is written.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use bytes::Bytes;
use jiff::Timestamp;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::s3_client;

/// Metadata of a derivative: the ETag in bucket B of the photo that it was made of.
const SOURCE_ETAG: &str = "source-etag";

/// Both buckets.
#[derive(Debug)]
pub struct Stores {
    client: Client,
    destination: String,
    derivatives: String,
}

/// A photo as bucket B holds it.
#[derive(Debug, Clone)]
pub struct Held {
    pub etag: String,
    pub bytes: u64,
    pub at: Timestamp,
}

impl Stores {
    pub fn new(sdk: &SdkConfig, destination: String, derivatives: String) -> Self {
        Self {
            client: s3_client(sdk),
            destination,
            derivatives,
        }
    }

    pub async fn open(&self) {
        let answer = self.client.head_bucket().bucket(&self.destination).send();
        tracing::debug!(answered = answer.await.is_ok(), "connection opened");
    }

    /// What bucket B holds under a key.
    pub async fn look(&self, key: &str) -> Result<Option<Held>, Error> {
        let object = self
            .head(&self.destination, key, "look at bucket B")
            .await?;
        Ok(object.map(|object| Held {
            etag: bare(object.e_tag()),
            bytes: object
                .content_length()
                .and_then(|length| length.try_into().ok())
                .unwrap_or_default(),
            at: object
                .last_modified()
                .and_then(|at| Timestamp::from_second(at.secs()).ok())
                .unwrap_or_else(Timestamp::now),
        }))
    }

    /// The bytes of a photo; `None` if bucket B holds another photo under the key by now, or none.
    pub async fn read(&self, key: &str, etag: &str) -> Result<Option<Bytes>, Error> {
        const DOING: &str = "read bucket B";
        let get = self
            .client
            .get_object()
            .bucket(&self.destination)
            .key(key)
            .if_match(format!("\"{etag}\""));
        let object = match get.send().await {
            Ok(object) => object,
            Err(error) if matches!(status(&error), Some(404 | 412)) => return Ok(None),
            Err(error) => return Err(unavailable(DOING)(error)),
        };
        let body = object.body.collect().await;
        body.map(|body| Some(body.into_bytes()))
            .map_err(|e| Error::StorageUnavailable {
                doing: DOING,
                source: e.into(),
            })
    }

    /// The ETag of the photo of which the derivative of this width was made; `None` if there is no derivative.
    pub async fn source_of(&self, key: &str, width: u32) -> Result<Option<String>, Error> {
        let name = name(width, key);
        let object = self
            .head(&self.derivatives, &name, "look at a derivative")
            .await?;
        Ok(object.map(|object| {
            let etag = object.metadata().and_then(|all| all.get(SOURCE_ETAG));
            etag.cloned().unwrap_or_default()
        }))
    }

    pub async fn put(&self, key: &str, width: u32, etag: &str, jpeg: Vec<u8>) -> Result<(), Error> {
        self.client
            .put_object()
            .bucket(&self.derivatives)
            .key(name(width, key))
            .content_type("image/jpeg")
            .cache_control("public, max-age=3600")
            .metadata(SOURCE_ETAG, etag)
            .body(jpeg.into())
            .send()
            .await
            .map_err(unavailable("write a derivative"))?;
        Ok(())
    }

    pub async fn remove(&self, key: &str, width: u32) -> Result<(), Error> {
        self.client
            .delete_object()
            .bucket(&self.derivatives)
            .key(name(width, key))
            .send()
            .await
            .map_err(unavailable("remove a derivative"))?;
        Ok(())
    }

    async fn head(
        &self,
        bucket: &str,
        key: &str,
        doing: &'static str,
    ) -> Result<Option<HeadObjectOutput>, Error> {
        match self
            .client
            .head_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
        {
            Ok(object) => Ok(Some(object)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(unavailable(doing)(error)),
        }
    }
}

/// A derivative's key.
pub fn name(width: u32, key: &str) -> String {
    format!("{width}/{key}")
}

fn bare(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|r| r.status().as_u16())
}

fn unavailable<E>(doing: &'static str) -> impl FnOnce(SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::StorageUnavailable {
        doing,
        source: match (error.code(), status(&error)) {
            (Some(code), Some(status)) => format!("{code} (HTTP {status})").into(),
            _ => DisplayErrorContext(error).to_string().into(),
        },
    }
}
