//! `snowguard scan`: what is vulnerable here?

use crate::exit;
use crate::location::{self, DatabaseLocation};
use crate::named::named;
use crate::target::{self, TargetArguments};
use crate::update;
use anyhow::Context;
use jiff::Timestamp;
use matching::{Confidence, FindingStatus};
use scanner::diff::{self, Snapshot};
use scanner::report::{self, Appearance, ReportError, ReportFormat, ReportOptions, Selection};
use scanner::{Counted, FailOn, Policy, Run, Scan};
use std::ffi::OsString;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// Examples and exit codes, below the options.
const AFTER_HELP: &str = "\
Examples:
  snowguard scan                                  the running system
  snowguard scan ./result                         what was just built
  snowguard scan --root /mnt                      an installed system that is mounted there
  snowguard scan $(nix-instantiate '<nixpkgs>' -A hello)   all that is needed to build it
  snowguard scan .#nixosConfigurations.host       a configuration, through nix; nothing is built
  snowguard scan --store ssh-ng://host /nix/store/…-nixos-system-host-26.05   another machine's
  snowguard scan web=./image.tar.gz db=./result   two targets with names; one is a container image
  snowguard scan packages.json.br                 all packages of a channel
  nix-store --query --requisites ./result | snowguard scan -
  snowguard scan --format html --output report.html
  snowguard scan --fail-on high --suppress accepted.toml   in CI
  snowguard scan --since last.json --save last.json        in a timer: only what is new

Exit codes:
  0  scanned; nothing at or above the bar of --fail-on (without a bar: whatever was found)
  1  scanned; findings at or above the bar
  2  wrong usage: arguments, or a file of rules, VEX or knowledge that cannot be used
  3  could not scan, or not all of the targets; what could be scanned is reported.
     Also where the database lacks what the bar of --fail-on needs";

/// Report which packages of a system, a build or a channel have known vulnerabilities
///
/// A target is a store path or a link to one (a profile, `./result`), with all that it needs at run
/// time; a `.drv` file, with all that it needs to be built; a flake reference or attribute path
/// (`nixpkgs#hello`), through nix, which builds nothing; what `nix path-info --json`, `nix build
/// --json`, `nix derivation show` and `nix-store --query --requisites` print; a container image of
/// Docker or OCI; `packages.json` of a channel; lines of nix-eval-jobs; a CycloneDX or SPDX SBOM.
/// Files may be compressed with gzip, zstd, xz or Brotli. The database is made by `snowguard db
/// update`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Options {
    /// What to scan, each with a name if you like (`host1=PATH`); `-` is standard input
    #[arg(value_name = "TARGET", default_value = "/run/current-system")]
    targets: Vec<OsString>,
    #[command(flatten)]
    how: TargetArguments,
    /// Write rules for --suppress that accept what is reported now, for 90 days; the file must not
    /// exist
    #[arg(long, value_name = "FILE")]
    write_suppress: Option<PathBuf>,
    /// Exit with 1 if there is a finding at or above this bar
    ///
    /// What is known to be exploited is above every bar. What nobody has rated counts as medium.
    /// Where the database has no records at all, no catalogue for `known-exploited` or no severity
    /// for `medium` and above, the exit code is 3.
    #[arg(long, value_name = "BAR", value_parser = named::<FailOn>(FailOn::ALL.iter().map(|b| b.name())))]
    fail_on: Option<FailOn>,
    /// Count findings whose status is unknown for --fail-on as if they were affected
    #[arg(long, requires = "fail_on")]
    fail_on_unknown: bool,
    /// Report, and count for --fail-on, only what is new since this report of `--format json` or
    /// --save, or has become worse
    ///
    /// A file that is not there yet, and that --save will write, is a report of nothing.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Write all that was found to this file, for --since; it is replaced at once or not at all
    ///
    /// Not if a target could not be scanned: what it has would be new the next time.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseLocation,
    /// First fetch what the official sources have that the database lacks, as `snowguard db update`
    /// does. If a source cannot be reached, the scan goes on with what there is of it
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    report: ReportArguments,
    #[command(flatten)]
    policy: PolicyArguments,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Report")]
struct ReportArguments {
    /// The format of the report
    #[arg(long, short, value_name = "FORMAT", default_value = "table", value_parser = named::<ReportFormat>(ReportFormat::ALL.iter().map(|f| f.name())))]
    format: ReportFormat,
    /// Fill this template (of Jinja) with what the JSON report holds, instead of a format
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    template: Option<PathBuf>,
    /// Write the report to this file instead of standard output; it is replaced at once or not at
    /// all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show everything: all statuses, all confidences, what is suppressed
    #[arg(long, short)]
    all: bool,
    /// Show these statuses [default: affected; all in json, cyclonedx, spdx and openvex]
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',', value_parser = named::<StatusName>(STATUSES.iter().map(|(name, _)| *name)))]
    status: Vec<StatusName>,
    /// Show only findings of at least this confidence; --fail-on counts only these too
    #[arg(long, value_name = "CONFIDENCE", default_value = "medium", value_parser = named::<ConfidenceName>(confidences()))]
    min_confidence: ConfidenceName,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What you know better")]
pub(crate) struct PolicyArguments {
    /// Rules for findings that you accept: Snowguard's TOML, or a whitelist of vulnix
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
    /// Statements on what is affected: OpenVEX, CycloneDX with analysis, or CSAF 2.0
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// More curated knowledge, in TOML
    #[arg(long, value_name = "FILE")]
    knowledge: Vec<PathBuf>,
}

const STATUSES: [(&str, FindingStatus); 4] = [
    ("affected", FindingStatus::Affected),
    ("unknown", FindingStatus::Unknown),
    ("fixed", FindingStatus::Fixed),
    ("not-affected", FindingStatus::NotAffected),
];
const CONFIDENCES: [(&str, Confidence); 3] =
    [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];

/// The names of confidences.
pub(crate) fn confidences() -> impl Iterator<Item = &'static str> {
    CONFIDENCES.iter().map(|(name, _)| *name)
}

#[derive(Debug, Clone, Copy)]
struct StatusName(FindingStatus);
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfidenceName(pub(crate) Confidence);

impl FromStr for StatusName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        STATUSES
            .iter()
            .find(|(n, _)| *n == text)
            .map(|(_, s)| Self(*s))
            .ok_or_else(|| format!("no status `{text}`"))
    }
}

impl FromStr for ConfidenceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = CONFIDENCES.iter().find(|(n, _)| *n == text);
        found.map(|(_, c)| Self(*c)).ok_or_else(|| format!("no confidence `{text}`"))
    }
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let policy = options.policy.read().map_err(exit::Failure::usage)?;
    let how = options.how.read_options().map_err(exit::Failure::usage)?;
    if let Some(path) = options.write_suppress.as_ref().filter(|path| path.exists()) {
        let error = anyhow::anyhow!("{} exists: rules that somebody wrote are not replaced", path.display());
        return Err(exit::Failure::usage(error));
    }
    let open = if options.update { location::open_updated } else { location::open };
    let database = open(&options.database).map_err(exit::Failure::failed)?;

    let (targets, failed) = target::read(&options.targets, &how);
    if targets.is_empty() {
        return Err(exit::Failure::reported());
    }
    let mut run = Run::new(Timestamp::now(), random_id().map_err(exit::Failure::failed)?);
    run.today = jiff::tz::TimeZone::system().to_datetime(run.time).date();
    run.reported = options.reported();
    let before = options.before().map_err(exit::Failure::failed)?;
    let mut found = scanner::scan(targets, &database, &policy, run).map_err(exit::Failure::failed)?;
    update::hint_at_age(&database.info().map_err(exit::Failure::failed)?, found.time);

    let mut all = None;
    if let Some(before) = &before {
        all = options.save.is_some().then(|| (found.findings.clone(), found.suppressed.clone()));
        diff::retain_news(&mut found, before, options.report.min_confidence.0);
    }
    options.report.write(&found).map_err(exit::Failure::failed)?;
    if let Some(path) = &options.write_suppress {
        write_suppress(path, &found, &options.report.selection()).map_err(exit::Failure::failed)?;
    }
    let (undecided, fails) = match options.fail_on {
        Some(bar) => {
            let lacks = bar.lacks(&found, &database).map_err(exit::Failure::failed)?;
            if let Some(lacks) = lacks {
                let context = format!("cannot decide whether there are findings for --fail-on {bar}");
                exit::report(&anyhow::Error::new(lacks).context(context));
            }
            (lacks.is_some(), bar.is_reached(&found, options.counted()))
        }
        None => (false, false),
    };
    if let Some(path) = options.save.as_ref().filter(|_| !failed) {
        if let Some((findings, suppressed)) = all {
            (found.findings, found.suppressed) = (findings, suppressed);
        }
        // Only now that the news was reported: it would never be again.
        save(path, &found).map_err(exit::Failure::failed)?;
    }
    // The program ends here: freeing hundreds of thousands of texts one by one would only take
    // time.
    std::mem::forget(found);
    if failed || undecided {
        return Ok(ExitCode::from(exit::COULD_NOT));
    }
    Ok(if fails { ExitCode::from(exit::FOUND) } else { ExitCode::SUCCESS })
}

/// Writes all that was found.
fn save(path: &Path, found: &Scan) -> anyhow::Result<()> {
    let mut options = ReportOptions::new(ReportFormat::Json);
    options.selection = Selection {
        statuses: FindingStatus::ALL.to_vec(),
        min_confidence: Confidence::Low,
        suppressed: true,
    };
    files::replace(path, |out| report::write(out, found, &options))
        .with_context(|| format!("cannot save the report to {}", path.display()))
}

/// Writes rules for what is open.
fn write_suppress(path: &Path, found: &Scan, selection: &Selection) -> anyhow::Result<()> {
    let entries = found.entries();
    let open: Vec<_> = entries
        .iter()
        .filter(|e| {
            e.finding.status == FindingStatus::Affected && e.suppression.is_none() && selection.shows(e)
        })
        .collect();
    let today = jiff::tz::TimeZone::system().to_datetime(found.time).date();
    let rules = report::begin_rules(&open, today);
    Ok(files::replace_bytes(path, rules.as_bytes())?)
}

impl Options {
    /// The statuses whose findings somebody will look at. Summaries and `--fail-on` rate all that
    /// is affected.
    fn reported(&self) -> Vec<FindingStatus> {
        let mut reported = self.report.selection().statuses;
        reported.push(FindingStatus::Affected);
        if self.save.is_some() {
            reported = FindingStatus::ALL.to_vec();
        }
        if self.fail_on_unknown {
            reported.push(FindingStatus::Unknown);
        }
        reported
    }

    /// What was found before.
    fn before(&self) -> anyhow::Result<Option<Snapshot>> {
        let Some(path) = &self.since else { return Ok(None) };
        if self.save.is_some() && !path.exists() {
            return Ok(Some(Snapshot::default()));
        }
        let report = Snapshot::read(path)?;
        report
            .with_context(|| format!("{}: not a report that `scan --format json` wrote", path.display()))
            .map(Some)
    }

    /// What --fail-on counts.
    const fn counted(&self) -> Counted {
        Counted { min_confidence: self.report.min_confidence.0, unknown: self.fail_on_unknown }
    }
}

impl PolicyArguments {
    pub(crate) fn read(&self) -> anyhow::Result<Policy> {
        let mut policy = Policy { knowledge: scanner::knowledge(&self.knowledge)?, ..Policy::default() };
        for path in &self.suppress {
            policy.rules.extend(scanner::suppression_rules(path)?);
        }
        for path in &self.vex {
            policy.vex.extend(scanner::vex_statements(path)?);
        }
        Ok(policy)
    }
}

impl ReportArguments {
    fn selection(&self) -> Selection {
        let mut selection = Selection::default_of(self.format);
        selection.min_confidence = self.min_confidence.0;
        if !self.status.is_empty() {
            selection.statuses = self.status.iter().map(|s| s.0).collect();
        }
        if self.all {
            selection = Selection {
                statuses: FindingStatus::ALL.to_vec(),
                min_confidence: Confidence::Low,
                suppressed: true,
            };
        }
        selection
    }

    fn write(&self, found: &Scan) -> anyhow::Result<()> {
        if let Some(template) = &self.template {
            let text = report::fill_template(template, found, self.selection())?;
            if let Some(path) = &self.output {
                return Ok(files::replace_bytes(path, text.as_bytes())?);
            }
            let mut out = terminal::stdout();
            return Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?);
        }
        let mut options = ReportOptions::new(self.format);
        options.selection = self.selection();
        let mut notes = Vec::new();
        let result = if let Some(path) = &self.output {
            options.appearance = Appearance { all: self.all, ..Appearance::default() };
            files::replace(path, |out| report::write_and_note(out, found, &options, &mut notes))
                .map_err(Into::into)
        } else {
            options.appearance = exit::appearance(terminal::Stream::Stdout, self.all);
            let mut out = BufWriter::new(terminal::stdout());
            match report::write_and_note(&mut out, found, &options, &mut notes).map(|()| out.flush()) {
                // Whoever reads has seen enough.
                Err(ReportError::Io(error)) | Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    Ok(())
                }
                Ok(flushed) => flushed.context("cannot write to standard output"),
                Err(error) => Err(error.into()),
            }
        };
        for note in notes {
            exit::hint(note);
        }
        if result.is_ok()
            && self.output.is_none()
            && self.format == ReportFormat::Html
            && terminal::Stream::Stdout.is_terminal()
        {
            exit::hint("--output FILE writes the page to a file");
        }
        result
    }
}

/// A random UUID, version 4 (RFC 9562).
pub(crate) fn random_id() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    let value = u128::from_be_bytes(bytes);
    // Version and variant stand in fixed bits.
    let value = (value & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{value:032x}");
    let mut id = String::with_capacity(36);
    for (place, digit) in hex.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_of_version_4() {
        let (a, b) = (random_id().unwrap(), random_id().unwrap());
        assert_ne!(a, b);
        let parts: Vec<usize> = a.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(a.chars().nth(14), Some('4'));
        assert!("89ab".contains(a.chars().nth(19).unwrap()));
    }
}
