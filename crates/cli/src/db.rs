//! `snowguard db`: the local database.

use crate::folder;
use crate::progress::Bar;
use anstream::println;
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vulnerability_db::database::{Database, Error, Info};
use vulnerability_db::ingest::{self, Kind, Limits, Report, Settings, Source, SourceReport};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take in records. Newer ones replace older ones; doing it twice changes nothing.
    Update(Update),
    /// Tell what the database holds.
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

Exit codes: 0 done, what is broken in it is named; 2 wrong use; 3 nothing was changed";

#[derive(Debug, Args)]
#[command(after_long_help = SOURCES)]
pub(crate) struct Update {
    /// Records of the CVE list (format 5.x): folder, git checkout, zip, JSON lines, or single record; path or URL.
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
    #[command(flatten)]
    inspect: Inspect,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Folder of the database [default: $SNOWGUARD_DB, else /var/lib/snowguard for root and the data folder of other
    /// users].
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Update(arguments) => update(arguments),
        Command::Info(arguments) => info(arguments),
        Command::Verify(arguments) => verify(arguments),
    }
}

fn update(arguments: Update) -> anyhow::Result<ExitCode> {
    let Update { cve, nvd, kev, epss, inspect } = arguments;
    let all = [
        (Kind::Cve, cve),
        (Kind::Nvd, nvd),
        (Kind::Kev, Vec::from_iter(kev)),
        (Kind::Epss, Vec::from_iter(epss)),
    ];
    let sources: Vec<Source> = all
        .into_iter()
        .flat_map(|(kind, locations)| locations.into_iter().map(move |location| Source { kind, location }))
        .collect();
    if sources.is_empty() {
        use clap::CommandFactory as _;
        let message = "nothing to take in: give at least one of --cve, --nvd, --kev and --epss";
        crate::Cli::command().error(clap::error::ErrorKind::MissingRequiredArgument, message).exit();
    }
    let folder = folder::for_writing(inspect.db)?;
    let certificates = certificates();
    let settings =
        Settings { limits: Limits::default(), now: Timestamp::now(), certificates: certificates.as_deref() };
    let report = ingest::update_with(&folder, &sources, &settings, &Bar::default())
        .map_err(|error| with_hint(error, certificates.as_deref()))?;
    if inspect.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print_report(&report);
    }
    Ok(ExitCode::SUCCESS)
}

/// The certificates that the user trusts, named as OpenSSL, curl and Nix let them be named.
pub(crate) fn certificates() -> Option<PathBuf> {
    ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// What may help where a server's certificate is not trusted.
fn with_hint(error: ingest::Error, certificates: Option<&Path>) -> anyhow::Error {
    let distrusted =
        matches!(&error, ingest::Error::Download { problem, .. } if problem.contains("UnknownIssuer"));
    let error = anyhow::Error::new(error);
    match certificates {
        _ if !distrusted => error,
        Some(path) => anyhow::anyhow!("{error:#} (trusted are the certificates in {})", path.display()),
        None => anyhow::anyhow!(
            "{error:#} (if an authority of your own signs for this server, name its certificates with SSL_CERT_FILE)"
        ),
    }
}

fn print_report(report: &Report) {
    for source in &report.sources {
        print_source(source);
    }
    if !report.changed {
        println!("The database has it all already: nothing was changed.");
    }
}

fn print_source(source: &SourceReport) {
    let SourceReport { location, kind, records, new, replaced, unchanged, older, set_aside, ignored, .. } =
        source;
    println!("{} from {location}: {} records", kind.name(), HumanCount(*records));
    let parts = [
        (*new, "new"),
        (*replaced, "replaced an older one"),
        (*unchanged, "already there"),
        (*older, "older than what is there"),
        (*set_aside, "broken and set aside"),
        (*ignored, "other files passed over"),
    ];
    for (count, what) in parts {
        if count > 0 {
            println!("  {:>9} {what}", HumanCount(count).to_string());
        }
    }
    for broken in &source.examples {
        anstream::eprintln!("set aside: {}: {}: {}", broken.origin, broken.place, broken.problem);
    }
    let shown = source.examples.len() as u64;
    if *set_aside > shown {
        anstream::eprintln!("and {} more; `snowguard db info --json` lists all", set_aside - shown);
    }
}

fn open(given: Option<PathBuf>) -> anyhow::Result<Database> {
    Database::open(&folder::for_reading(given)).map_err(|error| {
        let missing = matches!(error, Error::Missing { .. });
        let error = anyhow::Error::new(error);
        if missing {
            anyhow::anyhow!("{error:#}; make one with `snowguard db update --cve …`")
        } else {
            error
        }
    })
}

fn info(arguments: Inspect) -> anyhow::Result<ExitCode> {
    let database = open(arguments.db)?;
    let info = database.info()?;
    if arguments.json {
        let mut value = serde_json::to_value(&info)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("path".to_owned(), database.path().display().to_string().into());
            object.insert("setAside".to_owned(), serde_json::to_value(database.set_aside()?)?);
        }
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(ExitCode::SUCCESS);
    }
    let Info { size, counts, digest, changed, sources } = info;
    println!("{}", database.path().display());
    let share = if counts.raw_bytes > 0 { size as f64 / counts.raw_bytes as f64 } else { 0.0 };
    println!("  size     {} ({share:.2} of the records' JSON)", HumanBytes(size));
    println!("  digest   {digest}");
    if let Some(changed) = changed {
        println!("  changed  {changed:.0}");
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
        println!("  {name:<8} {} records{rejected}, as of {}", HumanCount(count as u64), source.version);
    }
    if counts.set_aside > 0 {
        println!(
            "  {} that could not be read were set aside; --json lists them",
            HumanCount(counts.set_aside as u64)
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(arguments: Inspect) -> anyhow::Result<ExitCode> {
    use vulnerability_db::ingest::Progress as _;
    let database = open(arguments.db)?;
    let info = database.info()?;
    let bar = Bar::default();
    bar.start("checking", Some((info.counts.cve + info.counts.nvd) as u64));
    let verified = database.verify(|_, _| bar.advance(1, 1));
    bar.finish();
    verified?;
    if arguments.json {
        println!(
            "{}",
            serde_json::json!({"path": database.path().display().to_string(), "sound": true, "digest": info.digest})
        );
    } else {
        println!(
            "{} is sound: {} records",
            database.path().display(),
            HumanCount((info.counts.cve + info.counts.nvd) as u64)
        );
    }
    Ok(ExitCode::SUCCESS)
}
