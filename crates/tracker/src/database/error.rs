//! What can go wrong with the store.

use std::path::PathBuf;

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// A file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A server cannot be reached, or refuses.
    #[error("cannot connect to the PostgreSQL server")]
    Connect(#[source] postgres::Error),
    /// All connections are in use, for longer than anybody should wait.
    #[error("all connections to the database are in use")]
    Busy,
    /// SQLite says no.
    #[error("SQLite")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL says no.
    #[error("PostgreSQL")]
    Postgres(#[from] postgres::Error),
    /// A column holds what it should not.
    #[error("column {column} is no {expected}")]
    Column {
        /// Its number, from 0.
        column: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// A query that gives one row gave none.
    #[error("there is no such row")]
    NoRow,
    /// The schema is of a later program.
    #[error(
        "the database has version {found} of the schema, and this program knows {known}: it was written by a \
         newer snowguard"
    )]
    Newer {
        /// What it has.
        found: i64,
        /// What is known here.
        known: i64,
    },
    /// What is there is not what a migration of this program made.
    #[error("migration {version} of the database is {found:?}, and here it is {expected:?}")]
    Foreign {
        /// The migration's number.
        version: i64,
        /// Its name there.
        found: String,
        /// Its name here.
        expected: &'static str,
    },
}

impl DatabaseError {
    /// Whether another attempt may succeed: the server went away, or two transactions met.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Busy | Self::Connect(_) => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            Self::Postgres(error) => {
                error.is_closed()
                    || error.code().is_some_and(|code| {
                        // Connection exceptions, serialization failures and deadlocks, shutdown.
                        ["08", "40", "57"].iter().any(|class| code.code().starts_with(class))
                    })
            }
            _ => false,
        }
    }

    /// Whether a rule of uniqueness was broken.
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
                // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
                matches!(error.extended_code, 2067 | 1555)
            }
            Self::Postgres(error) => error.code() == Some(&postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }
}
