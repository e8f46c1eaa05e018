//! Packages as rows and as a page.

use crate::database::{Connection, DatabaseError, Row};
use crate::models::ids::PackageId;
use crate::params;
use jiff::Timestamp;
use nix_formats::DrvName;
use serde::Serialize;

/// A package in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageRow {
    /// Its number.
    pub id: PackageId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Where it lives.
    pub homepage: Option<String>,
}

const ROW: &str = "id, name, description, homepage";

fn read(row: &Row<'_>) -> Result<PackageRow, DatabaseError> {
    let homepage: Option<String> = row.get(3)?;
    let homepage = homepage.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    Ok(PackageRow { id: row.get(0)?, name: row.get(1)?, description: row.get(2)?, homepage })
}

/// In the order of names: those that begin with a text, after a name.
///
/// # Errors
/// Those of the database.
pub fn list(
    connection: &mut Connection,
    prefix: &str,
    after: Option<&str>,
    most: u32,
) -> Result<Vec<PackageRow>, DatabaseError> {
    let sql = format!(
        "SELECT {ROW} FROM package WHERE name > $1 AND name >= $2 AND name < $3 AND merged_into IS NULL
         ORDER BY name LIMIT $4"
    );
    // Names are compared byte by byte: nothing that begins with the prefix is behind this.
    let end = format!("{prefix}\u{10ffff}");
    connection.query(&sql, params![after.unwrap_or(""), prefix, end, most], read)
}

/// The package of this name. One that turned out to be another leads there.
///
/// # Errors
/// Those of the database.
pub fn find(connection: &mut Connection, name: &str) -> Result<Option<PackageRow>, DatabaseError> {
    let sql = format!(
        "SELECT {ROW} FROM package WHERE id =
             (SELECT COALESCE(merged_into, id) FROM package WHERE name = $1)"
    );
    connection.query_optional(&sql, params![name], read)
}

/// A version that a channel had, from when to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The channel.
    pub channel: String,
    /// Its state: 'rolling', 'stable', …
    pub state: String,
    /// Where.
    pub attribute: String,
    /// The version.
    pub version: String,
    /// Since this head.
    pub since: Timestamp,
    /// Until this head; nothing while it is there.
    pub until: Option<Timestamp>,
}

/// What channels have of a package, and had last: the newest first in each, in the order of
/// channels.
///
/// # Errors
/// Those of the database.
pub fn held(connection: &mut Connection, package: PackageId, most: u32) -> Result<Vec<Held>, DatabaseError> {
    connection.query(
        "SELECT c.name, c.state, a.path, f.name, f.version, e.head_at, l.head_at
         FROM fact f JOIN holding h ON h.fact = f.id
             JOIN channel c ON c.id = h.channel
             JOIN attribute a ON a.id = h.attribute
             JOIN evaluation e ON e.channel = h.channel AND e.number = h.first
             LEFT JOIN evaluation l ON l.channel = h.channel AND l.number = h.last + 1
         WHERE f.id IN (SELECT n.id FROM fact n JOIN package_key k ON k.id = n.key
                 WHERE k.package = $1 ORDER BY n.id DESC LIMIT 200)
         ORDER BY c.position, c.id, h.first DESC, a.path LIMIT $2",
        params![package, most],
        |row| {
            // A version is kept where it is not that of the name.
            let (name, version): (String, Option<String>) = (row.get(3)?, row.get(4)?);
            Ok(Held {
                channel: row.get(0)?,
                state: row.get(1)?,
                attribute: row.get(2)?,
                version: version.unwrap_or_else(|| DrvName::parse(&name).version.to_owned()),
                since: row.get(5)?,
                until: row.get(6)?,
            })
        },
    )
}

/// Who looks after a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keeper {
    /// Their name, or the team's.
    pub name: String,
    /// Their name on GitHub.
    pub github: Option<String>,
    /// Whether it is a team.
    pub is_team: bool,
}

/// Teams and people who look after a package.
///
/// # Errors
/// Those of the database.
pub fn keepers(connection: &mut Connection, package: PackageId) -> Result<Vec<Keeper>, DatabaseError> {
    connection.query(
        "SELECT t.short_name, t.github, TRUE FROM package_team p JOIN team t ON t.id = p.team
             WHERE p.package = $1
         UNION ALL
         SELECT COALESCE(m.name, m.github, 'unknown'), m.github, FALSE
             FROM package_maintainer p JOIN maintainer m ON m.id = p.maintainer WHERE p.package = $1
         ORDER BY 3 DESC, 1 LIMIT 100",
        params![package],
        |row| Ok(Keeper { name: row.get(0)?, github: row.get(1)?, is_team: row.get(2)? }),
    )
}

/// The names of packages, by their numbers.
///
/// # Errors
/// Those of the database.
pub fn name(connection: &mut Connection, id: PackageId) -> Result<Option<String>, DatabaseError> {
    connection.query_optional("SELECT name FROM package WHERE id = $1", params![id], |row| row.get(0))
}
