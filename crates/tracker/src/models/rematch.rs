//! Matching anew: all packages of all channels against all records, or against those that changed.

use super::channel;
use super::finding::assess::Assessment;
use super::finding::{Finding, Scope, load, of_pair, replace};
use crate::database::{Connection, Database, DatabaseError, Transaction, Value};
use crate::models::ids::PackageId;
use crate::models::job;
use crate::models::suggestion::plan::{CveFacts, Existing, plan};
use crate::models::suggestion::queue::Query;
use crate::models::suggestion::raise::{self, Counts};
use crate::models::suggestion::risk::Signs;
use crate::models::suggestion::{LevelColumn, State, rule};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use matching::{FindingGroup, Knowledge, Matcher};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;

/// Records that are loaded at once.
const PART: usize = 128;

/// Why nothing was matched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RematchError {
    /// The service's database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The copy of the records.
    #[error("cannot read the copy of the records")]
    Records(#[from] vulnerability_db::DatabaseError),
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
}

/// The job that matches, which notes up to which change of a record it has.
pub const JOB: &str = "match";

/// The newest change of a record that was matched; 0 where nothing was.
///
/// # Errors
/// Those of the database.
pub fn matched_up_to(connection: &mut Connection) -> Result<i64, DatabaseError> {
    let cursor = job::cursor(connection, JOB)?;
    Ok(cursor.and_then(|cursor| cursor.get("change")?.as_i64()).unwrap_or(0))
}

/// What a re-match brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rematched {
    /// Channels that were matched.
    pub channels: usize,
    /// Packages of them, as attributes.
    pub attributes: usize,
    /// Findings, over packages.
    pub findings: usize,
    /// What happened to suggestions.
    #[serde(flatten)]
    pub suggestions: Counts,
    /// Suggestions that rules closed.
    pub closed_by_rules: u64,
}

/// What was found, before it is written.
#[derive(Debug)]
pub struct Found {
    findings: Vec<Finding>,
    which: Option<BTreeSet<CveId>>,
    channels: usize,
    attributes: usize,
}

/// Matches. `which` are the CVEs that changed; none is all of them. `stop` is asked between parts.
///
/// # Errors
/// Those of both databases, and when it was asked to stop.
pub fn find(
    database: &Database,
    records: &vulnerability_db::Database,
    knowledge: &Knowledge,
    which: Option<BTreeSet<CveId>>,
    stop: &dyn Fn() -> bool,
) -> Result<Found, RematchError> {
    let (mut channels, mut attributes) = (0, 0);
    let mut assessment = Assessment::default();
    for channel in database.read(channel::all)? {
        // Branches are not matched: what is in them reaches a channel.
        // One channel after the other: all of them at once would not fit.
        let packages = database.read(|connection| load::packages(connection, &channel))?;
        if packages.packages.is_empty() {
            continue;
        }
        let findings = in_channel(&packages.packages, records, knowledge, which.as_ref(), stop)?;
        // What packages themselves name is found whatever changed.
        let wanted = |cve| which.as_ref().is_none_or(|which| which.contains(&cve));
        assessment.add(&packages, &findings, &wanted);
        channels += 1;
        attributes += packages.packages.len();
    }
    Ok(Found { findings: assessment.finish(), which, channels, attributes })
}

/// Writes what was found in place of what was there, and lets it raise suggestions.
///
/// # Errors
/// Those of the database.
pub fn store(
    transaction: &mut Transaction<'_>,
    found: &Found,
    now: Timestamp,
) -> Result<Rematched, DatabaseError> {
    let Found { findings, which, channels, attributes } = found;
    let which = which.as_ref();
    let ids: Option<Vec<CveId>> = which.map(|which| which.iter().copied().collect());
    let scope = ids.as_deref().map_or(Scope::Everything, Scope::Cves);
    replace(transaction, scope, findings)?;
    let packages: BTreeSet<PackageId> = findings.iter().map(|finding| finding.package).collect();
    let existing = raise::existing(transaction, which.map(|which| (&packages, which)))?;
    let all = whole(transaction, findings, &packages, &existing, which)?;
    let concerned = all.iter().map(|finding| finding.cve);
    let concerned = concerned.chain(existing.iter().flat_map(|suggestion| suggestion.cves.iter().copied()));
    let facts = facts(transaction, concerned.collect())?;
    let matched = |cve: CveId| which.is_none_or(|which| which.contains(&cve));
    let of = |cve: CveId| facts.get(&cve).cloned().unwrap_or_default();
    let steps = plan(&existing, &all, &matched, &of);
    let mut rematched = Rematched {
        channels: *channels,
        attributes: *attributes,
        findings: findings.len(),
        suggestions: raise::apply(transaction, &steps, now)?,
        closed_by_rules: 0,
    };
    for rule in rule::list(transaction)? {
        // A query of an older program that is not understood any more closes nothing.
        let Ok(query) = Query::parse(&rule.says.query) else { continue };
        rematched.closed_by_rules += rule::run(transaction, rule.id, rule.says.reason, &query, None, now)?;
    }
    Ok(rematched)
}

/// A suggestion of several CVEs of which one changed, or that one may join, is summed up over all
/// of them: the findings of the others are those that are kept.
fn whole(
    connection: &mut Connection,
    findings: &[Finding],
    packages: &BTreeSet<PackageId>,
    existing: &[Existing],
    which: Option<&BTreeSet<CveId>>,
) -> Result<Vec<Finding>, DatabaseError> {
    let mut all = findings.to_vec();
    let Some(which) = which else { return Ok(all) };
    let touched = |suggestion: &&Existing| {
        suggestion.cves.iter().any(|cve| which.contains(cve))
            || (suggestion.state == State::Open && packages.contains(&suggestion.package))
    };
    for suggestion in existing.iter().filter(touched) {
        for cve in suggestion.cves.iter().filter(|cve| !which.contains(cve)) {
            all.extend(of_pair(connection, suggestion.package, *cve)?);
        }
    }
    Ok(all)
}

fn in_channel(
    packages: &[matching::Package],
    records: &vulnerability_db::Database,
    knowledge: &Knowledge,
    which: Option<&BTreeSet<CveId>>,
    stop: &dyn Fn() -> bool,
) -> Result<matching::Findings, RematchError> {
    let matcher = Matcher::new(packages, knowledge, &[]);
    let mut ids = records.lookup(matcher.names())?;
    ids.extend(matcher.mentioned());
    ids.sort_unstable();
    ids.dedup();
    if let Some(which) = which {
        ids.retain(|id| which.contains(id));
    }
    let mut groups: Vec<FindingGroup> = Vec::new();
    let mut rejected = BTreeSet::new();
    for part in ids.chunks(PART) {
        if stop() {
            return Err(RematchError::Stopped);
        }
        let part = records.load(part)?;
        rejected.extend(part.iter().filter(|one| one.rejected()).map(|one| one.id));
        groups.extend(matcher.find_in_part(&part));
    }
    Ok(matcher.complete(groups, rejected.into_iter()))
}

/// What the plan wants to know of CVEs.
fn facts(
    connection: &mut Connection,
    cves: BTreeSet<CveId>,
) -> Result<BTreeMap<CveId, CveFacts>, DatabaseError> {
    let ids: Vec<Value<'_>> = cves.into_iter().map(Value::from).collect();
    let facts = connection.query_many(
        "SELECT id, state, assigner, published_at, level, score, epss, exploited_since,
             eu_exploited_since, ssvc_exploitation, ssvc_automatable
         FROM cve WHERE id IN ({rows})",
        &[],
        1,
        &ids,
        |row| {
            let state: String = row.get(1)?;
            let published: Option<Timestamp> = row.get(3)?;
            let (cisa, eu): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
            let (exploitation, automatable): (Option<String>, Option<String>) = (row.get(9)?, row.get(10)?);
            let is = |text: &Option<String>, word: &str| {
                text.as_ref().is_some_and(|text| text.eq_ignore_ascii_case(word))
            };
            let facts = CveFacts {
                assigner: row.get(2)?,
                published: published.map(|at| TimeZone::UTC.to_datetime(at).date()),
                rejected: state == "rejected",
                level: row.get::<Option<LevelColumn>>(4)?.map(|level| level.0),
                signs: Signs {
                    score: row.get(5)?,
                    epss: row.get(6)?,
                    exploited: cisa.is_some() || eu.is_some(),
                    exploit_is_public: is(&exploitation, "poc") || is(&exploitation, "active"),
                    automatable: is(&automatable, "yes"),
                },
            };
            Ok::<(CveId, CveFacts), DatabaseError>((row.get(0)?, facts))
        },
    )?;
    Ok(facts.into_iter().collect())
}
