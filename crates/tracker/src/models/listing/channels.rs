//! Channels as rows.

use crate::database::{Connection, DatabaseError};
use crate::params;
use jiff::Timestamp;
use serde::Serialize;

/// A channel, or a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelRow {
    /// Its name.
    pub name: String,
    /// 'channel' or 'branch'.
    pub kind: String,
    /// 'rolling', 'beta', 'stable', 'deprecated', 'unmaintained'.
    pub state: String,
    /// The branch behind it.
    pub behind: Option<String>,
    /// The revision of its newest evaluation.
    pub revision: Option<String>,
    /// When that head came to be.
    pub head_at: Option<Timestamp>,
    /// Attributes that were evaluated.
    pub attributes: Option<i64>,
    /// Attributes that could not be.
    pub errors: Option<i64>,
}

/// All, in their order.
///
/// # Errors
/// Those of the database.
pub fn list(connection: &mut Connection) -> Result<Vec<ChannelRow>, DatabaseError> {
    connection.query(
        "SELECT c.name, c.kind, c.state, b.name, e.revision, e.head_at, e.attributes, e.errors
         FROM channel c LEFT JOIN channel b ON b.id = c.behind
             LEFT JOIN evaluation e ON e.id = c.evaluation
         ORDER BY c.position, c.id LIMIT 500",
        params![],
        |row| {
            Ok(ChannelRow {
                name: row.get(0)?,
                kind: row.get(1)?,
                state: row.get(2)?,
                behind: row.get(3)?,
                revision: row.get(4)?,
                head_at: row.get(5)?,
                attributes: row.get(6)?,
                errors: row.get(7)?,
            })
        },
    )
}
