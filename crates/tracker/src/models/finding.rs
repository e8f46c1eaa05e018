//! What the matcher says of one package and one CVE, over all channels.

pub mod assess;
pub mod load;

use super::ids::{ChannelId, PackageId};
use crate::database::bulk::Column;
use crate::database::{Connection, DatabaseError, Row, Transaction, Value};
use crate::{json, params};
use matching::{Confidence, FindingStatus};
use serde::{Deserialize, Serialize};
use vulnerability::CveId;

/// A package, a CVE, and what follows for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The package.
    pub package: PackageId,
    /// The CVE.
    pub cve: CveId,
    /// The worst status of all channels that are looked after.
    pub status: FindingStatus,
    /// How sure that is.
    pub confidence: Confidence,
    /// The channels, in the order of their numbers.
    pub channels: Vec<InChannel>,
}

/// What holds in one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InChannel {
    /// The channel.
    pub channel: ChannelId,
    /// Each version that it has, the worst first.
    pub versions: Vec<OfVersion>,
}

/// What holds for one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfVersion {
    /// The version.
    pub version: String,
    /// Some of the attributes that have it, in order.
    pub attributes: Vec<String>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_attributes: usize,
    /// Its status.
    pub status: Status,
    /// How sure that is.
    pub confidence: Certainty,
    /// The first version above it that the record gives as not affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    /// Why, in sentences.
    pub evidence: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The most attributes that are named.
const MOST_ATTRIBUTES: usize = 20;

/// Matching's status, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Affected.
    Affected,
    /// It cannot be told.
    Unknown,
    /// A patch or a statement says that it is fixed.
    Fixed,
    /// Not affected.
    NotAffected,
}

impl From<FindingStatus> for Status {
    fn from(status: FindingStatus) -> Self {
        match status {
            FindingStatus::Affected => Self::Affected,
            FindingStatus::Unknown => Self::Unknown,
            FindingStatus::Fixed => Self::Fixed,
            FindingStatus::NotAffected => Self::NotAffected,
        }
    }
}

impl From<Status> for FindingStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Affected => Self::Affected,
            Status::Unknown => Self::Unknown,
            Status::Fixed => Self::Fixed,
            Status::NotAffected => Self::NotAffected,
        }
    }
}

/// Matching's confidence, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// A name that fits, and little else.
    Low,
    /// A second sign, or versions from prose.
    Medium,
    /// Identity is certain, versions are structured.
    High,
}

impl From<Confidence> for Certainty {
    fn from(confidence: Confidence) -> Self {
        match confidence {
            Confidence::Low => Self::Low,
            Confidence::Medium => Self::Medium,
            Confidence::High => Self::High,
        }
    }
}

/// The number under which a confidence is kept: they are compared in queries.
pub const fn confidence_number(confidence: Confidence) -> i64 {
    match confidence {
        Confidence::Low => 0,
        Confidence::Medium => 1,
        Confidence::High => 2,
    }
}

/// The confidence of a number.
pub const fn confidence_of(number: i64) -> Option<Confidence> {
    match number {
        0 => Some(Confidence::Low),
        1 => Some(Confidence::Medium),
        2 => Some(Confidence::High),
        _ => None,
    }
}

/// A status' name in the database.
pub const fn status_name(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Affected => "affected",
        FindingStatus::Unknown => "unknown",
        FindingStatus::Fixed => "fixed",
        FindingStatus::NotAffected => "not_affected",
    }
}

/// The status of a name.
pub fn status_of(name: &str) -> Option<FindingStatus> {
    FindingStatus::ALL.into_iter().find(|status| status_name(*status) == name)
}

/// All findings of a package, or of a CVE.
///
/// # Errors
/// Those of the database.
pub fn of_package(connection: &mut Connection, package: PackageId) -> Result<Vec<Finding>, DatabaseError> {
    connection.query(
        "SELECT package, cve, status, confidence, details FROM finding WHERE package = $1 ORDER BY cve",
        params![package],
        read,
    )
}

/// All findings for a CVE.
///
/// # Errors
/// Those of the database.
pub fn of_cve(connection: &mut Connection, cve: CveId) -> Result<Vec<Finding>, DatabaseError> {
    connection.query(
        "SELECT package, cve, status, confidence, details FROM finding WHERE cve = $1 ORDER BY package",
        params![cve],
        read,
    )
}

/// The finding for a pair.
///
/// # Errors
/// Those of the database.
pub fn of_pair(
    connection: &mut Connection,
    package: PackageId,
    cve: CveId,
) -> Result<Option<Finding>, DatabaseError> {
    connection.query_optional(
        "SELECT package, cve, status, confidence, details FROM finding WHERE package = $1 AND cve = $2",
        params![package, cve],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Finding, DatabaseError> {
    let wrong = |column, expected| DatabaseError::Column { column, expected };
    let status: String = row.get(2)?;
    Ok(Finding {
        package: row.get(0)?,
        cve: row.get(1)?,
        status: status_of(&status).ok_or_else(|| wrong(2, "status"))?,
        confidence: confidence_of(row.get(3)?).ok_or_else(|| wrong(3, "confidence"))?,
        channels: json::unpack(&row.get::<Vec<u8>>(4)?).map_err(|_| wrong(4, "findings of channels"))?,
    })
}

/// Which pairs of a re-match are replaced.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'s> {
    /// All.
    Everything,
    /// Those of these CVEs.
    Cves(&'s [CveId]),
}

/// Puts in what a re-match found, in place of what was there.
///
/// # Errors
/// Those of the database.
pub fn replace(
    transaction: &mut Transaction<'_>,
    scope: Scope<'_>,
    findings: &[Finding],
) -> Result<(), DatabaseError> {
    match scope {
        Scope::Everything => drop(transaction.execute("DELETE FROM finding", params![])?),
        Scope::Cves(cves) => {
            for cve in cves {
                transaction.execute("DELETE FROM finding WHERE cve = $1", params![*cve])?;
            }
        }
    }
    let columns = [
        ("package", Column::Integer),
        ("cve", Column::Text),
        ("status", Column::Text),
        ("confidence", Column::Integer),
        ("details", Column::Bytes),
    ];
    let rows = findings.iter().map(|finding| -> Result<Vec<Value<'_>>, DatabaseError> {
        Ok(vec![
            finding.package.into(),
            finding.cve.into(),
            status_name(finding.status).into(),
            confidence_number(finding.confidence).into(),
            json::pack(&finding.channels).into(),
        ])
    });
    transaction.load("finding", &columns, rows).map(drop)
}
