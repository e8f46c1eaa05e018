//! Channels, and the branches behind them.

use super::ids::ChannelId;
use crate::database::{Connection, DatabaseError, Row};
use crate::params;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What becomes of a channel, as NixOS says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has no releases.
    Rolling,
    /// It will be a release.
    Beta,
    /// It is a release.
    Stable,
    /// It gets no fixes for much longer, and should not be used any more.
    Deprecated,
    /// It gets no fixes.
    Unmaintained,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Rolling, Self::Beta, Self::Stable, Self::Deprecated, Self::Unmaintained];

    /// Its name in the database, and in the list of channels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Beta => "beta",
            Self::Stable => "stable",
            Self::Deprecated => "deprecated",
            Self::Unmaintained => "unmaintained",
        }
    }

    /// The state of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether somebody looks after it: what it has open concerns people.
    pub const fn is_supported(self) -> bool {
        matches!(self, Self::Rolling | Self::Beta | Self::Stable)
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub state: State,
    /// The branch whose commits it takes.
    pub behind: Option<ChannelId>,
}

const COLUMNS: &str = "id, name, state, behind";

fn read(row: &Row<'_>) -> Result<Channel, DatabaseError> {
    let state: String = row.get(2)?;
    let wrong = DatabaseError::Column { column: 2, expected: "state of a channel" };
    Ok(Channel {
        id: row.get(0)?,
        name: row.get(1)?,
        state: State::of_name(&state).ok_or(wrong)?,
        behind: row.get(3)?,
    })
}

/// The channels in their order, without the branches.
///
/// # Errors
/// Those of the database.
pub fn all(connection: &mut Connection) -> Result<Vec<Channel>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM channel WHERE kind = 'channel' ORDER BY position, id");
    connection.query(&sql, params![], read)
}

/// A channel, or a branch.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, id: ChannelId) -> Result<Option<Channel>, DatabaseError> {
    connection.query_optional(&format!("SELECT {COLUMNS} FROM channel WHERE id = $1"), params![id], read)
}

/// What a channel or branch is at, as far as something that was computed from it depends on that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number.
    pub channel: ChannelId,
    /// Its newest evaluation.
    pub evaluation: i64,
    /// What becomes of it.
    pub state: State,
}

/// What all channels are at that were evaluated, and the branches if they are asked for.
///
/// # Errors
/// Those of the database.
pub fn heads(connection: &mut Connection, with_branches: bool) -> Result<Vec<Head>, DatabaseError> {
    connection.query(
        "SELECT id, state, evaluation FROM channel
         WHERE evaluation IS NOT NULL AND (kind = 'channel' OR $1) ORDER BY id",
        params![with_branches],
        |row| {
            let state: String = row.get(1)?;
            let wrong = DatabaseError::Column { column: 1, expected: "state of a channel" };
            let state = State::of_name(&state).ok_or(wrong)?;
            Ok(Head { channel: row.get(0)?, evaluation: row.get(2)?, state })
        },
    )
}

/// A channel or a branch as a row of a list.
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

/// All channels and branches, in their order.
///
/// # Errors
/// Those of the database.
pub fn rows(connection: &mut Connection) -> Result<Vec<ChannelRow>, DatabaseError> {
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
