//! The jobs that take in what sources say of vulnerabilities.
//!
//! Each fetches into this process's copy of the records what the source has and the copy lacks
//! (`vulnerability_db::fetch`: logs of changes, archives, resumed downloads, limits), and then
//! takes over into the store what is other there. It compares hashes, so it does not matter where
//! an earlier run was stopped.

mod eu_kev;
mod sync;

pub use eu_kev::EuKev;

use super::{Job, JobContext, JobError};
use crate::config::Sources;
use crate::local_records::{LocalRecordsError, job_source};
use crate::models::job::Schedule;
use crate::models::record;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use terminal::Silent;
use vulnerability_db::database::{SourceInfo, set_source};
use vulnerability_db::{FetchOptions, Fetched, SourceKind, SourceLocation, UpdateOptions};

/// A source of records.
#[derive(Debug, Clone)]
pub struct Records {
    kind: SourceKind,
    sources: Sources,
}

/// What the job notes of its source.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    #[serde(flatten)]
    info: SourceInfo,
    /// The content of the copy that was taken over last.
    #[serde(default)]
    digest: String,
    /// The number of the newest change then.
    #[serde(default)]
    change: i64,
}

impl Records {
    /// The job of a source.
    pub fn new(kind: SourceKind, sources: &Sources) -> Self {
        Self { kind, sources: sources.clone() }
    }

    /// Fetches into the copy what the source has and the copy lacks.
    fn fetch(&self, context: &mut JobContext<'_>) -> Result<Result<(), JobError>, JobError> {
        let mut options = UpdateOptions::new(context.now());
        options.certificates.clone_from(&self.sources.certificates);
        let folder = context.app().records.folder().to_owned();
        let fetched = match &self.sources.cve_path {
            Some(path) if self.kind == SourceKind::Cve => {
                let source = SourceLocation { kind: self.kind, location: path.display().to_string() };
                let mut fetched = Fetched::default();
                match vulnerability_db::update(&folder, &[source], &options, &Silent) {
                    Ok(report) => fetched.report = report,
                    Err(error) => fetched.failed.push((self.kind, error)),
                }
                fetched
            }
            _ => {
                let mut how = FetchOptions::default();
                how.only = Some(self.kind);
                how.urls = self.sources.urls();
                vulnerability_db::fetch(&folder, &how, &options, &Silent).map_err(JobError::other)?
            }
        };
        for report in &fetched.report.sources {
            context.count("read", report.records);
            context.count("invalid", report.invalid);
        }
        // What came before it failed is taken over all the same.
        Ok(match fetched.failed.into_iter().next() {
            Some((_, error)) => Err(JobError::other(error)),
            None => Ok(()),
        })
    }
}

impl Job for Records {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn about(&self) -> &'static str {
        match self.kind {
            SourceKind::Cve => "takes in what changed in the CVE list",
            SourceKind::Nvd => "takes in what changed in the National Vulnerability Database",
            SourceKind::Kev => "takes in CISA's catalogue of known exploited vulnerabilities",
            SourceKind::Epss => "takes in FIRST's scores",
        }
    }

    fn schedule(&self) -> Schedule {
        Schedule::every(match self.kind {
            SourceKind::Cve => SignedDuration::from_mins(10),
            SourceKind::Nvd => SignedDuration::from_hours(2),
            SourceKind::Kev => SignedDuration::from_hours(1),
            SourceKind::Epss => SignedDuration::from_hours(6),
        })
    }

    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError> {
        let app = context.app();
        let writing = app.records.writing();
        writing.follow(&app.database, context.now(), &|| context.go_on().is_ok()).map_err(other)?;
        let cursor: Option<Cursor> = context.cursor();
        let first = cursor.is_none();
        let cursor = cursor.unwrap_or_default();
        if !first {
            self.note_source(context, &cursor.info)?;
        }
        context.go_on()?;
        let fetched = self.fetch(context)?;
        context.go_on()?;
        let before = app.database.read(record::newest_change)?;
        let Ok(local) = app.records.open() else { return fetched };
        let info = local.info().map_err(JobError::other)?;
        let same = !first && cursor.digest == info.digest && cursor.change == before;
        let changes = if same { 0 } else { sync::take_over(context, &local, self.kind, !first)? };
        let after = app.database.read(record::newest_change)?;
        if u64::try_from(after - before) == Ok(changes) {
            writing.holds(before, after).map_err(other)?;
        }
        // A source that could not be reached the first time has not said anything yet.
        let said = info.sources.get(self.kind.name());
        if let Some(source) = said {
            let cursor = Cursor { info: source.clone(), digest: info.digest.clone(), change: after };
            context.write(|transaction, saving| saving.save(transaction, &cursor))?;
            if self.kind == SourceKind::Epss {
                writing.holds_scores(source).map_err(other)?;
            }
        }
        fetched
    }
}

impl Records {
    /// Where the copy was brought over from the store, the source goes on from where the last
    /// worker was.
    fn note_source(&self, context: &JobContext<'_>, info: &SourceInfo) -> Result<(), JobError> {
        let records = &context.app().records;
        let Ok(local) = records.open() else { return Ok(()) };
        let there = local.info().map_err(JobError::other)?;
        let there = there.sources.get(self.kind.name());
        let newer = there.is_some_and(|there| {
            (there.followed, there.confirmed, there.changed) >= (info.followed, info.confirmed, info.changed)
        });
        if !newer {
            set_source(records.folder(), self.kind.name(), info, context.now()).map_err(JobError::other)?;
        }
        Ok(())
    }
}

/// An error of the copy, as one of a job.
fn other(error: LocalRecordsError) -> JobError {
    match error {
        LocalRecordsError::Stopped => JobError::Stopped,
        LocalRecordsError::Database(error) => JobError::Database(error),
        error => JobError::other(error),
    }
}

/// What the job of a source knows of it: for pages that say how old everything is.
///
/// # Errors
/// Those of the database.
pub fn known_of(
    connection: &mut crate::database::Connection,
    kind: SourceKind,
) -> Result<Option<SourceInfo>, crate::database::DatabaseError> {
    job_source(connection, kind)
}
