//! `snowguard bootstrap fetch`

use super::{SourceOptions, StepOptions, StoreOptions};
use crate::exit::{FOUND, Failure};
use anyhow::Context as _;
use bootstrap::sources::{self, Certainty, ProbeAnswer, SourceOrigin, probe};
use bootstrap::{InputOrigin, Plan, SourceArchive, Store};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use terminal::Bar;

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
    /// JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.steps.plan().map_err(Failure::usage)?;
    let store = options.store.open()?;
    let origins = options.sources.origins();
    if options.probe {
        probe_all(&plan, &store, &origins, options.json).map_err(Failure::failed)
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
        let fetched = sources::fetch(store, source, origins, &Bar::default());
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

fn probe_all(plan: &Plan, store: &Store, origins: &[SourceOrigin], json: bool) -> anyhow::Result<ExitCode> {
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for source in needed(plan) {
        let answers = probe(store, source, origins).with_context(|| format!("source {}", source.name))?;
        if !answers.iter().any(|answer| answer.found.is_ok()) {
            code = ExitCode::from(FOUND);
        }
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
        for answer in &answers {
            let mut origin = answer.origin.to_string();
            if let Some(address) = &answer.address {
                origin = format!("{origin} {address}");
            }
            let text = match &answer.found {
                Ok(certainty) => format!("yes  {origin}: {}", described(*certainty)),
                Err(problem) => format!("no   {origin}: {problem}"),
            };
            writeln!(out, "  {}", terminal::clean(&text))?;
        }
    }
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    Ok(code)
}

fn described(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Hash => "the hash is right",
        Certainty::Size => "the size is right",
        Certainty::Name => "there is something; the server does not say its size",
    }
}

fn in_json(answer: &ProbeAnswer) -> serde_json::Value {
    let (found, problem) = match &answer.found {
        Ok(Certainty::Hash) => (Some("hash"), None),
        Ok(Certainty::Size) => (Some("size"), None),
        Ok(Certainty::Name) => (Some("name"), None),
        Err(problem) => (None, Some(problem.to_string())),
    };
    json!({ "place": answer.origin.to_string(), "address": answer.address, "found": found, "problem": problem })
}
