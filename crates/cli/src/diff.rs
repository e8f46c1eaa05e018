//! `snowguard diff`: which findings come, go and stay?

use crate::exit::{self, Failure};
use crate::location::{self, DatabaseLocation};
use crate::named::named;
use crate::scan::{ConfidenceName, PolicyArguments, confidences, random_id};
use crate::target::{self, TargetArguments};
use anyhow::Context as _;
use jiff::Timestamp;
use matching::FindingStatus;
use scanner::diff::{self, Snapshot};
use scanner::{FailOn, Policy, Run};
use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use terminal::Stream;
use vulnerability_db::database::Database;

/// Examples and exit codes, below the options.
const AFTER_HELP: &str = "\
Examples:
  snowguard diff /nix/var/nix/profiles/system-41-link /nix/var/nix/profiles/system-42-link
  snowguard diff /run/current-system ./result          what would switching to it change?
  snowguard diff yesterday.json today.json             two reports of `scan --format json`
  snowguard diff --fail-on high main.json ./result     in CI: only what a change brings

  cp -r . /tmp/new && nix flake update --flake /tmp/new    what would an update fix?
  snowguard diff .#nixosConfigurations.host /tmp/new#nixosConfigurations.host

Exit codes:
  0  compared; nothing at or above the bar of --fail-on that was not before
  1  compared; findings at or above the bar that are new, or have become worse
  2  wrong usage: arguments, or a file of rules, VEX or knowledge that cannot be used
  3  could not compare";

/// Show which findings come, go and stay between two targets or reports, and why
///
/// Either side is a target of any kind, as `snowguard scan` takes it, or a report that `snowguard
/// scan --format json` wrote. A finding is open if it is affected, not suppressed and of enough
/// confidence. It is the same on both sides if it is the same vulnerability in the same software,
/// whatever the version.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Options {
    /// What was before: a target or a report
    #[arg(value_name = "OLD")]
    old: OsString,
    /// What is now: a target or a report
    #[arg(value_name = "NEW")]
    new: OsString,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show what stays the same, too
    #[arg(long, short)]
    all: bool,
    /// Exit with 1 if a finding is at or above this bar that was not before
    #[arg(long, value_name = "BAR", value_parser = named::<FailOn>(FailOn::ALL.iter().map(|b| b.name())))]
    fail_on: Option<FailOn>,
    /// Count only findings of at least this confidence
    #[arg(long, value_name = "CONFIDENCE", default_value = "medium", value_parser = named::<ConfidenceName>(confidences()))]
    min_confidence: ConfidenceName,
    #[command(flatten)]
    how: TargetArguments,
    #[command(flatten)]
    database: DatabaseLocation,
    #[command(flatten)]
    policy: PolicyArguments,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let policy = options.policy.read().map_err(Failure::usage)?;
    let mut lazy = Lazy { options, policy, database: None };
    let old = lazy.snapshot(&options.old)?;
    let new = lazy.snapshot(&options.new)?;
    let diff = diff::compare(&old, &new, options.min_confidence.0);
    let mut out = BufWriter::new(terminal::stdout());
    let written = if options.json {
        diff::write_json(&mut out, &diff, &old, &new)
    } else {
        diff::write_text(&mut out, &diff, &old, &new, exit::appearance(Stream::Stdout, options.all))
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.context("cannot write to standard output")?,
    }
    let fails = options.fail_on.is_some_and(|bar| diff.fails(bar));
    Ok(if fails { ExitCode::from(exit::FOUND) } else { ExitCode::SUCCESS })
}

/// The database is opened only if something is scanned: reports need none.
struct Lazy<'a> {
    options: &'a Options,
    policy: Policy,
    database: Option<Database>,
}

impl Lazy<'_> {
    fn snapshot(&mut self, side: &OsStr) -> Result<Snapshot, Failure> {
        if let Some(report) = Snapshot::read(Path::new(side)).map_err(Failure::failed)? {
            return Ok(report);
        }
        let how = self.options.how.read_options().map_err(Failure::usage)?;
        let database = match self.database.take() {
            Some(database) => database,
            None => location::open(&self.options.database).map_err(Failure::failed)?,
        };
        let target = target::read_target(side, &how)?;
        let mut run = Run::new(Timestamp::now(), random_id()?);
        // That something is patched, or not affected, is why findings go.
        run.reported = FindingStatus::ALL.to_vec();
        let scan = scanner::scan(vec![target], &database, &self.policy, run).map_err(Failure::failed)?;
        if let Some(bar) = self.options.fail_on
            && let Some(lacks) = bar.lacks(&scan, &database).map_err(Failure::failed)?
        {
            let context = format!("cannot decide whether there are findings for --fail-on {bar}");
            return Err(Failure::failed(anyhow::Error::new(lacks).context(context)));
        }
        for warning in scan.targets.iter().flat_map(|target| &target.warnings) {
            exit::warn(warning);
        }
        self.database = Some(database);
        Ok(Snapshot::of_scan(&scan))
    }
}
