//! One connection, whichever database it leads to.

use super::postgres::PostgresConnection;
use super::purpose::Purpose;
use super::row::{Row, RowKind};
use super::value::Value;
use super::{DatabaseError, Location, sqlite};

/// A connection. All queries of the service go through it.
#[derive(Debug)]
pub struct Connection(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Sqlite(rusqlite::Connection),
    Postgres(Box<PostgresConnection>),
}

impl Connection {
    pub(super) fn open(location: &Location, purpose: Purpose) -> Result<Self, DatabaseError> {
        Ok(Self(match location {
            Location::Sqlite(path) => Kind::Sqlite(sqlite::open(path, purpose)?),
            Location::Postgres(url) => Kind::Postgres(Box::new(PostgresConnection::open(url)?)),
        }))
    }

    /// Whether it leads nowhere any more.
    pub(super) fn is_broken(&self) -> bool {
        match &self.0 {
            Kind::Sqlite(connection) => !connection.is_autocommit(),
            Kind::Postgres(connection) => connection.is_broken(),
        }
    }

    /// Runs a statement. Gives how many rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DatabaseError> {
        match &mut self.0 {
            Kind::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&sqlite::numbered(sql))?;
                Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
            }
            Kind::Postgres(connection) => connection.execute(sql, params),
        }
    }

    /// Runs a query and reads each row.
    ///
    /// # Errors
    /// Those of the database and of `read`.
    pub fn query<T, E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut found = Vec::new();
        self.for_each(sql, params, |row| {
            found.push(read(row)?);
            Ok::<(), E>(())
        })?;
        Ok(found)
    }

    /// Runs a query and hands over row after row; all of them are never in memory at once.
    ///
    /// # Errors
    /// Those of the database and of `each`.
    pub fn for_each<E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.0 {
            Kind::Sqlite(connection) => {
                let mut statement =
                    connection.prepare_cached(&sqlite::numbered(sql)).map_err(DatabaseError::from)?;
                let mut rows =
                    statement.query(rusqlite::params_from_iter(params)).map_err(DatabaseError::from)?;
                while let Some(row) = rows.next().map_err(DatabaseError::from)? {
                    each(&Row(RowKind::Sqlite(row)))?;
                }
                Ok(())
            }
            Kind::Postgres(connection) => connection.for_each(sql, params, each),
        }
    }

    /// Runs a query that gives one row at most.
    ///
    /// # Errors
    /// Those of the database and of `read`.
    pub fn query_optional<T, E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// Runs a query that gives one row.
    ///
    /// # Errors
    /// [`DatabaseError::NoRow`] if it gives none; those of the database and of `read`.
    pub fn query_one<T, E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.query_optional(sql, params, read)?.ok_or_else(|| DatabaseError::NoRow.into())
    }

    /// Runs a script of statements without parameters.
    pub(super) fn script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        match &mut self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Kind::Postgres(connection) => connection.script(sql),
        }
    }

    /// From here on all reads are of one moment.
    pub(super) fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        match self.0 {
            Kind::Sqlite(_) => self.script("BEGIN"),
            Kind::Postgres(_) => self.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    pub(super) fn end_reading(&mut self) -> Result<(), DatabaseError> {
        self.script("ROLLBACK")
    }
}
