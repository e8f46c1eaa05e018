//! `snowguard bootstrap verify`

use super::build::build;
use super::{PlaceOptions, StepOptions, StoreOptions, how};
use crate::exit::{FOUND, Failure};
use anyhow::Context as _;
use bootstrap::compare;
use bootstrap::store::Store;
use clap::Args;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Build everything twice, from the seed, and compare.
///
/// Each time in a new store of another path, beside the one that sources are taken from; the second time one step after the other. Exit code 0: all outputs are the same;
/// 1: one is not, and its first difference is shown; diffoscope is asked too, if this machine has it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap verify
  snowguard bootstrap verify cc --from debian,upstream")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    places: PlaceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// How many steps run at a time in the first build [default: as many as there are processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Take outputs that have no pin
    #[arg(long)]
    unpinned: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.steps.plan().map_err(Failure::usage)?;
    let folder = options.store.folder().map_err(Failure::usage)?;
    let mut how = how(&options.places, options.jobs, options.unpinned)?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))
        .map_err(Failure::scan)?;
    let mut stores = Vec::new();
    for name in ["verify-a-", "second-verification-"] {
        let made = tempfile::Builder::new().prefix(name).tempdir_in(&folder);
        let made = made
            .with_context(|| format!("cannot make a folder in {}", folder.display()))
            .map_err(Failure::scan)?;
        let store = Store::open(made.path()).map_err(Failure::scan)?;
        store.take_sources(&folder).map_err(Failure::scan)?;
        let results = build(&plan, &store, &how)?;
        how.jobs = 1;
        stores.push((made, store, results));
    }
    let [(_, first, one), (_, second, two)] = stores.as_slice() else {
        return Err(Failure::scan(anyhow::anyhow!("there should be two builds")));
    };
    let mut out = std::io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    let told = |error: std::io::Error| Failure::scan(error);
    for step in &plan.steps {
        for output in step.outputs.keys() {
            let object = |results: &bootstrap::build::Results| {
                results.get(&step.name).and_then(|result| result.outputs.get(output)).copied()
            };
            let (Some(a), Some(b)) = (object(one), object(two)) else { continue };
            if a == b {
                writeln!(out, "same       {} {}/{output}", a.sha256, step.name).map_err(told)?;
                continue;
            }
            code = ExitCode::from(FOUND);
            writeln!(out, "different  {}/{output}: {a}, then {b}", step.name).map_err(told)?;
            let difference = compare::first(&first.path(&a), &second.path(&b)).map_err(Failure::scan)?;
            if let Some(difference) = difference {
                writeln!(out, "{difference}").map_err(told)?;
            }
            if let Some(report) = diffoscope(&first.path(&a), &second.path(&b)) {
                out.write_all(&report).map_err(told)?;
            }
        }
    }
    Ok(code)
}

/// What diffoscope says of two outputs, if there is one on this machine.
fn diffoscope(first: &Path, second: &Path) -> Option<Vec<u8>> {
    let mut command = Command::new("diffoscope");
    command
        .args(["--text", "-", "--max-text-report-size", "100000"])
        .args([first, second])
        .stdin(Stdio::null());
    let output = command.output().ok()?;
    // It ends with 1 if there are differences, which is why it was asked.
    matches!(output.status.code(), Some(0 | 1)).then_some(output.stdout)
}
