//! `scrubjay local up|status|down`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay::show;
use scrubjay_local::Outputs;

use super::{StackArgs, bring_up, find, up_command};

#[derive(Debug, clap::Args)]
pub struct UpArgs {
    #[command(flatten)]
    find: FindArgs,
    #[command(flatten)]
    stack: StackArgs,
}

#[derive(Debug, clap::Args)]
pub struct FindArgs {
    /// The stack's name; several run side by side
    #[arg(long, default_value = "local")]
    stack: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn up(args: UpArgs) -> Result<ExitCode> {
    let running = match find(&args.find.stack).await? {
        Some(running) => running,
        None => bring_up(args.find.stack, &args.stack).await?,
    };
    let log = running.log();
    let outputs = running.detach().await?;
    print(&outputs, &log, args.find.json)?;
    Ok(ExitCode::SUCCESS)
}

pub async fn status(args: &FindArgs) -> Result<ExitCode> {
    if let Some(stack) = find(&args.stack).await? {
        print(stack.outputs(), &stack.log(), args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "the stack {} does not run; `{}` starts it",
        args.stack,
        up_command(&args.stack)
    );
    Ok(ExitCode::FAILURE)
}

pub async fn down(args: &FindArgs) -> Result<ExitCode> {
    match find(&args.stack).await? {
        Some(stack) => {
            stack.down().await?;
            eprintln!("the stack {} is stopped", args.stack);
        }
        None => eprintln!("the stack {} does not run", args.stack),
    }
    Ok(ExitCode::SUCCESS)
}

fn print(outputs: &Outputs, log: &Path, json: bool) -> Result<()> {
    if json {
        return show::say_json(outputs);
    }
    let Outputs {
        stack,
        endpoint,
        region,
        source_bucket,
        destination_bucket,
        audit_table,
        state_machine_arn,
        ..
    } = outputs;
    let gallery = match (
        outputs.others.get("deriveQueueUrl"),
        outputs.others.get("derivativesBucket"),
        outputs.others.get("catalogueTable"),
    ) {
        (Some(_), Some(derivatives), Some(catalogue)) => {
            format!("\nderivatives    {derivatives}\ncatalogue      {catalogue}")
        }
        _ => String::new(),
    };
    let pages = match (
        outputs.others.get("pagesUrl"),
        outputs.others.get("galleryUser"),
        outputs.others.get("galleryPassword"),
    ) {
        (Some(pages), Some(user), Some(password)) => format!(
            "\n\nThe gallery's pages: {pages}\nSign in as {user} with the password {password}"
        ),
        _ => String::new(),
    };
    let (named, down) = match stack.as_str() {
        "local" => (String::new(), String::new()),
        other => (format!("={other}"), format!(" --stack {other}")),
    };
    show::say(format_args!(
        "\
endpoint       {endpoint}
region         {region}
bucket A       {source_bucket}
staging        {}
bucket B       {destination_bucket}
audit table    {audit_table}
state machine  {state_machine_arn}{gallery}{pages}
log            {}

Paste this to work with it:

export AWS_ENDPOINT_URL={endpoint} AWS_REGION={region} AWS_DEFAULT_REGION={region}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
aws s3 cp photo.jpg s3://{source_bucket}/photo.jpg
aws s3 ls s3://{destination_bucket}/
aws dynamodb query --table-name {audit_table} --key-condition-expression '#o = :o' \\
    --expression-attribute-names '{{\"#o\": \"object\"}}' \\
    --expression-attribute-values '{{\":o\": {{\"S\": \"{source_bucket}/photo.jpg\"}}}}'
aws stepfunctions list-executions --state-machine-arn {state_machine_arn}
scrubjay audit list --local{named}

`scrubjay local down{down}` stops it.",
        outputs.staging_bucket,
        log.display(),
    ))
}
