//! Packages: one software each, over its attribute paths and branches.

mod describe;
pub mod identity;
mod merge;
pub mod rows;

pub use describe::describe;
pub use merge::{PackageError, merge, split};

use super::ids::PackageId;
use crate::database::{DatabaseError, Row, Transaction, Value};
use crate::params;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// The numbers of keys, each with its package's. A key that is new is of the package of that name,
/// which is made if there is none.
pub(super) fn keys(
    transaction: &mut Transaction<'_>,
    keys: &[String],
    now: Timestamp,
) -> Result<HashMap<String, (i64, i64)>, DatabaseError> {
    let read = |row: &Row<'_>| Ok::<_, DatabaseError>((row.get(0)?, (row.get(1)?, row.get(2)?)));
    let wanted: HashSet<&str> = keys.iter().map(String::as_str).collect();
    let values: Vec<Value<'_>> = wanted.iter().map(|key| (*key).into()).collect();
    let mut found: HashMap<String, (i64, i64)> = transaction
        .query_many("SELECT key, id, package FROM package_key WHERE key IN ({rows})", &[], 1, &values, read)?
        .into_iter()
        .collect();
    let missing: Vec<&str> = wanted.into_iter().filter(|key| !found.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let rows: Vec<Value<'_>> = missing.iter().flat_map(|key| [(*key).into(), now.into()]).collect();
    transaction.execute_many(
        "INSERT INTO package (name, created_at) VALUES {rows} ON CONFLICT (name) DO NOTHING",
        &[],
        2,
        &rows,
    )?;
    let names: Vec<Value<'_>> = missing.iter().map(|key| (*key).into()).collect();
    let packages = transaction.query_many(
        "SELECT name, COALESCE(merged_into, id) FROM package WHERE name IN ({rows})",
        &[],
        1,
        &names,
        |row| Ok::<_, DatabaseError>((row.get::<String>(0)?, row.get::<i64>(1)?)),
    )?;
    let rows: Vec<Value<'_>> = packages
        .into_iter()
        .flat_map(|(key, package)| [key.into(), package.into(), "derived".into()])
        .collect();
    let added = transaction.query_many(
        "INSERT INTO package_key (key, package, origin) VALUES {rows} RETURNING key, id, package",
        &[],
        3,
        &rows,
        read,
    )?;
    found.extend(added);
    Ok(found)
}

/// The package of a name; of one that was merged, the one that it became.
///
/// # Errors
/// Those of the database.
pub fn of_name(
    connection: &mut crate::database::Connection,
    name: &str,
) -> Result<Option<PackageId>, DatabaseError> {
    connection.query_optional(
        "SELECT COALESCE(merged_into, id) FROM package WHERE name = $1",
        params![name],
        |row| row.get(0),
    )
}
