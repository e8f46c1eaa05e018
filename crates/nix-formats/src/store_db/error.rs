//! What can be wrong with a store database.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::store_path::StorePath;

/// Why the database cannot be read, or not in this way.
#[derive(Debug, Error)]
pub enum StoreDbError {
    /// A file of the database cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
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
        /// What its `schema` file says (at most 32 bytes of it).
        found: String,
    },
    /// A table or column is missing or is not what it should be.
    #[error("{} does not have the schema of a Nix store database: {problem}", path.display())]
    Schema {
        /// The database.
        path: PathBuf,
        /// What is missing or wrong.
        problem: String,
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
    #[error("{} is damaged: {message}", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// A transaction was interrupted by a crash, and undoing it needs the right to write.
    #[error(
        "{} holds a half-finished transaction; run any Nix command as its owner to have it undone",
        path.display()
    )]
    NeedsRecovery {
        /// The database.
        path: PathBuf,
    },
    /// The database changed again and again while it was read without being able to coordinate with the writer.
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
        /// What SQLite said.
        source: rusqlite::Error,
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
        problem: String,
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
    /// Sorts an error of SQLite by what a user can do about it.
    pub(super) fn sqlite(path: &std::path::Path, waited: Duration, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_path_buf();
        let rusqlite::Error::SqliteFailure(failure, message) = &source else {
            return Self::Sqlite { path, source };
        };
        match failure.code {
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Locked { path, waited },
            Code::NotADatabase => Self::NotADatabase { path },
            Code::DatabaseCorrupt => {
                Self::Corrupt { path, message: message.clone().unwrap_or_else(|| failure.to_string()) }
            }
            Code::OperationInterrupted => {
                Self::Corrupt { path, message: "a query does not come to an end".to_owned() }
            }
            Code::TooBig => Self::Corrupt { path, message: "a value is absurdly large".to_owned() },
            Code::ReadOnly if failure.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK => {
                Self::NeedsRecovery { path }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}
