//! `/suggestions`: the queue, a suggestion, and what people decide.

use super::cves::{Channels, rows_of};
use super::failure::Failure;
use super::flash::Flash;
use super::visitor::{Format, Visitor};
use crate::database::DatabaseError;
use crate::models::history::{self, Subject, SubjectKind};
use crate::models::ids::{MaintainerId, SuggestionId};
use crate::models::permission::{Action, Grant};
use crate::models::suggestion::decision::{self, By, Decision, DecisionError};
use crate::models::suggestion::queue::{self, After, Order, Query};
use crate::models::suggestion::{self, Reason, State, row};
use crate::models::{account, cve, finding};
use crate::views::parts::level_name;
use crate::views::suggestions::{Queue, Step, SuggestionPage};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Rows of a page.
const ROWS: u32 = 30;
/// Counted no further.
const COUNTED: u32 = 1000;
/// The most that is decided at once.
const MOST: usize = 500;
/// The most entries of the history that are undone at once: a decision may be one of several.
const UNDONE: i64 = 1000;
/// Entries of the history that a page shows.
const STEPS: u32 = 50;

/// The queue. What is asked stands in the address; without anything it is what is open.
pub(super) async fn list(visitor: Visitor, RawQuery(asked): RawQuery) -> Result<Response, Failure> {
    let asked = asked.unwrap_or_default();
    let mut after = None;
    let mut pairs = Vec::new();
    for (name, value) in form_urlencoded::parse(asked.as_bytes()) {
        if name == "after" {
            after = Some(after_of(&value)?);
        } else {
            pairs.push((name, value));
        }
    }
    let all = pairs.iter().any(|(name, value)| name == "state" && value == "all");
    pairs.retain(|(name, value)| !(name == "state" && value == "all"));
    let mut query = Query::of_pairs(pairs).map_err(|error| Failure::Invalid(error.to_string()))?;
    if query.state.is_none() && !all {
        query.state = Some(State::Open);
    }
    let mut wanted = query.clone();
    let own = own(&visitor);
    let read = visitor.app.database.reading(move |connection| {
        if let Some(github) = own {
            // Whoever maintains nothing sees nothing: no row has this number.
            let person = queue::maintainer(connection, github)?.unwrap_or(MaintainerId(-1));
            wanted.maintainer = Some(person);
        }
        let mut found = queue::list(connection, &wanted, Order::Risk, after, ROWS + 1)?;
        let more = found.len() > ROWS as usize;
        found.truncate(ROWS as usize);
        let last = found.last().filter(|_| more).map(|last| (last.risk, last.id));
        let count = queue::count(connection, &wanted, COUNTED)?;
        Ok::<_, DatabaseError>((row::rows(connection, &found)?, last, count))
    });
    let (suggestions, last, count) = read.await?;
    let text = query.text();
    let next = last.map(|(risk, id)| format!("/suggestions?{text}&after={}_{id}", risk.to_bits()));
    visitor.page(&Queue {
        suggestions,
        count,
        next,
        state: query.state.map_or("all", State::name),
        severity: query.level.map_or("", |level| level_name(Some(suggestion::LevelColumn(level).number()))),
        text: query.text.clone().unwrap_or_default(),
        query: text,
        counted_all: count < i64::from(COUNTED),
        may_decide: visitor.may(Action::Triage),
        reasons: Reason::ALL,
    })
}

/// GitHub's number of somebody who sees what concerns their own packages only.
fn own(visitor: &Visitor) -> Option<i64> {
    let only_own = visitor.grant(Action::SeeQueue) == Grant::Own;
    only_own.then(|| visitor.account.as_ref().and_then(|account| account.github_id).unwrap_or(-1))
}

/// Where a page goes on: the bits of the last risk, so that it is exactly that, and its number.
fn after_of(text: &str) -> Result<After, Failure> {
    let parts = text.split_once('_').and_then(|(risk, id)| {
        let risk = f64::from_bits(risk.parse().ok()?);
        Some(After { risk: Some(risk).filter(|risk| risk.is_finite())?, id: id.parse().ok()? })
    });
    parts.ok_or_else(|| Failure::Invalid("The address does not name a row to go on from".to_owned()))
}

/// One suggestion, with all evidence.
pub(super) async fn show(
    visitor: Visitor,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Response, Failure> {
    let Path(id) = id?;
    let own = own(&visitor);
    let read = visitor.app.database.reading(move |connection| {
        let id = SuggestionId(id);
        let Some(found) = suggestion::load(connection, id)? else { return Ok::<_, DatabaseError>(None) };
        if let Some(github) = own {
            let person = queue::maintainer(connection, github)?.unwrap_or(MaintainerId(-1));
            let query = Query { package: Some(found.package), maintainer: Some(person), ..Query::default() };
            if queue::count(connection, &query, 1)? == 0 {
                return Ok(None);
            }
        }
        let Some(row) = row::rows(connection, std::slice::from_ref(&found))?.into_iter().next() else {
            return Ok(None);
        };
        let ids = suggestion::cves(connection, id)?;
        let records = cve::of_ids(connection, &ids)?.into_iter().map(Into::into).collect();
        let mut names = Channels::new();
        let mut in_channels = Vec::new();
        for cve in ids {
            let Some(finding) = finding::of_pair(connection, found.package, cve)? else { continue };
            in_channels.push((cve.to_string(), rows_of(connection, &finding, &row.package, &mut names)?));
        }
        let subject = Subject::new(SubjectKind::Suggestion, id.0);
        let mut history = Vec::new();
        for entry in history::of_subject(connection, subject, None, STEPS)? {
            let who = entry.actor.map(|who| account::load(connection, who)).transpose()?.flatten();
            let who = who.map(|account| account.name);
            history.push(Step { number: entry.number, at: entry.at, action: entry.action, who });
        }
        Ok(Some((found, row, records, in_channels, history)))
    });
    let found = read.await?.ok_or_else(|| Failure::Missing("such suggestion".to_owned()))?;
    let (found, row, records, in_channels, history) = found;
    let (reason, note, may_decide) = (found.reason, found.note, visitor.may(Action::Triage));
    let reasons = Reason::ALL;
    visitor.page(&SuggestionPage { row, reason, note, records, in_channels, history, may_decide, reasons })
}

/// What a form decides: `which=ID:VERSION`, as often as there are suggestions, and `decision`.
struct Asked {
    which: Vec<(SuggestionId, i64)>,
    decision: Decision,
    back: String,
}

fn asked(form: &[u8]) -> Result<Asked, Failure> {
    let invalid = |text: &str| Failure::Invalid(text.to_owned());
    let (mut which, mut decision, mut reason, mut note) = (Vec::new(), None, None, None);
    let mut back = "/suggestions".to_owned();
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "which" => {
                let pair = value
                    .split_once(':')
                    .and_then(|(id, version)| Some((SuggestionId(id.parse().ok()?), version.parse().ok()?)));
                which.push(pair.ok_or_else(|| invalid("A suggestion is named by its number and version"))?);
            }
            "decision" => decision = Some(value.into_owned()),
            "reason" => reason = Reason::of_name(&value),
            "note" => note = Some(value.into_owned()),
            "back" if super::is_local(&value) => back = value.into_owned(),
            _ => {}
        }
    }
    if which.is_empty() {
        return Err(invalid("No suggestion was chosen"));
    }
    if which.len() > MOST {
        return Err(Failure::Invalid(format!("No more than {MOST} suggestions can be decided at once")));
    }
    let decision = match decision.as_deref() {
        Some("dismiss") => {
            let reason = reason.ok_or_else(|| invalid("A dismissal needs a reason"))?;
            Decision::Dismiss { reason, note }
        }
        Some("reopen") => Decision::Reopen,
        _ => return Err(invalid("A decision is dismiss or reopen")),
    };
    Ok(Asked { which, decision, back })
}

/// Decides on some. Those that were changed in the meantime are left as they are, and named.
pub(super) async fn decide(visitor: Visitor, form: axum::body::Bytes) -> Result<Response, Failure> {
    let Asked { which, decision, back } = asked(&form)?;
    let by = By { account: visitor.actor()?, at: visitor.app.now() };
    let (wanted, verb) =
        (which.clone(), if decision == Decision::Reopen { "re-opened" } else { "dismissed" });
    let results = visitor
        .app
        .database
        .writing(move |transaction| decision::decide_many(transaction, &wanted, &decision, by))
        .await?;
    let done: Vec<i64> = results.iter().filter_map(|result| result.as_ref().ok().copied()).collect();
    let failed: Vec<String> =
        results.iter().filter_map(|r| r.as_ref().err().map(ToString::to_string)).collect();
    if visitor.format == Format::Json {
        return Ok(Json(json!({ "entries": done, "failed": failed })).into_response());
    }
    let Some((first, last)) = done.first().zip(done.last()) else {
        return Err(Failure::Conflict(failed.join(". ")));
    };
    let mut text = match done.len() {
        1 => format!("One suggestion was {verb}."),
        count => format!("{count} suggestions were {verb}."),
    };
    if let Some(first) = failed.first() {
        text = format!("{text} {} were not: {first}.", failed.len());
    }
    // The entries of one transaction follow each other: the history is locked until it ends.
    let flash = Flash::done(text).undo(format!("/suggestions/undo?from={first}&to={last}"));
    Ok(visitor.go(&back, Some(flash)))
}

/// Undoes decisions: the entries of the history from one to another, if they are one's own.
pub(super) async fn undo(visitor: Visitor, RawQuery(asked): RawQuery) -> Result<Response, Failure> {
    let asked = asked.unwrap_or_default();
    let number = |name: &str| {
        form_urlencoded::parse(asked.as_bytes())
            .find(|(key, _)| key == name)
            .and_then(|(_, n)| n.parse().ok())
    };
    let (from, to): (Option<i64>, Option<i64>) = (number("from"), number("to"));
    let range = from.zip(to).filter(|(from, to)| from <= to && to - from < UNDONE);
    let (from, to) = range.ok_or_else(|| Failure::Invalid("The address names nothing to undo".to_owned()))?;
    let by = By { account: visitor.actor()?, at: visitor.app.now() };
    let undone = visitor.app.database.writing(move |transaction| {
        let mut undone = 0_u32;
        for number in from..=to {
            let entry = history::entry(transaction, number)?;
            let own = entry
                .is_some_and(|e| e.actor == Some(by.account) && e.subject.kind == SubjectKind::Suggestion);
            if !own {
                continue;
            }
            match decision::undo(transaction, number, by) {
                Ok(_) => undone += 1,
                Err(DecisionError::Database(error)) => return Err(error),
                // Somebody decided after it: that stays.
                Err(_) => {}
            }
        }
        Ok::<_, DatabaseError>(undone)
    });
    match undone.await? {
        0 => Err(Failure::Conflict("Nothing can be undone: somebody has decided since.".to_owned())),
        1 => Ok(visitor.go("/suggestions", Some(Flash::done("Undone.")))),
        count => Ok(visitor.go("/suggestions", Some(Flash::done(format!("Undone: {count} suggestions."))))),
    }
}
