//! `snowguard tracker job`: what the service does again and again.

use super::Place;
use crate::exit::Failure;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use tracker::app::{App, Clock};
use tracker::jobs::{Jobs, Stop, Worker};
use tracker::models::job::{self, Counts, Job, Outcome, Run};
use tracker::serve;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(ListOptions),
    Run(RunOptions),
}

/// List the jobs: when each ran, how it ended, when it is due.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  snowguard tracker job list --data /var/lib/snowguard-tracker")]
pub(crate) struct ListOptions {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Run a job now, due or not, unless a worker runs it already.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  snowguard tracker job run cve --config /etc/snowguard/tracker.toml")]
pub(crate) struct RunOptions {
    /// The name of the job
    name: String,
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List(options) => list(options),
        Command::Run(options) => run_job(options),
    }
}

fn open(place: &Place) -> Result<(App, Jobs), Failure> {
    let app = serve::open(place.config()?, Clock::system()).map_err(Failure::failed)?;
    let jobs = Jobs::of(&app.config);
    Ok((app, jobs))
}

fn list(options: &ListOptions) -> Result<ExitCode, Failure> {
    let (app, jobs) = open(&options.place)?;
    let worker = Worker::new(app.clone(), jobs.clone(), Stop::default());
    worker.register().map_err(Failure::failed)?;
    let found = app.database.read(job::all_with_last_run).map_err(Failure::failed)?;
    if options.json {
        let entry = |(job, last): &(Job, Option<Run>)| {
            let about = jobs.named(&job.name).map(tracker::jobs::Job::about);
            json!({ "job": job, "about": about, "last-run": last })
        };
        let list = found.iter().map(entry).collect();
        print_json(&list)?;
    } else {
        print_list(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    writeln!(terminal::stdout(), "{}", serde_json::to_string_pretty(value)?)?;
    Ok(())
}

fn print_list(found: &[(Job, Option<Run>)]) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    let width = found.iter().map(|(job, _)| job.name.len()).max().unwrap_or(0);
    for (job, last) in found {
        let state = match (&job.worker, job.enabled) {
            (Some(worker), _) => format!("run by {worker}"),
            (None, true) => format!("due {:.0}", job.next_at),
            (None, false) => "switched off".to_owned(),
        };
        writeln!(out, "{:width$}  {state}", job.name)?;
        let Some(run) = last else { continue };
        let counts = written(&run.counts);
        writeln!(out, "{:width$}  {:.0}: {}{counts}", "", run.started_at, run.outcome.name())?;
        if let Some(error) = &run.error {
            writeln!(out, "{:width$}  {error}", "")?;
        }
    }
    Ok(())
}

fn written(counts: &Counts) -> String {
    let each = |(name, number): (&String, &i64)| format!(", {number} {name}");
    counts.iter().map(each).collect()
}

fn run_job(options: &RunOptions) -> Result<ExitCode, Failure> {
    let (app, jobs) = open(&options.place)?;
    let name = &options.name;
    if jobs.named(name).is_none() {
        let known: Vec<&str> = jobs.iter().map(tracker::jobs::Job::name).collect();
        return Err(Failure::usage(anyhow!("there is no job {name:?}: there are {}", known.join(", "))));
    }
    let worker = Worker::new(app, jobs, Stop::default());
    worker.register().map_err(Failure::failed)?;
    let Some(ended) = worker.run_named(name).map_err(Failure::failed)? else {
        return Err(Failure::failed(anyhow!("another worker runs the job {name} now")));
    };
    if options.json {
        let ended = json!({
            "job": ended.job, "outcome": ended.outcome, "counts": ended.counts, "error": ended.error,
        });
        print_json(&ended)?;
    } else {
        let line = format!("{name}: {}{}", ended.outcome.name(), written(&ended.counts));
        writeln!(terminal::stdout(), "{line}").map_err(Failure::failed)?;
    }
    match ended.error {
        Some(error) if ended.outcome != Outcome::Done => {
            Err(Failure::failed(anyhow!("the job {name} failed: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
