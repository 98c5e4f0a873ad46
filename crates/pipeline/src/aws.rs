//! The adapters: S3, DynamoDB, and the protocol of [`crate::fence`] carried out on them.

mod dynamodb;
mod publish;
mod s3;
mod workflow;

pub use dynamodb::{Audit, Recorded};
pub use publish::Publisher;
pub use s3::{Destination, Source, Staging};
pub use workflow::{Failure, Workflow};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{Builder, tls};

use crate::error::Source as Cause;

/// The SDK's configuration as Lambda gives it by the environment (region, credentials, an endpoint in tests), over one
/// connection pool with rustls and ring: half the size of the default stack, which links two TLS back ends.
pub async fn sdk_config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await
}

/// An S3 client with path-style addresses when an endpoint is set: an emulator's host name has no bucket subdomains.
pub fn s3_client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let path_style = config.endpoint_url().is_some();
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config)
            .force_path_style(path_style)
            .build(),
    )
}

/// HTTP status of a service's answer; `None` when there was none.
fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|r| r.status().as_u16())
}

/// The cause for the log: the service's code and request, or why there was no answer.
fn cause<E>(error: SdkError<E>) -> Cause
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match (error.code(), status(&error)) {
        (Some(code), Some(status)) => format!("{code} (HTTP {status})").into(),
        _ => DisplayErrorContext(error).to_string().into(),
    }
}
