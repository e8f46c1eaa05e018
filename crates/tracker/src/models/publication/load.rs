//! Loads what is published of an advisory: its newest revision, and the status of its packages.

use super::csaf::provider::Listed;
use super::statement::{self, Counted};
use super::{Change, Cve, InChannel, Package, Published, Publisher};
use crate::database::{Connection, DatabaseError};
use crate::models::advisory::content::{self, Concerned, Content, Revision};
use crate::models::advisory::status::{Held, Justification, Status};
use crate::models::advisory::{Advisory, State};
use crate::models::ids::{AdvisoryId, PackageId};
use crate::params;
use jiff::Timestamp;
use nix_formats::DrvName;
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;

/// The most versions of a package that are listed.
const MOST_VERSIONS: i64 = 10_000;
/// The most documents of a list: 11 a day would take 24 years.
const MOST_LISTED: i64 = 100_000;
/// The most changes of statuses that a document tells of.
const MOST_CHANGES: i64 = 5_000;

impl Published {
    /// What is published of an advisory; none of a draft, also where that was withdrawn.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(
        connection: &mut Connection,
        advisory: &Advisory,
        publisher: Publisher,
    ) -> Result<Option<Self>, DatabaseError> {
        if advisory.state == State::Draft {
            return Ok(None);
        }
        let mut revisions = content::revisions(connection, advisory.id)?;
        revisions.reverse();
        // What the revision says, not the row: it is what was published.
        let Some(newest) = revisions.last() else { return Ok(None) };
        let Content { title, body, level, cves, packages, links } = newest.content.clone();
        let of: BTreeSet<CveId> = cves.iter().copied().collect();
        let cves = cves.into_iter().map(|id| cve(connection, id)).collect::<Result<_, _>>()?;
        let mut named = Vec::with_capacity(packages.len());
        for concerned in packages {
            named.push(package(connection, advisory.id, concerned, &of)?);
        }
        let changes = changes(connection, advisory.id, &revisions)?;
        Ok(Some(Self {
            publisher,
            code: advisory.code.clone(),
            title,
            body,
            level,
            cves,
            links,
            packages: named,
            changes,
            withdrawn: advisory.withdrawn_at.filter(|_| advisory.state == State::Withdrawn),
        }))
    }
}

/// All documents that are published, the newest advisory first.
///
/// # Errors
/// Those of the database.
pub fn listed(connection: &mut Connection) -> Result<Vec<Listed>, DatabaseError> {
    connection.query(
        "SELECT a.code, a.published_at, (SELECT MAX(r.at) FROM advisory_revision r WHERE r.advisory = a.id),
             (SELECT MAX(x.at) FROM advisory_status_change x WHERE x.advisory = a.id)
         FROM advisory a WHERE a.revision > 0 AND a.state <> $1 ORDER BY a.id DESC LIMIT $2",
        params![State::Draft.name(), MOST_LISTED],
        |row| {
            let wrong = DatabaseError::Column { column: 0, expected: "code of an advisory" };
            let code: String = row.get(0)?;
            let first: Option<Timestamp> = row.get(1)?;
            let last: Option<Timestamp> = row.get(2)?;
            let status: Option<Timestamp> = row.get(3)?;
            let first = first.or(last).unwrap_or(Timestamp::UNIX_EPOCH);
            let changed = last.into_iter().chain(status).fold(first, Timestamp::max);
            Ok(Listed { code: code.parse().map_err(|_| wrong)?, first, changed })
        },
    )
}

fn cve(connection: &mut Connection, id: CveId) -> Result<Cve, DatabaseError> {
    let found =
        connection.query_optional("SELECT title, vector FROM cve WHERE id = $1", params![id], |row| {
            Ok::<_, DatabaseError>((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
        })?;
    let (title, vector) = found.unwrap_or_default();
    Ok(Cve { id, title: Some(title).filter(|title| !title.is_empty()), vector })
}

/// The name and the version of a derivation: those that it states, else as its name is divided.
fn named(name: &str, pname: Option<String>, version: Option<String>) -> (String, String) {
    let divided = DrvName::parse(name);
    let version = version.unwrap_or_else(|| divided.version.to_owned());
    (pname.unwrap_or_else(|| divided.name.to_owned()), version)
}

/// Whether a list of patches has one for any of the CVEs, and which.
fn patch(patches: &str, cves: &BTreeSet<CveId>) -> Option<String> {
    patches.lines().find(|patch| CveId::find_all(patch).any(|cve| cves.contains(&cve))).map(str::to_owned)
}

fn package(
    connection: &mut Connection,
    advisory: AdvisoryId,
    Concerned { package, ranges }: Concerned,
    cves: &BTreeSet<CveId>,
) -> Result<Package, DatabaseError> {
    let name =
        connection.query_one("SELECT name FROM package WHERE id = $1", params![package], |row| row.get(0))?;
    let facts = connection.query(
        "SELECT DISTINCT f.name, f.pname, f.version, f.patches FROM fact f
         JOIN package_key k ON k.id = f.key WHERE k.package = $1 ORDER BY f.name LIMIT $2",
        params![package, MOST_VERSIONS],
        |row| {
            let (_, version) = named(&row.get::<String>(0)?, row.get(1)?, row.get(2)?);
            Ok::<_, DatabaseError>((version, row.get::<String>(3)?))
        },
    )?;
    let affected = |(version, patches): &(String, String)| {
        ranges.contains(version) == Some(true) && patch(patches, cves).is_none()
    };
    let versions: BTreeSet<String> = facts.into_iter().filter(affected).map(|(version, _)| version).collect();
    let versions = versions.into_iter().collect();
    let mut held = held(connection, package, cves)?;
    let channels = connection
        .query(
            "SELECT c.id, c.name, s.computed, s.computed_why, s.stated, s.stated_why, s.justification
             FROM advisory_status s JOIN channel c ON c.id = s.channel
             WHERE s.advisory = $1 AND s.package = $2 ORDER BY c.position, c.id",
            params![advisory, package],
            |row| {
                let wrong = |column, expected| DatabaseError::Column { column, expected };
                let (id, channel): (i64, String) = (row.get(0)?, row.get(1)?);
                let (computed, why): (String, String) = (row.get(2)?, row.get(3)?);
                let (stated, stated_why): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
                let justification: Option<String> = row.get(6)?;
                let name = stated.as_deref().unwrap_or(&computed);
                let status = Status::of_name(name).ok_or_else(|| wrong(2, "status"))?;
                let justification = justification.as_deref().and_then(Justification::of_name);
                let counted = Counted {
                    status,
                    // A status that is not "not affected" has none, whatever was left there.
                    justification: justification.filter(|_| status == Status::NotAffected),
                    why: stated_why.filter(|_| stated.is_some()).unwrap_or(why),
                    stated: stated.is_some(),
                };
                Ok::<_, DatabaseError>((id, channel, counted))
            },
        )?
        .into_iter()
        .map(|(id, channel, counted)| {
            let builds = statement::builds(&ranges, &counted, &held.remove(&id).unwrap_or_default());
            let Counted { status, justification, why, .. } = counted;
            InChannel { channel, status, justification, why, builds }
        })
        .collect();
    Ok(Package { name, ranges, versions, channels })
}

/// What each channel has of a package now, over all systems.
fn held(
    connection: &mut Connection,
    package: PackageId,
    cves: &BTreeSet<CveId>,
) -> Result<BTreeMap<i64, Vec<(String, Held)>>, DatabaseError> {
    let rows = connection.query(
        "SELECT DISTINCT b.channel, a.path, f.name, f.pname, f.version, f.patches FROM build b
         JOIN fact f ON f.id = b.fact JOIN attribute a ON a.id = b.attribute
         WHERE b.package = $1 ORDER BY b.channel, a.path, f.name",
        params![package],
        |row| {
            let (pname, version) = named(&row.get::<String>(2)?, row.get(3)?, row.get(4)?);
            let patches: String = row.get(5)?;
            let held = Held { attribute: row.get(1)?, version, patch: patch(&patches, cves) };
            Ok::<_, DatabaseError>((row.get(0)?, (pname, held)))
        },
    )?;
    let mut held: BTreeMap<i64, Vec<(String, Held)>> = BTreeMap::new();
    for (channel, one) in rows {
        let of = held.entry(channel).or_default();
        if !of.contains(&one) {
            of.push(one);
        }
    }
    Ok(held)
}

/// Revisions, and the changes of statuses between them. A clock that was set back must not make
/// documents run backwards: no change is older than the one before.
fn changes(
    connection: &mut Connection,
    advisory: AdvisoryId,
    revisions: &[Revision],
) -> Result<Vec<Change>, DatabaseError> {
    let first = revisions.first().map_or(Timestamp::UNIX_EPOCH, |revision| revision.at);
    let mut statuses: Vec<(Timestamp, String, String)> = connection.query(
        "SELECT x.at, c.name, x.status FROM advisory_status_change x JOIN channel c ON c.id = x.channel
         WHERE x.advisory = $1 AND x.at > $2 ORDER BY x.id DESC LIMIT $3",
        params![advisory, first, MOST_CHANGES],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    statuses.reverse();
    let text = |name: &str| Status::of_name(name).map_or("Unknown", Status::text);
    let mut statuses = statuses.into_iter().peekable();
    let mut changes: Vec<Change> = Vec::new();
    for (index, revision) in revisions.iter().enumerate() {
        let end = revisions.get(index + 1).map(|next| next.at);
        let at = changes.last().map_or(revision.at, |last| last.at.max(revision.at));
        let summary = revision.summary.clone();
        changes.push(Change { revision: revision.number, minor: 0, at, summary });
        let mut minor = 0;
        while let Some((at, channel, status)) = statuses.next_if(|(at, ..)| end.is_none_or(|end| *at < end)) {
            let line = format!("{channel}: {}.", text(&status));
            match changes.last_mut() {
                // All that came with one evaluation is one change, and what came with a revision
                // belongs to that.
                Some(last) if last.at >= at && last.minor > 0 => {
                    last.summary.push(' ');
                    last.summary.push_str(&line);
                }
                Some(last) if last.at >= at => {}
                _ => {
                    minor += 1;
                    changes.push(Change { revision: revision.number, minor, at, summary: line });
                }
            }
        }
    }
    Ok(changes)
}
