//! What every Lambda does around its handler: it logs one JSON line per event, and reports errors under our own names.

use std::time::Instant;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::{Instrument, Level, Span};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Class, Error};

/// Logs JSON lines to standard output, at the level that Lambda's logging controls set
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>).
pub fn log_as_json() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(Level::INFO);
    // The runtime would open a span around each event and log every error a second time, even that of a refused file. `Subject`
    // writes both instead.
    let ours = Targets::new()
        .with_default(level)
        .with_target("lambda_runtime::layers::trace", LevelFilter::OFF)
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level)
        .finish()
        .with(ours)
        .init();
}

/// Opens connections during initialisation, so that the first upload does not wait for TLS; `OPEN_CONNECTIONS=false` leaves
/// them to the first use.
pub async fn opening(connections: impl Future<Output = ()>) {
    if std::env::var("OPEN_CONNECTIONS").as_deref() != Ok("false") {
        connections.await;
    }
}

/// Serves events until Lambda ends the process. Handlers take the raw value and decode it themselves: a decoding failure in
/// the runtime would lose our error name.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<H, F, T>(step: &'static str, handle: H) -> Result<(), lambda_runtime::Error>
where
    H: Fn(Value) -> F,
    F: Future<Output = Result<T, Error>>,
    T: Serialize,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let started = Instant::now();
        let subject = Subject::of(&event.payload);
        // The span puts the event's fields into every log line of the handler.
        let span = subject.span(step, &event.context.request_id);
        let result = handle(event.payload).instrument(span).await;
        subject.log(
            step,
            &event.context.request_id,
            started,
            result.as_ref().err(),
        );
        result
    }))
    .await
}

/// Which upload an event is about. Its fields are read before the input is decoded, so that the log names the upload even if
/// the input is invalid.
struct Subject([(&'static str, String); 6]);

impl Subject {
    fn of(input: &Value) -> Self {
        let field = |name: &'static str| {
            let value = input.get("upload").and_then(|upload| upload.get(name));
            (
                name,
                value
                    .map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned))
                    .unwrap_or_default(),
            )
        };
        Self(["bucket", "key", "etag", "versionId", "execution", "attempt"].map(field))
    }

    fn span(&self, step: &str, request: &str) -> Span {
        let [bucket, key, etag, version, execution, attempt] =
            self.0.each_ref().map(|(_, value)| value.as_str());
        // The span has the level ERROR, which is never filtered out, so that every log line has its fields.
        tracing::error_span!(
            "event", step, request, bucket, key, etag, version, execution, attempt
        )
    }

    fn log(&self, step: &str, request: &str, started: Instant, error: Option<&Error>) {
        let [bucket, key, etag, version, execution, attempt] =
            self.0.each_ref().map(|(_, value)| value.as_str());
        let milliseconds = started.elapsed().as_millis() as u64;
        macro_rules! line {
            ($level:ident, $($more:tt)*) => {
                tracing::$level!(step, request, bucket, key, etag, version, execution, attempt, milliseconds, $($more)*)
            };
        }
        match error {
            None => line!(info, "done"),
            Some(e) => match e.class() {
                Class::Permanent | Class::Overtaken | Class::Stale => {
                    line!(info, error = e.name(), "{}", e.chain());
                }
                Class::Transient => {
                    line!(warn, error = e.name(), "{}", e.chain());
                }
                Class::Bug => {
                    line!(error, error = e.name(), "{}", e.chain());
                }
            },
        }
    }
}
