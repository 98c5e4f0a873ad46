//! The three buckets, each with only the operations that the pipeline needs of it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_types::base64;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use scrubjay_jpeg::{Part, Stripped};
use sha2::{Digest, Sha256};

use super::{cause, status};
use crate::Error;
use crate::fence::ETag;
use crate::upload::{Staged, Upload, hex};

/// The media type of everything that is published.
const JPEG: &str = "image/jpeg";

pub(super) fn unavailable<E>(doing: &'static str) -> impl FnOnce(SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::StorageUnavailable {
        doing,
        source: cause(error),
    }
}

/// An ETag without quotes: HTTP headers quote ETags, events and the audit table do not.
pub(super) fn bare(etag: Option<&str>) -> ETag {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

/// Reads a body of known length into one buffer.
async fn collect(mut body: ByteStream, length: usize, doing: &'static str) -> Result<Bytes, Error> {
    let mut buffer = BytesMut::with_capacity(length);
    while let Some(chunk) = body.next().await {
        buffer.extend_from_slice(&chunk.map_err(|e| Error::StorageUnavailable {
            doing,
            source: e.into(),
        })?);
    }
    Ok(buffer.freeze())
}

/// Opens the connection that the first upload would otherwise wait for. What it answers does not matter.
async fn open(client: &Client, bucket: &str) {
    let answer = client.head_bucket().bucket(bucket).send().await;
    tracing::debug!(bucket, answered = answer.is_ok(), "connection opened");
}

/// Bucket A.
#[derive(Debug, Clone)]
pub struct Source {
    client: Client,
}

impl Source {
    /// Uses this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Opens the connection.
    pub async fn open(&self, bucket: &str) {
        open(&self.client, bucket).await;
    }

    /// Reads an upload's bytes, if bucket A still holds them: GET with `If-Match`
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
    ///
    /// # Errors
    /// [`Error::SourceSuperseded`] on 412, [`Error::SourceDeleted`] on 404, [`Error::TooLarge`] over `max_bytes` (before the
    /// body is read), [`Error::StorageUnavailable`] otherwise.
    pub async fn read(&self, upload: &Upload, max_bytes: u64) -> Result<Bytes, Error> {
        within(upload.size, max_bytes)?;
        let object = self.get(upload).send().await.map_err(unread)?;
        let size = length(object.content_length);
        within(Some(size), max_bytes)?;
        collect(object.body, size as usize, "read bucket A").await
    }

    /// Reads an upload's first bytes, at most `most` of them, and how many it has, if bucket A still holds it: GET with `If-Match`
    /// and `Range` (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/range-get-olap.html>).
    ///
    /// # Errors
    /// As [`Source::read`]; [`Error::TooLarge`] before any byte is read.
    pub async fn read_head(
        &self,
        upload: &Upload,
        most: u64,
        max_bytes: u64,
    ) -> Result<(Bytes, u64), Error> {
        within(upload.size, max_bytes)?;
        let range = format!("bytes=0-{}", most.saturating_sub(1));
        let object = match self.get(upload).range(range).send().await {
            Ok(object) => object,
            // S3 answers 416 for an empty object, which has no range of bytes.
            Err(error) if status(&error) == Some(416) => return Ok((Bytes::new(), 0)),
            Err(error) => return Err(unread(error)),
        };
        let sent = length(object.content_length);
        // `bytes 0-65535/482113`
        let all = object.content_range.as_deref();
        let all = all.and_then(|range| range.rsplit('/').next()?.parse().ok());
        let size = all.unwrap_or(sent);
        within(Some(size), max_bytes)?;
        let head = collect(object.body, sent as usize, "read bucket A").await?;
        Ok((head, size))
    }

    fn get(&self, upload: &Upload) -> GetObjectFluentBuilder {
        let get = self.client.get_object();
        let get = get.bucket(&upload.bucket).key(&upload.key);
        get.if_match(format!("\"{}\"", upload.etag))
    }
}

fn length(content_length: Option<i64>) -> u64 {
    u64::try_from(content_length.unwrap_or_default()).unwrap_or_default()
}

/// # Errors
/// [`Error::TooLarge`], with the number and the limit.
fn within(size: Option<u64>, max_bytes: u64) -> Result<(), Error> {
    match size {
        Some(size) if size > max_bytes => Err(Error::TooLarge(format!(
            "{size} bytes, the limit is {max_bytes}"
        ))),
        _ => Ok(()),
    }
}

/// Why an upload could not be read from bucket A.
fn unread(error: SdkError<GetObjectError>) -> Error {
    match status(&error) {
        Some(412) => Error::SourceSuperseded,
        Some(404) => Error::SourceDeleted,
        _ => unavailable("read bucket A")(error),
    }
}

/// Writes the staging bucket: what Strip holds.
#[derive(Debug, Clone)]
pub struct StagingWriter {
    client: Client,
    bucket: String,
}

impl StagingWriter {
    /// Uses this client.
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Opens the connection.
    pub async fn open(&self) {
        open(&self.client, &self.bucket).await;
    }

    /// Writes a clean file as a stream. Kept ranges are slices of the source, so that the picture is in memory only once.
    ///
    /// The key is made of the digests of the object's name and of the contents. So a repeated Strip writes the same bytes to
    /// the same key, and a key never gets other contents.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn write(
        &self,
        object: &str,
        source: &Bytes,
        clean: &Stripped,
    ) -> Result<Staged, Error> {
        let parts: VecDeque<Bytes> = clean
            .parts
            .iter()
            .map(|part| match part {
                Part::Kept(range) => source.slice(range.clone()),
                Part::Made(made) => Bytes::copy_from_slice(made),
            })
            .collect();
        let size = parts.iter().map(|p| p.len() as u64).sum();
        let mut digest = Sha256::new();
        for part in &parts {
            digest.update(part);
        }
        let digest = digest.finalize();
        let sha256 = hex(&digest);
        let key = format!("{}/{sha256}.jpg", hex(&Sha256::digest(object.as_bytes())));
        let body = SdkBody::retryable(move || {
            SdkBody::from_body_1_x(Parts {
                left: size,
                parts: parts.clone(),
            })
        });
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .content_type(JPEG)
            .content_length(size as i64)
            .checksum_sha256(base64::encode(digest))
            .body(ByteStream::new(body))
            .send()
            .await
            .map_err(unavailable("write the staging bucket"))?;
        Ok(Staged { key, sha256, size })
    }
}

/// Reads the staging bucket: what [`super::Publisher`] holds.
#[derive(Debug, Clone)]
pub(super) struct StagingReader {
    client: Client,
    bucket: String,
}

impl StagingReader {
    /// Uses this client.
    pub(super) fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Reads a staged file and checks that it has the expected digest.
    ///
    /// # Errors
    /// [`Error::SourceStale`] when it has expired, [`Error::NotClean`] when its digest differs,
    /// [`Error::StorageUnavailable`] otherwise.
    pub(super) async fn read(&self, staged: &Staged) -> Result<Bytes, Error> {
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&staged.key)
            .send()
            .await
            .map_err(|error| match status(&error) {
                Some(404) => Error::SourceStale,
                _ => unavailable("read the staging bucket")(error),
            })?;
        let bytes = collect(object.body, staged.size as usize, "read the staging bucket").await?;
        if hex(&Sha256::digest(&bytes)) == staged.sha256 {
            Ok(bytes)
        } else {
            Err(Error::NotClean(
                "its digest is not the one that Strip reported".into(),
            ))
        }
    }
}

/// Bucket B, for [`super::Publisher`]. Every write is conditional.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    client: Client,
    bucket: String,
}

impl Destination {
    /// Uses this client.
    pub(super) fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Opens the connection.
    pub(super) async fn open(&self) {
        open(&self.client, &self.bucket).await;
    }

    /// The object's ETag, or `None` when there is none.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub(super) async fn etag(&self, key: &str) -> Result<Option<ETag>, Error> {
        match self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
        {
            Ok(object) => Ok(Some(bare(object.e_tag()))),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(unavailable("look at bucket B")(error)),
        }
    }

    /// PUT with `If-Match: expected`, or `If-None-Match: *` for `None`; no user metadata
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
    /// The new ETag, or `None` when the condition did not hold (412), the object was gone (404) or another write won (409).
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&ETag>,
    ) -> Result<Option<ETag>, Error> {
        let checksum = base64::encode(Sha256::digest(&bytes));
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(JPEG)
            .checksum_sha256(checksum);
        let put = match expected {
            Some(etag) => put.if_match(format!("\"{etag}\"")),
            None => put.if_none_match("*"),
        };
        match put.body(bytes.into()).send().await {
            Ok(object) => Ok(Some(bare(object.e_tag()))),
            Err(error) if lost(&error) => Ok(None),
            Err(error) => Err(unavailable("write bucket B")(error)),
        }
    }

    /// DELETE with `If-Match: expected`
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>). Whether it was done.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub(super) async fn delete(&self, key: &str, expected: &ETag) -> Result<bool, Error> {
        let delete = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .if_match(format!("\"{expected}\""));
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) if lost(&error) => Ok(false),
            Err(error) => Err(unavailable("remove from bucket B")(error)),
        }
    }
}

/// Whether the condition of a write did not hold, as opposed to S3 not answering.
fn lost<E>(error: &SdkError<E>) -> bool {
    matches!(status(error), Some(404 | 409 | 412))
}

/// A body of slices with a known length.
struct Parts {
    left: u64,
    parts: VecDeque<Bytes>,
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.parts.pop_front().map(|part| {
            self.left = self.left.saturating_sub(part.len() as u64);
            Ok(Frame::data(part))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
