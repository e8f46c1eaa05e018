//! Updating the database: from the sources' official places, or from what the user names.

use crate::{exit, mirrors};
use clap::Args;
use indicatif::HumanCount;
use jiff::Timestamp;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::Clean;
use vulnerability_db::database::DatabaseInfo;
use vulnerability_db::ingest::{
    self, FetchOptions, Fetched, NVD_NOTICE, SourceLocation, SourceReport, SourceUrls, UpdateOptions,
    UpdateReport,
};

/// What is fetched where no source is named.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Without sources")]
pub(crate) struct Online {
    /// Also fetch the feeds of the NVD; once the database has them, they are kept up to date
    #[arg(long, conflicts_with = "sources")]
    nvd_feeds: bool,
    /// Import a source also if it has lost more than a tenth of its records
    #[arg(long, conflicts_with = "sources")]
    allow_fewer: bool,
    /// A mirror of the folder `cves` of the CVE list [default: $SNOWGUARD_CVE_URL, else GitHub]
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    cve_url: Option<String>,
    /// A mirror of the CVE list's releases, as GitHub's API gives them [default:
    /// $SNOWGUARD_CVE_RELEASES_URL, else GitHub]
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    cve_releases_url: Option<String>,
    /// A mirror of the folder of NVD's feeds [default: $SNOWGUARD_NVD_URL, else NIST]
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    nvd_url: Option<String>,
    /// A mirror of the KEV catalogue [default: $SNOWGUARD_KEV_URL, else CISA]
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    kev_url: Option<String>,
    /// A mirror of the EPSS scores [default: $SNOWGUARD_EPSS_URL, else FIRST]
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    epss_url: Option<String>,
}

impl Online {
    fn options(self) -> FetchOptions {
        let url = |given: Option<String>, variable: &str, official: String| {
            // The key of the configuration is the option's name.
            let key = variable.trim_start_matches("SNOWGUARD_").to_ascii_lowercase().replace('_', "-");
            let value = given.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty());
            value.or_else(|| mirrors::get(&key)).map_or(official, |url| url.trim_end_matches('/').to_owned())
        };
        let mut options = FetchOptions::default();
        let official = SourceUrls::default();
        let urls = &mut options.urls;
        urls.cve = url(self.cve_url, "SNOWGUARD_CVE_URL", official.cve);
        urls.cve_releases = url(self.cve_releases_url, "SNOWGUARD_CVE_RELEASES_URL", official.cve_releases);
        urls.nvd = url(self.nvd_url, "SNOWGUARD_NVD_URL", official.nvd);
        urls.kev = url(self.kev_url, "SNOWGUARD_KEV_URL", official.kev);
        urls.epss = url(self.epss_url, "SNOWGUARD_EPSS_URL", official.epss);
        options.nvd = self.nvd_feeds;
        options.allow_fewer = self.allow_fewer;
        options
    }
}

/// Where the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Json,
    /// Something else is on standard output.
    None,
}

/// Fetches what the official sources have. Sources that fail are reported.
pub(crate) fn fetch(folder: &Path, online: Online, output: Output) -> anyhow::Result<ExitCode> {
    let fetched = ingest::fetch(folder, &online.options(), &options(), &exit::progress())?;
    let Fetched { report, unchanged, failed, nvd, .. } = fetched;
    if nvd {
        exit::note(NVD_NOTICE);
    }
    let failed: Vec<(&str, anyhow::Error)> =
        failed.into_iter().map(|(kind, error)| (kind.name(), error.into())).collect();
    let mut out = terminal::stdout();
    match output {
        Output::Json => {
            let mut value = serde_json::to_value(&report)?;
            if let Some(object) = value.as_object_mut() {
                let problem = |(kind, error): &(&str, anyhow::Error)| serde_json::json!({"kind": kind, "problem": format!("{error:#}")});
                object.insert("unchangedSources".to_owned(), serde_json::to_value(&unchanged)?);
                object.insert("failedSources".to_owned(), failed.iter().map(problem).collect());
            }
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        }
        Output::Text => {
            print_report(&mut out, &report)?;
            for kind in unchanged {
                writeln!(out, "{}: nothing new", kind.name())?;
            }
        }
        Output::None => {}
    }
    let code = if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::COULD_NOT) };
    for (kind, error) in failed {
        exit::report(&error.context(format!("{kind} was not updated")));
    }
    Ok(code)
}

/// Imports what the user names; without anything, the database is only upgraded.
pub(crate) fn import(folder: &Path, sources: &[SourceLocation], json: bool) -> anyhow::Result<()> {
    let report = ingest::update(folder, sources, &options(), &exit::progress())?;
    let mut out = terminal::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print_report(&mut out, &report)?;
        if !report.changed {
            writeln!(out, "The database has it all already: nothing was changed.")?;
        }
    }
    Ok(())
}

fn options() -> UpdateOptions {
    let mut options = UpdateOptions::new(Timestamp::now());
    options.certificates = certificates();
    options
}

/// The certificates that the user trusts, named as OpenSSL, curl and Nix let them be named.
pub(crate) fn certificates() -> Option<PathBuf> {
    ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Hints at sources that must have news by now.
pub(crate) fn hint_at_age(info: &DatabaseInfo, now: Timestamp) {
    if let Some(text) = age_hint(info, now) {
        exit::hint(text);
    }
}

fn age_hint(info: &DatabaseInfo, now: Timestamp) -> Option<String> {
    let ages = info.ages(now);
    let old: Vec<String> = ages
        .iter()
        .filter(|age| age.is_old())
        .map(|age| format!("{} is {} days old", age.source, age.days))
        .collect();
    (!old.is_empty()).then(|| {
        format!(
            "what is known is not of today: {}; `snowguard db update` fetches what is new",
            old.join(", ")
        )
    })
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
