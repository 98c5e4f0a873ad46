//! `scrubjay users`: who may sign in at the gallery.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use aws_sdk_cognitoidentityprovider::Client;
use clap::{Subcommand, ValueEnum};
use scrubjay::show;
use scrubjay_local::users::{Added, GROUPS, Password, add};

use crate::target::TargetArgs;

/// Add users to the gallery and list them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(AddArgs),
    List(ListArgs),
}

/// Invite a user by e-mail, and put them into groups
///
/// Cognito sends a temporary password, which has to be changed at the first sign-in. A user who is there already keeps their password
/// and is only added to the groups.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Groups:
  viewers    see published photos
  uploaders  upload photos, and change and delete their own
  operators  see failures and replay them, change and delete every photo

Examples:
  scrubjay users add ada@example.com --group uploaders --env prod
  scrubjay users add ops@example.com --group operators --group viewers")]
struct AddArgs {
    /// The e-mail address, which is the user's name
    #[arg(value_parser = email)]
    email: String,
    /// A group; may be given more than once
    #[arg(long, required = true)]
    group: Vec<Group>,
    /// Read a password from standard input and set it, instead of inviting by e-mail
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// List users with their state and groups
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// For machines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    Viewers,
    Uploaders,
    Operators,
}

impl Group {
    const fn name(self) -> &'static str {
        match self {
            Self::Viewers => "viewers",
            Self::Uploaders => "uploaders",
            Self::Operators => "operators",
        }
    }
}

fn email(text: &str) -> Result<String, String> {
    let (user, host) = text.split_once('@').ok_or("not an e-mail address")?;
    let fits = !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace);
    fits.then(|| text.to_owned())
        .ok_or_else(|| "not an e-mail address".into())
}

/// Exit code 0 when it was done.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        match &args.command {
            Command::Add(args) => add_user(args).await,
            Command::List(args) => list(args).await,
        }
    })
}

async fn add_user(args: &AddArgs) -> Result<ExitCode> {
    let gallery = args.target.find_gallery().await?;
    let pool = gallery.output("UserPoolId")?;
    let groups: Vec<&str> = args.group.iter().map(|group| group.name()).collect();
    let password = if args.password_stdin {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("cannot read the password")?;
        let password = line.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            bail!("no password on standard input");
        }
        Password::Set(password.to_owned())
    } else {
        Password::Invite
    };
    let client = Client::new(gallery.sdk());
    let added = add(&client, pool, &args.email, &groups, &password).await?;
    let groups = groups.join(", ");
    let told = match (added, &password) {
        (Added::New, Password::Invite) => "was invited by e-mail and belongs to",
        (Added::New, Password::Set(_)) => "was added and belongs to",
        (Added::Known, _) => "was there already and now belongs to",
    };
    show::say(format_args!("{} {told} {groups}", args.email))?;
    if let Ok(pages) = gallery.output("PagesUrl") {
        show::say(format_args!("sign in at {pages}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ListArgs) -> Result<ExitCode> {
    let gallery = args.target.find_gallery().await?;
    let pool = gallery.output("UserPoolId")?;
    let client = Client::new(gallery.sdk());
    let mut users: std::collections::BTreeMap<String, (String, Vec<&str>)> =
        std::collections::BTreeMap::new();
    let mut pages = client
        .list_users()
        .user_pool_id(pool)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        for user in page.context("Cognito does not list users")?.users() {
            let email = user.attributes().iter().find(|a| a.name() == "email");
            let name = email.and_then(|a| a.value()).or(user.username());
            let state = user
                .user_status()
                .map_or("UNKNOWN", |status| status.as_str());
            users.insert(
                name.unwrap_or_default().to_owned(),
                (state.to_owned(), vec![]),
            );
        }
    }
    for (group, _) in GROUPS {
        let mut pages = client
            .list_users_in_group()
            .user_pool_id(pool)
            .group_name(group)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for user in page.context("Cognito does not list a group")?.users() {
                let email = user.attributes().iter().find(|a| a.name() == "email");
                let name = email.and_then(|a| a.value()).or(user.username());
                if let Some((_, groups)) = users.get_mut(name.unwrap_or_default()) {
                    groups.push(group);
                }
            }
        }
    }
    if args.json {
        let users: Vec<_> = users
            .iter()
            .map(|(email, (state, groups))| serde_json::json!({"email": email, "state": state, "groups": groups}))
            .collect();
        show::say_json(&users)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (email, (state, groups)) in &users {
        show::say(format_args!("{email}  {state}  {}", groups.join(", ")))?;
    }
    if users.is_empty() {
        eprintln!("no users yet; `scrubjay users add EMAIL --group uploaders` adds the first");
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_that_there_are() {
        let ours: Vec<&str> = Group::value_variants()
            .iter()
            .map(|group| group.name())
            .collect();
        assert_eq!(ours, GROUPS.map(|(name, _)| name));
    }

    #[test]
    fn an_address_looks_like_one() {
        assert!(email("ada@example.com").is_ok());
        for wrong in ["ada", "@example.com", "ada@example", "a b@example.com"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }
}
