//! What the service does by itself.

use super::{page, parts, time};
use crate::models::job::{Job, Outcome, Run};
use jiff::Timestamp;
use serde::Serialize;

/// The jobs, each with its last run.
#[derive(Debug, Serialize)]
pub(crate) struct Jobs {
    pub(crate) jobs: Vec<JobRow>,
}

page!(Jobs, "jobs.html");

/// A job, and what became of it last.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRow {
    #[serde(flatten)]
    pub(crate) job: Job,
    pub(crate) last_run: Option<Run>,
    #[serde(skip)]
    pub(crate) now: Timestamp,
}

impl JobRow {
    fn is_running(&self) -> bool {
        self.job.worker.is_some() && self.job.leased_until.is_some_and(|until| until > self.now)
    }

    /// How the last run looks. That it was stopped, or its worker went away, is nobody's fault.
    fn look(&self) -> &'static str {
        match self.last_run.as_ref().map(|run| run.outcome) {
            Some(Outcome::Done) => "good",
            Some(Outcome::Failed) => "bad",
            Some(Outcome::Running | Outcome::Stopped | Outcome::Lost) | None => "quiet",
        }
    }
}
