//! What can be wrong with a store database.

use crate::hash::HashError;
use crate::signature::SignatureError;
use crate::store_path::{StorePath, StorePathError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Why the database cannot be read, or not in this way.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreDbError {
    /// A file of the database cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// The file is no SQLite database.
    #[error("{} is not an SQLite database", path.display())]
    NotADatabase {
        /// Which file.
        path: PathBuf,
    },
    /// The database has another schema than the one that is known here.
    #[error("{} has schema version {found:?}; only version {} can be read", path.display(), super::SCHEMA_VERSION)]
    SchemaVersion {
        /// The database.
        path: PathBuf,
        /// The version in its `schema` file (at most 32 bytes of it).
        found: String,
    },
    /// A table or column is missing or is not what it should be.
    #[error("{} does not have the schema of a Nix store database: {problem}", path.display())]
    Schema {
        /// The database.
        path: PathBuf,
        /// What is missing or wrong.
        problem: SchemaProblem,
    },
    /// Somebody else kept the database locked.
    #[error("{} stayed locked by another process for {waited:?}", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// SQLite found its own structures damaged.
    #[error("{} is damaged: {damage}", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What is damaged.
        damage: StoreDbDamage,
    },
    /// A transaction was interrupted by a crash, and undoing it needs the right to write.
    #[error("{} holds a half-finished transaction", path.display())]
    NeedsRecovery {
        /// The database.
        path: PathBuf,
    },
    /// The database changed again and again while it was read without being able to coordinate with
    /// the writer.
    #[error("{} kept changing while it was read", path.display())]
    Changed {
        /// The database.
        path: PathBuf,
    },
    /// SQLite failed in some other way.
    #[error("cannot query {}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite reported.
        source: SqliteError,
    },
    /// A row holds something that Nix would not have written.
    #[error("{}: table {table}, row {row}, column {column}: {problem}", path.display())]
    Row {
        /// The database.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// Its rowid, which for `ValidPaths` is the column `id`.
        row: i64,
        /// The column.
        column: &'static str,
        /// What is wrong with the value.
        problem: RowProblem,
    },
    /// The path is not registered as valid.
    #[error("{path} is not a valid path of this store")]
    NotValid {
        /// Which path.
        path: StorePath,
    },
    /// The answer would be larger than allowed.
    #[error("{}: more than {maximum} {what}", path.display())]
    Limit {
        /// The database.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        maximum: u64,
    },
}

impl StoreDbError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NeedsRecovery { .. } => Some("run any Nix command as its owner to have it undone"),
            _ => None,
        }
    }

    /// Sorts an error of SQLite by what a user can do about it.
    pub(super) fn sqlite(path: &Path, waited: Duration, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_path_buf();
        let rusqlite::Error::SqliteFailure(failure, _) = &source else {
            return Self::Sqlite { path, source: SqliteError(source) };
        };
        match failure.code {
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Locked { path, waited },
            Code::NotADatabase => Self::NotADatabase { path },
            Code::DatabaseCorrupt => {
                Self::Corrupt { path, damage: StoreDbDamage::Structure(SqliteError(source)) }
            }
            Code::OperationInterrupted => Self::Corrupt { path, damage: StoreDbDamage::Endless },
            Code::TooBig => Self::Corrupt { path, damage: StoreDbDamage::HugeValue },
            Code::ReadOnly if failure.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK => {
                Self::NeedsRecovery { path }
            }
            _ => Self::Sqlite { path, source: SqliteError(source) },
        }
    }
}

/// What SQLite reported.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct SqliteError(pub(super) rusqlite::Error);

/// How a database differs from what Nix makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SchemaProblem {
    /// A table is missing, or is a view or virtual.
    #[error("there is no table {0}")]
    NoTable(&'static str),
    /// A column is missing, or is computed.
    #[error("table {table} has no column {column}")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// What is damaged in a database.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreDbDamage {
    /// SQLite's own structures.
    #[error("{}", message(.0))]
    Structure(SqliteError),
    /// A query goes on for ever.
    #[error("a query does not come to an end")]
    Endless,
    /// A text or blob is larger than any that Nix writes.
    #[error("a value is absurdly large")]
    HugeValue,
    /// A row was found by an index and is not in the table.
    #[error("an index of Refs disagrees with its table about row {0} of ValidPaths")]
    Index(i64),
}

/// SQLite's own sentence, without the number that rusqlite puts in front.
fn message(error: &SqliteError) -> String {
    match &error.0 {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqliteFailure(failure, None) => failure.to_string(),
        other => other.to_string(),
    }
}

/// What is wrong with a value in a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// It has another type.
    #[error("{expected} expected, {found} found")]
    Type {
        /// What Nix writes there.
        expected: &'static str,
        /// SQLite's name of what is there.
        found: String,
    },
    /// A text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A time or size is below zero.
    #[error("{0} is negative")]
    Negative(i64),
    /// A truth value is another number.
    #[error("{0} is neither 0 nor 1")]
    NotABoolean(i64),
    /// A reference to a row that is not there.
    #[error("there is no row {0} in ValidPaths")]
    NoSuchRow(i64),
    /// A reference to a row that is not there, where its number is not known.
    #[error("there is no such row in ValidPaths")]
    Dangling,
    /// A store path is none.
    #[error(transparent)]
    Path(#[from] StorePathError),
    /// A hash is none.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}
