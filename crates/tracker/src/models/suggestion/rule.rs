//! Rules of people that close suggestions: a query, and why what it finds does not concern us.
//!
//! A rule is looked at before it counts: how many it closes, and which. What it closed is told from
//! what a person dismissed, and one step brings all of it back.

use super::queue::{self, Order, Query};
use super::{Reason, State, Suggestion};
use crate::database::{Connection, DatabaseError, Transaction};
use crate::models::history::{self, Change, Subject, SubjectKind};
use crate::models::ids::{RuleId, SuggestionId};
use crate::models::suggestion::decision::By;
use crate::params;
use jiff::Timestamp;
use serde_json::json;

/// What a rule says.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What people call it.
    pub name: String,
    /// What it closes, as it stands in an address. The state of it does not count: a rule closes
    /// what is open.
    pub query: String,
    /// Why.
    pub reason: Reason,
}

/// A rule that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// What it says.
    pub says: Wanted,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it holds closed.
    pub closed: i64,
}

/// Why a rule cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// It has no name.
    #[error("a rule needs a name, of at most {MAXIMUM_NAME} characters")]
    Name,
    /// It would close everything.
    #[error("a rule needs a filter, or it closes everything")]
    Everything,
    /// There is none.
    #[error("there is no such rule")]
    Missing,
    /// The queue was changed since the preview.
    #[error("{now} suggestions are closed by this rule now, and {seen} were when you looked")]
    Changed {
        /// How many were seen.
        seen: i64,
        /// How many there are.
        now: i64,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

const MAXIMUM_NAME: usize = 200;
/// A preview counts no further.
const MOST: u32 = 1_000_000;
/// Suggestions that are closed at once.
const BATCH: u32 = 500;

/// What a rule would close: how many, and the first of them.
///
/// # Errors
/// Where the query is everything; those of the database.
pub fn preview(
    connection: &mut Connection,
    query: &Query,
    most: u32,
) -> Result<(i64, Vec<Suggestion>), RuleError> {
    let open = open(query)?;
    let count = queue::count(connection, &open, MOST)?;
    Ok((count, queue::list(connection, &open, Order::Risk, None, most)?))
}

/// The query of a rule: what is open.
fn open(query: &Query) -> Result<Query, RuleError> {
    let state = Some(State::Open);
    let open = Query { state, ..query.clone() };
    if open == (Query { state, ..Query::default() }) { Err(RuleError::Everything) } else { Ok(open) }
}

/// Makes a rule and closes what it finds. `seen` is the count of the preview.
///
/// # Errors
/// Where the rule says too little, or the queue was changed since the preview.
pub fn add(
    transaction: &mut Transaction<'_>,
    wanted: &Wanted,
    query: &Query,
    seen: i64,
    by: By,
) -> Result<RuleId, RuleError> {
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > MAXIMUM_NAME {
        return Err(RuleError::Name);
    }
    let open = open(query)?;
    let now = queue::count(transaction, &open, MOST)?;
    if now != seen {
        return Err(RuleError::Changed { seen, now });
    }
    let id: RuleId = transaction.query_one(
        "INSERT INTO closing_rule (name, query, reason, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
         RETURNING id",
        params![name, &wanted.query, wanted.reason.name(), by.account, by.at],
        |row| row.get::<RuleId>(0),
    )?;
    let content = json!({ "name": name, "query": wanted.query, "reason": wanted.reason, "closes": now });
    note(transaction, Subject::new(SubjectKind::Rule, id.0), "add", Some(by), by.at, content)?;
    run(transaction, id, wanted.reason, &open, Some(by), by.at)?;
    Ok(id)
}

/// Closes what a rule finds that is open, as after a re-match. Gives how many.
///
/// # Errors
/// Those of the database.
pub fn run(
    transaction: &mut Transaction<'_>,
    id: RuleId,
    reason: Reason,
    query: &Query,
    by: Option<By>,
    at: Timestamp,
) -> Result<u64, DatabaseError> {
    let open = Query { state: Some(State::Open), ..query.clone() };
    let mut closed = 0;
    loop {
        let found = queue::list(transaction, &open, Order::Oldest, None, BATCH)?;
        if found.is_empty() {
            return Ok(closed);
        }
        for suggestion in found {
            set(transaction, suggestion.id, State::ClosedByRule, Some((id, reason)), at)?;
            let content = json!({
                "state": { "before": State::Open, "after": State::ClosedByRule }, "rule": id,
            });
            let subject = Subject::new(SubjectKind::Suggestion, suggestion.id.0);
            note(transaction, subject, "close-by-rule", by, at, content)?;
            closed += 1;
        }
    }
}

/// Takes a rule back, and re-opens what it holds closed. Gives how many.
///
/// # Errors
/// Where there is no such rule.
pub fn revoke(transaction: &mut Transaction<'_>, id: RuleId, by: By) -> Result<u64, RuleError> {
    let changed = transaction.execute(
        "UPDATE closing_rule SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, by.at],
    )?;
    if changed == 0 {
        return Err(RuleError::Missing);
    }
    let closed: Vec<SuggestionId> = transaction.query(
        "SELECT id FROM suggestion WHERE state = $1 AND rule = $2 ORDER BY id",
        params![State::ClosedByRule.name(), id],
        |row| row.get::<SuggestionId>(0),
    )?;
    for suggestion in &closed {
        set(transaction, *suggestion, State::Open, None, by.at)?;
        let content = json!({
            "state": { "before": State::ClosedByRule, "after": State::Open }, "rule": id,
        });
        let subject = Subject::new(SubjectKind::Suggestion, suggestion.0);
        note(transaction, subject, "reopen", Some(by), by.at, content)?;
    }
    let content = json!({ "reopens": closed.len() });
    note(transaction, Subject::new(SubjectKind::Rule, id.0), "revoke", Some(by), by.at, content)?;
    Ok(closed.len() as u64)
}

/// The rules that stand, the newest first.
///
/// # Errors
/// Those of the database.
pub fn list(connection: &mut Connection) -> Result<Vec<Rule>, DatabaseError> {
    connection.query(
        "SELECT r.id, r.name, r.query, r.reason, r.created_at,
             (SELECT count(*) FROM suggestion s WHERE s.rule = r.id AND s.state = 'closed-by-rule')
         FROM closing_rule r WHERE r.revoked_at IS NULL ORDER BY r.id DESC",
        params![],
        |row| {
            let reason: String = row.get(3)?;
            let wrong = DatabaseError::Column { column: 3, expected: "reason" };
            let says = Wanted {
                name: row.get(1)?,
                query: row.get(2)?,
                reason: Reason::of_name(&reason).ok_or(wrong)?,
            };
            Ok(Rule { id: row.get(0)?, says, created_at: row.get(4)?, closed: row.get(5)? })
        },
    )
}

fn set(
    transaction: &mut Transaction<'_>,
    id: SuggestionId,
    state: State,
    rule: Option<(RuleId, Reason)>,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    transaction
        .execute(
            "UPDATE suggestion SET state = $2, rule = $3, reason = $4, changed_at = $5,
                 version = version + 1 WHERE id = $1",
            params![id, state.name(), rule.map(|(rule, _)| rule), rule.map(|(_, reason)| reason.name()), at],
        )
        .map(drop)
}

fn note(
    transaction: &mut Transaction<'_>,
    subject: Subject,
    action: &str,
    by: Option<By>,
    at: Timestamp,
    content: serde_json::Value,
) -> Result<(), DatabaseError> {
    let actor = by.map(|by| by.account);
    history::append(transaction, &Change { at, actor, subject, action, content }).map(drop)
}
