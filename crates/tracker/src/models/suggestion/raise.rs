//! Carries out what was planned.

use super::plan::{Existing, Step, Summary};
use super::{COLUMNS, LevelColumn, State, Suggestion, read};
use crate::database::{Connection, DatabaseError, Transaction, Value};
use crate::models::finding::confidence_number;
use crate::models::history::{self, Change, Subject, SubjectKind};
use crate::models::ids::{PackageId, SuggestionId};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Suggestions that are new.
    pub raised: u64,
    /// CVEs that joined one.
    pub joined: u64,
    /// Suggestions that the matcher no longer agrees with.
    pub doubted: u64,
    /// Suggestions that it agrees with again.
    pub confirmed: u64,
    /// Suggestions that show something else.
    pub summarised: u64,
}

/// The suggestions that a match may touch, as the plan wants them: of these packages, and with
/// these CVEs; without any, all of them.
///
/// # Errors
/// Those of the database.
pub fn existing(
    connection: &mut Connection,
    concerned: Option<(&BTreeSet<PackageId>, &BTreeSet<CveId>)>,
) -> Result<Vec<Existing>, DatabaseError> {
    let found = match concerned {
        None => connection.query(&format!("SELECT {COLUMNS} FROM suggestion s"), params![], read)?,
        Some((packages, cves)) => {
            let packages: Vec<Value<'_>> = packages.iter().map(|id| (*id).into()).collect();
            let cves: Vec<Value<'_>> = cves.iter().map(|cve| (*cve).into()).collect();
            let of_packages = format!("SELECT {COLUMNS} FROM suggestion s WHERE s.package IN ({{rows}})");
            let of_cves = format!(
                "SELECT DISTINCT {COLUMNS} FROM suggestion_cve c JOIN suggestion s ON s.id = c.suggestion
                 WHERE c.cve IN ({{rows}})"
            );
            let mut found = connection.query_many(&of_packages, &[], 1, &packages, read)?;
            found.extend(connection.query_many(&of_cves, &[], 1, &cves, read)?);
            found
        }
    };
    let mut found: BTreeMap<SuggestionId, Suggestion> = found.into_iter().map(|one| (one.id, one)).collect();
    let ids: Vec<Value<'_>> = found.keys().map(|id| (*id).into()).collect();
    let sql = "SELECT suggestion, cve FROM suggestion_cve WHERE suggestion IN ({rows})";
    let pairs = connection.query_many(sql, &[], 1, &ids, |row| {
        Ok::<(SuggestionId, CveId), DatabaseError>((row.get(0)?, row.get(1)?))
    })?;
    let mut cves: BTreeMap<SuggestionId, BTreeSet<CveId>> = BTreeMap::new();
    for (id, cve) in pairs {
        cves.entry(id).or_default().insert(cve);
    }
    let existing = |(id, cves): (SuggestionId, BTreeSet<CveId>)| {
        let suggestion = found.remove(&id)?;
        Some(Existing {
            id,
            package: suggestion.package,
            state: suggestion.state,
            cves,
            agrees: suggestion.agrees,
            summary: Summary::of(&suggestion),
            together: suggestion.together,
        })
    };
    Ok(cves.into_iter().filter_map(existing).collect())
}

impl Summary {
    fn of(suggestion: &Suggestion) -> Self {
        Self {
            level: suggestion.level,
            score: suggestion.score,
            epss: suggestion.epss,
            exploited: suggestion.exploited,
            confidence: suggestion.confidence,
            risk: suggestion.risk,
        }
    }
}

/// Carries out the steps.
///
/// # Errors
/// Those of the database.
pub fn apply(
    transaction: &mut Transaction<'_>,
    steps: &[Step],
    now: Timestamp,
) -> Result<Counts, DatabaseError> {
    let mut counts = Counts::default();
    for step in steps {
        match step {
            Step::Raise { package, cves, together, summary } => {
                let id: SuggestionId = transaction.query_one(
                    "INSERT INTO suggestion
                         (package, state, together, level, score, epss, exploited, confidence, risk,
                          created_at, changed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING id",
                    params![
                        *package,
                        State::Open.name(),
                        together,
                        summary.level.map(LevelColumn),
                        summary.score,
                        summary.epss,
                        summary.exploited,
                        confidence_number(summary.confidence),
                        summary.risk,
                        now
                    ],
                    |row| row.get(0),
                )?;
                for cve in cves {
                    transaction.execute(
                        "INSERT INTO suggestion_cve (package, cve, suggestion) VALUES ($1, $2, $3)",
                        params![*package, *cve, id],
                    )?;
                }
                note(transaction, id, "raise", now, json!({ "cves": cves }))?;
                counts.raised += 1;
            }
            Step::Join { suggestion, cves } => {
                for cve in cves {
                    transaction.execute(
                        "INSERT INTO suggestion_cve (package, cve, suggestion)
                         SELECT package, $2, id FROM suggestion WHERE id = $1",
                        params![*suggestion, *cve],
                    )?;
                }
                touch(transaction, *suggestion, now)?;
                note(transaction, *suggestion, "join", now, json!({ "cves": cves }))?;
                counts.joined += cves.len() as u64;
            }
            Step::Summarise { suggestion, summary } => {
                // Scores move daily: that is no change that anybody must be told of.
                transaction.execute(
                    "UPDATE suggestion SET level = $2, score = $3, epss = $4, exploited = $5,
                         confidence = $6, risk = $7 WHERE id = $1",
                    params![
                        *suggestion,
                        summary.level.map(LevelColumn),
                        summary.score,
                        summary.epss,
                        summary.exploited,
                        confidence_number(summary.confidence),
                        summary.risk
                    ],
                )?;
                counts.summarised += 1;
            }
            Step::Agree { suggestion, agrees } => {
                transaction.execute(
                    "UPDATE suggestion SET agrees = $2 WHERE id = $1",
                    params![*suggestion, *agrees],
                )?;
                touch(transaction, *suggestion, now)?;
                let action = if *agrees { "agree" } else { "doubt" };
                note(transaction, *suggestion, action, now, json!({ "agrees": { "after": agrees } }))?;
                if *agrees { counts.confirmed += 1 } else { counts.doubted += 1 }
            }
        }
    }
    Ok(counts)
}

fn touch(transaction: &mut Transaction<'_>, id: SuggestionId, now: Timestamp) -> Result<(), DatabaseError> {
    let sql = "UPDATE suggestion SET changed_at = $2, version = version + 1 WHERE id = $1";
    transaction.execute(sql, params![id, now]).map(drop)
}

fn note(
    transaction: &mut Transaction<'_>,
    id: SuggestionId,
    action: &str,
    at: Timestamp,
    content: serde_json::Value,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Suggestion, id.0);
    history::append(transaction, &Change { at, actor: None, subject, action, content }).map(drop)
}
