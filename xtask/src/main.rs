//! Short commands for working on this repository: `cargo xtask help`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
Short commands for working on this repository

Usage: cargo xtask COMMAND

  quick               format, lints and unit tests of the libraries: under a minute once it is compiled
  test [NAME]         one test by (part of) its name, in whichever package has it; without a name, every test
  all                 everything that CI runs (.ci/run)
  checks [STEP...]    template, state machines, policies, Terraform and workflows (checks/run)
  fuzz SECONDS [TARGET...]
                      run fuzz targets for so long each, all of them without a name; wants cargo-fuzz
  docs                write anew what tests hold: the machine intake; the pages on permissions, cost and capacity
  hooks               have git run `quick` before each commit
  help                this text

Exit codes: 0 all is well, 1 something is not, 2 usage.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["quick"] => quick(),
        ["test"] => cargo(&["test", "--workspace"]),
        ["test", name] => cargo(&["test", "--workspace", name]),
        ["all"] => run(&mut command(".ci/run")),
        ["checks", steps @ ..] => run(command("checks/run").args(steps)),
        ["fuzz", seconds, targets @ ..] if seconds.parse::<u32>().is_ok() => fuzz(seconds, targets),
        ["docs"] => docs(),
        ["hooks"] => hooks(),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

fn quick() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    let libraries = ["-p", "scrubjay-jpeg", "-p", "scrubjay-pipeline"];
    cargo(
        &[
            &["clippy", "--quiet"],
            &libraries[..],
            &["--", "-D", "warnings"],
        ]
        .concat(),
    )?;
    cargo(&[&["test", "--quiet", "--lib"], &libraries[..]].concat())
}

fn docs() -> Result<(), String> {
    for test in ["intake", "figures", "permissions"] {
        let mut test_run = Command::new("cargo");
        test_run.args(["test", "-p", "scrubjay-tests", "--test", test]);
        run(test_run
            .args(["--", "--include-ignored"])
            .env("UPDATE_DOCS", "1"))?;
    }
    Ok(())
}

fn hooks() -> Result<(), String> {
    run(Command::new("git").args(["config", "core.hooksPath", ".githooks"]))?;
    println!(
        "git runs .githooks/pre-commit from now on; `git commit --no-verify` leaves it out once"
    );
    Ok(())
}

/// Runs targets one after the other, on seeds that are made first.
fn fuzz(seconds: &str, targets: &[&str]) -> Result<(), String> {
    let folder = root().join("crates/jpeg/fuzz/fuzz_targets");
    let mut known: Vec<String> = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| {
            entry
                .ok()?
                .path()
                .file_stem()?
                .to_str()
                .map(ToOwned::to_owned)
        })
        .collect();
    known.sort();
    if let Some(unknown) = targets.iter().find(|t| !known.iter().any(|k| k == *t)) {
        return Err(format!(
            "no fuzz target {unknown}; there are {}",
            known.join(", ")
        ));
    }
    let corpus = "crates/jpeg/fuzz/corpus";
    cargo(&[
        "run",
        "--quiet",
        "-p",
        "scrubjay-jpeg",
        "--example",
        "seeds",
        "--",
        corpus,
    ])?;
    for target in known
        .iter()
        .filter(|k| targets.is_empty() || targets.contains(&k.as_str()))
    {
        let mut fuzz = Command::new("cargo");
        fuzz.args([
            "fuzz",
            "run",
            target,
            "--",
            &format!("-max_total_time={seconds}"),
        ]);
        // The stable compiler then takes the sanitizer's flags.
        fuzz.env("RUSTC_BOOTSTRAP", "1")
            .current_dir(root().join("crates/jpeg"));
        run_in_place(&mut fuzz)?;
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    run(Command::new("cargo").args(arguments))
}

fn command(program: &str) -> Command {
    Command::new(root().join(program))
}

fn run(command: &mut Command) -> Result<(), String> {
    run_in_place(command.current_dir(root()))
}

fn run_in_place(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program}: {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.parent().expect("a folder around xtask").to_owned()
}
