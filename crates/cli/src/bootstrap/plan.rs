//! `snowguard bootstrap plan`

use super::StepOptions;
use super::output::write;
use bootstrap::replay;
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use terminal::Clean;

/// Print the steps in an order in which they can run, and what each needs.
///
/// All steps are checked first: that they need nothing unknown, no step itself, no file of this
/// machine, and no source without a hash.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap plan
  snowguard bootstrap plan tcc2 --json
  snowguard bootstrap plan cc --commands")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    /// JSON
    #[arg(long)]
    json: bool,
    /// The commands alone, one a line, to be followed from the seed without this program, a shell
    /// or anything else
    #[arg(long, conflicts_with = "json")]
    commands: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = options.steps.plan()?;
    if options.commands {
        let list = replay::lines(&plan, "bootstrap")?;
        write(None, |out| replay::write(out, &plan, &list, "bootstrap"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = terminal::stdout();
    if options.json {
        let steps = plan.steps.iter().map(|step| {
            let inputs: serde_json::Map<_, _> =
                step.inputs.iter().map(|(name, origin)| (name.clone(), origin.to_string().into())).collect();
            json!({
                "name": step.name,
                "summary": step.summary,
                "inputs": inputs,
                "run": step.run,
                "environment": step.environment,
                "proc": step.proc,
                "outputs": step.outputs,
            })
        });
        let sources = plan.sources.values().map(|source| {
            json!({
                "name": source.name,
                "file": source.file,
                "sha256": source.sha256,
                "size": source.size,
                "debian": source.debian,
                "crate": source.registry.as_ref().map(|found| json!({ "name": found.name, "version": found.version })),
                "urls": source.urls,
            })
        });
        let text = json!({ "steps": steps.collect::<Vec<_>>(), "sources": sources.collect::<Vec<_>>() });
        serde_json::to_writer_pretty(&mut out, &text)?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    for step in &plan.steps {
        writeln!(out, "{:<12} {}", step.name, Clean(&step.summary))?;
        for (name, origin) in &step.inputs {
            let origin = origin.to_string();
            let shown =
                if origin.ends_with(&format!("/{name}")) { origin } else { format!("{name} = {origin}") };
            writeln!(out, "    needs {shown}")?;
        }
        for (name, pin) in &step.outputs {
            let pin = pin.map_or_else(|| "without a pin".to_owned(), |pin| pin.to_string());
            writeln!(out, "    gives {name} {pin}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
