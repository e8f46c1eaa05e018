//! `snowguard bootstrap build`

use super::{SourceOptions, StepOptions, StoreOptions, how};
use crate::exit::{self, Failure};
use bootstrap::{BuildError, BuildResults, Builder, Plan, Store, accept_pins};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// Build the chain, or some steps of it and what they need.
///
/// Every step runs in a sandbox, with nothing of this machine but its kernel, and its outputs are
/// compared with their pins. What is known already is not built again; a build that was interrupted
/// goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap build
  snowguard bootstrap build cc --store /tmp/store
  snowguard bootstrap build --mirror ~/sources --from mirror --json")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    sources: SourceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// How many steps run at a time [default: as many as there are processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Accept outputs that have no pin
    #[arg(long)]
    unpinned: bool,
    /// Accept all outputs, and write their hashes into the steps as pins
    #[arg(long, conflicts_with = "unpinned")]
    accept: bool,
    /// JSON: every output with its hash and where it is
    #[arg(long)]
    json: bool,
}

/// Builds, with a line for each step, and shows what a failed one printed.
pub(super) fn build(builder: &Builder<'_>) -> Result<BuildResults, Failure> {
    builder.build(&exit::progress()).map_err(|error| {
        if let BuildError::Failed { last, .. } = &error {
            for line in last {
                exit::note(format_args!("  {line}"));
            }
        }
        Failure::failed(error)
    })
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut plan = options.steps.plan().map_err(Failure::usage)?;
    if options.accept {
        plan.steps.iter_mut().flat_map(|step| step.outputs.values_mut()).for_each(|pin| *pin = None);
    }
    let store = options.store.open()?;
    let how = how(&options.sources, options.jobs, options.unpinned || options.accept)?;
    let results = build(&Builder::new(&plan, &store, &how))?;
    if options.accept {
        for file in accept_pins(&plan, &results).map_err(Failure::failed)? {
            exit::note(format_args!("{}: pins written", file.display()));
        }
    }
    print(&plan, &store, &results, options.json).map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn print(plan: &Plan, store: &Store, results: &BuildResults, json: bool) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    for step in &plan.steps {
        let Some(result) = results.get(&step.name) else { continue };
        for (output, object) in &result.outputs {
            let path = store.path(object);
            if json {
                all.push(json!({
                    "step": step.name,
                    "output": output,
                    "kind": object.kind,
                    "sha256": object.sha256,
                    "path": path,
                    "milliseconds": result.milliseconds,
                }));
            } else {
                writeln!(out, "{} {}/{output}", object.sha256, step.name)?;
            }
        }
    }
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    Ok(())
}
