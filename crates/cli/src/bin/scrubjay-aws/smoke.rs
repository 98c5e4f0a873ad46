//! `scrubjay smoke`: one photo all the way through a deployed stack, as its users do it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use scrubjay::show;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::aws::s3_client;
use scrubjay_pipeline::upload::object;
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::{Item, Table, read};
use crate::target::TargetArgs;
use crate::trial::{PHOTO, with_comment};

/// How often bucket B and the table are asked.
const PAUSE: Duration = Duration::from_millis(500);

/// Put a photo with a known secret through a deployed stack, and check what comes out
///
/// Uploads it to bucket A as user A, waits for its audit item, reads the result from bucket B as user B, checks that it is clean,
/// upright and without the secret, deletes it from A, checks that it leaves B, and takes its rows out of the audit table again, so
/// that no figure counts a photo of nobody. Where bucket A keeps versions, a version and a delete marker stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  scrubjay smoke --env dev --upload-profile user-a --read-profile user-b

Exit codes: 0 all is well, 1 something is not, 2 usage.")]
pub struct Args {
    /// Profile of user A, who uploads; without it, the credentials that find the stack
    #[arg(long, value_name = "PROFILE", conflicts_with = "local")]
    upload_profile: Option<String>,
    /// Profile of user B, who reads; without it, the credentials that find the stack
    #[arg(long, value_name = "PROFILE", conflicts_with = "local")]
    read_profile: Option<String>,
    /// Folder of the photo's key; it must begin with the stack's `KeyPrefix`
    #[arg(long, value_name = "PREFIX", default_value = "smoke/")]
    prefix: String,
    /// Seconds to wait for each of both ends
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    key: String,
    removed: Vec<Value>,
    milliseconds: u128,
    ok: bool,
}

/// Exit code 0, or an error that says which step failed and what to do.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let report = runtime.block_on(smoke(args))?;
    if args.json {
        show::say_json(&report)?;
    } else {
        show::say(format_args!(
            "all is well: {} came out clean, upright and audited in {} ms, and is gone again",
            report.key, report.milliseconds
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn smoke(args: &Args) -> Result<Report> {
    let target = args.target.find().await?;
    let user_a = s3_client(
        &args
            .target
            .as_user(&target, args.upload_profile.as_deref())
            .await?,
    );
    let user_b = s3_client(
        &args
            .target
            .as_user(&target, args.read_profile.as_deref())
            .await?,
    );
    let source = target.output("SourceBucket")?;
    let run = Run {
        table: Table::new(target.sdk(), target.output("AuditTable")?, None),
        destination: target.output("DestinationBucket")?,
        user_b,
        patience: Duration::from_secs(args.timeout),
    };
    // The photo is unique, so that no other has its ETag or its secret.
    let number = uuid::Uuid::new_v4();
    let (secret, key) = (
        format!("canary-{number}"),
        format!("{}{number}.jpg", args.prefix),
    );
    let photo = with_comment(&secret);

    let began = Instant::now();
    let step = |text: &str| {
        if !args.json {
            eprintln!("{text}");
        }
    };
    step(&format!("user A uploads {key}"));
    let put = user_a
        .put_object()
        .bucket(source)
        .key(&key)
        .content_type("image/jpeg");
    let sent = put.body(ByteStream::from(photo)).send().await;
    sent.map_err(|error| explained("user A cannot write to bucket A", &error))?;

    let checked = run.check(source, &key, &secret, step).await;
    let milliseconds = began.elapsed().as_millis();

    // Clean up even after a failed check: the trial photo must not stay on the website.
    step("user A deletes it");
    let delete = user_a.delete_object().bucket(source).key(&key).send().await;
    delete.map_err(|error| {
        explained(
            "user A cannot delete from bucket A; the photo stays",
            &error,
        )
    })?;
    let removed = checked?;
    run.gone(&key).await?;
    step("its audit items are removed");
    if let Err(error) = run.tidy(&object(source, &key)).await {
        eprintln!("the audit items of {key} stay: {error:#}");
    }
    Ok(Report {
        key,
        removed,
        milliseconds,
        ok: true,
    })
}

struct Run<'a> {
    table: Table,
    destination: &'a str,
    user_b: Client,
    patience: Duration,
}

impl Run<'_> {
    /// Waits for the photo's end and checks it. Returns the kinds that were removed.
    async fn check(
        &self,
        source: &str,
        key: &str,
        secret: &str,
        step: impl Fn(&str),
    ) -> Result<Vec<Value>> {
        step("waiting for its audit item");
        let item = self.ended(&object(source, key)).await?;
        let text = serde_json::to_string(&item)?;
        ensure!(
            !text.contains(secret),
            "the audit item repeats what the photo hides"
        );
        ensure!(
            item.status == Status::Cleaned,
            "the photo ended as {}: `scrubjay audit show {key}` says why",
            item.status.as_str()
        );
        step("user B reads the result");
        let bytes = self.read(key).await?;
        let bytes = bytes.context("the audit item says CLEANED, but bucket B does not have it")?;
        check_photo(&bytes, secret)?;
        let item = serde_json::to_value(&item)?;
        Ok(item["removed"].as_array().cloned().unwrap_or_default())
    }

    async fn ended(&self, object: &str) -> Result<Item> {
        let began = Instant::now();
        loop {
            for row in self.table.object(object).await? {
                let is_upload = row.get("entry").and_then(|entry| entry.as_s().ok());
                if is_upload.is_some_and(|entry| entry.starts_with("upload#")) {
                    let item: Item = read(row)?;
                    if item.status != Status::Processing {
                        return Ok(item);
                    }
                }
            }
            ensure!(
                began.elapsed() < self.patience,
                "nothing has become of the photo in {} s: is the rule scrubjay-<env>-uploaded enabled, do EventBridge \
                 notifications of bucket A arrive, and does the key begin with the stack's KeyPrefix? docs/troubleshooting.md",
                self.patience.as_secs()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What bucket B holds, as user B sees it.
    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let get = self.user_b.get_object().bucket(self.destination).key(key);
        match get.send().await {
            Ok(object) => Ok(Some(object.body.collect().await?.to_vec())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key) =>
            {
                Ok(None)
            }
            Err(error) => Err(explained("user B cannot read bucket B", &error)),
        }
    }

    /// Takes away what the table knows of the photo, once its removal has been recorded. Nobody else has ever had this key.
    async fn tidy(&self, object: &str) -> Result<()> {
        let began = Instant::now();
        while self.ended(object).await?.status != Status::Retracted {
            ensure!(
                began.elapsed() < self.patience,
                "its removal was never recorded"
            );
            tokio::time::sleep(PAUSE).await;
        }
        self.table.forget(object).await
    }

    async fn gone(&self, key: &str) -> Result<()> {
        let began = Instant::now();
        while self.read(key).await?.is_some() {
            ensure!(
                began.elapsed() < self.patience,
                "the photo was deleted from bucket A {} s ago and is still in bucket B: look at the machine retract's executions",
                self.patience.as_secs()
            );
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

fn check_photo(bytes: &[u8], secret: &str) -> Result<()> {
    scrubjay_jpeg::verify(bytes)
        .map_err(|leak| anyhow!("the photo in bucket B is not clean: {leak}"))?;
    let found = bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes());
    ensure!(!found, "the photo in bucket B still has what it hid");
    let size = |data: &[u8]| -> Result<(u64, u64)> {
        let report = json!(scrubjay_jpeg::inspect(
            data,
            &scrubjay_jpeg::Options::default()
        )?);
        Ok((
            report["width"].as_u64().unwrap_or_default(),
            report["height"].as_u64().unwrap_or_default(),
        ))
    };
    let ((width, height), turned) = (size(PHOTO)?, size(bytes)?);
    ensure!(
        turned == (height, width),
        "the photo in bucket B is {}x{} and not upright; is the stack's parameter Orientation bake?",
        turned.0,
        turned.1
    );
    Ok(())
}

fn explained<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let advice = match error.code() {
        Some("AccessDenied") => {
            "access is denied: are these the right user's credentials? --upload-profile, --read-profile"
        }
        Some("ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
            "the session has expired: log in again"
        }
        Some("NoSuchBucket") => {
            "there is no such bucket: the stack was deployed from a foundation that is gone"
        }
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
            "the bucket is in another region: --region"
        }
        _ => return anyhow!("{what}: {}", DisplayErrorContext(error)),
    };
    anyhow!("{what}: {advice}")
}
