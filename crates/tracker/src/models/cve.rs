//! CVEs: what lists show of them, and everything that is known of one.

mod filter;
mod summary;

pub use filter::{Filter, Order, Page, Place, list};
pub use summary::Summary;

use super::record::{self, Content, Source};
use crate::database::bulk::Column;
use crate::database::{Connection, DatabaseError, Row, Transaction, Value};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use vulnerability::CveId;
use vulnerability::model::{Epss, Vulnerability};

/// A CVE as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cve {
    /// What its records say.
    #[serde(flatten)]
    pub summary: Summary,
    /// FIRST's prediction: probability and percentile.
    pub epss: Option<(f64, f64)>,
    /// The number of its newest change.
    pub change: i64,
}

/// The columns of [`row`].
pub(super) const COLUMNS: [(&str, Column); 20] = [
    ("id", Column::Text),
    ("year", Column::Integer),
    ("number", Column::Integer),
    ("state", Column::Text),
    ("title", Column::Text),
    ("assigner", Column::Text),
    ("published_at", Column::Integer),
    ("updated_at", Column::Integer),
    ("level", Column::Integer),
    ("score", Column::Real),
    ("vector", Column::Text),
    ("cwes", Column::Text),
    ("exploited_since", Column::Text),
    ("exploited_due", Column::Text),
    ("ransomware", Column::Boolean),
    ("eu_exploited_since", Column::Text),
    ("ssvc_exploitation", Column::Text),
    ("ssvc_automatable", Column::Text),
    ("ssvc_impact", Column::Text),
    ("change", Column::Integer),
];

/// The row of a CVE, without its scores, which come from elsewhere.
pub(super) fn row(summary: &Summary, change: i64) -> Vec<Value<'static>> {
    let text = |text: &Option<String>| Value::from(text.clone());
    vec![
        summary.id.into(),
        i64::from(summary.id.year()).into(),
        i64::try_from(summary.id.number()).unwrap_or(i64::MAX).into(),
        summary.state.clone().into(),
        summary.title.clone().into(),
        text(&summary.assigner),
        summary.published_at.into(),
        summary.updated_at.into(),
        summary.level.into(),
        summary.score.into(),
        text(&summary.vector),
        summary.cwes.join(" ").into(),
        text(&summary.exploited_since),
        text(&summary.exploited_due),
        summary.ransomware.into(),
        text(&summary.eu_exploited_since),
        text(&summary.ssvc_exploitation),
        text(&summary.ssvc_automatable),
        text(&summary.ssvc_impact),
        change.into(),
    ]
}

/// Writes the row of a CVE.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    summary: &Summary,
    change: i64,
) -> Result<(), DatabaseError> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
    let set: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO cve ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        names.join(", "),
        places.join(", "),
        set.join(", ")
    );
    transaction.execute(&sql, &row(summary, change)).map(drop)
}

const READ: &str = "id, state, title, assigner, published_at, updated_at, level, score, vector, cwes,
    exploited_since, exploited_due, ransomware, eu_exploited_since, ssvc_exploitation, ssvc_automatable,
    ssvc_impact, epss, epss_percentile, change";

fn read(row: &Row<'_>) -> Result<Cve, DatabaseError> {
    let cwes: String = row.get(9)?;
    let (epss, percentile): (Option<f64>, Option<f64>) = (row.get(17)?, row.get(18)?);
    Ok(Cve {
        summary: Summary {
            id: row.get(0)?,
            state: row.get(1)?,
            title: row.get(2)?,
            assigner: row.get(3)?,
            published_at: row.get(4)?,
            updated_at: row.get(5)?,
            level: row.get(6)?,
            score: row.get(7)?,
            vector: row.get(8)?,
            cwes: cwes.split_whitespace().map(str::to_owned).collect(),
            exploited_since: row.get(10)?,
            exploited_due: row.get(11)?,
            ransomware: row.get(12)?,
            eu_exploited_since: row.get(13)?,
            ssvc_exploitation: row.get(14)?,
            ssvc_automatable: row.get(15)?,
            ssvc_impact: row.get(16)?,
        },
        epss: epss.zip(percentile),
        change: row.get(19)?,
    })
}

/// A CVE as lists show it.
///
/// # Errors
/// Those of the database.
pub fn get(connection: &mut Connection, id: CveId) -> Result<Option<Cve>, DatabaseError> {
    connection.query_optional(&format!("SELECT {READ} FROM cve WHERE id = $1"), params![id], read)
}

/// Those of these CVEs that are known, the newest first.
///
/// # Errors
/// Those of the database.
pub fn of_ids(connection: &mut Connection, ids: &[CveId]) -> Result<Vec<Cve>, DatabaseError> {
    let values: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT {READ} FROM cve WHERE id IN ({{rows}})");
    let mut found = connection.query_many(&sql, &[], 1, &values, read)?;
    found.sort_unstable_by_key(|cve| std::cmp::Reverse(cve.summary.id));
    Ok(found)
}

/// Everything that is known of a CVE, from the stored records.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, id: CveId) -> Result<Option<Vulnerability>, DatabaseError> {
    let records = record::of_cve(connection, id)?;
    let scores: Option<(Option<f64>, Option<f64>)> = connection.query_optional(
        "SELECT epss, epss_percentile FROM cve WHERE id = $1",
        params![id],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
    )?;
    if records.is_empty() {
        return Ok(None);
    }
    // What cannot be read any more says nothing: it was read when it came.
    let contents: BTreeMap<Source, Content> =
        records.iter().filter_map(|record| Some((record.source, record::stored(record).ok()?))).collect();
    let mut known = summary::vulnerability(id, &contents);
    #[allow(clippy::cast_possible_truncation, reason = "they were of this size when they came")]
    let score = |(probability, percentile): (f64, f64)| Epss {
        probability: probability as f32,
        percentile: percentile as f32,
    };
    known.epss = scores.and_then(|(probability, percentile)| probability.zip(percentile)).map(score);
    Ok(Some(known))
}

/// Puts down scores, of which there is one for each CVE and day. Gives how many are others than
/// before. Scores of CVEs that have no record are passed over.
///
/// # Errors
/// Those of the database.
pub fn put_scores(transaction: &mut Transaction<'_>, scores: &[(CveId, Epss)]) -> Result<u64, DatabaseError> {
    transaction.execute("DROP TABLE IF EXISTS score", params![])?;
    transaction.execute(
        "CREATE TEMPORARY TABLE score (id TEXT, epss DOUBLE PRECISION, percentile DOUBLE PRECISION)",
        params![],
    )?;
    let columns = [("id", Column::Text), ("epss", Column::Real), ("percentile", Column::Real)];
    let rows = scores.iter().map(|(id, score)| {
        Ok::<_, DatabaseError>(vec![(*id).into(), score.probability.into(), score.percentile.into()])
    });
    transaction.load("score", &columns, rows)?;
    let changed = transaction.execute(
        "UPDATE cve SET epss = score.epss, epss_percentile = score.percentile FROM score
         WHERE cve.id = score.id AND (cve.epss IS NULL OR cve.epss <> score.epss
             OR cve.epss_percentile <> score.percentile)",
        params![],
    )?;
    transaction.execute("DROP TABLE score", params![])?;
    Ok(changed)
}

/// Calls `each` with every score, in order.
///
/// # Errors
/// Those of the database and of `each`.
pub fn for_each_score<E: From<DatabaseError>>(
    connection: &mut Connection,
    mut each: impl FnMut(CveId, f64, f64) -> Result<(), E>,
) -> Result<(), E> {
    connection.for_each(
        "SELECT id, epss, epss_percentile FROM cve
         WHERE epss IS NOT NULL AND epss_percentile IS NOT NULL ORDER BY id",
        params![],
        |row| each(row.get(0)?, row.get(1)?, row.get(2)?),
    )
}

/// A moment as [`Summary`] has it.
pub(super) fn moment(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
