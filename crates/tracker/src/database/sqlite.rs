//! A connection to an SQLite file.

use super::DatabaseError;
use super::purpose::Purpose;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// A writer that waits for longer than this has met one that hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Statements that are kept prepared.
const PREPARED: usize = 256;

pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let flags = match purpose {
        // A reader of a write-ahead log needs to write the index of the log.
        Purpose::Reading => flags,
        Purpose::Writing => flags | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.execute_batch(
            // With a write-ahead log readers and the writer do not wait for each other; `FULL`
            // syncs it at each commit, so that a power cut loses nothing that was told as done.
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA cache_size = -8192;
             PRAGMA mmap_size = 268435456;
             PRAGMA temp_store = MEMORY;",
        )?;
        if purpose == Purpose::Reading {
            connection.execute_batch("PRAGMA query_only = ON")?;
        }
        Ok(connection)
    };
    open().map_err(|source| DatabaseError::Open { path: path.to_path_buf(), source })
}

/// The query as SQLite wants it. To it `$2` is a name, which counts from where it stands; `?2` is a
/// number. No query of the service has a dollar elsewhere.
pub(super) fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}
