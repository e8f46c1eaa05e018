//! `snowguard db`: the local database.

use crate::exit::{self, Failure};
use crate::folder;
use crate::update::{self, Online, Output};
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::{Clean, Progress as _, Unit};
use vulnerability_db::database::{Database, DatabaseError, DatabaseInfo};
use vulnerability_db::ingest::{SourceKind, SourceLocation};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch what the official sources have that the database lacks, or import what you name. Newer
    /// records replace older ones; doing it twice changes nothing.
    Update(Box<Update>),
    /// Bring a database of an older format to the current one; nothing is downloaded.
    Upgrade(Inspect),
    /// Print what the database holds, and how old it is.
    Info(Inspect),
    /// Check every record in the database.
    Verify(Inspect),
}

/// Where to begin, below the options.
const SOURCES: &str = "\
Examples:
  snowguard db update                 all that scans need; hourly use costs little
  snowguard db update --nvd-feeds     also the NVD
  snowguard db update --cve cves.zip --kev known_exploited_vulnerabilities.json

Without sources, these are fetched: the CVE list (all of it once, some 620 MB, then only what
changes), CISA's catalogue of known exploited vulnerabilities (KEV), and FIRST's exploit
predictions (EPSS). A download that breaks goes on in the next run.

Where the records come from, to name them yourself:
  --cve   the zip \"all CVEs at midnight\", and later the deltas, of
          https://github.com/CVEProject/cvelistV5/releases
  --nvd   one feed a year, and later the one of what was modified:
          https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-modified.json.gz
  --kev   https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json
  --epss  https://epss.empiricalsecurity.com/epss_scores-current.csv.gz

For certificates of your own set SSL_CERT_FILE; proxies come from HTTPS_PROXY.

Exit codes: 0 done, invalid records are named; 2 wrong usage; 3 a source failed, and what the
database has of it is as it was";

#[derive(Debug, Args)]
#[command(after_long_help = SOURCES)]
pub(crate) struct Update {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    online: Online,
    #[command(flatten)]
    inspect: Inspect,
}

/// What is imported instead of what the official sources have.
#[derive(Debug, Args)]
#[group(id = "sources", multiple = true)]
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
        Command::Update(arguments) => {
            let Update { sources, online, inspect } = *arguments;
            let folder = folder::for_writing(inspect.db)?;
            let sources = sources.locations();
            if sources.is_empty() {
                let output = if inspect.json { Output::Json } else { Output::Text };
                return Ok(update::fetch(&folder, online, output)?);
            }
            update::import(&folder, &sources, inspect.json)?;
        }
        Command::Upgrade(arguments) => {
            let folder = folder::for_writing(arguments.db)?;
            match Database::open(&folder) {
                Ok(_) | Err(DatabaseError::Format { upgradable: true, .. }) => {}
                Err(error) => return Err(Failure::failed(error)),
            }
            update::import(&folder, &[], arguments.json)?;
        }
        Command::Info(arguments) => info(arguments)?,
        Command::Verify(arguments) => verify(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
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
            object.insert("ages".to_owned(), serde_json::to_value(info.ages(Timestamp::now()))?);
        }
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    let DatabaseInfo { size, counts, digest, changed, sources, .. } = &info;
    let size = *size;
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
        write!(out, "  {name:<8} {} records{rejected}, as of {version}", HumanCount(count as u64))?;
        match source.confirmed {
            Some(time) => writeln!(out, ", confirmed {time:.0}")?,
            None => writeln!(out)?,
        }
    }
    if counts.invalid > 0 {
        let invalid = HumanCount(counts.invalid as u64);
        writeln!(out, "  {invalid} records are invalid and were skipped; --json lists them")?;
    }
    update::hint_at_age(&info, Timestamp::now());
    Ok(())
}

fn verify(arguments: Inspect) -> anyhow::Result<()> {
    let database = open(arguments.db)?;
    let info = database.info()?;
    let records = (info.counts.cve + info.counts.nvd) as u64;
    let bar = exit::progress();
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
