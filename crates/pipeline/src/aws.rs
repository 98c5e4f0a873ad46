//! The adapters: S3, DynamoDB and Step Functions, and the protocol of [`crate::fence`] carried out on them.
//!
//! Each type can do no more than the role of the function that holds it: [`FenceReader`] cannot write, [`StagingWriter`] cannot
//! read, [`Executions`] cannot start. `tests/tests/arrows.rs` lists which of them each function may import.

mod dynamodb;
mod events;
mod fences;
mod listing;
mod publish;
mod record;
mod reports;
mod rollups;
mod s3;
mod workflow;

pub use dynamodb::{Audit, AuditQueries, BACKFILL, Recorded};
pub use fences::FenceReader;
pub use listing::Bucket;
pub use publish::Publisher;
pub use record::{FailureCheck, Recorder};
pub use reports::{Postbox, Queue, ReportsBucket};
pub use rollups::Rollups;
pub use s3::{Source, StagingWriter};
pub use workflow::{ExecutionStarter, ExecutionState, Executions, Failure};

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::SharedCredentialsProvider;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;

use crate::error::Source as Cause;

/// Time-out for opening a connection; `aws_config::defaults` has the same.
const CONNECT: Duration = Duration::from_millis(3100);
/// Time-out for one attempt of a call, up to the head of its answer; [`CALL`] is the time-out for all attempts of a call
/// together. A function whose call hangs for longer than its `Timeout` is ended by Lambda, and with it the call. Every `Timeout` is
/// below the state's `TimeoutSeconds`. So when a state is retried, the calls of its earlier attempt have been given up. The
/// protocol assumes that their writes do not land later (docs/protocol.md).
const ATTEMPT: Duration = Duration::from_secs(20);
const CALL: Duration = Duration::from_secs(50);

/// The SDK's configuration from the environment variables that Lambda sets: region, credentials
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>) and, in tests, an
/// endpoint. `aws_config::defaults` is not used, because it would link code that a Lambda never needs (profiles, STS and the
/// instance metadata service), and its default HTTP client would link two TLS back ends.
pub fn sdk_config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .tls_context(trusted())
        .build_https();
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .region(variable("AWS_REGION").map(Region::new))
        .retry_config(RetryConfig::standard())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(CALL)
                .build(),
        );
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    config.build()
}

/// Trusts the system's certificate authorities, read from its one bundle file. The SDK's default reads every file of the
/// system's certificate folder as well, which has the same authorities again: some 300 files, whose reading takes half of a
/// cold start. The default is used only if `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, or if the bundle has something that cannot
/// be read.
fn trusted() -> TlsContext {
    let store = bundle().map_or_else(TrustStore::default, |pem| {
        TrustStore::empty().with_pem_certificate(pem)
    });
    let context = TlsContext::builder().with_trust_store(store).build();
    context.expect("the ring provider is linked")
}

fn bundle() -> Option<Vec<u8>> {
    let configured = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    if configured.iter().any(Option::is_some) {
        return None;
    }
    let pem = std::fs::read(openssl_probe::probe().cert_file?).ok()?;
    let authorities: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let usable = authorities.is_ok_and(|all| {
        !all.is_empty() && all.iter().all(|der| anchor_from_trusted_cert(der).is_ok())
    });
    usable.then_some(pem)
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

/// The cause for the log: the service's error code and HTTP status, or why there was no answer.
fn cause<E>(error: SdkError<E>) -> Cause
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match (error.code(), status(&error)) {
        (Some(code), Some(status)) => format!("{code} (HTTP {status})").into(),
        _ => DisplayErrorContext(error).to_string().into(),
    }
}
