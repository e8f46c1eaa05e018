//! `snowguard tracker verify-history`: does the chain hold?

use super::Place;
use crate::exit::{self, Failure};
use clap::Args;
use std::io::Write as _;
use std::process::ExitCode;
use tracker::app::Clock;
use tracker::models::history::{self, Verified};
use tracker::serve;

/// Check that nobody changed the history of decisions.
///
/// Each entry holds the hash of the one before. Write the head down elsewhere: a history that was
/// made anew as a whole has another one.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 it holds, 1 it was changed, 3 it cannot be read.

Example:
  snowguard tracker verify-history --data /var/lib/snowguard-tracker")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn verify(options: &Options) -> Result<ExitCode, Failure> {
    let app = serve::open(options.place.config()?, Clock::system()).map_err(Failure::failed)?;
    let verified = app.database.read(history::verify).map_err(Failure::failed)?;
    let mut out = terminal::stdout();
    if options.json {
        let text = serde_json::to_string_pretty(&verified).map_err(Failure::failed)?;
        writeln!(out, "{text}").map_err(Failure::failed)?;
    } else {
        let Verified { entries, erased, head, problems } = &verified;
        for problem in problems {
            writeln!(out, "{problem}").map_err(Failure::failed)?;
        }
        let verdict = if problems.is_empty() { "The history holds" } else { "The history was changed" };
        writeln!(out, "{verdict}: {entries} entries, of which {erased} were erased.")
            .map_err(Failure::failed)?;
        writeln!(out, "head {head}").map_err(Failure::failed)?;
    }
    out.flush().map_err(Failure::failed)?;
    Ok(if verified.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::FOUND) })
}
