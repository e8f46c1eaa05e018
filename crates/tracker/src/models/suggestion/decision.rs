//! What people decide about suggestions. Each decision is one entry of the history, by which it can
//! be undone as long as nothing was decided after it.

use super::{Reason, State, Suggestion, load};
use crate::database::{DatabaseError, Transaction};
use crate::models::history::{self, Change, Subject, SubjectKind};
use crate::models::ids::{AccountId, AdvisoryId, SuggestionId};
use crate::params;
use jiff::Timestamp;
use serde_json::json;

/// The longest note, in characters.
pub const MAXIMUM_NOTE: usize = 10_000;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is part of this advisory.
    Accept {
        /// The advisory.
        advisory: AdvisoryId,
    },
    /// It does not concern the package, or not us.
    Dismiss {
        /// Why.
        reason: Reason,
        /// More on that.
        note: Option<String>,
    },
    /// Nobody has decided, after all.
    Reopen,
}

/// Why something cannot be decided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// There is none.
    #[error("there is no suggestion {0}")]
    Missing(SuggestionId),
    /// It is not what it was.
    #[error("suggestion {0} was changed in the meantime")]
    Changed(SuggestionId),
    /// It is in a state from which this does not lead on.
    #[error("suggestion {id} is {}: it cannot be {wanted}", state.name())]
    State {
        /// The suggestion.
        id: SuggestionId,
        /// Its state.
        state: State,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The reason says too little alone.
    #[error("\u{201c}{}\u{201d} needs a note", .0.text())]
    Note(Reason),
    /// The note is too long.
    #[error("a note has at most {MAXIMUM_NOTE} characters")]
    Long,
    /// The entry of the history is no decision that can be undone.
    #[error("this cannot be undone")]
    NotUndoable,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What a suggestion becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    state: State,
    reason: Option<Reason>,
    note: Option<String>,
    advisory: Option<AdvisoryId>,
}

impl Outcome {
    fn of(suggestion: &Suggestion) -> Self {
        Self {
            state: suggestion.state,
            reason: suggestion.reason,
            note: suggestion.note.clone(),
            advisory: suggestion.advisory,
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "state": self.state,
            "reason": self.reason,
            "note": self.note,
            "advisory": self.advisory,
        })
    }
}

/// Whether, and to what, a decision leads.
fn outcome(suggestion: &Suggestion, decision: &Decision) -> Result<Outcome, DecisionError> {
    let refused = |wanted| Err(DecisionError::State { id: suggestion.id, state: suggestion.state, wanted });
    match decision {
        Decision::Accept { .. } if suggestion.state == State::Accepted => refused("accepted"),
        Decision::Accept { advisory } => {
            Ok(Outcome { state: State::Accepted, reason: None, note: None, advisory: Some(*advisory) })
        }
        Decision::Dismiss { .. } if suggestion.state == State::Accepted => refused("dismissed"),
        Decision::Dismiss { reason, note } => {
            let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty());
            if note.is_none() && reason.needs_note() {
                return Err(DecisionError::Note(*reason));
            }
            if note.is_some_and(|note| note.chars().count() > MAXIMUM_NOTE) {
                return Err(DecisionError::Long);
            }
            let note = note.map(str::to_owned);
            Ok(Outcome { state: State::Dismissed, reason: Some(*reason), note, advisory: None })
        }
        Decision::Reopen if suggestion.state == State::Open => refused("re-opened"),
        Decision::Reopen => Ok(Outcome { state: State::Open, reason: None, note: None, advisory: None }),
    }
}

const fn action(decision: &Decision) -> &'static str {
    match decision {
        Decision::Accept { .. } => "accept",
        Decision::Dismiss { .. } => "dismiss",
        Decision::Reopen => "reopen",
    }
}

/// Who decides, when.
#[derive(Debug, Clone, Copy)]
pub struct By {
    /// Who.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
}

/// Decides on a suggestion, of which the caller saw this version. Gives the number of the entry in
/// the history.
///
/// # Errors
/// Where it was changed in the meantime, or the decision does not lead on from its state.
pub fn decide(
    transaction: &mut Transaction<'_>,
    id: SuggestionId,
    seen: i64,
    decision: &Decision,
    by: By,
) -> Result<i64, DecisionError> {
    let before = load(transaction, id)?.ok_or(DecisionError::Missing(id))?;
    if before.version != seen {
        return Err(DecisionError::Changed(id));
    }
    let outcome = outcome(&before, decision)?;
    write(transaction, &before, &outcome, action(decision), by)
}

/// Decides the same on many. One that fails does not hold up the others: the answer has an entry's
/// number or an error for each.
///
/// # Errors
/// Those of the database.
pub fn decide_many(
    transaction: &mut Transaction<'_>,
    which: &[(SuggestionId, i64)],
    decision: &Decision,
    by: By,
) -> Result<Vec<Result<i64, DecisionError>>, DatabaseError> {
    let mut results = Vec::with_capacity(which.len());
    for (id, seen) in which {
        match decide(transaction, *id, *seen, decision, by) {
            Err(DecisionError::Database(error)) => return Err(error),
            result => results.push(result),
        }
    }
    Ok(results)
}

/// Undoes a decision, as long as it is the last change of its suggestion.
///
/// # Errors
/// Where the entry is no decision, or something was decided after it.
pub fn undo(transaction: &mut Transaction<'_>, entry: i64, by: By) -> Result<SuggestionId, DecisionError> {
    let found = history::entry(transaction, entry)?.ok_or(DecisionError::NotUndoable)?;
    let content = found.content.filter(|_| found.subject.kind == SubjectKind::Suggestion);
    let content = content.ok_or(DecisionError::NotUndoable)?;
    let id = SuggestionId(found.subject.id);
    let now = load(transaction, id)?.ok_or(DecisionError::Missing(id))?;
    if content.get("version").and_then(serde_json::Value::as_i64) != Some(now.version) {
        return Err(DecisionError::Changed(id));
    }
    let before: Before = content
        .get("decision")
        .and_then(|decision| serde_json::from_value(decision.get("before")?.clone()).ok())
        .ok_or(DecisionError::NotUndoable)?;
    let Before { state, reason, note, advisory } = before;
    write(transaction, &now, &Outcome { state, reason, note, advisory }, "undo", by)?;
    Ok(id)
}

#[derive(serde::Deserialize)]
struct Before {
    state: State,
    reason: Option<Reason>,
    note: Option<String>,
    advisory: Option<AdvisoryId>,
}

fn write(
    transaction: &mut Transaction<'_>,
    before: &Suggestion,
    after: &Outcome,
    action: &str,
    by: By,
) -> Result<i64, DecisionError> {
    let decided = after.state != State::Open;
    let changed = transaction.execute(
        "UPDATE suggestion SET state = $3, reason = $4, note = $5, advisory = $6, rule = NULL,
             changed_at = $7, decided_at = $8, decided_by = $9, version = version + 1
         WHERE id = $1 AND version = $2",
        params![
            before.id,
            before.version,
            after.state.name(),
            after.reason.map(Reason::name),
            after.note.as_deref(),
            after.advisory,
            by.at,
            decided.then_some(by.at),
            decided.then_some(by.account)
        ],
    )?;
    if changed != 1 {
        return Err(DecisionError::Changed(before.id));
    }
    let content = json!({
        "decision": { "before": Outcome::of(before).json(), "after": after.json() },
        // As it is now: who undoes this compares.
        "version": before.version + 1,
    });
    let subject = Subject::new(SubjectKind::Suggestion, before.id.0);
    let change = Change { at: by.at, actor: Some(by.account), subject, action, content };
    Ok(history::append(transaction, &change)?)
}

/// Says who looks at a suggestion.
///
/// # Errors
/// Where it was changed in the meantime.
pub fn assign(
    transaction: &mut Transaction<'_>,
    id: SuggestionId,
    seen: i64,
    to: Option<AccountId>,
    by: By,
) -> Result<i64, DecisionError> {
    let before = load(transaction, id)?.ok_or(DecisionError::Missing(id))?;
    let changed = transaction.execute(
        "UPDATE suggestion SET assignee = $3, changed_at = $4, version = version + 1
         WHERE id = $1 AND version = $2",
        params![id, seen, to, by.at],
    )?;
    if changed != 1 {
        return Err(DecisionError::Changed(id));
    }
    let content = json!({ "assignee": { "before": before.assignee, "after": to } });
    let subject = Subject::new(SubjectKind::Suggestion, id.0);
    let change = Change { at: by.at, actor: Some(by.account), subject, action: "assign", content };
    Ok(history::append(transaction, &change)?)
}
