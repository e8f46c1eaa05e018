//! `snowguard tracker account`: the first accounts, and roles for those that are there.

use super::Place;
use crate::exit::Failure;
use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracker::app::{App, Clock};
use tracker::models::account::{self, Account, AccountError};
use tracker::models::permission::Role;
use tracker::serve;

/// The most bytes of a file with a password.
const PASSWORD: u64 = 4096;
/// Accounts that are read at once.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a local account.
    Create(CreateOptions),
    /// Give an account a role.
    Grant(RoleOptions),
    /// Take a role from an account.
    Revoke(RoleOptions),
    /// List all accounts.
    List(ListOptions),
}

#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    #[command(flatten)]
    place: Place,
    /// What it signs in with
    name: String,
    /// Read the password from this file instead of standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Give it this role
    #[arg(long, value_parser = role)]
    role: Option<Role>,
}

#[derive(Debug, Args)]
pub(crate) struct RoleOptions {
    #[command(flatten)]
    place: Place,
    /// The name of a local account
    name: String,
    /// `committer`, `security-team` or `admin`
    #[arg(value_parser = role)]
    role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::of_name(text)
        .filter(|role| role.is_granted())
        .ok_or_else(|| "a role is committer, security-team or admin".to_owned())
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(options) => create(options),
        Command::Grant(options) => set_role(options, true),
        Command::Revoke(options) => set_role(options, false),
        Command::List(options) => list(options),
    }
}

fn open(place: &Place) -> Result<App, Failure> {
    serve::open(place.config()?, Clock::system()).map_err(Failure::failed)
}

fn create(options: &CreateOptions) -> Result<ExitCode, Failure> {
    let password = password(options.password_file.as_deref())?;
    let app = open(&options.place)?;
    let now = app.now();
    let made = app.database.write(|transaction| {
        let id = account::create(transaction, &options.name, &password, None, now)?;
        if let Some(role) = options.role {
            account::set_role(transaction, id, role, true, None, now)?;
        }
        Ok::<_, AccountError>(())
    });
    made.map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

/// The first line of a file, or of standard input: never an argument, which all processes can see.
fn password(file: Option<&Path>) -> Result<String, Failure> {
    let text = if let Some(file) = file {
        files::read_text(file, PASSWORD).map_err(Failure::failed)?
    } else {
        let mut text = String::new();
        let read = std::io::stdin().lock().take(PASSWORD).read_to_string(&mut text);
        read.context("cannot read the password from standard input")?;
        text
    };
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn set_role(options: &RoleOptions, wanted: bool) -> Result<ExitCode, Failure> {
    let app = open(&options.place)?;
    let now = app.now();
    let changed = app.database.write(|transaction| {
        let found = account::of_name(transaction, &options.name)?.ok_or(AccountError::Unknown)?;
        account::set_role(transaction, found.id, options.role, wanted, None, now)
    });
    changed
        .with_context(|| format!("cannot change the roles of {:?}", options.name))
        .map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn list(options: &ListOptions) -> Result<ExitCode, Failure> {
    let app = open(&options.place)?;
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let after = accounts.last().map(|account| account.id);
        let page = app.database.read(|connection| account::list(connection, after, PAGE));
        let page = page.map_err(Failure::failed)?;
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    let mut out = terminal::stdout();
    if options.json {
        let text = serde_json::to_string_pretty(&accounts).map_err(|error| anyhow!(error))?;
        writeln!(out, "{text}").map_err(Failure::failed)?;
        return Ok(ExitCode::SUCCESS);
    }
    for account in &accounts {
        let roles: Vec<&str> = account.roles.iter().map(Role::name).collect();
        let name = account.local_name.as_deref().or(account.github_login.as_deref()).unwrap_or(&account.name);
        let disabled = if account.disabled_at.is_some() { " (disabled)" } else { "" };
        writeln!(out, "{}{disabled}: {}", terminal::clean(name), roles.join(", "))
            .map_err(Failure::failed)?;
    }
    Ok(ExitCode::SUCCESS)
}
