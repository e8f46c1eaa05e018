//! Jobs as rows.

use crate::database::{Connection, DatabaseError};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

/// A job, and what became of it last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRow {
    /// Its name.
    pub name: String,
    /// Whether it runs by itself.
    pub enabled: bool,
    /// When it is due.
    pub next_at: Timestamp,
    /// Failures since the last success.
    pub failures: i64,
    /// Whether it runs now.
    pub running: bool,
    /// When it last began.
    pub started_at: Option<Timestamp>,
    /// When that ended.
    pub ended_at: Option<Timestamp>,
    /// 'running', 'done', 'failed', 'lost'.
    pub outcome: Option<String>,
    /// What was counted.
    pub counts: Vec<(String, String)>,
    /// Why it failed.
    pub error: Option<String>,
}

/// All, by name.
///
/// # Errors
/// Those of the database.
pub fn list(connection: &mut Connection, now: Timestamp) -> Result<Vec<JobRow>, DatabaseError> {
    connection.query(
        "SELECT j.name, j.enabled, j.next_at, j.failures, j.worker IS NOT NULL AND j.leased_until > $1,
             r.started_at, r.ended_at, r.outcome, r.counts, r.error
         FROM job j LEFT JOIN job_run r ON r.id = (SELECT max(id) FROM job_run WHERE job = j.name)
         ORDER BY j.name LIMIT 200",
        params![now],
        |row| {
            let counts: Option<String> = row.get(8)?;
            Ok(JobRow {
                name: row.get(0)?,
                enabled: row.get(1)?,
                next_at: row.get(2)?,
                failures: row.get(3)?,
                running: row.get::<Option<bool>>(4)?.unwrap_or(false),
                started_at: row.get(5)?,
                ended_at: row.get(6)?,
                outcome: row.get(7)?,
                counts: counts.as_deref().map(counted).unwrap_or_default(),
                error: row.get(9)?,
            })
        },
    )
}

/// The counts of a run as pairs, as far as they are plain.
fn counted(text: &str) -> Vec<(String, String)> {
    let Ok(Json::Object(counts)) = serde_json::from_str(text) else { return Vec::new() };
    let shown = |value: &Json| match value {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        Json::Bool(yes) => Some(yes.to_string()),
        _ => None,
    };
    counts.iter().filter_map(|(name, value)| Some((name.replace('_', " "), shown(value)?))).take(12).collect()
}
