//! `/cves`.

use super::failure::Failure;
use super::visitor::Visitor;
use crate::database::{Connection, DatabaseError};
use crate::models::package::rows as packages;
use crate::models::{channel, cve, finding, record, rematch};
use crate::views::cves::{Answer, CveFacts, CveList, CvePage, InChannel};
use crate::views::parts::level_name;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use vulnerability::CveId;

/// Rows of a page.
const ROWS: u32 = 50;
/// The most changes of a record that a page names.
const CHANGES: u32 = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    severity: Option<String>,
    year: Option<u16>,
    /// The last row of the page before: milliseconds, an underscore, an id.
    after: Option<String>,
}

/// The list.
pub(super) async fn list(
    visitor: Visitor,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(asked) = query?;
    let named = asked.severity.as_deref().filter(|name| !name.is_empty());
    let level = named.map(|name| {
        (1..=4)
            .find(|level| level_name(Some(*level)) == name)
            .ok_or_else(|| Failure::Invalid("A severity is critical, high, medium or low".to_owned()))
    });
    let filter = cve::Filter { level: level.transpose()?, year: asked.year, ..cve::Filter::default() };
    let after = asked.after.as_deref().map(after).transpose()?;
    let is_first = after.is_none();
    let wanted = filter.clone();
    let read = visitor
        .app
        .database
        .reading(move |connection| cve::list(connection, &wanted, cve::Order::Published, after, ROWS));
    let found = read.await?;
    let next = found.next.and_then(|place| {
        let cve::Place::Published(at, id) = place else { return None };
        let mut query = format!("after={}_{id}", at.as_millisecond());
        if let Some(level) = filter.level {
            query = format!("severity={}&{query}", level_name(Some(level)));
        }
        if let Some(year) = filter.year {
            query = format!("year={year}&{query}");
        }
        Some(format!("/cves?{query}"))
    });
    let severity = filter.level.map(|level| level_name(Some(level)));
    let cves = found.rows.into_iter().map(Into::into).collect();
    visitor.page(&CveList { cves, severity, year: filter.year, next, is_first })
}

fn after(text: &str) -> Result<cve::Place, Failure> {
    let parts = text.split_once('_').and_then(|(time, id)| {
        Some(cve::Place::Published(Timestamp::from_millisecond(time.parse().ok()?).ok()?, id.parse().ok()?))
    });
    parts.ok_or_else(|| Failure::Invalid("The address does not name a row to go on from".to_owned()))
}

/// One CVE.
pub(super) async fn show(
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Path(text) = id?;
    let missing = || Failure::Missing("such CVE".to_owned());
    let id: CveId = text.to_ascii_uppercase().parse().map_err(|_| missing())?;
    if id.to_string() != text {
        return Ok(visitor.go(&format!("/cves/{id}"), None));
    }
    let read = visitor.app.database.reading(move |connection| {
        let Some(found) = cve::get(connection, id)? else { return Ok::<_, DatabaseError>(None) };
        let matched = rematch::matched_up_to(connection)? >= found.change;
        let facts = CveFacts::new(found, cve::load(connection, id)?.as_ref());
        let channels = in_channels(connection, id)?;
        Ok(Some((facts, matched, channels, record::touched_fields(connection, id, CHANGES)?)))
    });
    let (facts, matched, channels, changes) = read.await?.ok_or_else(missing)?;
    let answer = Answer::new(&facts.row.state, matched, &channels);
    visitor.page(&CvePage { answer, facts, channels, changes })
}

/// What the matcher says of a CVE, each package in each channel.
fn in_channels(connection: &mut Connection, id: CveId) -> Result<Vec<InChannel>, DatabaseError> {
    let mut names = HashMap::new();
    let mut rows = Vec::new();
    for finding in finding::of_cve(connection, id)? {
        let Some(package) = packages::name(connection, finding.package)? else { continue };
        rows.extend(rows_of(connection, &finding, &package, &mut names)?);
    }
    rows.sort_by_key(|row| (!row.supported, row.status));
    Ok(rows)
}

/// Names of channels that were looked up, and whether they are looked after.
pub(super) type Channels = HashMap<i64, Option<(String, bool)>>;

/// A finding as rows.
pub(super) fn rows_of(
    connection: &mut Connection,
    finding: &finding::Finding,
    package: &str,
    names: &mut Channels,
) -> Result<Vec<InChannel>, DatabaseError> {
    let mut rows = Vec::new();
    for found in &finding.channels {
        let known = if let Some(known) = names.get(&found.channel.0) {
            known.clone()
        } else {
            let known = channel::load(connection, found.channel)?;
            let known = known.map(|channel| (channel.name, channel.state.is_supported()));
            names.insert(found.channel.0, known.clone());
            known
        };
        let Some((name, supported)) = known else { continue };
        rows.extend(found.versions.iter().map(|of| InChannel {
            channel: name.clone(),
            supported,
            package: package.to_owned(),
            version: of.version.clone(),
            status: of.status,
            fixed_in: of.fixed_in.clone(),
            evidence: of.evidence.clone(),
        }));
    }
    Ok(rows)
}
