//! `snowguard keys`: the keys of Secure Boot.

mod apply;
mod change;
mod create;
mod enroll;
mod entries;
mod export;
mod import;
mod inspect;
mod reset;
mod rotate;
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
    Inspect(inspect::Options),
    Apply(apply::Options),
    Rotate(rotate::Options),
    Reset(reset::Options),
    Import(import::Options),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Create(options) => create::run(options).map_err(exit::Failure::failed),
        Command::Status(options) => status::run(options).map_err(exit::Failure::failed),
        Command::Enroll(options) => enroll::run(options).map_err(exit::Failure::failed),
        Command::Export(options) => export::run(options).map_err(exit::Failure::failed),
        Command::Inspect(options) => inspect::run(options),
        Command::Apply(options) => apply::run(options),
        Command::Rotate(options) => rotate::run(options),
        Command::Reset(options) => reset::run(options).map_err(exit::Failure::failed),
        Command::Import(options) => import::run(options).map_err(exit::Failure::failed),
    }
}
