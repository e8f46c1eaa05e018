//! `snowguard bootstrap fetch`

use super::{SourceOptions, StepOptions, StoreOptions};
use crate::exit::{self, FOUND, Failure};
use anyhow::Context as _;
use bootstrap::sources::{self, ProbeAnswer, SourceOrigin, probe};
use bootstrap::{Answers, InputOrigin, Plan, SourceArchive, Store, record_probes};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// Fetch what others wrote, so that building needs no network.
///
/// A source is what has its SHA-256, wherever it comes from. Origins are asked one after the other
/// until one has it. With --probe nothing is taken: each origin says whether it has it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap fetch
  snowguard bootstrap fetch tcc0 --mirror ~/sources --from mirror,upstream
  snowguard bootstrap fetch --probe
  snowguard bootstrap fetch --probe --record --from debian,upstream

Exit codes: 0 all sources are there, or can be had; 1 with --probe: one is nowhere to be had; 2 wrong usage; 3 one could not be fetched")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    sources: SourceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Ask all origins whether they have the sources, and take nothing
    #[arg(long)]
    probe: bool,
    /// With --probe: write into the steps, beside each place that has a source, that it was there
    /// today
    #[arg(long, requires = "probe")]
    record: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.steps.plan().map_err(Failure::usage)?;
    let store = options.store.open()?;
    let origins = options.sources.origins();
    if options.probe {
        probe_all(&plan, &store, &origins, options).map_err(Failure::failed)
    } else {
        fetch(&plan, &store, &origins, options.json).map_err(Failure::failed)
    }
}

/// What the steps of a plan need of others.
fn needed(plan: &Plan) -> impl Iterator<Item = &SourceArchive> {
    plan.sources.values().filter(|source| {
        let needs = |origin: &InputOrigin| match origin {
            InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => *name == source.name,
            _ => false,
        };
        plan.steps.iter().any(|step| step.inputs.values().any(needs))
    })
}

fn fetch(plan: &Plan, store: &Store, origins: &[SourceOrigin], json: bool) -> anyhow::Result<ExitCode> {
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    for source in needed(plan) {
        let fetched = sources::fetch(store, source, origins, &exit::progress());
        let path = fetched.with_context(|| format!("source {}", source.name))?;
        if json {
            all.push(
                json!({ "name": source.name, "sha256": source.sha256, "size": source.size, "path": path }),
            );
        } else {
            writeln!(out, "{} {} {}", source.sha256, source.name, terminal::Clean(path.display()))?;
        }
    }
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn probe_all(
    plan: &Plan,
    store: &Store,
    origins: &[SourceOrigin],
    options: &Options,
) -> anyhow::Result<ExitCode> {
    let json = options.json;
    let mut asked = Answers::new();
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for source in needed(plan) {
        let answers = probe(store, source, origins).with_context(|| format!("source {}", source.name))?;
        if !answers.iter().any(|answer| answer.found.is_ok()) {
            code = ExitCode::from(FOUND);
        }
        let answers = asked.entry(source.name.clone()).or_insert(answers);
        if json {
            let places: Vec<_> = answers.iter().map(in_json).collect();
            all.push(json!({ "name": source.name, "sha256": source.sha256, "size": source.size, "places": places }));
            continue;
        }
        writeln!(
            out,
            "{} {} ({}, {} bytes)",
            source.sha256,
            source.name,
            terminal::clean(&source.file),
            source.size
        )?;
        for answer in answers.iter() {
            let mut origin = answer.origin.to_string();
            if let Some(address) = &answer.address {
                origin = format!("{origin} {address}");
            }
            let text = match &answer.found {
                Ok(certainty) => format!("yes  {origin}: {}", certainty.described()),
                Err(problem) => format!("no   {origin}: {problem}"),
            };
            writeln!(out, "  {}", terminal::clean(&text))?;
        }
    }
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    if options.record {
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
        for file in record_probes(plan, &asked, &today)? {
            exit::note(format_args!("{}: written what is there today", file.display()));
        }
    }
    Ok(code)
}

fn in_json(answer: &ProbeAnswer) -> serde_json::Value {
    let (found, problem) = match &answer.found {
        Ok(certainty) => (Some(certainty), None),
        Err(problem) => (None, Some(problem.to_string())),
    };
    json!({ "place": answer.origin.to_string(), "address": answer.address, "found": found, "problem": problem })
}
