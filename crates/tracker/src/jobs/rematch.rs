//! The job "match": what changed is matched, and raises suggestions.
//!
//! A change of records re-matches the CVEs that changed; a new evaluation, a change of the team's
//! knowledge or another program re-matches everything.

use super::{Job, JobContext, JobError};
use crate::database::{Connection, DatabaseError};
use crate::hex;
use crate::models::job::Schedule;
use crate::models::{knowledge, record, rematch};
use crate::params;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use vulnerability::CveId;

/// The job.
#[derive(Debug)]
pub(super) struct Rematch;

/// What was matched last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Matched {
    /// The newest change of a record.
    change: i64,
    /// The newest evaluation of each channel, with its state.
    channels: Vec<(i64, i64, String)>,
    /// SHA-256 of the team's knowledge.
    knowledge: String,
    /// The program.
    program: String,
}

impl Job for Rematch {
    fn name(&self) -> &'static str {
        "match"
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
                channels: channels(connection)?,
                knowledge: hex::encode(&Sha256::digest(file.text())),
                program: env!("CARGO_PKG_VERSION").to_owned(),
            };
            Ok::<_, DatabaseError>((now, file))
        })?;
        if now == last || now.channels.is_empty() {
            return Ok(());
        }
        let which = if now == (Matched { change: now.change, ..last.clone() }) {
            Some(app.database.read(|connection| changed(connection, last.change, now.change))?)
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

fn channels(connection: &mut Connection) -> Result<Vec<(i64, i64, String)>, DatabaseError> {
    connection.query(
        "SELECT id, evaluation, state FROM channel WHERE kind = 'channel' AND evaluation IS NOT NULL
         ORDER BY id",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// The CVEs whose records changed after one change and up to another.
fn changed(connection: &mut Connection, after: i64, up_to: i64) -> Result<BTreeSet<CveId>, DatabaseError> {
    let cves: Vec<CveId> = connection.query(
        "SELECT DISTINCT cve FROM record WHERE change > $1 AND change <= $2",
        params![after, up_to],
        |row| row.get(0),
    )?;
    Ok(cves.into_iter().collect())
}
