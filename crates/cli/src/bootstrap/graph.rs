//! `snowguard bootstrap graph`

use super::output::write;
use super::{StepOptions, StoreOptions};
use bootstrap::Built;
use bootstrap::graph::{Graph, dot, html, text};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// Show which step needs which, with the time that each took and the size of what it left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap graph
  snowguard bootstrap graph --format html --output graph.html
  snowguard bootstrap graph cc --format dot | dot -Tpdf > graph.pdf")]
pub(crate) struct Options {
    #[command(flatten)]
    steps: StepOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// The format
    #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
    format: Format,
    /// JSON
    #[arg(long)]
    json: bool,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table, by levels
    Text,
    /// Graphviz's language
    Dot,
    /// One file for a browser, which loads nothing and runs no script
    Html,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = options.steps.plan()?;
    let built = Built::read(&plan, &options.store.contents()?)?;
    let graph = Graph::new(&plan, &built);
    write(options.output.as_ref(), |out| {
        if options.json {
            return writeln!(out, "{:#}", graph.json());
        }
        match options.format {
            Format::Text => text::write(out, &graph),
            Format::Dot => dot::write(out, &graph),
            Format::Html => html::write(out, &graph),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
