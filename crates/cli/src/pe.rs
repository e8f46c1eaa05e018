//! `snowguard pe`: EFI programs, their sections and signatures.

mod digest;
pub(crate) mod image;
mod inspect;
mod nested;
mod programs;
mod sections;
mod sign;
mod signatures;
pub(crate) mod signer;
mod timestamp;
mod uki;
mod verify;

use crate::exit;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(inspect::Options),
    Digest(digest::Options),
    Sections(sections::Options),
    Sign(sign::Options),
    Uki(uki::Options),
    Verify(verify::Options),
    Strip(signatures::StripOptions),
    Attach(signatures::AttachOptions),
    Detach(signatures::DetachOptions),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Inspect(options) => inspect::run(options),
        Command::Digest(options) => digest::run(options),
        Command::Sections(options) => sections::run(options),
        Command::Sign(options) => sign::run(options),
        Command::Uki(options) => uki::run(options),
        Command::Verify(options) => verify::run(options),
        Command::Strip(options) => signatures::strip(options),
        Command::Attach(options) => signatures::attach(options),
        Command::Detach(options) => signatures::detach(options),
    }
}
