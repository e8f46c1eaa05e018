//! One store for everything the service keeps: SQLite in the data folder, or PostgreSQL by URL.
//!
//! Both understand the same SQL, as far as it is used here: numbered parameters (`$1`), upserts,
//! `RETURNING`, window functions, row values. So each query is written once. What differs has a
//! module of its own: [`schema`] (types of columns and the lock of the migrations), [`bulk`]
//! (loading many rows), [`lock`] (what may run once at a time).
//!
//! Rules for queries:
//! - Columns are `BIGINT`, `TEXT`, `BOOLEAN`, `DOUBLE PRECISION` or bytes, nothing else. A time is
//!   a `BIGINT` of milliseconds since 1970.
//! - A parameter whose type PostgreSQL cannot guess gets a cast: `CAST($1 AS TEXT) IS NULL`. So do
//!   sums: `CAST(sum(n) AS BIGINT)`.
//! - Nothing that only one knows: no `LIKE` on mixed case, no `FOR UPDATE`, no arrays, no JSON.
//! - Two writers meet in a version column (`WHERE id = $1 AND version = $2`), not in a lock.

mod batch;
pub mod bulk;
mod connection;
mod error;
pub mod lock;
mod pool;
mod postgres;
mod purpose;
mod row;
pub mod schema;
mod sqlite;
mod transaction;
mod value;

pub use connection::Connection;
pub use error::DatabaseError;
pub use row::{FromColumn, Row};
pub use transaction::Transaction;
pub use value::{Value, params};

use pool::Pool;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server: a URL or key-value text as libpq takes it.
    Postgres(String),
}

impl Location {
    /// Reads what `--database` says: a `postgres://` URL, or a path, which `sqlite:` may precede.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        Self::Sqlite(PathBuf::from(text.strip_prefix("sqlite:").unwrap_or(text)))
    }

    /// The file that a data folder has when no database is named.
    pub fn in_folder(data: &Path) -> Self {
        Self::Sqlite(data.join("tracker.db"))
    }
}

/// A store, open. A clone is another handle of the same one.
#[derive(Debug, Clone)]
pub struct Database {
    pool: Arc<Pool>,
}

/// How many connections are open at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For reading.
    pub readers: usize,
    /// For writing. SQLite has one writer, whatever this says.
    pub writers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { readers: 8, writers: 4 }
    }
}

impl Database {
    /// Opens a store and brings its schema up to date. One whose schema is newer than this program
    /// is refused.
    ///
    /// # Errors
    /// Where it cannot be reached, or is none of ours.
    pub fn open(location: &Location, limits: Limits) -> Result<Self, DatabaseError> {
        let pool = Pool::new(location.clone(), limits);
        let mut writer = pool.writer()?;
        schema::migrate(&mut writer)?;
        drop(writer);
        Ok(Self { pool: Arc::new(pool) })
    }

    /// Reads, on this thread. All that `work` reads is of one moment.
    ///
    /// # Errors
    /// Those of `work`, and where there is no connection.
    pub fn read<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.pool.reader()?;
        connection.begin_reading()?;
        let result = work(&mut connection);
        // Nothing was written: how it ends makes no difference, unless the connection is gone, and
        // then the pool drops it.
        let _ = connection.end_reading();
        result
    }

    /// Writes, on this thread: all that `work` wrote is there when it succeeds, nothing when it
    /// fails.
    ///
    /// # Errors
    /// Those of `work`, and where there is no connection or the commit fails.
    pub fn write<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.pool.writer()?;
        let mut transaction = Transaction::begin(&mut connection)?;
        let result = work(&mut transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// As [`read`](Self::read), away from the threads that serve requests.
    ///
    /// # Errors
    /// Those of `work`, and where there is no connection.
    pub async fn reading<T: Send + 'static, E: From<DatabaseError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let database = self.clone();
        away(move || database.read(work)).await
    }

    /// As [`write`](Self::write), away from the threads that serve requests.
    ///
    /// # Errors
    /// Those of `work`, and where there is no connection or the commit fails.
    pub async fn writing<T: Send + 'static, E: From<DatabaseError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let database = self.clone();
        away(move || database.write(work)).await
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.reading(|connection| connection.query_one("SELECT 1", params![], |_| Ok(()))).await
    }

    /// Whether this is PostgreSQL: only for messages and for what is measured.
    pub fn is_postgres(&self) -> bool {
        matches!(self.pool.location(), Location::Postgres(_))
    }
}

/// Runs what blocks on a thread made for that. A panic of it goes on here.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
