//! Tables that hold each text or content once, by number.

use crate::database::{DatabaseError, Row, Transaction, Value};
use std::collections::{HashMap, HashSet};

/// The first half of a SHA-256.
type Hash = [u8; 16];

/// The numbers of texts in a table with a unique column of them. Those that are not there are
/// added.
///
/// `table` and `column` are the program's own, never outside text.
pub(super) fn texts<'t>(
    transaction: &mut Transaction<'_>,
    table: &str,
    column: &str,
    texts: &[&'t str],
) -> Result<HashMap<String, i64>, DatabaseError> {
    let read = |row: &Row<'_>| Ok::<_, DatabaseError>((row.get::<String>(0)?, row.get::<i64>(1)?));
    let wanted: HashSet<&'t str> = texts.iter().copied().collect();
    let values: Vec<Value<'_>> = wanted.iter().map(|text| (*text).into()).collect();
    let sql = format!("SELECT {column}, id FROM {table} WHERE {column} IN ({{rows}})");
    let mut found: HashMap<String, i64> =
        transaction.query_many(&sql, &[], 1, &values, read)?.into_iter().collect();
    let missing: Vec<Value<'_>> =
        wanted.iter().filter(|text| !found.contains_key(**text)).map(|text| (*text).into()).collect();
    // One parameter a row, and yet in parentheses.
    for text in missing {
        let sql = format!("INSERT INTO {table} ({column}) VALUES ($1) RETURNING {column}, id");
        found.extend(transaction.query(&sql, &[text], read)?);
    }
    Ok(found)
}

/// The numbers of contents in a table with columns `hash` and `body`. Those that are not there are
/// added, in the form that `body` gives them.
pub(super) fn by_hash<'t>(
    transaction: &mut Transaction<'_>,
    table: &str,
    contents: Vec<(Hash, &'t str)>,
    body: impl Fn(&str) -> Value<'static>,
) -> Result<HashMap<Hash, i64>, DatabaseError> {
    let contents: HashMap<Hash, &'t str> = contents.into_iter().collect();
    let hashes: Vec<Hash> = contents.keys().copied().collect();
    let mut found = find_hashes(transaction, table, &hashes)?;
    let missing = contents.iter().filter(|(hash, _)| !found.contains_key(*hash));
    let rows: Vec<Value<'_>> =
        missing.flat_map(|(hash, content)| [Value::from(hash.to_vec()), body(content)]).collect();
    let sql = format!("INSERT INTO {table} (hash, body) VALUES {{rows}} RETURNING hash, id");
    let added = transaction.query_many(&sql, &[], 2, &rows, hash_and_id)?;
    found.extend(added);
    Ok(found)
}

/// The numbers of contents that are there.
pub(super) fn find_hashes(
    transaction: &mut Transaction<'_>,
    table: &str,
    hashes: &[Hash],
) -> Result<HashMap<Hash, i64>, DatabaseError> {
    let values: Vec<Value<'_>> = hashes.iter().map(Value::from).collect();
    let sql = format!("SELECT hash, id FROM {table} WHERE hash IN ({{rows}})");
    Ok(transaction.query_many(&sql, &[], 1, &values, hash_and_id)?.into_iter().collect())
}

/// A row of a hash and a number.
pub(super) fn hash_and_id(row: &Row<'_>) -> Result<(Hash, i64), DatabaseError> {
    let wrong = |_| DatabaseError::Column { column: 0, expected: "hash of 16 bytes" };
    Ok((Hash::try_from(row.get::<Vec<u8>>(0)?).map_err(wrong)?, row.get(1)?))
}
