//! `snowguard db`: the local database.

use crate::exit::{self, Failure};
use crate::folder;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Subcommand};
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::{Bar, Clean, Progress as _, Unit};
use vulnerability_db::database::{Database, DatabaseError, DatabaseInfo};
use vulnerability_db::ingest::{self, SourceKind, SourceLocation, SourceReport, UpdateOptions, UpdateReport};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Import records. Newer ones replace older ones; doing it twice changes nothing.
    Update(Update),
    /// Print what the database holds.
    Info(Inspect),
    /// Check every record in the database.
    Verify(Inspect),
}

/// Where to begin, below the options.
const SOURCES: &str = "\
Where the records come from:
  --cve   the zip \"all CVEs at midnight\", and later the deltas, of
          https://github.com/CVEProject/cvelistV5/releases
  --nvd   one feed a year, and later the one of what was modified:
          https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-modified.json.gz
  --kev   https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json
  --epss  https://epss.empiricalsecurity.com/epss_scores-current.csv.gz

For certificates of your own set SSL_CERT_FILE; proxies come from HTTPS_PROXY.

Exit codes: 0 done, invalid records are named; 2 wrong usage; 3 nothing was changed";

#[derive(Debug, Args)]
#[command(after_long_help = SOURCES)]
pub(crate) struct Update {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    inspect: Inspect,
}

/// At least one is needed, but for an upgrade.
#[derive(Debug, Args)]
struct Sources {
    /// Records of the CVE list (format 5.x): folder, git checkout, zip, JSON lines, or single
    /// record; path or URL.
    #[arg(long, value_name = "PATH|URL", num_args = 1..)]
    cve: Vec<String>,
    /// Records of the NVD (format 2.0): page of the API, feed, or folder of such; path or URL.
    #[arg(long, value_name = "PATH|URL", num_args = 1..)]
    nvd: Vec<String>,
    /// CISA's catalogue of known exploited vulnerabilities, as JSON; path or URL.
    #[arg(long, value_name = "PATH|URL")]
    kev: Option<String>,
    /// FIRST's exploit predictions, as CSV; path or URL.
    #[arg(long, value_name = "PATH|URL")]
    epss: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Folder of the database [default: $SNOWGUARD_DB, else /var/lib/snowguard for root and the
    /// data folder of other users].
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Update(Update { sources, inspect }) => {
            let sources = sources.locations();
            let folder = folder::for_writing(inspect.db)?;
            if sources.is_empty() && !is_upgradable(&folder) {
                return Ok(crate::usage(nothing_to_import()));
            }
            update(&folder, &sources, inspect.json)?;
        }
        Command::Info(arguments) => info(arguments)?,
        Command::Verify(arguments) => verify(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What `db update` says without sources, with its own usage.
fn nothing_to_import() -> clap::Error {
    let message = "nothing to import: give at least one of --cve, --nvd, --kev and --epss";
    let mut program = crate::Cli::command();
    // Names the whole path of commands in the usage of each.
    program.build();
    let update = program.find_subcommand_mut("db").and_then(|db| db.find_subcommand_mut("update"));
    match update {
        Some(update) => update.error(ErrorKind::MissingRequiredArgument, message),
        None => program.error(ErrorKind::MissingRequiredArgument, message),
    }
}

impl Sources {
    fn locations(self) -> Vec<SourceLocation> {
        let all = [
            (SourceKind::Cve, self.cve),
            (SourceKind::Nvd, self.nvd),
            (SourceKind::Kev, Vec::from_iter(self.kev)),
            (SourceKind::Epss, Vec::from_iter(self.epss)),
        ];
        let locations = |(kind, all): (_, Vec<String>)| {
            all.into_iter().map(move |location| SourceLocation { kind, location })
        };
        all.into_iter().flat_map(locations).collect()
    }
}

/// Whether a folder has a database of an older format, which an update upgrades.
fn is_upgradable(folder: &Path) -> bool {
    matches!(Database::open(folder), Err(DatabaseError::Format { upgradable: true, .. }))
}

fn update(folder: &Path, sources: &[SourceLocation], json: bool) -> anyhow::Result<()> {
    let mut options = UpdateOptions::new(Timestamp::now());
    options.certificates = certificates();
    let report = ingest::update(folder, sources, &options, &Bar::default())?;
    let mut out = terminal::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print_report(&mut out, &report)?;
    }
    Ok(())
}

/// The certificates that the user trusts, named as OpenSSL, curl and Nix let them be named.
pub(crate) fn certificates() -> Option<PathBuf> {
    ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn print_report(out: &mut impl Write, report: &UpdateReport) -> io::Result<()> {
    if let Some(upgrade) = &report.upgraded {
        writeln!(out, "upgraded from format {}: {} records", upgrade.from, HumanCount(upgrade.records))?;
        if upgrade.invalid > 0 {
            writeln!(out, "  {:>9} invalid and removed", HumanCount(upgrade.invalid).to_string())?;
        }
    }
    for source in &report.sources {
        print_source(out, source)?;
    }
    if !report.changed {
        writeln!(out, "The database has it all already: nothing was changed.")?;
    }
    Ok(())
}

fn print_source(out: &mut impl Write, source: &SourceReport) -> io::Result<()> {
    let SourceReport { location, kind, records, new, replaced, unchanged, older, invalid, ignored, .. } =
        source;
    writeln!(out, "{} from {}: {} records", kind.name(), Clean(location), HumanCount(*records))?;
    let parts = [
        (*new, "new"),
        (*replaced, "replaced an older one"),
        (*unchanged, "already there"),
        (*older, "older than what is there"),
        (*invalid, "invalid and skipped"),
        (*ignored, "other files passed over"),
    ];
    for (count, what) in parts {
        if count > 0 {
            writeln!(out, "  {:>9} {what}", HumanCount(count).to_string())?;
        }
    }
    for example in &source.examples {
        exit::note(format_args!("skipped: {}: {}: {}", example.origin, example.place, example.problem));
    }
    let shown = source.examples.len() as u64;
    if *invalid > shown {
        exit::note(format_args!("and {} more; `snowguard db info --json` lists all", invalid - shown));
    }
    Ok(())
}

fn open(given: Option<PathBuf>) -> anyhow::Result<Database> {
    Ok(Database::open(&folder::for_reading(given))?)
}

fn info(arguments: Inspect) -> anyhow::Result<()> {
    let database = open(arguments.db)?;
    let info = database.info()?;
    let mut out = terminal::stdout();
    if arguments.json {
        let mut value = serde_json::to_value(&info)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("path".to_owned(), database.path().display().to_string().into());
            object.insert("invalid".to_owned(), serde_json::to_value(database.invalid_records()?)?);
        }
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    let DatabaseInfo { size, counts, digest, changed, sources, .. } = info;
    writeln!(out, "{}", Clean(database.path().display()))?;
    let share = if counts.raw_bytes > 0 { size as f64 / counts.raw_bytes as f64 } else { 0.0 };
    writeln!(out, "  size     {} ({share:.2} of the records' JSON)", HumanBytes(size))?;
    writeln!(out, "  digest   {digest}")?;
    if let Some(changed) = changed {
        writeln!(out, "  changed  {changed:.0}")?;
    }
    let rows = [
        ("cve", counts.cve, counts.cve_rejected),
        ("nvd", counts.nvd, counts.nvd_rejected),
        ("kev", counts.known_exploited, 0),
        ("epss", counts.epss, 0),
    ];
    for (name, count, rejected) in rows {
        let Some(source) = sources.get(name) else { continue };
        let rejected = if rejected > 0 {
            format!(", {} of them rejected", HumanCount(rejected as u64))
        } else {
            String::new()
        };
        let version = Clean(&source.version);
        writeln!(out, "  {name:<8} {} records{rejected}, as of {version}", HumanCount(count as u64))?;
    }
    if counts.invalid > 0 {
        let invalid = HumanCount(counts.invalid as u64);
        writeln!(out, "  {invalid} records are invalid and were skipped; --json lists them")?;
    }
    Ok(())
}

fn verify(arguments: Inspect) -> anyhow::Result<()> {
    let database = open(arguments.db)?;
    let info = database.info()?;
    let records = (info.counts.cve + info.counts.nvd) as u64;
    let bar = Bar::default();
    bar.start("checking", Some(records), Unit::Items);
    let verified = database.verify(|_, _| bar.advance(1));
    bar.finish();
    verified?;
    let mut out = terminal::stdout();
    let path = database.path().display();
    if arguments.json {
        let found = serde_json::json!({"path": path.to_string(), "sound": true, "digest": info.digest});
        writeln!(out, "{found}")?;
    } else {
        writeln!(out, "{} is sound: {} records", Clean(path), HumanCount(records))?;
    }
    Ok(())
}
