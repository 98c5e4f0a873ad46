//! The Lambda `api`: the gallery's calls, behind an HTTP API whose authorizer has verified the token.

mod address;
mod answer;
mod audit;
mod deps;
mod form;
mod operations;
mod photos;
mod problem;
mod request;
mod routes;
mod user;
mod words;

use std::time::Instant;

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use scrubjay_pipeline::lambda;
use serde_json::{Value, json};

use crate::deps::Deps;
use crate::problem::Problem;
use crate::request::Event;
use crate::routes::Answer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::log_as_json();
    let deps = Deps::from_env().await?;
    lambda::opening(deps.open()).await;
    let deps = &deps;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        Ok::<Value, lambda_runtime::Error>(handle(deps, event).await)
    }))
    .await
}

/// Handles one call. Every error becomes an answer, because an error of the function would reach the caller as a bare 500.
async fn handle(deps: &Deps, event: LambdaEvent<Value>) -> Value {
    let started = Instant::now();
    let decoded = serde_json::from_value::<Event>(event.payload);
    let (route, result) = match decoded {
        Err(error) => (
            String::new(),
            Err(Problem::bug(format!("no event of an HTTP API: {error}"))),
        ),
        Ok(event) => {
            let result = routes::answer(deps, &event, Timestamp::now()).await;
            (event.route_key, result)
        }
    };
    let request = &event.context.request_id;
    let milliseconds = started.elapsed().as_millis() as u64;
    let status = match &result {
        Ok(Answer::Json(status, _)) => *status,
        Ok(Answer::Document) => 200,
        Err(problem) => problem.status,
    };
    match &result {
        // Who calls and with what stays out of the log.
        Ok(_) => tracing::info!(route, request, status, milliseconds, "answered"),
        Err(problem) if problem.status < 500 => {
            tracing::info!(
                route,
                request,
                status,
                milliseconds,
                problem = problem.kind,
                "refused"
            );
        }
        Err(problem) => {
            let cause = problem.cause.as_deref().unwrap_or_default();
            tracing::error!(
                route,
                request,
                status,
                milliseconds,
                problem = problem.kind,
                cause,
                "not answered"
            );
        }
    }
    response(result)
}

/// As an HTTP API wants it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response>).
fn response(result: Result<Answer, Problem>) -> Value {
    let (status, content_type, body) = match result {
        Ok(Answer::Json(status, body)) => (status, "application/json", body.to_string()),
        Ok(Answer::Document) => (200, "application/yaml", routes::OPENAPI.to_owned()),
        Err(problem) => (
            problem.status,
            "application/problem+json",
            problem.body().to_string(),
        ),
    };
    json!({
        "statusCode": status,
        "headers": {
            "content-type": content_type,
            // The answer may have addresses that are signed for this caller, so no cache may keep it.
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
        "body": body,
    })
}
