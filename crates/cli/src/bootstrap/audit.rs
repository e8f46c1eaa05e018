//! `snowguard bootstrap audit`

use super::output::write;
use super::{StepOptions, StoreOptions};
use crate::exit::FOUND;
use bootstrap::Digest;
use bootstrap::audit::{Audit, AuditMachine, write_text};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// List what has to be trusted: every byte of the seed, what people have to read, what programs
/// made, where sources can be had, and what is left.
///
/// Sources of others are looked at if the store has them; those of this program are counted if the
/// chain is in a checkout, and cargo has the crates. Exit code 0; 1 if the seed's listing and
/// its disassembly do not say the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap audit | less
  snowguard bootstrap audit --json --output audit.json")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Every generated file, however many there are
    #[arg(long)]
    all: bool,
    /// JSON
    #[arg(long)]
    json: bool,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = options.steps.plan()?;
    let audit = Audit::new(&plan, &options.store.contents()?, &machine(&plan.folder))?;
    write(options.output.as_ref(), |out| {
        if options.json { writeln!(out, "{:#}", audit.json()) } else { write_text(out, &audit, options.all) }
    })?;
    Ok(if audit.seed.disagreements.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// What runs this. What cannot be found out is left out.
fn machine(chain: &Path) -> AuditMachine {
    let uname = rustix::system::uname();
    let kernel = format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy());
    let driver = std::env::current_exe().ok().and_then(|path| {
        let file = std::fs::File::open(path).ok()?;
        let bytes = file.metadata().ok()?.len();
        Some((bytes, Digest::of_reader(file).ok()?.to_string()))
    });
    // The chain of this project is in a folder of the checkout.
    let checkout = chain.canonicalize().ok().and_then(|folder| Some(folder.parent()?.to_owned()));
    let checkout = checkout.filter(|folder| folder.join("Cargo.lock").is_file());
    AuditMachine { kernel: Some(kernel), driver, checkout }
}
