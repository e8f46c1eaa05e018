//! Lists of CVEs: filters, and pages that begin where the one before ended.

use super::{Cve, READ, read};
use crate::database::{Connection, DatabaseError, Value};
use jiff::Timestamp;
use vulnerability::CveId;

/// The most rows of a page.
const MOST: u32 = 500;

/// What a list is limited to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// `published`, `rejected`, `other`
    pub state: Option<String>,
    /// Of this year.
    pub year: Option<u16>,
    /// Of this level or above: 0 none to 4 critical.
    pub level: Option<i64>,
    /// In CISA's catalogue or in the EU's.
    pub exploited: bool,
    /// Predicted to be exploited with at least this probability.
    pub epss: Option<f64>,
    /// CISA's rating of the exploitation: `none`, `poc`, `active`.
    pub exploitation: Option<String>,
    /// With this weakness, such as `CWE-79`.
    pub cwe: Option<String>,
    /// Of this assigner.
    pub assigner: Option<String>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest identifiers.
    #[default]
    Number,
    /// What was published last. What has no date is not in such a list.
    Published,
    /// What changed last.
    Changed,
}

/// Where a page ended. The next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At an identifier.
    Number(CveId),
    /// At a time, and an identifier.
    Published(Timestamp, CveId),
    /// At a change.
    Changed(i64),
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Cve>,
    /// Where the next one begins, if there is one.
    pub next: Option<Place>,
}

/// Conditions and their parameters, put together.
#[derive(Default)]
struct Conditions<'v> {
    sql: Vec<String>,
    params: Vec<Value<'v>>,
}

impl<'v> Conditions<'v> {
    /// Adds a condition in which `?` stands for the value.
    fn add(&mut self, sql: &str, value: impl Into<Value<'v>>) {
        self.params.push(value.into());
        self.sql.push(sql.replace('?', &format!("${}", self.params.len())));
    }
}

/// The CVEs of a page, in order.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    filter: &Filter,
    order: Order,
    after: Option<Place>,
    most: u32,
) -> Result<Page, DatabaseError> {
    let most = most.clamp(1, MOST);
    let mut when = Conditions::default();
    if let Some(state) = &filter.state {
        when.add("state = ?", state);
    }
    if let Some(year) = filter.year {
        when.add("year = ?", i64::from(year));
    }
    if let Some(level) = filter.level {
        when.add("level >= ?", level);
    }
    if filter.exploited {
        when.sql.push("(exploited_since IS NOT NULL OR eu_exploited_since IS NOT NULL)".to_owned());
    }
    if let Some(epss) = filter.epss {
        when.add("epss >= ?", epss);
    }
    if let Some(exploitation) = &filter.exploitation {
        when.add("ssvc_exploitation = ?", exploitation);
    }
    if let Some(cwe) = &filter.cwe {
        // Whole words only. Nothing in a weakness's name means something to LIKE.
        let name: String =
            cwe.to_ascii_uppercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        when.add("' ' || cwes || ' ' LIKE ?", format!("% {name} %"));
    }
    if let Some(assigner) = &filter.assigner {
        when.add("assigner = ?", assigner);
    }
    let by = match order {
        Order::Number => "year DESC, number DESC",
        Order::Published => {
            when.sql.push("published_at IS NOT NULL".to_owned());
            "published_at DESC, id DESC"
        }
        Order::Changed => "change DESC",
    };
    match after {
        Some(Place::Number(id)) if order == Order::Number => {
            when.params.push(i64::from(id.year()).into());
            when.params.push(i64::try_from(id.number()).unwrap_or(i64::MAX).into());
            let last = when.params.len();
            when.sql.push(format!("(year, number) < (${}, ${last})", last - 1));
        }
        Some(Place::Published(at, id)) if order == Order::Published => {
            when.params.push(at.into());
            when.params.push(id.into());
            let last = when.params.len();
            when.sql.push(format!("(published_at, id) < (${}, ${last})", last - 1));
        }
        Some(Place::Changed(change)) if order == Order::Changed => when.add("change < ?", change),
        // A place of another order is none in this one.
        _ => {}
    }
    let condition = if when.sql.is_empty() { "TRUE".to_owned() } else { when.sql.join(" AND ") };
    when.params.push((most + 1).into());
    let sql = format!("SELECT {READ} FROM cve WHERE {condition} ORDER BY {by} LIMIT ${}", when.params.len());
    let mut rows = connection.query(&sql, &when.params, read)?;
    let more = rows.len() > most as usize;
    rows.truncate(most as usize);
    let next = rows.last().filter(|_| more).and_then(|last| {
        Some(match order {
            Order::Number => Place::Number(last.summary.id),
            Order::Published => Place::Published(last.summary.published_at?, last.summary.id),
            Order::Changed => Place::Changed(last.change),
        })
    });
    Ok(Page { rows, next })
}
