//! Taking in records: only what differs is written, and what changed is noted.

use super::cve::{self, Summary};
use super::record::{Content, NewRecord, RawRecord, Source, differences, raw, read};
use crate::database::bulk::Column;
use crate::database::{DatabaseError, Transaction, Value};
use crate::json;
use crate::params;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};
use vulnerability::CveId;

/// What was stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Records of which there was none.
    pub new: u64,
    /// Records that are others than before.
    pub changed: u64,
    /// Of these, those in which only dates and the like changed.
    pub quiet: u64,
    /// Records that are withdrawn now and were not.
    pub withdrawn: u64,
    /// Records that were there.
    pub unchanged: u64,
}

const RECORD: [(&str, Column); 5] = [
    ("cve", Column::Text),
    ("source", Column::Text),
    ("hash", Column::Bytes),
    ("change", Column::Integer),
    ("body", Column::Bytes),
];
const CHANGE: [(&str, Column); 8] = [
    ("cve", Column::Text),
    ("source", Column::Text),
    ("change", Column::Integer),
    ("changed_at", Column::Integer),
    ("quiet", Column::Boolean),
    ("field", Column::Text),
    ("before", Column::Bytes),
    ("after", Column::Bytes),
];

/// Stores records of one source, each CVE once. With `arrivals` it is noted of each record that it
/// came; a first import of all notes nothing.
///
/// # Errors
/// Those of the database.
pub fn store(
    transaction: &mut Transaction<'_>,
    records: &[NewRecord],
    arrivals: bool,
    now: Timestamp,
) -> Result<Stored, DatabaseError> {
    // From here until the end nobody else stores records: numbers come in the order of commits.
    let mut change: i64 = transaction.query_one(
        "INSERT INTO counter (name, value) VALUES ('record', 0)
         ON CONFLICT (name) DO UPDATE SET value = counter.value RETURNING value",
        params![],
        |row| row.get(0),
    )?;
    let known = known(transaction, records)?;
    let mut stored = Stored::default();
    let mut fresh = Vec::new();
    let mut changes: Vec<Vec<Value<'_>>> = Vec::new();
    let mut note = |record: &NewRecord, number: i64, before: Option<&Json>| -> bool {
        let after = serde_json::from_slice(&record.bytes).ok();
        let found = differences(record.source, before, after.as_ref());
        let quiet = found.iter().all(|change| change.quiet);
        changes.extend(found.into_iter().map(|change| {
            let packed = |value: Option<Json>| Value::from(value.map(|value| json::pack(&value)));
            vec![
                record.cve.into(),
                record.source.name().into(),
                number.into(),
                now.into(),
                change.quiet.into(),
                change.field.into(),
                packed(change.before),
                packed(change.after),
            ]
        }));
        quiet
    };
    for record in records {
        if !known.contains(&record.cve) {
            if matches!(record.content, Content::Removed) {
                continue;
            }
            change += 1;
            fresh.push((record, change));
            if arrivals {
                note(record, change, None);
            }
            continue;
        }
        let sql = "SELECT cve, source, change, body FROM record WHERE cve = $1 ORDER BY source";
        let there: Vec<RawRecord> = transaction.query(sql, params![record.cve], raw)?;
        let before = there.iter().find(|other| other.source == record.source);
        let before = before.filter(|before| !before.body.is_empty());
        if before.map_or(&[][..], |before| &before.body) == record.bytes.as_slice() {
            stored.unchanged += 1;
            continue;
        }
        change += 1;
        transaction.execute(
            "INSERT INTO record (cve, source, hash, change, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (cve, source) DO UPDATE SET
                 hash = excluded.hash, change = excluded.change, body = excluded.body",
            params![record.cve, record.source.name(), &record.hash, change, &record.packed],
        )?;
        let value = before.and_then(|before| serde_json::from_slice(&before.body).ok());
        match &value {
            None => {
                stored.new += 1;
                // Entries of catalogues are changes of a CVE that was there before.
                if arrivals || matches!(record.source, Source::Kev | Source::EuKev) {
                    note(record, change, None);
                }
            }
            Some(value) => {
                stored.changed += 1;
                stored.quiet += u64::from(note(record, change, Some(value)));
                let was = before.and_then(|before| read::stored(before).ok());
                let withdrawn = is_withdrawn(&record.content) && !was.as_ref().is_some_and(is_withdrawn);
                stored.withdrawn += u64::from(withdrawn);
            }
        }
        // What cannot be read any more says nothing: it was read when it came.
        let others = there.iter().filter(|other| other.source != record.source);
        let contents: BTreeMap<Source, Content> = others
            .filter_map(|other| Some((other.source, read::stored(other).ok()?)))
            .chain([(record.source, record.content.clone())])
            .collect();
        cve::put(transaction, &Summary::of(record.cve, &contents), change)?;
    }
    stored.new += fresh.len() as u64;
    load(transaction, &fresh)?;
    transaction.load("record_change", &CHANGE, changes.into_iter().map(Ok::<_, DatabaseError>))?;
    transaction.execute("UPDATE counter SET value = $1 WHERE name = 'record'", params![change])?;
    Ok(stored)
}

fn is_withdrawn(content: &Content) -> bool {
    match content {
        Content::Record { record, .. } => record.state == vulnerability::model::State::Rejected,
        Content::Removed => true,
        Content::Kev(_) | Content::EuKev(_) => false,
    }
}

/// Those of the records' CVEs that are there: all of a range of each year, which is one query.
fn known(transaction: &mut Transaction<'_>, records: &[NewRecord]) -> Result<HashSet<CveId>, DatabaseError> {
    let mut ranges: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    for record in records {
        let number = record.cve.number();
        let range = ranges.entry(record.cve.year()).or_insert((number, number));
        *range = (range.0.min(number), range.1.max(number));
    }
    let mut known = HashSet::new();
    for (year, (first, last)) in ranges {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        transaction.for_each(
            "SELECT id FROM cve WHERE year = $1 AND number BETWEEN $2 AND $3",
            params![i64::from(year), whole(first), whole(last)],
            |row| -> Result<(), DatabaseError> {
                known.insert(row.get(0)?);
                Ok(())
            },
        )?;
    }
    Ok(known)
}

/// Records of CVEs that were not known at all.
fn load(transaction: &mut Transaction<'_>, fresh: &[(&NewRecord, i64)]) -> Result<(), DatabaseError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let rows = fresh.iter().map(|(record, change)| {
        Ok::<_, DatabaseError>(vec![
            record.cve.into(),
            record.source.name().into(),
            (&record.hash).into(),
            (*change).into(),
            (&record.packed).into(),
        ])
    });
    transaction.load("record", &RECORD, rows)?;
    let rows = fresh.iter().map(|(record, change)| {
        let contents = BTreeMap::from([(record.source, record.content.clone())]);
        Ok::<_, DatabaseError>(cve::row(&Summary::of(record.cve, &contents), *change))
    });
    transaction.load("cve", &cve::COLUMNS, rows).map(drop)
}
