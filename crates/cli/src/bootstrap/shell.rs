//! `snowguard bootstrap shell`

use super::build::build;
use super::{ChainOptions, SourceOptions, StoreOptions, how};
use crate::exit::Failure;
use anyhow::anyhow;
use bootstrap::{Builder, Plan};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Open a shell where a step would run, to see what it sees.
///
/// What the step needs is built first. The shell is a static busybox of this machine, at /busybox;
/// the step's commands are printed. What is made in /build and /out is gone afterwards.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap shell tcc1
  snowguard bootstrap shell cc --busybox ./busybox-static")]
pub(crate) struct Options {
    /// The step
    #[arg(value_name = "STEP")]
    step: String,
    #[command(flatten)]
    chain: ChainOptions,
    #[command(flatten)]
    sources: SourceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// A busybox without shared libraries
    #[arg(long, value_name = "FILE", default_value = "/bin/busybox")]
    busybox: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.chain.plan(std::slice::from_ref(&options.step)).map_err(Failure::usage)?;
    let busybox = options.busybox.canonicalize().map_err(|error| {
        let busybox = options.busybox.display();
        Failure::usage(anyhow!(
            "{busybox}: {error}: install busybox-static, or say with --busybox where there is one"
        ))
    })?;
    let store = options.store.open()?;
    let how = how(&options.sources, None, true)?;
    let (before, step): (Vec<_>, Vec<_>) =
        plan.steps.iter().cloned().partition(|step| step.name != options.step);
    let before = Plan { steps: before, ..plan.clone() };
    let builder = Builder::new(&before, &store, &how);
    let results = build(&builder)?;
    for step in &step {
        for argv in &step.run {
            crate::exit::note(argv.join(" "));
        }
        // How a shell ends says nothing.
        builder.shell(step, &results, &busybox).map_err(Failure::failed)?;
    }
    Ok(ExitCode::SUCCESS)
}
