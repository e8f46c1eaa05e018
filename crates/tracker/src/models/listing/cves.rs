//! CVEs as rows and as a page.

use crate::database::{Connection, DatabaseError, Row, Value};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use vulnerability::CveId;

/// The most bytes of a record that is read for its texts.
const RECORD: usize = 8 << 20;
/// The most references that a page names.
const REFERENCES: usize = 40;

/// A CVE in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CveRow {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// 'published', 'rejected', 'other'.
    pub state: String,
    /// 0 none to 4 critical.
    pub level: Option<i64>,
    /// CVSS.
    pub score: Option<f64>,
    /// How probable it is that it is exploited in the next thirty days.
    pub epss: Option<f64>,
    /// The day on which CISA listed it as exploited.
    pub exploited_since: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

/// Which ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// At least of this level.
    pub level: Option<i64>,
    /// Of this year.
    pub year: Option<i64>,
}

/// Where a page of a list begins: after this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// When it was published.
    pub published_at: Timestamp,
    /// Its id.
    pub id: String,
}

const ROW: &str = "id, title, state, level, score, epss, exploited_since, published_at";

fn read(row: &Row<'_>) -> Result<CveRow, DatabaseError> {
    Ok(CveRow {
        id: row.get(0)?,
        title: row.get(1)?,
        state: row.get(2)?,
        level: row.get(3)?,
        score: row.get(4)?,
        epss: row.get(5)?,
        exploited_since: row.get(6)?,
        published_at: row.get(7)?,
    })
}

/// The newest first.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<&After>,
    most: u32,
) -> Result<Vec<CveRow>, DatabaseError> {
    let mut conditions = vec!["published_at IS NOT NULL".to_owned()];
    let mut values: Vec<Value<'_>> = vec![most.into()];
    let mut add = |text: &str, value: Value<'static>| {
        values.push(value);
        conditions.push(text.replace('?', &format!("${}", values.len())));
    };
    if let Some(level) = filter.level {
        add("level >= ?", level.into());
    }
    if let Some(year) = filter.year {
        add("year = ?", year.into());
    }
    if let Some(after) = after {
        values.push(after.published_at.into());
        values.push(after.id.clone().into());
        conditions.push(format!("(published_at, id) < (${}, ${})", values.len() - 1, values.len()));
    }
    let conditions = conditions.join(" AND ");
    let sql =
        format!("SELECT {ROW} FROM cve WHERE {conditions} ORDER BY published_at DESC, id DESC LIMIT $1");
    connection.query(&sql, &values, read)
}

/// All that a page shows of a CVE itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CveFacts {
    /// What a list shows.
    #[serde(flatten)]
    pub row: CveRow,
    /// Who gave the id.
    pub assigner: Option<String>,
    /// When its record last changed, as it says itself.
    pub updated_at: Option<Timestamp>,
    /// CVSS's vector.
    pub vector: Option<String>,
    /// Kinds of weakness.
    pub cwes: Vec<String>,
    /// Until when US agencies have to act.
    pub exploited_due: Option<String>,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
    /// The day on which the EU listed it as exploited.
    pub eu_exploited_since: Option<String>,
    /// How many others are less probable, of 1.
    pub epss_percentile: Option<f64>,
    /// CISA's SSVC: exploitation, whether it can be automated, technical impact.
    pub ssvc: [Option<String>; 3],
    /// What the record says, in English.
    pub description: Option<String>,
    /// Where it points.
    pub references: Vec<String>,
}

/// One CVE.
///
/// # Errors
/// Those of the database.
pub fn find(connection: &mut Connection, id: CveId) -> Result<Option<CveFacts>, DatabaseError> {
    let sql = format!(
        "SELECT {ROW}, assigner, updated_at, vector, cwes, exploited_due, ransomware, eu_exploited_since,
             epss_percentile, ssvc_exploitation, ssvc_automatable, ssvc_impact
         FROM cve WHERE id = $1"
    );
    let found = connection.query_optional(&sql, params![id], |row| {
        let cwes: String = row.get(11)?;
        Ok::<_, DatabaseError>(CveFacts {
            row: read(row)?,
            assigner: row.get(8)?,
            updated_at: row.get(9)?,
            vector: row.get(10)?,
            cwes: cwes.split_whitespace().map(str::to_owned).collect(),
            exploited_due: row.get(12)?,
            ransomware: row.get(13)?,
            eu_exploited_since: row.get(14)?,
            epss_percentile: row.get(15)?,
            ssvc: [row.get(16)?, row.get(17)?, row.get(18)?],
            description: None,
            references: Vec::new(),
        })
    })?;
    let Some(mut facts) = found else { return Ok(None) };
    let body: Option<Vec<u8>> = connection.query_optional(
        "SELECT body FROM record WHERE cve = $1 AND source = 'cve'",
        params![id],
        |row| row.get::<Vec<u8>>(0),
    )?;
    let text = body.and_then(|body| zstd::bulk::decompress(&body, RECORD).ok());
    if let Some(record) = text.and_then(|text| serde_json::from_slice::<Json>(&text).ok()) {
        let cna = &record["containers"]["cna"];
        facts.description = english(cna);
        let urls = cna["references"].as_array().into_iter().flatten();
        let urls = urls.filter_map(|reference| reference["url"].as_str());
        facts.references = urls.filter(|url| is_web(url)).take(REFERENCES).map(str::to_owned).collect();
    }
    Ok(Some(facts))
}

fn english(container: &Json) -> Option<String> {
    let texts: Vec<&Json> = [&container["descriptions"], &container["rejectedReasons"]]
        .into_iter()
        .filter_map(Json::as_array)
        .flatten()
        .collect();
    let of = |text: &&Json| text["lang"].as_str().is_some_and(|lang| lang.starts_with("en"));
    let text = texts.iter().copied().find(of).or_else(|| texts.first().copied())?;
    text["value"].as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Only addresses that a browser fetches are links: not `javascript:`, not `data:`.
fn is_web(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) && url.len() < 2000
}

/// A change of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordChange {
    /// When it was seen.
    pub at: Timestamp,
    /// 'cve' or 'nvd'.
    pub source: String,
    /// Where in the record.
    pub field: String,
}

/// The newest changes of a CVE's records.
///
/// # Errors
/// Those of the database.
pub fn changes(
    connection: &mut Connection,
    id: CveId,
    most: u32,
) -> Result<Vec<RecordChange>, DatabaseError> {
    connection.query(
        "SELECT changed_at, source, field FROM record_change WHERE cve = $1 ORDER BY id DESC LIMIT $2",
        params![id, most],
        |row| Ok(RecordChange { at: row.get(0)?, source: row.get(1)?, field: row.get(2)? }),
    )
}

/// Those of these ids that are known, with what a list shows.
///
/// # Errors
/// Those of the database.
pub fn of_ids(connection: &mut Connection, ids: &[String]) -> Result<Vec<CveRow>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let values: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
    let places = places.join(", ");
    let sql = format!("SELECT {ROW} FROM cve WHERE id IN ({places}) ORDER BY year DESC, number DESC");
    connection.query(&sql, &values, read)
}
