//! What runs again and again: one file a job. Each is idempotent, goes on where it was stopped, and
//! runs once at a time, however many workers there are.

mod advisories;
mod context;
mod error;
pub mod records;
mod rematch;
mod stop;
mod worker;

pub use context::JobContext;
pub use error::JobError;
pub use stop::Stop;
pub use worker::{Ended, Worker, Workers};

use crate::config::Config;
use crate::models::job::Schedule;
use records::{EuKev, Records};
use std::collections::BTreeMap;
use std::sync::Arc;
use vulnerability_db::SourceKind;

/// A job.
pub trait Job: Send + Sync {
    /// Its name in lists and in the database.
    fn name(&self) -> &'static str;

    /// What it does, in a sentence.
    fn about(&self) -> &'static str;

    /// How often it runs.
    fn schedule(&self) -> Schedule;

    /// Runs it. What it writes, it writes through [`JobContext::write`].
    ///
    /// # Errors
    /// Whatever keeps it from its work. It runs again, later each time.
    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError>;
}

/// The jobs of a service.
#[derive(Clone, Default)]
pub struct Jobs(Vec<Arc<dyn Job>>);

impl Jobs {
    /// Those that a set-up asks for.
    pub fn of(config: &Config) -> Self {
        let sources = &config.sources;
        let mut jobs = Self::default();
        for kind in [SourceKind::Cve, SourceKind::Nvd, SourceKind::Kev, SourceKind::Epss] {
            if sources.has(kind) {
                jobs = jobs.with(Records::new(kind, sources));
            }
        }
        if !sources.eu_kev.is_empty() {
            jobs = jobs.with(EuKev::new(sources));
        }
        jobs.with(rematch::Rematch).with(advisories::Advisories)
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, job: impl Job + 'static) -> Self {
        self.0.push(Arc::new(job));
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Job> {
        self.0.iter().map(|job| &**job)
    }

    /// The one with this name.
    pub fn named(&self, name: &str) -> Option<&dyn Job> {
        self.iter().find(|job| job.name() == name)
    }

    fn schedules(&self) -> BTreeMap<&str, Schedule> {
        self.iter().map(|job| (job.name(), job.schedule())).collect()
    }
}
