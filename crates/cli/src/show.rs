//! `snowguard show`: everything that is known of a CVE.

use crate::exit::{self, Failure};
use crate::location::{self, DatabaseLocation, Identifier};
use anyhow::{Context, anyhow};
use serde_json::{Map, Value};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use terminal::Stream;
use vulnerability::CveId;
use vulnerability::model::RecordSource;
use vulnerability_db::database::Database;

/// Examples, below the options.
const AFTER_HELP: &str = "\
Examples:
  snowguard show CVE-2024-3094
  snowguard show --json CVE-2024-3094 | jq .cve.containers.cna

Exit codes: 0 shown; 2 wrong usage; 3 not in the database, or it cannot be read";

/// Show what each source says of a CVE, and where it says so
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Identifiers, such as CVE-2024-3094, or advisories of GitHub (`GHSA-…`)
    #[arg(value_name = "CVE", required = true)]
    ids: Vec<Identifier>,
    /// Print the records as they were received, one JSON object a CVE
    #[arg(long)]
    json: bool,
    /// Show all statements and references of long records
    #[arg(long, short)]
    all: bool,
    #[command(flatten)]
    database: DatabaseLocation,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    Ok(try_run(options)?)
}

fn try_run(options: &Options) -> anyhow::Result<ExitCode> {
    let database = location::open(&options.database)?;
    let appearance = exit::appearance(Stream::Stdout, options.all);
    let mut out = BufWriter::new(terminal::stdout());
    let ids: Vec<CveId> = options.ids.iter().map(|id| id.cve(&database)).collect::<Result<_, _>>()?;
    let found = database.load(&ids).context("cannot read the records")?;
    let mut missing = false;
    for (index, id) in ids.iter().enumerate() {
        let Some(vulnerability) = found.iter().find(|v| v.id == *id) else {
            missing = true;
            exit::report(&anyhow!("{id} is not in the database {}", database.path().display()));
            continue;
        };
        if options.json {
            serde_json::to_writer_pretty(&mut out, &raw(&database, *id)?).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            if index > 0 {
                writeln!(out)?;
            }
            scanner::report::write_record(&mut out, vulnerability, appearance)?;
        }
    }
    out.flush()?;
    Ok(if missing { ExitCode::from(exit::COULD_NOT) } else { ExitCode::SUCCESS })
}

/// The records as they were received, by source.
fn raw(database: &Database, id: CveId) -> anyhow::Result<Value> {
    let mut object = Map::new();
    let mut add = |key: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let value = serde_json::from_slice(bytes)
            .with_context(|| format!("{id}: the record in `{key}` is damaged"))?;
        object.insert(key.to_owned(), value);
        Ok(())
    };
    for (source, bytes) in database.raw(id).context("cannot read the records")? {
        let key = match source {
            RecordSource::Cve => "cve",
            RecordSource::Nvd => "nvd",
        };
        add(key, &bytes)?;
    }
    if let Some(bytes) = database.raw_known_exploited(id).context("cannot read the catalogue's entry")? {
        add("knownExploited", &bytes)?;
    }
    Ok(Value::Object(object))
}
