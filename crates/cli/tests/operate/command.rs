//! The real binary against a stack.

use std::path::Path;
use std::process::{Command, Output};

use scrubjay_tests::World;
use serde_json::Value;

/// An answer of the command.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// The command with nothing of this machine's AWS configuration.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrubjay"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}

/// Runs the command against the stack.
pub fn scrubjay(world: &World, args: &[&str]) -> Answer {
    against(world, args).output().expect("the command").into()
}

/// The command, against the stack.
pub fn against(world: &World, args: &[&str]) -> Command {
    let mut command = command();
    command
        .args(args)
        .args([
            "--env",
            &world.names().stack,
            "--endpoint",
            &world.names().endpoint,
        ])
        .env("AWS_REGION", &world.names().region)
        .envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]);
    command
}
