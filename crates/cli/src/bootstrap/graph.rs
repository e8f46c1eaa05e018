//! `snowguard bootstrap graph`

use super::{ChainOptions, store_folder};
use anyhow::Context as _;
use bootstrap::built::Built;
use bootstrap::graph::{Graph, dot, html, text};
use clap::{Args, ValueEnum};
use std::io::{BufWriter, Write};
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
    /// Only these steps, and those that they need
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    #[command(flatten)]
    chain: ChainOptions,
    /// Where outputs are kept [default: $SNOWGUARD_BOOTSTRAP, or snowguard/bootstrap in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// How
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
    let plan = options.chain.plan(&options.steps)?;
    let built = Built::read(&plan, &store_folder(options.store.as_ref())?)?;
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

/// Writes to a file that is whole or as it was, or to standard output.
pub(super) fn write(
    output: Option<&PathBuf>,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = output else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let done = content(&mut out).and_then(|()| out.flush());
        return match done {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        };
    };
    let mut bytes = Vec::new();
    content(&mut bytes)?;
    whole(path, &bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn whole(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(std::path::Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
