//! Suggestions as rows of a list: with the names of what they are about, read for all of a page at
//! once.

use super::Suggestion;
use crate::database::{Connection, DatabaseError, Value};
use crate::json;
use crate::models::channel;
use crate::models::finding::{InChannel, Status, status_name};
use crate::models::ids::{ChannelId, PackageId, SuggestionId};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use vulnerability::CveId;

/// The most CVEs that a row names: a queue is read line by line.
const NAMED: usize = 1;

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuggestionRow {
    /// Its number.
    pub id: SuggestionId,
    /// Its version: whoever decides names it.
    pub version: i64,
    /// Its state.
    pub state: super::State,
    /// The package's name.
    pub package: String,
    /// The first of its CVEs, in order.
    pub cves: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// The title of the first.
    pub title: String,
    /// 0 none to 4 critical.
    pub level: Option<i64>,
    /// CVSS.
    pub score: Option<f64>,
    /// The highest probability of exploitation.
    pub epss: Option<f64>,
    /// Whether one is known to be exploited.
    pub exploited: bool,
    /// How sure the matcher is: 0 low to 2 high.
    pub confidence: i64,
    /// Whether it still says so.
    pub agrees: bool,
    /// The worst of its CVEs in each channel that is looked after.
    pub channels: Vec<(String, Status)>,
    /// Who looks at it.
    pub assignee: Option<String>,
    /// When it was raised.
    pub created_at: Timestamp,
}

impl SuggestionRow {
    /// The worst status, and in how many of all channels that have the package it holds.
    pub(crate) fn worst(&self) -> Option<(Status, usize)> {
        let worst = self.channels.iter().map(|(_, status)| *status).min()?;
        Some((worst, self.channels.iter().filter(|(_, status)| *status == worst).count()))
    }

    /// Each channel with its status, in words.
    pub(crate) fn in_words(&self) -> String {
        let words = |(name, status): &(String, Status)| {
            format!("{name}: {}", status_name((*status).into()).replace('_', " "))
        };
        self.channels.iter().map(words).collect::<Vec<_>>().join(", ")
    }
}

/// The rows of these suggestions, in their order.
///
/// # Errors
/// Those of the database.
pub fn rows(
    connection: &mut Connection,
    suggestions: &[Suggestion],
) -> Result<Vec<SuggestionRow>, DatabaseError> {
    let packages: Vec<Value<'_>> = suggestions.iter().map(|s| s.package.into()).collect();
    let names: BTreeMap<PackageId, String> = connection
        .query_many("SELECT id, name FROM package WHERE id IN ({rows})", &[], 1, &packages, |row| {
            Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let people: Vec<Value<'_>> = suggestions.iter().filter_map(|s| s.assignee).map(Value::from).collect();
    let people: BTreeMap<i64, String> = connection
        .query_many(
            "SELECT id, COALESCE(display_name, github_login, local_name, 'account ' || id)
             FROM account WHERE id IN ({rows})",
            &[],
            1,
            &people,
            |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let channels = channel::all(connection)?.into_iter().filter(|channel| channel.state.is_supported());
    let channels: BTreeMap<ChannelId, String> = channels.map(|one| (one.id, one.name)).collect();
    let ids: Vec<Value<'_>> = suggestions.iter().map(|s| s.id.into()).collect();
    let mut of: BTreeMap<SuggestionId, Vec<(CveId, String, Vec<InChannel>)>> = BTreeMap::new();
    let found = connection.query_many(
        "SELECT sc.suggestion, sc.cve, c.title, f.details FROM suggestion_cve sc
         LEFT JOIN cve c ON c.id = sc.cve
         LEFT JOIN finding f ON f.package = sc.package AND f.cve = sc.cve
         WHERE sc.suggestion IN ({rows})",
        &[],
        1,
        &ids,
        |row| {
            let wrong = DatabaseError::Column { column: 3, expected: "findings of channels" };
            let details: Option<Vec<u8>> = row.get(3)?;
            let details = details.map(|packed| json::unpack(&packed)).transpose().map_err(|_| wrong)?;
            let title: Option<String> = row.get(2)?;
            Ok::<_, DatabaseError>((
                row.get::<SuggestionId>(0)?,
                (row.get::<CveId>(1)?, title.unwrap_or_default(), details.unwrap_or_default()),
            ))
        },
    )?;
    for (id, cve) in found {
        of.entry(id).or_default().push(cve);
    }
    Ok(suggestions
        .iter()
        .map(|suggestion| {
            let mut cves = of.remove(&suggestion.id).unwrap_or_default();
            cves.sort_by_key(|(cve, ..)| *cve);
            let mut worst: BTreeMap<ChannelId, Status> = BTreeMap::new();
            for channel in cves.iter().flat_map(|(_, _, channels)| channels) {
                let Some(status) = channel.worst() else { continue };
                let entry = worst.entry(channel.channel).or_insert(status);
                *entry = status.min(*entry);
            }
            let named = |(id, status): (ChannelId, Status)| Some((channels.get(&id)?.clone(), status));
            SuggestionRow {
                id: suggestion.id,
                version: suggestion.version,
                state: suggestion.state,
                package: names.get(&suggestion.package).cloned().unwrap_or_default(),
                more: cves.len().saturating_sub(NAMED),
                title: cves.first().map(|(_, title, _)| title.clone()).unwrap_or_default(),
                cves: cves.iter().take(NAMED).map(|(cve, ..)| cve.to_string()).collect(),
                level: suggestion.level.map(|level| super::LevelColumn(level).number()),
                score: suggestion.score,
                epss: suggestion.epss,
                exploited: suggestion.exploited,
                confidence: crate::models::finding::confidence_number(suggestion.confidence),
                agrees: suggestion.agrees,
                channels: worst.into_iter().filter_map(named).collect(),
                assignee: suggestion.assignee.and_then(|id| people.get(&id.0).cloned()),
                created_at: suggestion.created_at,
            }
        })
        .collect())
}
