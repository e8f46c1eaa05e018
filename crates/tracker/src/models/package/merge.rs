//! A person's word on what is one software and what is not.
//!
//! Both move keys from package to package. Facts hang on keys, so that the history of versions goes
//! with them and nothing of it is rewritten.

use crate::database::lock::Lock;
use crate::database::{DatabaseError, Transaction, Value};
use crate::models::history::{self, Change, Subject, SubjectKind};
use crate::models::ids::{AccountId, PackageId};
use crate::params;
use jiff::Timestamp;
use serde_json::json;

/// Why packages are not merged or split.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no such package, or it was merged into another.
    #[error("there is no such package")]
    Unknown,
    /// A package cannot be merged into itself.
    #[error("both are the same package")]
    Same,
    /// The name is another package's.
    #[error("there is a package {0} already")]
    NameTaken(String),
    /// A key belongs to another package.
    #[error("{0} is no key of this package")]
    NotItsKey(String),
    /// A split would leave nothing.
    #[error("all keys would go")]
    Nothing,
}

/// Makes two packages one: what was `from` is `into` from now on.
///
/// # Errors
/// Where they are not two packages; those of the database.
pub fn merge(
    transaction: &mut Transaction<'_>,
    from: PackageId,
    into: PackageId,
    actor: Option<AccountId>,
    now: Timestamp,
) -> Result<(), PackageError> {
    if from == into {
        return Err(PackageError::Same);
    }
    transaction.lock(Lock::Packages)?;
    let (from_name, into_name) = (name(transaction, from)?, name(transaction, into)?);
    let keys = keys(transaction, from)?;
    for sql in [
        "UPDATE package_key SET package = $2, origin = 'curated' WHERE package = $1",
        "UPDATE build SET package = $2 WHERE package = $1",
        "INSERT INTO package_maintainer (package, maintainer)
             SELECT $2, maintainer FROM package_maintainer WHERE package = $1
             ON CONFLICT (package, maintainer) DO NOTHING",
        "INSERT INTO package_team (package, team) SELECT $2, team FROM package_team WHERE package = $1
             ON CONFLICT (package, team) DO NOTHING",
        "UPDATE package SET merged_into = $2 WHERE id = $1 OR merged_into = $1",
    ] {
        // PostgreSQL does not guess the type of a parameter that is selected.
        let sql = sql.replace("SELECT $2", "SELECT CAST($2 AS BIGINT)");
        transaction.execute(&sql, params![from, into])?;
    }
    for table in ["package_maintainer", "package_team"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE package = $1"), params![from])?;
    }
    let content = json!({ "from": from_name, "into": into_name, "keys": keys });
    for package in [from, into] {
        note(transaction, package, "merge", content.clone(), actor, now)?;
    }
    Ok(())
}

/// Makes a package of some of the keys of another.
///
/// # Errors
/// Where the keys are not its own or are all it has, or the name is taken; those of the database.
pub fn split(
    transaction: &mut Transaction<'_>,
    package: PackageId,
    moved: &[String],
    new_name: &str,
    actor: Option<AccountId>,
    now: Timestamp,
) -> Result<PackageId, PackageError> {
    transaction.lock(Lock::Packages)?;
    let old_name = name(transaction, package)?;
    let all = keys(transaction, package)?;
    if let Some(other) = moved.iter().find(|key| !all.contains(key)) {
        return Err(PackageError::NotItsKey(other.clone()));
    }
    if moved.is_empty() || all.iter().all(|key| moved.contains(key)) {
        return Err(PackageError::Nothing);
    }
    let new = target(transaction, package, new_name, now)?;
    let values: Vec<Value<'_>> = moved.iter().map(Value::from).collect();
    transaction.execute_many(
        "UPDATE package_key SET package = $1, origin = 'curated' WHERE key IN ({rows})",
        params![new],
        1,
        &values,
    )?;
    transaction.execute_many(
        "UPDATE build SET package = $1 WHERE package = $2 AND fact IN
             (SELECT f.id FROM fact f JOIN package_key k ON k.id = f.key WHERE k.key IN ({rows}))",
        params![new, package],
        1,
        &values,
    )?;
    let content = json!({ "from": old_name, "into": new_name, "keys": moved });
    for package in [package, new] {
        note(transaction, package, "split", content.clone(), actor, now)?;
    }
    Ok(new)
}

/// The package that a split makes; one that was merged into this one comes back.
fn target(
    transaction: &mut Transaction<'_>,
    package: PackageId,
    name: &str,
    now: Timestamp,
) -> Result<PackageId, PackageError> {
    let there: Option<(PackageId, Option<PackageId>)> = transaction.query_optional(
        "SELECT id, merged_into FROM package WHERE name = $1",
        params![name],
        |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
    )?;
    match there {
        Some((id, Some(into))) if into == package => {
            transaction.execute("UPDATE package SET merged_into = NULL WHERE id = $1", params![id])?;
            Ok(id)
        }
        Some(_) => Err(PackageError::NameTaken(name.to_owned())),
        None => Ok(transaction.query_one(
            "INSERT INTO package (name, created_at) VALUES ($1, $2) RETURNING id",
            params![name, now],
            |row| row.get::<PackageId>(0),
        )?),
    }
}

fn name(transaction: &mut Transaction<'_>, package: PackageId) -> Result<String, PackageError> {
    transaction
        .query_optional(
            "SELECT name FROM package WHERE id = $1 AND merged_into IS NULL",
            params![package],
            |row| row.get::<String>(0),
        )?
        .ok_or(PackageError::Unknown)
}

fn keys(transaction: &mut Transaction<'_>, package: PackageId) -> Result<Vec<String>, DatabaseError> {
    transaction.query(
        "SELECT key FROM package_key WHERE package = $1 ORDER BY key",
        params![package],
        |row| row.get(0),
    )
}

fn note(
    transaction: &mut Transaction<'_>,
    package: PackageId,
    action: &str,
    content: serde_json::Value,
    actor: Option<AccountId>,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Package, package.0);
    history::append(transaction, &Change { at, actor, subject, action, content }).map(drop)
}
