//! The snowguard program: arguments in, exit codes and text out.
//!
//! Text goes out through `terminal::stdout` and `terminal::stderr` only, which let nothing control
//! the terminal: see `clippy.toml` beside this crate's manifest.

// Comments on arguments are the text of `--help`, where a link is read and not clicked.
#![allow(rustdoc::bare_urls)]
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod bootstrap;
mod config;
mod db;
mod demo;
mod diff;
#[cfg(test)]
mod documented;
mod exit;
mod explain;
mod folder;
mod help;
mod hint;
mod keys;
mod location;
mod manual;
mod mirrors;
mod named;
mod pe;
mod sbat;
mod scan;
mod show;
mod target;
mod tracker;
mod update;

use clap::error::{ContextKind, ContextValue};
use clap::{FromArgMatches as _, Parser, Subcommand};
use config::{Config, ConfigCommand, Global};
use exit::Failure;
use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;

/// A scan makes and frees millions of small texts on several threads; the system's allocator takes
/// a quarter of the time of a scan for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Supply-chain security for Nix: what is vulnerable, what may boot, and a compiler that you can
/// trust.
#[derive(Debug, Parser)]
#[command(name = "snowguard", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create, update and inspect the local database of vulnerability records.
    #[command(subcommand)]
    Db(db::Command),
    Scan(scan::Options),
    Diff(diff::Options),
    Explain(explain::Options),
    Show(show::Options),
    Demo(demo::Options),
    /// Run the tracker: the web service that follows vulnerabilities in nixpkgs.
    #[command(subcommand)]
    Tracker(tracker::Command),
    /// Inspect, verify and sign EFI programs, and change their sections.
    #[command(subcommand)]
    Pe(pe::Command),
    /// Read, write and check SBAT data: which boot components are revoked.
    #[command(subcommand)]
    Sbat(sbat::Command),
    /// Create and enrol Secure Boot keys, and list those that are enrolled.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Build a C compiler from a seed of 255 bytes.
    #[command(subcommand)]
    Bootstrap(bootstrap::Command),
    /// Print the configuration that is in force.
    #[command(subcommand)]
    Config(ConfigCommand),
    Completions(manual::CompletionOptions),
    Man(manual::ManOptions),
}

const AFTER_HELP: &str = "\
Begin with:
  snowguard demo               scan a small made-up system; nothing to install first
  snowguard db update          fetch the vulnerability records
  snowguard scan               scan the running system
  snowguard pe verify --help   would firmware start this EFI program?
  snowguard bootstrap plan     the steps from 255 bytes to a C compiler

Exit codes: 0 done and clean, 1 findings, 2 wrong usage, 3 it could not be done.";

fn main() -> ExitCode {
    let (mut cli, command) = match parse(help::command::<Cli>()) {
        Ok(parsed) => parsed,
        Err(error) => return usage(error),
    };
    let config = match Config::load(&cli.global, &command) {
        Ok(config) => config,
        Err(error) => return Failure::usage(error).report(),
    };
    if !config.is_empty() {
        cli = match parse(config.apply(help::command::<Cli>())) {
            Ok((cli, _)) => cli,
            Err(error) => return usage(error),
        };
    }
    config::set_up(&cli.global, &config);
    let done = match cli.command {
        Command::Db(command) => db::run(command),
        Command::Scan(options) => scan::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Tracker(command) => tracker::run(command),
        Command::Pe(command) => pe::run(&command),
        Command::Sbat(command) => sbat::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Bootstrap(command) => bootstrap::run(&command),
        Command::Show(options) => show::run(&options),
        Command::Config(command) => config::run(&command, &config),
        Command::Completions(options) => manual::completions::<Cli>(&options),
        Command::Man(options) => manual::man::<Cli>(&options),
    };
    done.unwrap_or_else(Failure::report)
}

/// The arguments, and the name of the command.
fn parse(command: clap::Command) -> Result<(Cli, String), clap::Error> {
    let matches = command.try_get_matches()?;
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    Ok((Cli::from_arg_matches(&matches)?, name))
}

/// Prints help, or what is wrong with the arguments, which may hold anything.
fn usage(mut error: clap::Error) -> ExitCode {
    let mut changed = false;
    let mut cleaned = |text: &String| {
        let cleaned = terminal::clean(text);
        changed |= cleaned != *text;
        cleaned
    };
    let given: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in given {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(cleaned(&text)),
            ContextValue::Strings(texts) => ContextValue::Strings(texts.iter().map(&mut cleaned).collect()),
            // All others are ours, except for suggestions.
            _ => continue,
        };
        error.insert(kind, value);
    }
    if changed {
        error.insert(ContextKind::Suggested, ContextValue::None);
    }
    let mut text = error.render().ansi().to_string();
    // What parsers of values say may repeat the value.
    if let Some(source) = error.source().map(ToString::to_string) {
        text = text.replace(&source, &terminal::clean(&source));
    }
    let mut out = if error.use_stderr() { terminal::stderr() } else { terminal::stdout() };
    // Whoever reads may have seen enough.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit::USAGE))
}
