//! Advisories: what the security team publishes about packages, with a status for each channel.
//!
//! A draft is edited until it is published; what is published is revised, and each revision is
//! kept. The [status] of a package in a channel is computed from the mapping of versions
//! and the newest evaluation, unless a person states another.

pub mod code;
pub mod content;
pub mod edit;
pub mod recompute;
pub mod status;

use super::ids::AdvisoryId;
use super::suggestion::LevelColumn;
use crate::database::{Connection, DatabaseError, Row};
use crate::params;
pub use code::Code;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vulnerability::CveId;
use vulnerability::model::Level;

/// Where an advisory stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being written; only the team sees it.
    Draft,
    /// For everybody.
    Published,
    /// Taken back: it stays readable, and says so.
    Withdrawn,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Withdrawn];

    /// Its name in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// An advisory without what hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Advisory {
    /// Its number.
    pub id: AdvisoryId,
    /// Its name for people.
    pub code: Code,
    /// Where it stands.
    pub state: State,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The team's word on how severe it is here.
    pub level: Option<Level>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When anything about it changed.
    pub changed_at: Timestamp,
    /// When a draft publishes itself.
    pub publish_at: Option<Timestamp>,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
    /// The newest revision; 0 before the first.
    pub revision: i64,
    /// Counts up with each change.
    pub version: i64,
}

const COLUMNS: &str = "a.id, a.code, a.state, a.title, a.body, a.level, a.created_at, a.changed_at, \
     a.publish_at, a.published_at, a.withdrawn_at, a.revision, a.version";

fn read(row: &Row<'_>) -> Result<Advisory, DatabaseError> {
    let wrong = |column, expected| DatabaseError::Column { column, expected };
    let (code, state): (String, String) = (row.get(1)?, row.get(2)?);
    Ok(Advisory {
        id: row.get(0)?,
        code: code.parse().map_err(|_| wrong(1, "code of an advisory"))?,
        state: State::of_name(&state).ok_or_else(|| wrong(2, "state"))?,
        title: row.get(3)?,
        body: row.get(4)?,
        level: row.get::<Option<LevelColumn>>(5)?.map(|level| level.0),
        created_at: row.get(6)?,
        changed_at: row.get(7)?,
        publish_at: row.get(8)?,
        published_at: row.get(9)?,
        withdrawn_at: row.get(10)?,
        revision: row.get(11)?,
        version: row.get(12)?,
    })
}

/// An advisory, by its number.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, id: AdvisoryId) -> Result<Option<Advisory>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM advisory a WHERE a.id = $1");
    connection.query_optional(&sql, params![id], read)
}

/// An advisory, by its code.
///
/// # Errors
/// Those of the database.
pub fn by_code(connection: &mut Connection, code: &Code) -> Result<Option<Advisory>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM advisory a WHERE a.code = $1");
    connection.query_optional(&sql, params![code.to_string()], read)
}

/// The advisories on a CVE, the newest first.
///
/// # Errors
/// Those of the database.
pub fn of_cve(connection: &mut Connection, cve: CveId) -> Result<Vec<Advisory>, DatabaseError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory_cve c JOIN advisory a ON a.id = c.advisory
         WHERE c.cve = $1 ORDER BY a.id DESC"
    );
    connection.query(&sql, params![cve], read)
}

/// The advisories on a package, the newest first.
///
/// # Errors
/// Those of the database.
pub fn of_package(
    connection: &mut Connection,
    package: super::ids::PackageId,
) -> Result<Vec<Advisory>, DatabaseError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory_package p JOIN advisory a ON a.id = p.advisory
         WHERE p.package = $1 ORDER BY a.id DESC"
    );
    connection.query(&sql, params![package], read)
}

/// A page of advisories in some state, the newest first, before one.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    state: State,
    before: Option<AdvisoryId>,
    most: u32,
) -> Result<Vec<Advisory>, DatabaseError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory a WHERE a.state = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3"
    );
    connection.query(&sql, params![state.name(), before.map_or(i64::MAX, |id| id.0), most], read)
}
