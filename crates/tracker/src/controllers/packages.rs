//! `/packages` and `/channels`.

use super::cves::{Channels, rows_of};
use super::failure::Failure;
use super::home::encoded;
use super::visitor::Visitor;
use crate::database::DatabaseError;
use crate::models::finding::{self, Status};
use crate::models::package::rows::{self as packages, Held};
use crate::models::{channel, cve};
use crate::views::lane::{Lanes, Stretch};
use crate::views::packages::{ChannelList, PackageList, PackagePage, Touched};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use std::collections::HashMap;
use vulnerability::CveId;

/// Rows of a page.
const ROWS: u32 = 60;
/// The most CVEs of a package that a page names.
const CVES: usize = 200;
/// The most versions that a page names.
const VERSIONS: u32 = 120;
/// The most stretches of a lane.
const STRETCHES: usize = 12;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    after: Option<String>,
}

/// The list.
pub(super) async fn list(
    visitor: Visitor,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Asked { q, after }) = query?;
    let prefix: String = q.trim().chars().take(100).collect();
    let wanted = prefix.clone();
    let read = visitor
        .app
        .database
        .reading(move |connection| packages::list(connection, &wanted, after.as_deref(), ROWS + 1));
    let mut rows = read.await?;
    let more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let in_query = |text: &str| text.bytes().map(encoded).collect::<String>();
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/packages?q={}&after={}", in_query(&prefix), in_query(&last.name)));
    visitor.page(&PackageList { packages: rows, prefix, next })
}

/// One package.
pub(super) async fn show(
    visitor: Visitor,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Path(name) = name?;
    let now = visitor.app.now();
    let wanted = name.clone();
    let read = visitor.app.database.reading(move |connection| {
        let Some(package) = packages::find(connection, &wanted)? else {
            return Ok::<_, DatabaseError>(None);
        };
        let findings = finding::of_package(connection, package.id)?;
        let ids: Vec<CveId> = findings.iter().map(|finding| finding.cve).take(CVES).collect();
        let by_cve: HashMap<CveId, &finding::Finding> = findings.iter().map(|one| (one.cve, one)).collect();
        let mut names = Channels::new();
        let mut touched = Vec::new();
        for cve in cve::of_ids(connection, &ids)? {
            let Some(finding) = by_cve.get(&cve.summary.id) else { continue };
            let channels = rows_of(connection, finding, &package.name, &mut names)?;
            touched.push(Touched { cve: cve.into(), status: finding.status.into(), channels });
        }
        let versions = packages::held(connection, package.id, VERSIONS)?;
        let keepers = packages::keepers(connection, package.id)?;
        Ok(Some((package, touched, versions, keepers)))
    });
    let found = read.await?.ok_or_else(|| Failure::Missing("such package".to_owned()))?;
    let (package, touched, versions, keepers) = found;
    if package.name != name {
        return Ok(visitor.go(&crate::views::parts::package_path(&package.name), None));
    }
    let is_open = |touched: &Touched| matches!(touched.status, Status::Affected | Status::Unknown);
    let (mut open, closed): (Vec<_>, Vec<_>) = touched.into_iter().partition(is_open);
    open.sort_by_key(|touched| std::cmp::Reverse(touched.cve.level));
    let lanes = lanes(&versions, now);
    let answer = answer(&open, closed.len());
    visitor.page(&PackagePage { package, answer, open, closed, versions, keepers, lanes })
}

/// The answer in a sentence.
fn answer(open: &[Touched], closed: usize) -> String {
    let affected = open.iter().filter(|touched| touched.status == Status::Affected).count();
    let unknown = open.len() - affected;
    let cves = |count: usize| if count == 1 { "1 CVE".to_owned() } else { format!("{count} CVEs") };
    match (affected, unknown) {
        (0, 0) if closed == 0 => "No CVE is known to touch it.".to_owned(),
        (0, 0) => format!("Nothing is open; {} touched it before.", cves(closed)),
        (0, _) => format!("{} may touch it: its record does not tell.", cves(unknown)),
        (_, 0) => format!("{} open.", cves(affected)),
        _ => format!("{} open, and {} that may touch it.", cves(affected), cves(unknown)),
    }
}

/// One lane for each channel: the versions of the attribute that it has now, or had last.
fn lanes(versions: &[Held], now: jiff::Timestamp) -> Lanes {
    let mut lanes: Vec<(String, &str, Vec<Stretch>)> = Vec::new();
    for held in versions {
        let stretch =
            Stretch { from: held.since, until: held.until, label: held.version.clone(), look: "plain" };
        match lanes.iter_mut().find(|(name, ..)| *name == held.channel) {
            Some((_, attribute, stretches)) => {
                if *attribute == held.attribute && stretches.len() < STRETCHES {
                    stretches.push(stretch);
                }
            }
            None => lanes.push((held.channel.clone(), &held.attribute, vec![stretch])),
        }
    }
    Lanes::draw(lanes.into_iter().map(|(name, _, stretches)| (name, stretches)).collect(), now)
}

/// The channels.
pub(super) async fn channels(visitor: Visitor) -> Result<Response, Failure> {
    let channels = visitor.app.database.reading(channel::rows).await?;
    visitor.page(&ChannelList { channels })
}
