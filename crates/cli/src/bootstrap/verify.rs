//! `snowguard bootstrap verify`

use super::build::build;
use super::{SourceOptions, StepOptions, StoreOptions, how};
use crate::exit::{FOUND, Failure};
use bootstrap::{BuildResults, Builder, Store, first_difference};
use clap::Args;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Build everything twice, from the seed, and compare.
///
/// Each time in a new store of another path, beside the one that sources are taken from; the second
/// time one step after the other. Exit code 0: all outputs are the same; 1: one is not, and its
/// first difference is shown; diffoscope is asked too, if this machine has it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap verify
  snowguard bootstrap verify cc --from debian,upstream")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    sources: SourceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// How many steps run at a time in the first build [default: as many as there are processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Accept outputs that have no pin
    #[arg(long)]
    unpinned: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.steps.plan().map_err(Failure::usage)?;
    let beside = options.store.open()?;
    // What a kill leaves in a store's `work` is removed by who opens it next.
    let build_in = |name: &str, jobs: Option<usize>| -> Result<(Store, BuildResults), Failure> {
        let store = Store::open(&beside.work(name).map_err(Failure::failed)?).map_err(Failure::failed)?;
        store.copy_sources(&beside).map_err(Failure::failed)?;
        let how = how(&options.sources, jobs, options.unpinned)?;
        let results = build(&Builder::new(&plan, &store, &how))?;
        Ok((store, results))
    };
    let (first, one) = build_in("first", options.jobs)?;
    let (second, two) = build_in("second-time", Some(1))?;
    let mut out = terminal::stdout();
    let mut code = ExitCode::SUCCESS;
    let failed = |error: std::io::Error| Failure::failed(error);
    for step in &plan.steps {
        for output in step.outputs.keys() {
            let object = |results: &BuildResults| {
                results.get(&step.name).and_then(|result| result.outputs.get(output)).copied()
            };
            let (Some(a), Some(b)) = (object(&one), object(&two)) else { continue };
            if a == b {
                writeln!(out, "same       {} {}/{output}", a.sha256, step.name).map_err(failed)?;
                continue;
            }
            code = ExitCode::from(FOUND);
            writeln!(out, "different  {}/{output}: {a}, then {b}", step.name).map_err(failed)?;
            let difference = first_difference(&first.path(&a), &second.path(&b)).map_err(Failure::failed)?;
            if let Some(difference) = difference {
                writeln!(out, "{difference}").map_err(failed)?;
            }
            if let Some(report) = diffoscope(&first.path(&a), &second.path(&b)) {
                out.write_all(&report).map_err(failed)?;
            }
        }
    }
    beside.clear_work().map_err(Failure::failed)?;
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
