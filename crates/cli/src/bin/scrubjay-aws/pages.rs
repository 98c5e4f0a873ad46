//! `scrubjay completions` and `scrubjay man`: what shells and `man` know of the command, made from its own description.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use scrubjay::show;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay completions bash > ~/.local/share/bash-completion/completions/scrubjay
  scrubjay completions zsh > ~/.zfunc/_scrubjay         # with ~/.zfunc in fpath
  scrubjay completions fish > ~/.config/fish/completions/scrubjay.fish")]
pub struct CompletionArgs {
    /// The shell
    shell: Shell,
}

/// Write the manual pages into a folder: one for every command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  scrubjay man ~/.local/share/man/man1 && man scrubjay-scrub")]
pub struct ManArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints a completion script.
///
/// # Errors
/// When it cannot be shown.
pub fn completions(args: &CompletionArgs, mut command: Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "scrubjay", &mut script);
    io::Write::write_all(&mut show::stream(), &script)
        .context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the manual pages.
///
/// # Errors
/// When they cannot be written.
pub fn man(args: &ManArgs, command: Command) -> Result<ExitCode> {
    let cannot = || format!("cannot write to {}", show::path(&args.folder));
    fs::create_dir_all(&args.folder).with_context(cannot)?;
    clap_mangen::generate_to(command, &args.folder).with_context(cannot)?;
    Ok(ExitCode::SUCCESS)
}
