//! `scrubjay local`: the whole pipeline on this machine, over an emulated AWS.

mod run;
mod stack;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use indicatif::ProgressBar;
use scrubjay::show;
use scrubjay_local::{Options, Progress, Stack};

/// The whole pipeline on this machine: the real template, state machine and functions on an emulated AWS
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    /// Start the stack and leave it running; print where everything is
    Up(stack::UpArgs),
    /// Print where everything is, if the stack runs
    Status(stack::FindArgs),
    /// Stop the stack
    Down(stack::FindArgs),
}

/// What both `run` and `up` take.
#[derive(Debug, Clone, clap::Args)]
struct StackArgs {
    /// Enforce every IAM policy, as AWS does
    #[arg(long)]
    enforce_iam: bool,
    /// Deploy the gallery too: derivatives, analysis and catalogue of what bucket B holds
    #[arg(long)]
    gallery: bool,
    /// What a refused upload does to an older result of its key in bucket B
    #[arg(long, default_value = "withdraw")]
    on_rejected: OnRejected,
    /// The kind of workflow that takes an upload: a Standard execution each, or Express with Standard for what fails
    #[arg(long, default_value = "standard")]
    workflow: Workflow,
    /// Set a parameter of template.yaml
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Set a parameter of gallery/template.yaml
    #[arg(long = "gallery-parameter", value_name = "NAME=VALUE", value_parser = parameter, requires = "gallery")]
    gallery_parameters: Vec<(String, String)>,
    /// A folder with the functions' binaries, instead of building them
    #[arg(long, value_name = "DIR", conflicts_with = "functions_profile")]
    functions: Option<PathBuf>,
    /// Print what cargo prints while it builds them
    #[arg(short, long)]
    verbose: bool,
    /// Cargo profile that the functions are built with; `release` makes what runs on AWS, and takes minutes longer
    #[arg(long, value_name = "PROFILE", default_value = "dev")]
    functions_profile: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnRejected {
    Withdraw,
    Keep,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Workflow {
    Standard,
    Express,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Exit code 1 when a file was refused or failed, or the stack is not there.
pub fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        let work = async {
            match args.command {
                Command::Run(args) => run::run(args).await,
                Command::Up(args) => stack::up(args).await,
                Command::Status(args) => stack::status(&args).await,
                Command::Down(args) => stack::down(&args).await,
            }
        };
        // Dropping the work drops the stack that it holds, which stops it.
        tokio::select! {
            done = work => done,
            _ = tokio::signal::ctrl_c() => bail!("interrupted; the stack is stopped"),
        }
    })
}

/// The folder with template.yaml: this one or one above.
pub fn root() -> Result<PathBuf> {
    repository().context("no template.yaml here or above: run this inside scrubjay's repository")
}

fn repository() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let root = here
        .ancestors()
        .find(|dir| dir.join("template.yaml").is_file());
    root.map(PathBuf::from)
}

/// A stack that runs: of the repository that this folder lies in, or any that `local up` has left running.
pub async fn find(name: &str) -> Result<Option<Stack>> {
    Ok(scrubjay_local::find(repository().as_deref(), name).await?)
}

/// How a stack is started, as a command to paste.
pub fn up_command(name: &str) -> String {
    match name {
        "local" => "scrubjay local up".to_owned(),
        _ => format!("scrubjay local up --stack {name}"),
    }
}

/// Brings a stack up with a spinner on standard error.
async fn bring_up(name: String, args: &StackArgs) -> Result<Stack> {
    let mut options = Options::new(root()?).stack(name);
    options.enforce_iam = args.enforce_iam;
    options.gallery = args.gallery;
    options
        .gallery_parameters
        .clone_from(&args.gallery_parameters);
    let on_rejected = match args.on_rejected {
        OnRejected::Withdraw => "withdraw",
        OnRejected::Keep => "keep",
    };
    options
        .parameters
        .push(("OnRejected".into(), on_rejected.into()));
    let workflow = match args.workflow {
        Workflow::Standard => "standard",
        Workflow::Express => "express",
    };
    options
        .parameters
        .push(("Workflow".into(), workflow.into()));
    options.parameters.extend(args.parameters.iter().cloned());
    options.functions = match &args.functions {
        Some(dir) => scrubjay_local::Functions::Prebuilt(dir.clone()),
        None => scrubjay_local::Functions::Build {
            profile: args.functions_profile.clone(),
        },
    };
    let spinner = show::spinner();
    let telling = Telling::new(spinner.clone(), args.verbose);
    let report = move |progress: Progress| telling.tell(&progress);
    let stack = scrubjay_local::up(options, &report).await;
    spinner.finish_and_clear();
    Ok(stack?)
}

/// Tells on standard error what `up` does: one line that changes at a terminal, a line per step elsewhere.
struct Telling {
    spinner: ProgressBar,
    verbose: bool,
    /// What the build has come to, for the line that changes.
    built: Mutex<String>,
}

impl Telling {
    fn new(spinner: ProgressBar, verbose: bool) -> Self {
        Self {
            spinner,
            verbose,
            built: Mutex::default(),
        }
    }

    fn tell(&self, progress: &Progress) {
        let text = progress.to_string();
        // It is of no use to wait without knowing for what.
        let waits = text.trim_start().starts_with("Blocking");
        match progress {
            Progress::Cargo(_) if self.verbose || waits => self.line(&text),
            // What cargo is at stands behind how far it is.
            Progress::Cargo(_) => {
                let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
                self.spinner
                    .set_message(format!("{built}: {}", text.trim()));
            }
            Progress::Building(_) | Progress::Built { .. } => {
                text.clone_into(&mut self.built.lock().unwrap_or_else(PoisonError::into_inner));
                self.step(text);
            }
            _ => self.step(text),
        }
    }

    fn step(&self, text: String) {
        if self.spinner.is_hidden() {
            eprintln!("{text}");
        }
        self.spinner.set_message(text);
    }

    fn line(&self, text: &str) {
        self.spinner.suspend(|| eprintln!("{text}"));
    }
}
