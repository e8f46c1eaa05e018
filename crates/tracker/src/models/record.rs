//! What sources say of vulnerabilities, as received, and what changed in it.
//!
//! Each change gets the next number of the counter `record`, in the transaction that makes it: who
//! keeps a copy follows the numbers without gaps. Records are compared by the hash of their bytes;
//! of those that differ, each field that changed is kept with what was there before.

mod fields;
pub(super) mod read;

pub use fields::{FieldChange, differences};
pub(super) use read::stored;
pub use read::{Content, NewRecord, RecordError, Ssvc};

use crate::database::{Connection, DatabaseError, Row};
use crate::json;
use crate::params;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use vulnerability::CveId;

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The CVE list.
    Cve,
    /// The National Vulnerability Database.
    Nvd,
    /// CISA's catalogue of known exploited vulnerabilities.
    Kev,
    /// The EU's catalogue of known exploited vulnerabilities.
    EuKev,
}

impl Source {
    const ALL: [Self; 4] = [Self::Cve, Self::Nvd, Self::Kev, Self::EuKev];

    /// Its name in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cve => "cve",
            Self::Nvd => "nvd",
            Self::Kev => "kev",
            Self::EuKev => "eu-kev",
        }
    }

    /// The source of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// The CVEs whose records changed after one change, and up to another.
///
/// # Errors
/// Those of the database.
pub fn changed(
    connection: &mut Connection,
    after: i64,
    up_to: i64,
) -> Result<BTreeSet<CveId>, DatabaseError> {
    let cves: Vec<CveId> = connection.query(
        "SELECT DISTINCT cve FROM record WHERE change > $1 AND change <= $2",
        params![after, up_to],
        |row| row.get(0),
    )?;
    Ok(cves.into_iter().collect())
}

/// The number of the newest change of a record.
///
/// # Errors
/// Those of the database.
pub fn newest_change(connection: &mut Connection) -> Result<i64, DatabaseError> {
    let value =
        connection.query_optional("SELECT value FROM counter WHERE name = 'record'", params![], |row| {
            row.get::<i64>(0)
        })?;
    Ok::<_, DatabaseError>(value.unwrap_or(0))
}

/// A record as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// What it is about.
    pub cve: CveId,
    /// Who says it.
    pub source: Source,
    /// The number of the change that brought it.
    pub change: i64,
    /// The JSON; empty if a catalogue has it no more.
    pub body: Vec<u8>,
}

const RAW: &str = "cve, source, change, body";

pub(super) fn raw(row: &Row<'_>) -> Result<RawRecord, DatabaseError> {
    let source: String = row.get(1)?;
    let packed: Vec<u8> = row.get(3)?;
    Ok(RawRecord {
        cve: row.get(0)?,
        source: of_column(&source, 1)?,
        change: row.get(2)?,
        body: json::unpack_bytes(&packed)
            .map_err(|_| DatabaseError::Column { column: 3, expected: "compressed record" })?,
    })
}

fn of_column(name: &str, column: usize) -> Result<Source, DatabaseError> {
    Source::of_name(name).ok_or(DatabaseError::Column { column, expected: "source of records" })
}

/// The records of a CVE, but for those that their catalogue has no more.
///
/// # Errors
/// Those of the database.
pub fn of_cve(connection: &mut Connection, cve: CveId) -> Result<Vec<RawRecord>, DatabaseError> {
    let sql = format!("SELECT {RAW} FROM record WHERE cve = $1 ORDER BY source");
    let mut found = connection.query(&sql, params![cve], raw)?;
    found.retain(|record| !record.body.is_empty());
    Ok(found)
}

/// All records of a source, in order: for catalogues, which have some thousand entries.
///
/// # Errors
/// Those of the database.
pub fn of_source(connection: &mut Connection, source: Source) -> Result<Vec<RawRecord>, DatabaseError> {
    let sql = format!("SELECT {RAW} FROM record WHERE source = $1 ORDER BY cve");
    let mut found = connection.query(&sql, params![source.name()], raw)?;
    found.retain(|record| !record.body.is_empty());
    Ok(found)
}

/// Calls `each` with the hash of every record, in no order.
///
/// # Errors
/// Those of the database.
pub fn for_each_hash(
    connection: &mut Connection,
    mut each: impl FnMut(CveId, Source, Vec<u8>),
) -> Result<(), DatabaseError> {
    // All columns of the index by change, so that no body is read.
    connection.for_each("SELECT cve, source, hash FROM record", params![], |row| {
        let source: String = row.get(1)?;
        each(row.get(0)?, of_column(&source, 1)?, row.get(2)?);
        Ok(())
    })
}

/// The first records that came after a change, in the order of changes. A record that changed again
/// meanwhile comes once, with its newest change.
///
/// # Errors
/// Those of the database.
pub fn since(connection: &mut Connection, change: i64, most: u32) -> Result<Vec<RawRecord>, DatabaseError> {
    let sql = format!("SELECT {RAW} FROM record WHERE change > $1 ORDER BY change LIMIT $2");
    connection.query(&sql, params![change, most], raw)
}

/// The CVEs whose records changed after a change, with the number of the newest one, and whether
/// only dates and the like did: what has to be matched again.
///
/// # Errors
/// Those of the database.
pub fn changed_since(
    connection: &mut Connection,
    change: i64,
    most: u32,
) -> Result<Vec<(CveId, i64)>, DatabaseError> {
    connection.query(
        "SELECT cve, change FROM record WHERE change > $1 ORDER BY change LIMIT $2",
        params![change, most],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// A change of a field, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptChange {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub cve: CveId,
    /// Whose record.
    pub source: Source,
    /// The number of the change of the record.
    pub change: i64,
    /// When it was seen.
    pub at: Timestamp,
    /// Only dates and the like.
    pub quiet: bool,
    /// Which field.
    pub field: String,
    /// What was there.
    pub before: Option<Json>,
    /// What is there.
    pub after: Option<Json>,
}

const KEPT: &str = "id, cve, source, change, changed_at, quiet, field, before, after";

fn kept(row: &Row<'_>) -> Result<KeptChange, DatabaseError> {
    let value = |column| -> Result<Option<Json>, DatabaseError> {
        let packed: Option<Vec<u8>> = row.get(column)?;
        let wrong = |_| DatabaseError::Column { column, expected: "compressed JSON" };
        packed.map(|packed| json::unpack(&packed).map_err(wrong)).transpose()
    };
    let source: String = row.get(2)?;
    Ok(KeptChange {
        id: row.get(0)?,
        cve: row.get(1)?,
        source: of_column(&source, 2)?,
        change: row.get(3)?,
        at: row.get(4)?,
        quiet: row.get(5)?,
        field: row.get(6)?,
        before: value(7)?,
        after: value(8)?,
    })
}

/// The newest changes of a CVE's records that come before a number.
///
/// # Errors
/// Those of the database.
pub fn changes_of(
    connection: &mut Connection,
    cve: CveId,
    before: Option<i64>,
    most: u32,
) -> Result<Vec<KeptChange>, DatabaseError> {
    let sql =
        format!("SELECT {KEPT} FROM record_change WHERE cve = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    connection.query(&sql, params![cve, before.unwrap_or(i64::MAX), most], kept)
}

/// The fields that one change of a record changed.
///
/// # Errors
/// Those of the database.
pub fn fields_of_change(connection: &mut Connection, change: i64) -> Result<Vec<KeptChange>, DatabaseError> {
    let sql = format!("SELECT {KEPT} FROM record_change WHERE change = $1 ORDER BY id LIMIT 500");
    connection.query(&sql, params![change], kept)
}

/// That a field of a record changed, without what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldTouched {
    /// When it was seen.
    pub at: Timestamp,
    /// 'cve' or 'nvd'.
    pub source: String,
    /// Where in the record.
    pub field: String,
}

/// The fields that changed last in a CVE's records. What was in them can be large, and stays
/// packed.
///
/// # Errors
/// Those of the database.
pub fn touched_fields(
    connection: &mut Connection,
    id: CveId,
    most: u32,
) -> Result<Vec<FieldTouched>, DatabaseError> {
    connection.query(
        "SELECT changed_at, source, field FROM record_change WHERE cve = $1 ORDER BY id DESC LIMIT $2",
        params![id, most],
        |row| Ok(FieldTouched { at: row.get(0)?, source: row.get(1)?, field: row.get(2)? }),
    )
}
