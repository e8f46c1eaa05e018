//! `snowguard bootstrap fetch`

use super::{PlaceOptions, StepOptions, StoreOptions};
use crate::exit::{FOUND, Failure};
use anyhow::Context as _;
use bootstrap::sources::probe::{Answer, Sure, probe};
use bootstrap::sources::{Place, Watch, fetch_watched};
use bootstrap::steps::{Origin, Plan, Source};
use bootstrap::store::Store;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// Fetch what others wrote, so that building needs no network.
///
/// A source is what has its SHA-256, wherever it comes from. Places are asked one after the other until one has it. With --probe
/// nothing is taken: each place says whether it has it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap fetch
  snowguard bootstrap fetch tcc0 --mirror ~/sources --from mirror,upstream
  snowguard bootstrap fetch --probe

Exit codes: 0 all sources are there, or can be had; 1 with --probe: one is nowhere to be had; 2 wrong use; 3 one could not be fetched")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    places: PlaceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Ask all places whether they have the sources, and take nothing
    #[arg(long)]
    probe: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.steps.plan().map_err(Failure::usage)?;
    let store = options.store.open()?;
    let places = options.places.places();
    if options.probe {
        ask(&plan, &store, &places, options.json).map_err(Failure::failed)
    } else {
        fetch(&plan, &store, &places, options.json).map_err(Failure::failed)
    }
}

/// What the steps of a plan need of others.
fn needed(plan: &Plan) -> impl Iterator<Item = &Source> {
    plan.sources.values().filter(|source| {
        let needs = |origin: &Origin| match origin {
            Origin::Source(name) | Origin::Unpacked { source: name, .. } => *name == source.name,
            _ => false,
        };
        plan.steps.iter().any(|step| step.inputs.values().any(needs))
    })
}

fn fetch(plan: &Plan, store: &Store, places: &[Place], json: bool) -> anyhow::Result<ExitCode> {
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    for source in needed(plan) {
        let bar = Bar::new(source);
        let fetched = fetch_watched(store, source, places, &bar);
        bar.0.finish_and_clear();
        let path = fetched.with_context(|| format!("source {}", source.name))?;
        if json {
            all.push(
                json!({ "name": source.name, "sha256": source.sha256, "size": source.size, "path": path }),
            );
        } else {
            writeln!(out, "{} {} {}", source.sha256, source.name, path.display())?;
        }
    }
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what is being fetched, from where, and how much of it is here.
struct Bar(ProgressBar);

impl Bar {
    fn new(source: &Source) -> Self {
        let bar = ProgressBar::new(source.size);
        let style = ProgressStyle::with_template("{elapsed:>4} {bar:20} {bytes}/{total_bytes} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(source.name.clone());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Watch for Bar {
    fn asked(&self, source: &Source, place: &Place) {
        self.0.set_position(0);
        self.0.set_message(format!("{} from {place}", source.name));
    }

    fn received(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

fn ask(plan: &Plan, store: &Store, places: &[Place], json: bool) -> anyhow::Result<ExitCode> {
    let mut out = terminal::stdout();
    let mut all = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for source in needed(plan) {
        let answers = probe(store, source, places).with_context(|| format!("source {}", source.name))?;
        if !answers.iter().any(|answer| answer.found.is_ok()) {
            code = ExitCode::from(FOUND);
        }
        if json {
            let places: Vec<_> = answers.iter().map(in_json).collect();
            all.push(json!({ "name": source.name, "sha256": source.sha256, "size": source.size, "places": places }));
            continue;
        }
        writeln!(out, "{} {} ({}, {} bytes)", source.sha256, source.name, source.file, source.size)?;
        for answer in &answers {
            let mut place = answer.place.to_string();
            if let Some(address) = &answer.address {
                place = format!("{place} {address}");
            }
            let text = match &answer.found {
                Ok(sure) => format!("yes  {place}: {}", told(*sure)),
                Err(problem) => format!("no   {place}: {problem}"),
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

fn told(sure: Sure) -> &'static str {
    match sure {
        Sure::Hash => "the hash is right",
        Sure::Size => "the size is right",
        Sure::Name => "there is something; it does not tell its size",
    }
}

fn in_json(answer: &Answer) -> serde_json::Value {
    let (found, problem) = match &answer.found {
        Ok(Sure::Hash) => (Some("hash"), None),
        Ok(Sure::Size) => (Some("size"), None),
        Ok(Sure::Name) => (Some("name"), None),
        Err(problem) => (None, Some(problem)),
    };
    json!({ "place": answer.place.to_string(), "address": answer.address, "found": found, "problem": problem })
}
