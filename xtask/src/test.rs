//! `cargo xtask test`: everything that a change must pass, on a fresh machine or a used one.

mod claims;
mod comments;
mod steps;

use self::steps::{STEPS, Step};
use anyhow::bail;
use std::time::{Duration, Instant};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only what needs nothing installed: formatting, lints, structure, unit tests
    #[arg(long)]
    quick: bool,
    /// Only these steps (may be repeated)
    #[arg(long, value_name = "STEP", conflicts_with = "quick")]
    only: Vec<String>,
    /// Only name the steps
    #[arg(long)]
    list: bool,
}

enum Outcome {
    Passed,
    Failed,
    /// Not run, because this earlier step failed.
    Blocked(&'static str),
}

/// Runs the steps in order; a failed one does not keep later ones from running unless they need it.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(unknown) =
        options.only.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str()))
    {
        bail!("there is no step `{unknown}`; `cargo xtask test --list` names them");
    }
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| {
            if options.quick {
                step.quick
            } else {
                !step.quick_only && options.only.is_empty()
                    || options.only.iter().any(|name| name == step.name)
            }
        })
        .collect();
    if options.list {
        for step in chosen {
            println!("{:<10} {}", step.name, step.what);
        }
        return Ok(());
    }

    let mut results: Vec<(&Step, Outcome, Duration)> = Vec::new();
    for step in chosen {
        let started = Instant::now();
        let blocker = results
            .iter()
            .find(|(earlier, outcome, _)| {
                !matches!(outcome, Outcome::Passed) && step.needs.contains(&earlier.name)
            })
            .map(|(earlier, ..)| earlier.name);
        let outcome = if let Some(earlier) = blocker {
            eprintln!("== {}: not run, because `{earlier}` failed", step.name);
            Outcome::Blocked(earlier)
        } else {
            eprintln!("== {}: {}", step.name, step.what);
            match (step.run)() {
                Ok(()) => Outcome::Passed,
                Err(error) => {
                    eprintln!("error: {error:#}");
                    Outcome::Failed
                }
            }
        };
        results.push((step, outcome, started.elapsed()));
    }
    summarise(&results)
}

fn summarise(results: &[(&Step, Outcome, Duration)]) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    eprintln!("\n{:<10} {:>8}  result", "step", "seconds");
    for (step, outcome, took) in results {
        let result = match outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Blocked(earlier) => format!("NOT RUN (needs {earlier})"),
        };
        if !matches!(outcome, Outcome::Passed) {
            failed.push(step.name);
        }
        eprintln!("{:<10} {:>8.1}  {result}", step.name, took.as_secs_f64());
    }
    let total: Duration = results.iter().map(|(.., took)| *took).sum();
    eprintln!("{:<10} {:>8.1}", "all", total.as_secs_f64());
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
