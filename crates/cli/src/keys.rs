//! `snowguard keys`: the keys of Secure Boot.

mod create;
mod enroll;
mod export;
mod status;

use crate::exit;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::Options),
    Status(status::Options),
    Enroll(enroll::Options),
    Export(export::Options),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Create(options) => create::run(options).map_err(exit::Failure::failed),
        Command::Status(options) => status::run(options).map_err(exit::Failure::failed),
        Command::Enroll(options) => enroll::run(options).map_err(exit::Failure::failed),
        Command::Export(options) => export::run(options).map_err(exit::Failure::failed),
    }
}
