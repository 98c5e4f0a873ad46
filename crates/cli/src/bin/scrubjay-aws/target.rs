//! Which deployed stack a command speaks to: credentials, region and the names that the stack's outputs give.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use scrubjay::show;
use scrubjay_jpeg::Copyright;
use scrubjay_pipeline::upload::Suffixes;

use crate::profiles;

/// Where a stack is looked for.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Which stack")]
pub struct TargetArgs {
    /// The environment; its CloudFormation stack is `scrubjay-NAME`. Without it, `SCRUBJAY_ENV`, or else `dev`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// AWS region, instead of the one that `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile names
    #[arg(long)]
    region: Option<String>,
    /// Profile of the AWS configuration, instead of `AWS_PROFILE`
    #[arg(long)]
    profile: Option<String>,
    /// Endpoint of every service, instead of AWS's; `AWS_ENDPOINT_URL` does the same
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// A stack on this machine that `scrubjay local up` left running, instead of one on AWS
    #[arg(
        long,
        value_name = "STACK",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "local",
        conflicts_with_all = ["env", "region", "profile", "endpoint"]
    )]
    local: Option<String>,
}

/// A stack that was found.
#[derive(Debug, Clone)]
pub struct Target {
    sdk: SdkConfig,
    stack: String,
    outputs: BTreeMap<String, String>,
}

impl TargetArgs {
    /// Finds the stack.
    ///
    /// # Errors
    /// What is wrong and what to do about it: no region, no credentials, an expired session, no such stack, no access.
    pub async fn find(&self) -> Result<Target> {
        self.find_stack("").await
    }

    /// Finds the gallery's stack of the environment: `scrubjay-NAME-gallery`.
    ///
    /// # Errors
    /// As [`TargetArgs::find`].
    pub async fn find_gallery(&self) -> Result<Target> {
        self.find_stack("-gallery").await
    }

    /// The environment's name.
    pub fn environment(&self) -> String {
        self.local.clone().unwrap_or_else(|| self.on_aws())
    }

    async fn find_stack(&self, suffix: &str) -> Result<Target> {
        if let Some(name) = &self.local {
            let running = crate::local::find(name).await?.with_context(|| {
                format!(
                    "the local stack {name} does not run; `{}` starts it; for a stack on AWS give --env NAME instead of --local",
                    crate::local::up_command(name)
                )
            })?;
            return Target::describe(running.sdk_config(), format!("scrubjay-{name}{suffix}"))
                .await;
        }
        match self.find_on_aws(suffix).await {
            Err(error) => Err(or_local(error).await),
            found => found,
        }
    }

    async fn find_on_aws(&self, suffix: &str) -> Result<Target> {
        let sdk = self.sdk_config(self.profile.as_deref()).await?;
        Target::describe(sdk, format!("scrubjay-{}{suffix}", self.on_aws())).await
    }

    fn on_aws(&self) -> String {
        let named = || std::env::var("SCRUBJAY_ENV").ok();
        let env = self.env.clone().or_else(named);
        env.filter(|env| !env.is_empty())
            .unwrap_or_else(|| "dev".into())
    }

    /// The configuration of another profile for the same place; without one, that which found the stack.
    ///
    /// # Errors
    /// As [`TargetArgs::find`].
    pub async fn as_user(&self, target: &Target, profile: Option<&str>) -> Result<SdkConfig> {
        match profile {
            None => Ok(target.sdk.clone()),
            Some(_) => self.sdk_config(profile).await,
        }
    }

    /// As the `aws` command finds them: options, environment, profile, single sign-on, process, container, instance.
    async fn sdk_config(&self, profile: Option<&str>) -> Result<SdkConfig> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        profiles::check(profile)?;
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let sdk = loader.load().await;
        if sdk.region().is_none() {
            bail!(
                "no AWS region: give --region, or set AWS_REGION or AWS_DEFAULT_REGION, or name one in the profile"
            );
        }
        let provider = sdk.credentials_provider();
        let provider = provider.context("no AWS credentials")?;
        provider
            .provide_credentials()
            .await
            .map_err(no_credentials)?;
        Ok(sdk)
    }
}

/// What is wrong, and that a stack on this machine runs, if one does.
async fn or_local(error: anyhow::Error) -> anyhow::Error {
    match crate::local::find("local").await {
        Ok(Some(_)) => anyhow!("{error:#}; for the stack that runs on this machine give --local"),
        _ => error,
    }
}

fn no_credentials(error: CredentialsError) -> anyhow::Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => anyhow!(
            "no AWS credentials: give --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run \
             `aws configure sso`"
        ),
        other => anyhow!(
            "AWS credentials cannot be had: {}; has the session expired? `aws sso login` renews one",
            cause(&other)
        ),
    }
}

impl Target {
    /// The gallery's stack beside this one; nothing when it is not deployed.
    ///
    /// # Errors
    /// When `CloudFormation` does not answer.
    pub async fn gallery(&self) -> Result<Option<Self>> {
        let client = aws_sdk_cloudformation::Client::new(&self.sdk);
        let stack = format!("{}-gallery", self.stack);
        let answer = client.describe_stacks().stack_name(&stack).send().await;
        if let Err(error) = &answer
            && error.code() == Some("ValidationError")
        {
            return Ok(None);
        }
        Self::describe(self.sdk.clone(), stack).await.map(Some)
    }

    /// Reads the stack's outputs.
    async fn describe(sdk: SdkConfig, stack: String) -> Result<Self> {
        let client = aws_sdk_cloudformation::Client::new(&sdk);
        let answer = client.describe_stacks().stack_name(&stack).send().await;
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let answer = answer.map_err(|error| not_described(&error, &stack, &region))?;
        let outputs = answer
            .stacks()
            .iter()
            .flat_map(aws_sdk_cloudformation::types::Stack::outputs)
            .filter_map(|o| Some((o.output_key()?.to_owned(), o.output_value()?.to_owned())))
            .collect();
        Ok(Self {
            sdk,
            stack,
            outputs,
        })
    }

    /// Region, credentials and endpoint for any client of the SDK.
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// Every output of the stack.
    pub fn outputs(&self) -> &BTreeMap<String, String> {
        &self.outputs
    }

    /// The environment's name.
    pub fn env(&self) -> &str {
        self.stack.strip_prefix("scrubjay-").unwrap_or(&self.stack)
    }

    /// Which keys the stack takes by their endings. A stack from before there was a choice takes those of
    /// [`Suffixes::Jpeg`].
    ///
    /// # Errors
    /// When the stack names a choice that this command does not know.
    pub fn suffixes(&self) -> Result<Suffixes> {
        match self.outputs.get("Suffixes") {
            None => Ok(Suffixes::Jpeg),
            Some(text) => text.parse().map_err(|why: String| {
                anyhow::anyhow!("the stack {} has an output Suffixes, but {why}", self.stack)
            }),
        }
    }

    /// What the stack does with notices of copyright. A stack from before there was a choice drops them.
    ///
    /// # Errors
    /// When the stack names a choice that this command does not know.
    pub fn copyright(&self) -> Result<Copyright> {
        match self.outputs.get("Copyright") {
            None => Ok(Copyright::Drop),
            Some(text) => text.parse().with_context(|| {
                format!("the stack {} has an output Copyright: {text}", self.stack)
            }),
        }
    }

    /// An output of the stack, by the name in template.yaml.
    ///
    /// # Errors
    /// When the stack has none of that name.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| {
            format!(
                "the stack {} has no output {name}; it was deployed from another template.yaml: deploy it again",
                self.stack
            )
        })
    }
}

/// What to do about it, by the service's code
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html>).
fn not_described<E>(error: &SdkError<E>, stack: &str, region: &str) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code) => anyhow!(advice(
            code,
            error.message().unwrap_or_default(),
            stack,
            region
        )),
        None => anyhow!(
            "CloudFormation in {region} cannot be reached: {}; is there a network, and is it the right --region or --endpoint?",
            cause(error)
        ),
    }
}

/// What is at the bottom of an error, in the system's own words.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    show::printable(&deepest.to_string())
}

fn advice(code: &str, message: &str, stack: &str, region: &str) -> String {
    match code {
        // CloudFormation answers ValidationError both for a stack that does not exist and for an invalid name.
        "ValidationError" => format!(
            "no stack {stack} in {region}: is it the right --env, --region and account? docs/deploy.md deploys one ({message})"
        ),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "the AWS session has expired: renew it (`aws sso login`, or new temporary keys)".into()
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" => {
            format!("AWS does not accept these credentials ({code})")
        }
        "AccessDenied" | "AccessDeniedException" => {
            format!(
                "these credentials may not describe the stack {stack} (cloudformation:DescribeStacks)"
            )
        }
        _ => format!("CloudFormation in {region} refused: {code}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        target: TargetArgs,
        key: Option<String>,
    }

    #[test]
    fn a_stack_is_named_in_one_way() {
        let parse = |args: &[&str]| Command::try_parse_from([&["x"], args].concat());
        assert_eq!(parse(&[]).unwrap().target.env, None);
        // What follows `--local` is not its value.
        let local = parse(&["--local", "a.jpg"]).unwrap();
        assert_eq!(local.target.local.as_deref(), Some("local"));
        assert_eq!(local.key.as_deref(), Some("a.jpg"));
        let other = parse(&["--local=other"]).unwrap();
        assert_eq!(other.target.local.as_deref(), Some("other"));
        for two in [
            ["--env", "prod"],
            ["--region", "eu-west-1"],
            ["--endpoint", "http://x"],
        ] {
            assert!(parse(&["--local", two[0], two[1]]).is_err(), "{two:?}");
        }
    }

    #[test]
    fn advice_is_by_code() {
        let rows = [
            ("ValidationError", "no stack scrubjay-x in eu-west-1"),
            ("ExpiredToken", "has expired"),
            ("RequestExpired", "has expired"),
            ("InvalidClientTokenId", "does not accept"),
            ("AccessDenied", "DescribeStacks"),
            ("Throttling", "Throttling: slower"),
        ];
        for (code, wanted) in rows {
            let told = advice(code, "slower", "scrubjay-x", "eu-west-1");
            assert!(told.contains(wanted), "{code}: {told}");
        }
    }

    #[test]
    fn credentials_that_are_not_there_differ_from_those_that_fail() {
        let none = no_credentials(CredentialsError::not_loaded("nowhere")).to_string();
        assert!(none.starts_with("no AWS credentials"), "{none}");
        let failed =
            no_credentials(CredentialsError::provider_error("the token is old")).to_string();
        assert!(
            failed.contains("the token is old") && failed.contains("aws sso login"),
            "{failed}"
        );
    }
}
