//! What the team found out: "never this package for this product", "this product is that package",
//! and what follows from its decisions. It counts at once: a re-match takes it in beside the
//! built-in knowledge, and `snowguard scan --knowledge` reads it as a file.

mod file;

pub use file::{File, FileError, read};

use super::history::{self, Change, Subject, SubjectKind};
use super::ids::{KnowledgeId, PackageId};
use super::suggestion::decision::By;
use crate::database::{Connection, DatabaseError, Row, Transaction};
use crate::params;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Records on the product are never about the package.
    Never,
    /// Records on the product are about the package.
    Same,
}

impl Kind {
    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Same => "same",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Never, Self::Same].into_iter().find(|kind| kind.name() == name)
    }
}

/// An entry that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it says.
    pub kind: Kind,
    /// The vendor in records; none is any.
    pub vendor: Option<String>,
    /// The product in records.
    pub product: String,
    /// The package.
    pub package: PackageId,
    /// Why.
    pub note: String,
}

/// An entry that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: KnowledgeId,
    /// What it says.
    pub kind: Kind,
    /// The vendor in records; none is any.
    pub vendor: Option<String>,
    /// The product in records.
    pub product: String,
    /// The package.
    pub package: PackageId,
    /// The package's name.
    pub package_name: String,
    /// Why.
    pub note: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Why an entry cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeError {
    /// It lacks something.
    #[error("an entry needs a {0}, in letters or digits")]
    Empty(&'static str),
    /// It is too long.
    #[error("a {what} has at most {MAXIMUM} characters")]
    Long {
        /// What.
        what: &'static str,
    },
    /// There is no such package, or entry.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// It contradicts one that stands.
    #[error("entry {0} says the opposite: take it back first")]
    Contradiction(KnowledgeId),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

const MAXIMUM: usize = 300;

/// The entries that stand, the newest first.
///
/// # Errors
/// Those of the database.
pub fn list(connection: &mut Connection) -> Result<Vec<Entry>, DatabaseError> {
    connection.query(
        "SELECT k.id, k.kind, k.vendor, k.product, k.package, p.name, k.note, k.created_at
         FROM knowledge k JOIN package p ON p.id = k.package WHERE k.revoked_at IS NULL ORDER BY k.id DESC",
        params![],
        read_entry,
    )
}

fn read_entry(row: &Row<'_>) -> Result<Entry, DatabaseError> {
    let kind: String = row.get(1)?;
    let wrong = DatabaseError::Column { column: 1, expected: "kind of knowledge" };
    Ok(Entry {
        id: row.get(0)?,
        kind: Kind::of_name(&kind).ok_or(wrong)?,
        vendor: row.get(2)?,
        product: row.get(3)?,
        package: row.get(4)?,
        package_name: row.get(5)?,
        note: row.get::<Option<String>>(6)?.unwrap_or_default(),
        created_at: row.get(7)?,
    })
}

/// Adds an entry. One that stands already is found, not added again.
///
/// # Errors
/// Where it says too little, or the opposite stands.
pub fn add(
    transaction: &mut Transaction<'_>,
    wanted: &Wanted,
    by: By,
) -> Result<KnowledgeId, KnowledgeError> {
    let squashed = vulnerability::names::squash;
    let vendor = wanted.vendor.as_deref().map(str::trim).filter(|vendor| !vendor.is_empty());
    let (product, note) = (wanted.product.trim(), wanted.note.trim());
    if squashed(product).is_empty() {
        return Err(KnowledgeError::Empty("product"));
    }
    if vendor.is_some_and(|vendor| squashed(vendor).is_empty()) {
        return Err(KnowledgeError::Empty("vendor"));
    }
    if note.is_empty() {
        return Err(KnowledgeError::Empty("reason"));
    }
    for (what, text) in [("product", product), ("vendor", vendor.unwrap_or("")), ("reason", note)] {
        if text.chars().count() > MAXIMUM {
            return Err(KnowledgeError::Long { what });
        }
    }
    let known = transaction.query_optional(
        "SELECT name FROM package WHERE id = $1",
        params![wanted.package],
        |row| row.get::<String>(0),
    )?;
    if known.is_none() {
        return Err(KnowledgeError::Missing("package"));
    }
    let standing = list(transaction)?;
    let alike = |entry: &&Entry| {
        entry.package == wanted.package
            && squashed(&entry.product) == squashed(product)
            && entry.vendor.as_deref().map(squashed) == vendor.map(squashed)
    };
    if let Some(entry) = standing.iter().find(alike) {
        if entry.kind == wanted.kind {
            return Ok(entry.id);
        }
        return Err(KnowledgeError::Contradiction(entry.id));
    }
    let id: KnowledgeId = transaction.query_one(
        "INSERT INTO knowledge (kind, vendor, product, package, note, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        params![wanted.kind.name(), vendor, product, wanted.package, note, by.account, by.at],
        |row| row.get::<KnowledgeId>(0),
    )?;
    let content = json!({
        "kind": wanted.kind, "vendor": vendor, "product": product, "package": wanted.package, "note": note,
    });
    append(transaction, id, "add", by, content)?;
    Ok(id)
}

/// Takes an entry back.
///
/// # Errors
/// Where there is none that stands.
pub fn revoke(transaction: &mut Transaction<'_>, id: KnowledgeId, by: By) -> Result<(), KnowledgeError> {
    let changed = transaction.execute(
        "UPDATE knowledge SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, by.at],
    )?;
    if changed == 0 {
        return Err(KnowledgeError::Missing("entry"));
    }
    append(transaction, id, "revoke", by, json!({}))?;
    Ok(())
}

fn append(
    transaction: &mut Transaction<'_>,
    id: KnowledgeId,
    action: &str,
    by: By,
    content: serde_json::Value,
) -> Result<(), DatabaseError> {
    let subject = Subject::new(SubjectKind::Knowledge, id.0);
    let change = Change { at: by.at, actor: Some(by.account), subject, action, content };
    history::append(transaction, &change).map(drop)
}
