//! The job "match": what changed is matched, and raises suggestions.
//!
//! A change of records re-matches the CVEs that changed; a new evaluation, a merge of packages,
//! a change of the team's knowledge or another program re-matches everything.

use super::{Job, JobContext, JobError};
use crate::database::DatabaseError;
use crate::hex;
use crate::models::channel::{self, Head};
use crate::models::history::{self, SubjectKind};
use crate::models::job::Schedule;
use crate::models::{knowledge, record, rematch};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The job.
#[derive(Debug)]
pub(super) struct Rematch;

/// What was matched last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Matched {
    /// The newest change of a record.
    change: i64,
    /// What the channels were at. Branches are not matched: what is in them reaches a channel.
    heads: Vec<Head>,
    /// The newest merge or split of packages: an entry of the history.
    packages: i64,
    /// SHA-256 of the team's knowledge.
    knowledge: String,
    /// The program.
    program: String,
}

impl Job for Rematch {
    fn name(&self) -> &'static str {
        rematch::JOB
    }

    fn about(&self) -> &'static str {
        "matches what changed, and raises suggestions"
    }

    fn schedule(&self) -> Schedule {
        Schedule::every(SignedDuration::from_mins(2))
    }

    fn run(&self, context: &mut JobContext<'_>) -> Result<(), JobError> {
        let app = context.app();
        let last: Matched = context.cursor().unwrap_or_default();
        let (now, file) = app.database.read(|connection| {
            let file = knowledge::read(connection)?;
            let now = Matched {
                change: record::newest_change(connection)?,
                heads: channel::heads(connection, false)?,
                packages: history::newest(connection, SubjectKind::Package)?,
                knowledge: hex::encode(&Sha256::digest(file.text())),
                program: env!("CARGO_PKG_VERSION").to_owned(),
            };
            Ok::<_, DatabaseError>((now, file))
        })?;
        if now == last || now.heads.is_empty() {
            return Ok(());
        }
        let which = if now == (Matched { change: now.change, ..last.clone() }) {
            Some(app.database.read(|connection| record::changed(connection, last.change, now.change))?)
        } else {
            None
        };
        let go_on = || context.go_on().is_ok();
        app.records.follow(&app.database, context.now(), &go_on).map_err(JobError::other)?;
        let records = app.records.open().map_err(JobError::other)?;
        let knowledge = file.knowledge().map_err(JobError::other)?;
        let found = rematch::find(&app.database, &records, &knowledge, which, &|| !go_on());
        let found = found.map_err(|error| match error {
            rematch::RematchError::Stopped => JobError::Stopped,
            error => JobError::other(error),
        })?;
        let at = context.now();
        context.write(|transaction, saving| {
            let done = rematch::store(transaction, &found, at)?;
            saving.count("findings", done.findings as u64);
            saving.count("raised", done.suggestions.raised);
            saving.count("joined", done.suggestions.joined);
            saving.count("doubted", done.suggestions.doubted);
            saving.count("closed by rules", done.closed_by_rules);
            saving.save(transaction, &now)
        })
    }
}
