//! What the team does with advisories: begin, edit, publish, revise, withdraw, and state a status.

use super::content::{Content, ContentError, load as load_content, store};
use super::status::{Justification, Status};
use super::{Advisory, Code, State, load, recompute};
use crate::database::{DatabaseError, Transaction};
use crate::models::history::{self, Change, Subject, SubjectKind};
use crate::models::ids::{AccountId, AdvisoryId, ChannelId, PackageId, SuggestionId};
use crate::models::suggestion::decision::{self, By, Decision, DecisionError};
use crate::params;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

/// Why something cannot be done with an advisory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is none.
    #[error("there is no such advisory")]
    Missing,
    /// It is not what it was.
    #[error("{0} was changed in the meantime")]
    Changed(Code),
    /// It is in a state from which this does not lead on.
    #[error("{code} is {}: it cannot be {wanted}", state.name())]
    State {
        /// The advisory.
        code: Code,
        /// Its state.
        state: State,
        /// What was wanted.
        wanted: &'static str,
    },
    /// It says something that it must not.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// It is not ready for everybody.
    #[error("{code} cannot be published: {problem}")]
    NotReady {
        /// The advisory.
        code: Code,
        /// What is missing.
        problem: &'static str,
    },
    /// What is published is changed with a sentence about it.
    #[error("a revision needs a sentence that says what changed, of at most {MAXIMUM_SUMMARY} characters")]
    Summary,
    /// "Not affected" needs a reason that VEX knows, and other statuses a sentence.
    #[error("{0}")]
    Statement(&'static str),
    /// The suggestion that it comes from.
    #[error(transparent)]
    Suggestion(#[from] DecisionError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

const MAXIMUM_SUMMARY: usize = 500;
const MAXIMUM_WHY: usize = 2000;

/// Begins a draft, and takes in the suggestions that it comes from, each with the version that was
/// seen.
///
/// # Errors
/// Where the content must not be, or a suggestion was changed in the meantime.
pub fn begin(
    transaction: &mut Transaction<'_>,
    prefix: &str,
    content: Content,
    suggestions: &[(SuggestionId, i64)],
    by: By,
) -> Result<Advisory, EditError> {
    let content = content.normalised();
    content.check()?;
    let year = TimeZone::UTC.to_datetime(by.at).year();
    let code = Code::next(transaction, prefix, year)?;
    let id: AdvisoryId = transaction.query_one(
        "INSERT INTO advisory (code, state, title, created_at, changed_at) VALUES ($1, $2, $3, $4, $4)
         RETURNING id",
        params![code.to_string(), State::Draft.name(), &content.title, by.at],
        |row| row.get::<AdvisoryId>(0),
    )?;
    store(transaction, id, &content)?;
    note(transaction, id, Some(by.account), by.at, "begin", json!({ "after": content, "code": code }))?;
    for (suggestion, seen) in suggestions {
        decision::decide(transaction, *suggestion, *seen, &Decision::Accept { advisory: id }, by)?;
    }
    recompute::advisory(transaction, id, by.at)?;
    load(transaction, id)?.ok_or(EditError::Missing)
}

/// Says something else. What is published becomes a new revision, for which `summary` says what
/// changed.
///
/// # Errors
/// Where it was changed in the meantime, is withdrawn, or the content must not be.
pub fn edit(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    seen: i64,
    content: Content,
    summary: &str,
    by: By,
) -> Result<Advisory, EditError> {
    let before = seen_as(transaction, id, seen)?;
    let content = content.normalised();
    content.check()?;
    let old = load_content(transaction, &before)?;
    if content == old {
        return Ok(before);
    }
    match before.state {
        State::Withdrawn => {
            return Err(EditError::State { code: before.code, state: before.state, wanted: "edited" });
        }
        State::Published => {
            ready(&before.code, &content)?;
            let long = summary.chars().count() > MAXIMUM_SUMMARY;
            if summary.trim().is_empty() || long {
                return Err(EditError::Summary);
            }
        }
        State::Draft => {}
    }
    store(transaction, id, &content)?;
    touch(transaction, &before, by.at)?;
    let account = Some(by.account);
    note(transaction, id, account, by.at, "edit", json!({ "before": old, "after": content }))?;
    if before.state == State::Published {
        revise(transaction, id, before.revision + 1, account, by.at, summary.trim(), &content)?;
    }
    recompute::advisory(transaction, id, by.at)?;
    load(transaction, id)?.ok_or(EditError::Missing)
}

/// Publishes a draft, or what was withdrawn, now.
///
/// # Errors
/// Where it was changed in the meantime, is published, or not ready.
pub fn publish(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    seen: i64,
    by: By,
) -> Result<Advisory, EditError> {
    publish_as(transaction, id, seen, Some(by.account), by.at)
}

fn publish_as(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    seen: i64,
    account: Option<AccountId>,
    at: Timestamp,
) -> Result<Advisory, EditError> {
    let before = seen_as(transaction, id, seen)?;
    if before.state == State::Published {
        return Err(EditError::State { code: before.code, state: before.state, wanted: "published" });
    }
    let content = load_content(transaction, &before)?;
    ready(&before.code, &content)?;
    touch(transaction, &before, at)?;
    transaction.execute(
        "UPDATE advisory SET state = $2, publish_at = NULL, withdrawn_at = NULL,
             published_at = CASE WHEN published_at IS NULL THEN $3 ELSE published_at END WHERE id = $1",
        params![id, State::Published.name(), at],
    )?;
    let (before, after) = (before.state, State::Published);
    note(transaction, id, account, at, "publish", json!({ "state": { "before": before, "after": after } }))?;
    let number = load(transaction, id)?.ok_or(EditError::Missing)?.revision + 1;
    let summary = if number == 1 { "First published." } else { "Published again." };
    revise(transaction, id, number, account, at, summary, &content)?;
    recompute::advisory(transaction, id, at)?;
    load(transaction, id)?.ok_or(EditError::Missing)
}

/// Says when a draft publishes itself; nothing is never.
///
/// # Errors
/// Where it was changed in the meantime, is no draft, or not ready.
pub fn schedule(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    seen: i64,
    at: Option<Timestamp>,
    by: By,
) -> Result<Advisory, EditError> {
    let before = seen_as(transaction, id, seen)?;
    if before.state != State::Draft {
        return Err(EditError::State { code: before.code, state: before.state, wanted: "scheduled" });
    }
    ready(&before.code, &load_content(transaction, &before)?)?;
    touch(transaction, &before, by.at)?;
    transaction.execute("UPDATE advisory SET publish_at = $2 WHERE id = $1", params![id, at])?;
    let change = json!({ "publishAt": { "before": before.publish_at, "after": at } });
    note(transaction, id, Some(by.account), by.at, "schedule", change)?;
    load(transaction, id)?.ok_or(EditError::Missing)
}

/// Publishes what is due. Gives the advisories; one that is not ready any more stays a draft
/// without a time.
///
/// # Errors
/// Those of the database.
pub fn publish_due(
    transaction: &mut Transaction<'_>,
    now: Timestamp,
) -> Result<Vec<Advisory>, DatabaseError> {
    let due: Vec<(AdvisoryId, i64)> = transaction.query(
        "SELECT id, version FROM advisory WHERE state = $1 AND publish_at <= $2 ORDER BY publish_at, id",
        params![State::Draft.name(), now],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
    )?;
    let mut published = Vec::new();
    for (id, version) in due {
        match publish_as(transaction, id, version, None, now) {
            Ok(advisory) => published.push(advisory),
            Err(EditError::Database(error)) => return Err(error),
            Err(error) => {
                let sql = "UPDATE advisory SET publish_at = NULL, version = version + 1 WHERE id = $1";
                transaction.execute(sql, params![id])?;
                let change = json!({ "publishAt": { "after": null }, "problem": error.to_string() });
                note(transaction, id, None, now, "unschedule", change)?;
            }
        }
    }
    Ok(published)
}

/// Takes back what was published. A draft that nobody needs is withdrawn as well: its code is not
/// given again.
///
/// # Errors
/// Where it was changed in the meantime, is withdrawn already, or there is no reason.
pub fn withdraw(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    seen: i64,
    why: &str,
    by: By,
) -> Result<Advisory, EditError> {
    let before = seen_as(transaction, id, seen)?;
    if before.state == State::Withdrawn {
        return Err(EditError::State { code: before.code, state: before.state, wanted: "withdrawn" });
    }
    let why = why.trim();
    if why.is_empty() || why.chars().count() > MAXIMUM_SUMMARY {
        return Err(EditError::Summary);
    }
    touch(transaction, &before, by.at)?;
    transaction.execute(
        "UPDATE advisory SET state = $2, withdrawn_at = $3, publish_at = NULL WHERE id = $1",
        params![id, State::Withdrawn.name(), by.at],
    )?;
    let (state, after) = (before.state, State::Withdrawn);
    let change = json!({ "state": { "before": state, "after": after }, "why": why });
    note(transaction, id, Some(by.account), by.at, "withdraw", change)?;
    if state == State::Published {
        let content = load_content(transaction, &before)?;
        let summary = format!("Withdrawn: {why}");
        revise(transaction, id, before.revision + 1, Some(by.account), by.at, &summary, &content)?;
    }
    load(transaction, id)?.ok_or(EditError::Missing)
}

/// A person's word on the status in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The status.
    pub status: Status,
    /// VEX's reason, where it is not affected.
    pub justification: Option<Justification>,
    /// Why, for people.
    pub why: String,
}

/// States the status of a package in a channel, or takes a statement back. What is computed stays
/// beside it.
///
/// # Errors
/// Where there is no such status, or the statement says too little.
pub fn state_status(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    (package, channel): (PackageId, ChannelId),
    statement: Option<&Statement>,
    by: By,
) -> Result<(), EditError> {
    if let Some(statement) = statement {
        let (long, empty) = (statement.why.chars().count() > MAXIMUM_WHY, statement.why.trim().is_empty());
        let not_affected = statement.status == Status::NotAffected;
        if not_affected != statement.justification.is_some() {
            let text = "\u{201c}not affected\u{201d} goes with one of VEX\u{2019}s justifications, and no other status does";
            return Err(EditError::Statement(text));
        }
        if empty || long {
            return Err(EditError::Statement("a statement needs a reason, of at most 2,000 characters"));
        }
    }
    let before = transaction
        .query_optional(
            "SELECT computed, stated, justification, stated_why FROM advisory_status
             WHERE advisory = $1 AND package = $2 AND channel = $3",
            params![id, package, channel],
            |row| {
                let before: (String, Option<String>, Option<String>, Option<String>) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok::<_, DatabaseError>(before)
            },
        )?
        .ok_or(EditError::Missing)?;
    let (computed, stated, justification, why) = before;
    transaction.execute(
        "UPDATE advisory_status SET stated = $4, justification = $5, stated_why = $6, stated_by = $7
         WHERE advisory = $1 AND package = $2 AND channel = $3",
        params![
            id,
            package,
            channel,
            statement.map(|s| s.status.name()),
            statement.and_then(|s| s.justification).map(Justification::name),
            statement.map(|s| s.why.trim()),
            statement.map(|_| by.account)
        ],
    )?;
    let before_status = stated.as_deref().unwrap_or(&computed);
    let after = statement.map_or(computed.as_str(), |s| s.status.name());
    let change = json!({
        "package": package,
        "channel": channel,
        "status": { "before": before_status, "after": after },
        "before": stated.as_ref().map(|_| json!({ "justification": justification, "why": why })),
        "after": statement.map(|s| json!({ "justification": s.justification, "why": s.why.trim() })),
    });
    note(transaction, id, Some(by.account), by.at, "state-status", change)?;
    if before_status != after
        && let Some(status) = Status::of_name(after)
    {
        recompute::record(transaction, (id, package, channel), status, by.at)?;
    }
    if statement.is_none() {
        // The justification that goes with the computed status.
        recompute::advisory(transaction, id, by.at)?;
    }
    Ok(())
}

/// What everybody reads needs a title, a CVE or a text, and a package with versions.
fn ready(code: &Code, content: &Content) -> Result<(), EditError> {
    let problem = if content.packages.is_empty() {
        Some("it names no package")
    } else if content.packages.iter().any(|concerned| concerned.ranges.0.is_empty()) {
        Some("it does not say which versions of a package are affected")
    } else if content.cves.is_empty() && content.body.is_empty() {
        Some("it has neither a CVE nor a text")
    } else {
        None
    };
    problem.map_or(Ok(()), |problem| Err(EditError::NotReady { code: code.clone(), problem }))
}

fn seen_as(transaction: &mut Transaction<'_>, id: AdvisoryId, seen: i64) -> Result<Advisory, EditError> {
    let before = load(transaction, id)?.ok_or(EditError::Missing)?;
    if before.version == seen { Ok(before) } else { Err(EditError::Changed(before.code)) }
}

/// Counts the version up, which fails for all but one of those who saw the same.
fn touch(transaction: &mut Transaction<'_>, before: &Advisory, now: Timestamp) -> Result<(), EditError> {
    let changed = transaction.execute(
        "UPDATE advisory SET changed_at = $3, version = version + 1 WHERE id = $1 AND version = $2",
        params![before.id, before.version, now],
    )?;
    if changed == 1 { Ok(()) } else { Err(EditError::Changed(before.code.clone())) }
}

fn revise(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    number: i64,
    account: Option<AccountId>,
    at: Timestamp,
    summary: &str,
    content: &Content,
) -> Result<(), DatabaseError> {
    let content = serde_json::to_string(content).unwrap_or_else(|error| unreachable!("{error}"));
    transaction.execute(
        "INSERT INTO advisory_revision (advisory, number, at, account, summary, content)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![id, number, at, account, summary, content],
    )?;
    transaction.execute("UPDATE advisory SET revision = $2 WHERE id = $1", params![id, number]).map(drop)
}

fn note(
    transaction: &mut Transaction<'_>,
    id: AdvisoryId,
    actor: Option<AccountId>,
    at: Timestamp,
    action: &str,
    content: serde_json::Value,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Advisory, id.0);
    history::append(transaction, &Change { at, actor, subject, action, content }).map(drop)
}
