//! A `CloudFormation` stack, created and waited for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack as CfnStack, StackStatus};
use tokio::time::sleep;

use crate::{Error, Result};

const LIMIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(100);

/// The template, as `CloudFormation` takes it.
pub(crate) enum Body {
    /// The text itself, at most 51,200 bytes.
    Inline(String),
    /// Where it lies in S3.
    Url(String),
}

/// Creates the stack and waits until it stands. Returns its outputs.
///
/// # Errors
/// [`Error::Deploy`] with the failed events when it does not come to stand.
pub(crate) async fn create(
    client: &Client,
    name: &str,
    body: Body,
    parameters: &[(String, String)],
) -> Result<BTreeMap<String, String>> {
    let request = client
        .create_stack()
        .stack_name(name)
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .capabilities(Capability::CapabilityAutoExpand)
        .set_parameters(Some(
            parameters
                .iter()
                .map(|(key, value)| {
                    Parameter::builder()
                        .parameter_key(key)
                        .parameter_value(value)
                        .build()
                })
                .collect(),
        ));
    let request = match body {
        Body::Inline(text) => request.template_body(text),
        Body::Url(url) => request.template_url(url),
    };
    request.send().await.map_err(Error::aws("CreateStack"))?;

    let deadline = Instant::now() + LIMIT;
    loop {
        let stack = describe(client, name).await?;
        match stack.stack_status() {
            Some(StackStatus::CreateComplete) => return Ok(outputs(&stack)),
            Some(StackStatus::CreateInProgress | StackStatus::RollbackInProgress)
                if Instant::now() < deadline =>
            {
                sleep(POLL).await;
            }
            status => {
                return Err(Error::Deploy {
                    stack: name.to_owned(),
                    status: status.map_or("no status", StackStatus::as_str).to_owned(),
                    events: failures(client, name, &stack).await,
                });
            }
        }
    }
}

/// Name, type and default of every parameter that a template declares.
pub(crate) struct Declared {
    /// The parameter's name.
    pub name: String,
    /// For example `String`, or `AWS::SSM::Parameter::Value<String>`.
    pub kind: String,
    /// Empty when it has none.
    pub default: String,
}

/// The parameters that a template declares.
pub(crate) async fn declared(client: &Client, url: &str) -> Result<Vec<Declared>> {
    let summary = client
        .get_template_summary()
        .template_url(url)
        .send()
        .await
        .map_err(Error::aws("GetTemplateSummary"))?;
    Ok(summary
        .parameters()
        .iter()
        .map(|parameter| Declared {
            name: parameter.parameter_key().unwrap_or_default().to_owned(),
            kind: parameter.parameter_type().unwrap_or_default().to_owned(),
            default: parameter.default_value().unwrap_or_default().to_owned(),
        })
        .collect())
}

async fn describe(client: &Client, name: &str) -> Result<CfnStack> {
    let answer = client
        .describe_stacks()
        .stack_name(name)
        .send()
        .await
        .map_err(Error::aws("DescribeStacks"))?;
    answer.stacks().first().cloned().ok_or(Error::Aws {
        call: "DescribeStacks",
        message: format!("no stack {name}"),
    })
}

fn outputs(stack: &CfnStack) -> BTreeMap<String, String> {
    stack
        .outputs()
        .iter()
        .filter_map(|output| {
            Some((
                output.output_key()?.to_owned(),
                output.output_value()?.to_owned(),
            ))
        })
        .collect()
}

async fn failures(client: &Client, name: &str, stack: &CfnStack) -> Vec<String> {
    let answer = client.describe_stack_events().stack_name(name).send().await;
    let mut events: Vec<String> = answer.map_or_else(
        |_| Vec::new(),
        |answer| {
            answer
                .stack_events()
                .iter()
                .filter(|event| {
                    event.resource_status().is_some_and(|status| status.as_str().ends_with("FAILED"))
                        // A rollback cancels what was still being made; the reason lies elsewhere.
                        && event.resource_status_reason() != Some("Resource creation cancelled")
                })
                .map(|event| {
                    format!(
                        "  {} ({}): {}",
                        event.logical_resource_id().unwrap_or("?"),
                        event.resource_type().unwrap_or("?"),
                        event.resource_status_reason().unwrap_or("no reason given"),
                    )
                })
                .collect()
        },
    );
    // Newest first, as AWS lists them.
    events.reverse();
    if events.is_empty() {
        events.push(format!(
            "  {}",
            stack.stack_status_reason().unwrap_or("no reason given")
        ));
    }
    events
}
