//! Reading the database of a Nix store directly, without Nix, while Nix may be writing.
//!
//! The database records which store paths are valid, what they refer to, what built them and who
//! signed them. It is an SQLite file, `/nix/var/nix/db/db.sqlite`; its schema, version 10 for many
//! years now, is `schema.sql` in Nix:
//!
//! | table | a row records |
//! |---|---|
//! | `ValidPaths` | this path is complete: hash and size of its archive, time, deriver, signatures |
//! | `Refs` | this path mentions that one (possibly itself) |
//! | `DerivationOutputs` | this derivation builds that path, known beforehand and perhaps not there |
//!
//! Nothing is ever written, not even next to the database; [`Access`] explains how that works. All
//! that stands in the tables is checked when it is read, and what Nix would not have written is an
//! error that names the row. Each method answers from one state of the database, but two calls may
//! see two states.
//!
//! ```no_run
//! use nix_formats::store_db::StoreDb;
//! use nix_formats::StorePath;
//!
//! let db = StoreDb::open("/nix/var/nix/db/db.sqlite".as_ref())?;
//! let root = StorePath::from_base_name("0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-nixos-system-host-26.05")?;
//! for path in db.closure(&[root])?.paths() {
//!     println!("{}", path.path);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod closure;
mod error;
mod rows;

use crate::hash::Hash;
use crate::signature::Signature;
use crate::store_path::{StoreDir, StorePath};
use access::Session;
use rows::Row;
use rusqlite::{CachedStatement, Connection, Transaction};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use access::Access;
pub use closure::{Closure, ClosurePath};
pub use error::{RowProblem, SchemaProblem, SqliteError, StoreDbDamage, StoreDbError};

/// The only schema version that can be read.
pub const SCHEMA_VERSION: u32 = 10;

/// The tables of that version, as Nix makes them but for the foreign keys and a trigger: a database
/// that nobody collects garbage in works without. For tests, and for stores that are made up.
pub const SCHEMA: &str = "
    CREATE TABLE ValidPaths (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT UNIQUE NOT NULL, hash TEXT NOT NULL,
        registrationTime INTEGER NOT NULL, deriver TEXT, narSize INTEGER, ultimate INTEGER, sigs TEXT, ca TEXT);
    CREATE TABLE Refs (referrer INTEGER NOT NULL, reference INTEGER NOT NULL, PRIMARY KEY (referrer, reference));
    CREATE INDEX IndexReferrer ON Refs(referrer);
    CREATE INDEX IndexReference ON Refs(reference);
    CREATE TABLE DerivationOutputs (
        drv INTEGER NOT NULL, id TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (drv, id));
    CREATE INDEX IndexDerivationOutputs ON DerivationOutputs(path);";

/// Where the database is below the root of a system.
pub const DATABASE: &str = "nix/var/nix/db/db.sqlite";

/// How often a query is made again when the database changed under it.
const ATTEMPTS: usize = 5;

/// How a database is read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreDbOptions {
    /// The store that the database describes, as its paths are written. This is the *logical* name;
    /// where the files are on this machine does not matter here.
    pub store_dir: StoreDir,
    /// How long to wait for a lock before giving up. In WAL mode, the usual one, readers do not
    /// wait at all.
    pub busy_timeout: Duration,
    /// Most paths that one answer may hold.
    pub max_paths: u64,
    /// Most references that one answer may hold.
    pub max_references: u64,
}

impl StoreDbOptions {
    /// The usual limits, for another store than `/nix/store`.
    pub fn new(store_dir: StoreDir) -> Self {
        Self { store_dir, ..Self::default() }
    }
}

impl Default for StoreDbOptions {
    fn default() -> Self {
        Self {
            store_dir: StoreDir::default(),
            busy_timeout: Duration::from_secs(5),
            max_paths: 5_000_000,
            max_references: 200_000_000,
        }
    }
}

/// What the database records about one valid path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathInfo {
    /// The path.
    pub path: StorePath,
    /// Hash of its archive.
    pub nar_hash: Hash,
    /// Bytes of its archive; `None` where it was not recorded (paths registered by very old
    /// versions of Nix).
    pub nar_size: Option<u64>,
    /// When it became valid, in seconds since 1970. Nix uses 0 or 1 where it does not know.
    pub registration_time: i64,
    /// The derivation that built it, as far as known. It need not be valid itself.
    pub deriver: Option<StorePath>,
    /// Whether it was built here rather than copied, so that it needs no signature.
    pub ultimate: bool,
    /// Signatures, ascending and each once.
    pub signatures: Vec<Signature>,
    /// How the path follows from its contents, if it does, as Nix writes it: `text:sha256:…`,
    /// `fixed:r:sha256:…`.
    pub ca: Option<String>,
    /// Paths that it mentions, ascending; itself too if it does.
    pub references: Vec<StorePath>,
}

/// An open store database. It can be sent to another thread, but each thread needs its own.
#[derive(Debug)]
pub struct StoreDb {
    path: PathBuf,
    options: StoreDbOptions,
    /// Opened again when the files changed under an uncoordinated reader.
    session: RefCell<Session>,
}

impl StoreDb {
    /// Opens the database file at `path` for a store at `/nix/store`.
    pub fn open(path: &Path) -> Result<Self, StoreDbError> {
        Self::open_with(path, StoreDbOptions::default())
    }

    /// Opens the database file at `path`.
    pub fn open_with(path: &Path, options: StoreDbOptions) -> Result<Self, StoreDbError> {
        check_schema_file(path)?;
        let session = open_session(path, &options)?;
        Ok(Self { path: path.to_path_buf(), options, session: RefCell::new(session) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store that the database describes.
    pub fn store_dir(&self) -> &StoreDir {
        &self.options.store_dir
    }

    /// How the database is being read at the moment.
    pub fn access(&self) -> Access {
        self.session.borrow().access
    }

    /// What is known about `path`; `None` if it is not valid.
    pub fn query_path(&self, path: &StorePath) -> Result<Option<PathInfo>, StoreDbError> {
        self.read(|query| {
            let Some((id, mut info)) = query.path_info(path)? else { return Ok(None) };
            info.references = query.references(id)?;
            Ok(Some(info))
        })
    }

    /// Whether `path` is valid.
    pub fn is_valid(&self, path: &StorePath) -> Result<bool, StoreDbError> {
        self.read(|query| Ok(query.id(path)?.is_some()))
    }

    /// `roots` and all that they mention, directly or not. Fails if a root is not valid.
    pub fn closure(&self, roots: &[StorePath]) -> Result<Closure, StoreDbError> {
        self.read(|query| closure::closure(query, roots))
    }

    /// The outputs of a derivation whose paths are known beforehand, by name. Empty if the
    /// derivation is not valid, and for outputs whose path only follows from what was built.
    pub fn outputs_of(&self, derivation: &StorePath) -> Result<BTreeMap<String, StorePath>, StoreDbError> {
        self.read(|query| {
            let Some(id) = query.id(derivation)? else { return Ok(BTreeMap::new()) };
            let mut outputs = BTreeMap::new();
            query.each(
                "DerivationOutputs",
                "select rowid, id, path from DerivationOutputs where drv = ?1",
                [id],
                |row| {
                    let name = row.text(1, "id")?.to_owned();
                    outputs.insert(name, row.store_path(2, "path")?);
                    query.within(outputs.len(), "outputs of one derivation", query.options.max_paths)
                },
            )?;
            Ok(outputs)
        })
    }

    /// The valid derivations that have `path` as an output, ascending.
    ///
    /// This can differ from [`PathInfo::deriver`]: several derivations may build one fixed-output
    /// path, and the recorded deriver need not be valid.
    pub fn valid_derivers(&self, path: &StorePath) -> Result<Vec<StorePath>, StoreDbError> {
        self.read(|query| {
            query.paths(
                "select v.id, v.path from DerivationOutputs d join ValidPaths v on d.drv = v.id where d.path = ?1",
                [query.print(path)],
            )
        })
    }

    /// The valid paths that mention `path`, ascending; itself too if it does. Empty if it is not
    /// valid.
    pub fn referrers(&self, path: &StorePath) -> Result<Vec<StorePath>, StoreDbError> {
        self.read(|query| {
            let Some(id) = query.id(path)? else { return Ok(Vec::new()) };
            query.paths(
                "select v.id, v.path from Refs r join ValidPaths v on r.referrer = v.id where r.reference = ?1",
                [id],
            )
        })
    }

    /// All valid paths, ascending.
    pub fn valid_paths(&self) -> Result<Vec<StorePath>, StoreDbError> {
        self.read(|query| query.paths("select id, path from ValidPaths", []))
    }

    /// Runs `query` on one state of the database, again if that state fell apart meanwhile.
    fn read<T>(&self, query: impl Fn(&Query<'_>) -> Result<T, StoreDbError>) -> Result<T, StoreDbError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (answer, current) = {
                let session = self.session.borrow();
                session.renew_budget();
                let answer = self.transaction(&session.connection, &query);
                (answer, session.is_current(&self.path))
            };
            match answer {
                answer if current => return answer,
                // Whatever it is, it may come from two states.
                _ if attempt < ATTEMPTS => {
                    *self.session.borrow_mut() = open_session(&self.path, &self.options)?;
                }
                _ => return Err(StoreDbError::Changed { path: self.path.clone() }),
            }
        }
    }

    fn transaction<T>(
        &self,
        connection: &Connection,
        query: impl Fn(&Query<'_>) -> Result<T, StoreDbError>,
    ) -> Result<T, StoreDbError> {
        let error = |source| StoreDbError::sqlite(&self.path, self.options.busy_timeout, source);
        // Deferred: it begins to read with the first query, and is rolled back when dropped.
        let transaction = connection.unchecked_transaction().map_err(error)?;
        query(&Query { transaction, path: &self.path, options: &self.options })
    }
}

/// Opens a session and checks that the tables are what they should be.
fn open_session(path: &Path, options: &StoreDbOptions) -> Result<Session, StoreDbError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = Session::open(path, options.busy_timeout).and_then(|session| {
            let checked = check_tables(path, options, &session.connection);
            if session.is_current(path) {
                checked.map(|()| session)
            } else {
                Err(StoreDbError::Changed { path: path.to_path_buf() })
            }
        });
        match result {
            Err(StoreDbError::Changed { .. }) if attempt < ATTEMPTS => {}
            other => return other,
        }
    }
}

/// Nix writes the version to a file `schema` next to the database. Where that is missing, the
/// tables decide.
fn check_schema_file(path: &Path) -> Result<(), StoreDbError> {
    let file = path.with_file_name("schema");
    let mut bytes = Vec::new();
    let read = File::open(&file).and_then(|open| open.take(32).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreDbError::Io { path: file, source }),
        Ok(_) => {}
    }
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().parse() == Ok(SCHEMA_VERSION) {
        return Ok(());
    }
    Err(StoreDbError::SchemaVersion { path: path.to_path_buf(), found: text.trim().to_owned() })
}

fn check_tables(path: &Path, options: &StoreDbOptions, connection: &Connection) -> Result<(), StoreDbError> {
    const TABLES: [(&str, &[&str]); 3] = [
        (
            "ValidPaths",
            &["id", "path", "hash", "registrationTime", "deriver", "narSize", "ultimate", "sigs", "ca"],
        ),
        ("Refs", &["referrer", "reference"]),
        ("DerivationOutputs", &["drv", "id", "path"]),
    ];
    let error = |source| StoreDbError::sqlite(path, options.busy_timeout, source);
    for (table, columns) in TABLES {
        let schema = |problem| StoreDbError::Schema { path: path.to_path_buf(), problem };
        // Virtual tables have no root page; they and views could compute anything.
        let real: bool = connection
            .query_row(
                "select count(*) = 1 from sqlite_schema where type = 'table' and name = ?1 and rootpage > 0",
                [table],
                |row| row.get(0),
            )
            .map_err(error)?;
        if !real {
            return Err(schema(SchemaProblem::NoTable(table)));
        }
        for column in columns {
            // `hidden` is not 0 for generated columns.
            let plain: bool = connection
                .query_row(
                    "select count(*) = 1 from pragma_table_xinfo(?1) where name = ?2 and hidden = 0",
                    [table, column],
                    |row| row.get(0),
                )
                .map_err(error)?;
            if !plain {
                return Err(schema(SchemaProblem::NoColumn { table, column }));
            }
        }
    }
    Ok(())
}

/// One state of the database.
struct Query<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    options: &'a StoreDbOptions,
}

impl Query<'_> {
    fn error(&self, source: rusqlite::Error) -> StoreDbError {
        StoreDbError::sqlite(self.path, self.options.busy_timeout, source)
    }

    /// The path as the database has it.
    fn print(&self, path: &StorePath) -> String {
        self.options.store_dir.display(path).to_string()
    }

    fn within(&self, count: usize, what: &'static str, maximum: u64) -> Result<(), StoreDbError> {
        if count as u64 <= maximum {
            return Ok(());
        }
        Err(StoreDbError::Limit { path: self.path.to_path_buf(), what, maximum })
    }

    /// Runs a query whose first column is the rowid in `table`, and gives each row to `take`.
    fn each(
        &self,
        table: &'static str,
        sql: &str,
        parameters: impl rusqlite::Params,
        take: impl FnMut(&Row<'_, '_>) -> Result<(), StoreDbError>,
    ) -> Result<(), StoreDbError> {
        self.each_of(table, &mut self.prepare(sql)?, parameters, take)
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreDbError> {
        self.transaction.prepare_cached(sql).map_err(|error| self.error(error))
    }

    /// Like [`Query::each`], for a query that is made again and again.
    fn each_of(
        &self,
        table: &'static str,
        statement: &mut CachedStatement<'_>,
        parameters: impl rusqlite::Params,
        mut take: impl FnMut(&Row<'_, '_>) -> Result<(), StoreDbError>,
    ) -> Result<(), StoreDbError> {
        let mut rows = statement.query(parameters).map_err(|error| self.error(error))?;
        while let Some(row) = rows.next().map_err(|error| self.error(error))? {
            take(&Row::new(self, table, row)?)?;
        }
        Ok(())
    }

    /// Runs a query for `id` and `path` of `ValidPaths`, and sorts the answer.
    fn paths(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<StorePath>, StoreDbError> {
        let mut paths = Vec::new();
        self.each("ValidPaths", sql, parameters, |row| {
            paths.push(row.store_path(1, "path")?);
            self.within(paths.len(), "paths", self.options.max_paths)
        })?;
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }

    fn id(&self, path: &StorePath) -> Result<Option<i64>, StoreDbError> {
        let mut id = None;
        self.each("ValidPaths", "select id from ValidPaths where path = ?1", [self.print(path)], |row| {
            id = Some(row.id());
            Ok(())
        })?;
        Ok(id)
    }

    /// All but the references, and the id to query them by.
    fn path_info(&self, path: &StorePath) -> Result<Option<(i64, PathInfo)>, StoreDbError> {
        let sql = "select id, hash, registrationTime, deriver, narSize, ultimate, sigs, ca \
                   from ValidPaths where path = ?1";
        let mut info = None;
        self.each("ValidPaths", sql, [self.print(path)], |row| {
            let found = PathInfo {
                path: path.clone(),
                nar_hash: row.hash(1, "hash")?,
                registration_time: row.time(2, "registrationTime")?,
                deriver: row.optional_store_path(3, "deriver")?,
                nar_size: row.size(4, "narSize")?,
                ultimate: row.flag(5, "ultimate")?,
                signatures: row.signatures(6, "sigs")?,
                ca: row.optional_text(7, "ca")?.map(str::to_owned),
                references: Vec::new(),
            };
            info = Some((row.id(), found));
            Ok(())
        })?;
        Ok(info)
    }

    fn references(&self, id: i64) -> Result<Vec<StorePath>, StoreDbError> {
        // A left join, so that a reference to nothing is seen.
        let sql = "select r.rowid, v.id, v.path from Refs r left join ValidPaths v on r.reference = v.id \
                   where r.referrer = ?1";
        let mut references = Vec::new();
        self.each("Refs", sql, [id], |row| {
            references.push(row.referenced_path(1, 2)?);
            self.within(references.len(), "references", self.options.max_references)
        })?;
        references.sort_unstable();
        references.dedup();
        Ok(references)
    }
}
