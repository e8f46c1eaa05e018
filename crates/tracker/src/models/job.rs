//! What runs again and again: when it is due, who runs it, and what it did.
//!
//! A worker runs a job for as long as it holds its lease, which it renews. Each lease has a number,
//! and whatever a worker writes for a job says under which number it does: one that was taken for
//! lost, and comes back, is refused. So nothing is done twice, however long a worker stood still.

mod decide;

pub use decide::{LEASE, Plan, Schedule, after_failure, after_success, plan};

use super::history::{self, Change, Subject, SubjectKind};
use super::ids::AccountId;
use crate::database::lock::Lock;
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The runs of a job that are kept.
const RUNS: u32 = 500;

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Whether it runs by itself.
    pub enabled: bool,
    /// When it is due.
    pub next_at: Timestamp,
    /// The worker that runs it.
    pub worker: Option<String>,
    /// How long that worker may be silent.
    pub leased_until: Option<Timestamp>,
    /// The number of the newest lease.
    pub lease: i64,
    /// Failures since the last success.
    pub failures: u32,
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The job.
    pub job: String,
    /// Who ran it.
    pub worker: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was counted.
    pub counts: Counts,
    /// Why it failed.
    pub error: Option<String>,
}

/// What a run counted, by name.
pub type Counts = BTreeMap<String, i64>;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has not ended.
    Running,
    /// It did all there was to do.
    Done,
    /// It was asked to stop before that, and goes on next time.
    Stopped,
    /// It failed.
    Failed,
    /// Its worker went away.
    Lost,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Running, Self::Done, Self::Stopped, Self::Failed, Self::Lost];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// A lease: the right to run a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The job.
    pub job: String,
    /// The number of the lease.
    pub lease: i64,
    /// The run.
    pub run: i64,
    /// Failures since the last success.
    pub failures: u32,
    /// Where it goes on.
    pub cursor: Option<Json>,
}

/// Makes jobs known. Those that are new are due at once.
///
/// # Errors
/// Those of the database.
pub fn register(
    transaction: &mut Transaction<'_>,
    names: &[&str],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    for name in names {
        transaction.execute(
            "INSERT INTO job (name, next_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            params![*name, now],
        )?;
    }
    Ok(())
}

const COLUMNS: &str = "name, enabled, next_at, worker, leased_until, lease, failures";

/// All jobs by name. There are a few dozen at most.
///
/// # Errors
/// Those of the database.
pub fn all(connection: &mut Connection) -> Result<Vec<Job>, DatabaseError> {
    connection.query(&format!("SELECT {COLUMNS} FROM job ORDER BY name"), params![], read)
}

/// All jobs, by name, each with its last run.
///
/// # Errors
/// Those of the database.
pub fn all_with_last_run(connection: &mut Connection) -> Result<Vec<(Job, Option<Run>)>, DatabaseError> {
    let all = all(connection)?;
    let with_last = |job: Job| {
        let last = runs(connection, &job.name, None, 1)?.pop();
        Ok((job, last))
    };
    all.into_iter().map(with_last).collect()
}

/// The job of a name.
///
/// # Errors
/// Those of the database.
pub fn named(connection: &mut Connection, name: &str) -> Result<Option<Job>, DatabaseError> {
    connection.query_optional(&format!("SELECT {COLUMNS} FROM job WHERE name = $1"), params![name], read)
}

/// Where a job goes on.
///
/// # Errors
/// Those of the database.
pub fn cursor(connection: &mut Connection, name: &str) -> Result<Option<Json>, DatabaseError> {
    let cursor =
        connection.query_optional("SELECT cursor FROM job WHERE name = $1", params![name], |row| {
            row.get::<Option<String>>(0)
        })?;
    Ok::<_, DatabaseError>(cursor.flatten().and_then(|text| serde_json::from_str(&text).ok()))
}

fn read(row: &Row<'_>) -> Result<Job, DatabaseError> {
    Ok(Job {
        name: row.get(0)?,
        enabled: row.get(1)?,
        next_at: row.get(2)?,
        worker: row.get(3)?,
        leased_until: row.get(4)?,
        lease: row.get(5)?,
        failures: row.get(6)?,
    })
}

/// Takes the lease of a job that is due, and finds those that were lost.
///
/// # Errors
/// Those of the database.
pub fn claim(
    transaction: &mut Transaction<'_>,
    schedules: &BTreeMap<&str, Schedule>,
    worker: &str,
    now: Timestamp,
    random: f64,
) -> Result<Option<Claim>, DatabaseError> {
    transaction.lock(Lock::Jobs)?;
    let mut jobs = all(transaction)?;
    let found = plan(&jobs, schedules, now);
    settle(transaction, &mut jobs, &found, schedules, now, random)?;
    let Some(due) = found.due else { return Ok(None) };
    take(transaction, &due, worker, now).map(Some)
}

/// Takes the lease of this job, due or not, if nobody has it.
///
/// # Errors
/// Those of the database.
pub fn claim_named(
    transaction: &mut Transaction<'_>,
    schedules: &BTreeMap<&str, Schedule>,
    name: &str,
    worker: &str,
    now: Timestamp,
) -> Result<Option<Claim>, DatabaseError> {
    transaction.lock(Lock::Jobs)?;
    let mut jobs = all(transaction)?;
    let found = plan(&jobs, schedules, now);
    settle(transaction, &mut jobs, &found, schedules, now, 0.0)?;
    match jobs.iter().find(|job| job.name == name) {
        Some(job) if job.worker.is_none() => take(transaction, name, worker, now).map(Some),
        _ => Ok(None),
    }
}

/// Ends the leases that were lost, and bounds those that a clock that was ahead has made too long.
fn settle(
    transaction: &mut Transaction<'_>,
    jobs: &mut [Job],
    found: &Plan,
    schedules: &BTreeMap<&str, Schedule>,
    now: Timestamp,
    random: f64,
) -> Result<(), DatabaseError> {
    for job in jobs {
        if found.too_long.contains(&job.name) {
            transaction.execute(
                "UPDATE job SET leased_until = $3 WHERE name = $1 AND lease = $2",
                params![&job.name, job.lease, now + LEASE],
            )?;
        }
        if !found.lost.contains(&job.name) {
            continue;
        }
        let failures = job.failures.saturating_add(1);
        let schedule = schedules.get(job.name.as_str()).copied().unwrap_or_default();
        let next_at = after_failure(schedule, failures, now, random);
        transaction.execute(
            "UPDATE job SET worker = NULL, leased_until = NULL, failures = $3, next_at = $4
             WHERE name = $1 AND lease = $2",
            params![&job.name, job.lease, failures, next_at],
        )?;
        transaction.execute(
            "UPDATE job_run SET outcome = 'lost', ended_at = $2, error = 'its worker went away'
             WHERE job = $1 AND outcome = 'running'",
            params![&job.name, now],
        )?;
        (job.worker, job.leased_until) = (None, None);
    }
    Ok(())
}

fn take(
    transaction: &mut Transaction<'_>,
    name: &str,
    worker: &str,
    now: Timestamp,
) -> Result<Claim, DatabaseError> {
    let (lease, failures, cursor): (i64, u32, Option<String>) = transaction.query_one(
        "UPDATE job SET worker = $2, leased_until = $3, lease = lease + 1 WHERE name = $1
         RETURNING lease, failures, cursor",
        params![name, worker, now + LEASE],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let run = transaction.query_one(
        "INSERT INTO job_run (job, worker, started_at, outcome) VALUES ($1, $2, $3, 'running') RETURNING id",
        params![name, worker, now],
        |row| row.get(0),
    )?;
    // A cursor that cannot be read is none: the job begins anew, and finds what is there.
    let cursor = cursor.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Claim { job: name.to_owned(), lease, run, failures, cursor })
}

/// Renews a lease; `false` if it was lost. Until the transaction ends nobody else can take the job,
/// so this stands in front of whatever is written for it.
///
/// # Errors
/// Those of the database.
pub fn renew(
    transaction: &mut Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let renewed = transaction.execute(
        "UPDATE job SET leased_until = $3 WHERE name = $1 AND lease = $2 AND worker IS NOT NULL",
        params![&claim.job, claim.lease, now + LEASE],
    )?;
    Ok(renewed == 1)
}

/// Notes where a job goes on, and what it counted so far.
///
/// # Errors
/// Those of the database.
pub fn save(
    transaction: &mut Transaction<'_>,
    claim: &Claim,
    cursor: &Json,
    counts: &Counts,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE job SET cursor = $3 WHERE name = $1 AND lease = $2",
        params![&claim.job, claim.lease, cursor.to_string()],
    )?;
    transaction.execute("UPDATE job_run SET counts = $2 WHERE id = $1", params![claim.run, text(counts)])?;
    Ok(())
}

/// How a run ended, and when the next one is due.
#[derive(Debug)]
pub struct End<'e> {
    /// How.
    pub outcome: Outcome,
    /// What was counted.
    pub counts: &'e Counts,
    /// Why it failed.
    pub error: Option<&'e str>,
    /// When the job is due again.
    pub next_at: Timestamp,
}

/// Gives a lease back; `false` if it was lost, and then nothing is noted.
///
/// # Errors
/// Those of the database.
pub fn finish(
    transaction: &mut Transaction<'_>,
    claim: &Claim,
    end: &End<'_>,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let failures = match end.outcome {
        Outcome::Failed | Outcome::Lost => claim.failures.saturating_add(1),
        Outcome::Stopped => claim.failures,
        Outcome::Done | Outcome::Running => 0,
    };
    let given_back = transaction.execute(
        "UPDATE job SET worker = NULL, leased_until = NULL, failures = $3, next_at = $4
         WHERE name = $1 AND lease = $2 AND worker IS NOT NULL",
        params![&claim.job, claim.lease, failures, end.next_at],
    )?;
    if given_back == 0 {
        return Ok(false);
    }
    transaction.execute(
        "UPDATE job_run SET outcome = $2, ended_at = $3, counts = $4, error = $5 WHERE id = $1",
        params![claim.run, end.outcome.name(), now, text(end.counts), end.error],
    )?;
    transaction.execute(
        "DELETE FROM job_run WHERE job = $1 AND id <
             (SELECT min(id) FROM (SELECT id FROM job_run WHERE job = $1 ORDER BY id DESC LIMIT $2) AS kept)",
        params![&claim.job, RUNS],
    )?;
    Ok(true)
}

fn text(counts: &Counts) -> String {
    serde_json::to_string(counts).unwrap_or_else(|_| "{}".to_owned())
}

/// The runs of a job that come before a number, the newest first.
///
/// # Errors
/// Those of the database.
pub fn runs(
    connection: &mut Connection,
    name: &str,
    before: Option<i64>,
    most: u32,
) -> Result<Vec<Run>, DatabaseError> {
    connection.query(
        "SELECT id, job, worker, started_at, ended_at, outcome, counts, error FROM job_run
         WHERE job = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        params![name, before.unwrap_or(i64::MAX), most],
        |row| {
            let expected = |column, expected| DatabaseError::Column { column, expected };
            let (outcome, counts): (String, String) = (row.get(5)?, row.get(6)?);
            Ok(Run {
                id: row.get(0)?,
                job: row.get(1)?,
                worker: row.get(2)?,
                started_at: row.get(3)?,
                ended_at: row.get(4)?,
                outcome: Outcome::of_name(&outcome).ok_or_else(|| expected(5, "outcome"))?,
                counts: serde_json::from_str(&counts).map_err(|_| expected(6, "counts"))?,
                error: row.get(7)?,
            })
        },
    )
}

/// Lets a job run by itself, or not; `false` if there is no such job.
///
/// # Errors
/// Those of the database.
pub fn set_enabled(
    transaction: &mut Transaction<'_>,
    name: &str,
    enabled: bool,
    by: AccountId,
    at: Timestamp,
) -> Result<bool, DatabaseError> {
    let Some(before) = named(transaction, name)? else { return Ok(false) };
    transaction.execute("UPDATE job SET enabled = $2 WHERE name = $1", params![name, enabled])?;
    let content = serde_json::json!({
        "job": name, "enabled": { "before": before.enabled, "after": enabled },
    });
    note(transaction, "set-job-enabled", content, by, at)?;
    Ok(true)
}

/// Makes a job due at once; `false` if there is no such job.
///
/// # Errors
/// Those of the database.
pub fn run_soon(
    transaction: &mut Transaction<'_>,
    name: &str,
    by: AccountId,
    at: Timestamp,
) -> Result<bool, DatabaseError> {
    if transaction.execute("UPDATE job SET next_at = $2 WHERE name = $1", params![name, at])? == 0 {
        return Ok(false);
    }
    note(transaction, "run-job", serde_json::json!({ "job": name }), by, at)?;
    Ok(true)
}

fn note(
    transaction: &mut Transaction<'_>,
    action: &str,
    content: Json,
    by: AccountId,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Service, 0);
    history::append(transaction, &Change { at, actor: Some(by), subject, action, content }).map(drop)
}
