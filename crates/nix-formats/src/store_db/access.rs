//! How to get at the database without ever writing next to it.
//!
//! Nix keeps its database in SQLite's write-ahead mode (WAL): `db.sqlite` plus a log
//! `db.sqlite-wal` and a shared index `db.sqlite-shm`, through which readers and writers
//! coordinate. Reading needs one of three ways:
//!
//! | what is there | way | what it means |
//! |---|---|---|
//! | log and index | [`Access::Coordinated`] | SQLite's own protocol. Sees every commit, never blocks a writer, is never torn. A user without rights to write gets along with a read-only index. |
//! | no log, or an empty one that cannot be used | [`Access::Immutable`] | `immutable=1`: no locks, and the log is ignored, so this is right *only* when the log holds nothing. |
//! | a log with content but no usable index | [`Access::Copy`] | Happens with copied disks and read-only mounts after a crash. Without the log the newest paths would be missing, and SQLite cannot read it without making an index; so database and log are copied to a private folder. |
//!
//! A database in the older rollback mode (`use-sqlite-wal = false`) is read in the coordinated way
//! too; there Nix locks by a lock file instead of by file locks, so it is watched as below.
//!
//! The last two ways cannot see a writer that starts meanwhile. In WAL mode a writer touches the
//! main file only when it moves the log into it (a checkpoint), so the danger is small, but a
//! checkpoint in the middle of a query would mix two states. Therefore the files' identities, sizes
//! and times are compared before and after each query ([`Watch`]); if they differ the answer is
//! thrown away and the query is made again on a fresh connection.

use super::StoreDbError;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How a database is being read; see the table in the documentation of [`store_db`](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Through SQLite's own protocol, side by side with writers.
    Coordinated,
    /// As a file that does not change, watched for changes.
    Immutable,
    /// From a private copy of database and log, taken while neither changed.
    Copy,
}

/// An open database.
#[derive(Debug)]
pub(super) struct Session {
    // Before the folder that it may live in: fields are dropped in this order.
    pub(super) connection: Connection,
    pub(super) access: Access,
    /// What the files looked like; absent where SQLite coordinates.
    watch: Option<Watch>,
    /// Steps that queries may still take.
    budget: Arc<AtomicU64>,
    _folder: Option<tempfile::TempDir>,
}

/// Steps of SQLite's virtual machine between two looks at the budget.
const STEPS: i32 = 1_000_000;
/// Looks at the budget before a query counts as endless: some minutes of work.
const BUDGET: u64 = 20_000;
/// Longest text or blob in the database, in bytes. The longest real one is a list of signatures.
const MAX_VALUE: i32 = 4 << 20;

impl Session {
    /// Opens the database in the best way that works.
    pub(super) fn open(path: &Path, timeout: Duration) -> Result<Self, StoreDbError> {
        let header = Header::read(path)?;
        let log = side_file(path, "-wal");
        let index = side_file(path, "-shm");
        let before = Watch::new(path)?;
        match header {
            Header::Rollback => {
                let connection = connect(path, "mode=ro", timeout)?;
                Self::finish(connection, Access::Coordinated, Some(before), None, path, timeout)
            }
            Header::Wal => {
                if exists(&log)? && exists(&index)? {
                    let session = connect(path, "mode=ro", timeout).and_then(|connection| {
                        Self::finish(connection, Access::Coordinated, None, None, path, timeout)
                    });
                    match session {
                        Err(StoreDbError::Sqlite { source, .. }) if cannot_share(&source.0) => {}
                        other => return other,
                    }
                }
                if before.log_is_empty() {
                    let connection = connect(path, "mode=ro&immutable=1", timeout)?;
                    return Self::finish(connection, Access::Immutable, Some(before), None, path, timeout);
                }
                let folder = copy(path, &log)?;
                if Watch::new(path)? != before {
                    return Err(StoreDbError::Changed { path: path.to_path_buf() });
                }
                // In the copy SQLite may write: it has to make the index.
                let connection = connect(&folder.path().join("db.sqlite"), "mode=rw", timeout)?;
                // Nothing to watch any more: the copy is complete and belongs to nobody else.
                Self::finish(connection, Access::Copy, None, Some(folder), path, timeout)
            }
        }
    }

    fn finish(
        mut connection: Connection,
        access: Access,
        watch: Option<Watch>,
        folder: Option<tempfile::TempDir>,
        path: &Path,
        timeout: Duration,
    ) -> Result<Self, StoreDbError> {
        let budget = Arc::new(AtomicU64::new(BUDGET));
        let set_up = |connection: &mut Connection| {
            // The file may come from anywhere: its schema must not be able to run anything or write
            // anything.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
            connection.pragma_update(None, "query_only", true)?;
            connection.pragma_update(None, "cell_size_check", true)?;
            // KiB. The two megabytes that are the default make a large closure read pages again and
            // again.
            connection.pragma_update(None, "cache_size", -65_536)?;
            // A damaged tree of pages can be shaped so that a scan never ends.
            let left = Arc::clone(&budget);
            let stop = move || {
                left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
            };
            connection.progress_handler(STEPS, Some(stop))?;
            // The first read is where sharing fails, if it does.
            connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))
        };
        match set_up(&mut connection) {
            Ok(()) => Ok(Self { connection, access, watch, budget, _folder: folder }),
            Err(source) => Err(StoreDbError::sqlite(path, timeout, source)),
        }
    }

    /// To be called before each query.
    pub(super) fn renew_budget(&self) {
        self.budget.store(BUDGET, Ordering::Relaxed);
    }

    /// Whether what was read since the session began belongs to one state of the database.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        match &self.watch {
            None => true,
            Some(before) => Watch::new(path).is_ok_and(|now| now == *before),
        }
    }
}

/// Opens `path` with parameters of SQLite's `file:` URIs.
fn connect(path: &Path, parameters: &str, timeout: Duration) -> Result<Connection, StoreDbError> {
    let flags = OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | if parameters == "mode=rw" {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        };
    let error = |source| StoreDbError::sqlite(path, timeout, source);
    let connection =
        Connection::open_with_flags(format!("{}?{parameters}", uri(path)), flags).map_err(error)?;
    // An hour at most: what is longer overflows SQLite's milliseconds at some point, and nobody
    // waits for it.
    connection.busy_timeout(timeout.min(Duration::from_hours(1))).map_err(error)?;
    Ok(connection)
}

/// The path as URI: everything but letters, digits and a few signs escaped.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    // `file:a//b` would take `a` for a host, and a relative path must not begin with two slashes
    // either.
    if path.is_absolute() {
        uri.push_str("//");
    }
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri
}

/// Whether the log and index are there but not usable by us.
fn cannot_share(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

/// Copies database and log to a folder that only we can enter.
fn copy(path: &Path, log: &Path) -> Result<tempfile::TempDir, StoreDbError> {
    let error = |path: &Path, source| StoreDbError::Io { path: path.to_path_buf(), source };
    let folder = tempfile::Builder::new()
        .prefix("nix-db-")
        .tempdir()
        .map_err(|source| error(&std::env::temp_dir(), source))?;
    for (from, name) in [(path, "db.sqlite"), (log, "db.sqlite-wal")] {
        // Not `fs::copy`: that takes over a mode that may keep us from writing.
        let mut to = File::create(folder.path().join(name)).map_err(|source| error(folder.path(), source))?;
        let mut from_file = File::open(from).map_err(|source| error(from, source))?;
        io::copy(&mut from_file, &mut to).map_err(|source| error(from, source))?;
    }
    Ok(folder)
}

/// The mode in the first bytes of the database; see section 1.3 of SQLite's "Database File Format".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    Rollback,
    Wal,
}

impl Header {
    fn read(path: &Path) -> Result<Self, StoreDbError> {
        let error = |source| StoreDbError::Io { path: path.to_path_buf(), source };
        // Asked first because opening a FIFO would hang.
        if !fs::metadata(path).map_err(error)?.is_file() {
            return Err(StoreDbError::NotADatabase { path: path.to_path_buf() });
        }
        let mut bytes = Vec::with_capacity(20);
        File::open(path).map_err(error)?.take(20).read_to_end(&mut bytes).map_err(error)?;
        match (bytes.starts_with(b"SQLite format 3\0"), bytes.get(19)) {
            (true, Some(2)) => Ok(Self::Wal),
            (true, Some(1)) => Ok(Self::Rollback),
            _ => Err(StoreDbError::NotADatabase { path: path.to_path_buf() }),
        }
    }
}

/// Database, log and rollback journal as the file system knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watch {
    database: Option<Stamp>,
    log: Option<Stamp>,
    journal: Option<Stamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Watch {
    fn new(path: &Path) -> Result<Self, StoreDbError> {
        Ok(Self {
            database: stamp(path)?,
            log: stamp(&side_file(path, "-wal"))?,
            journal: stamp(&side_file(path, "-journal"))?,
        })
    }

    fn log_is_empty(&self) -> bool {
        self.log.is_none_or(|log| log.size == 0)
    }
}

fn stamp(path: &Path) -> Result<Option<Stamp>, StoreDbError> {
    match fs::metadata(path) {
        Ok(data) => Ok(Some(Stamp {
            device: data.dev(),
            inode: data.ino(),
            size: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreDbError::Io { path: path.to_path_buf(), source }),
    }
}

fn exists(path: &Path) -> Result<bool, StoreDbError> {
    stamp(path).map(|stamp| stamp.is_some())
}

fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}
