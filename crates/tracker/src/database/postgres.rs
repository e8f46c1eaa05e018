//! A connection to a PostgreSQL server.

use super::row::{Row, RowKind};
use super::value::Value;
use super::{DatabaseError, error};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};
use std::collections::HashMap;
use std::fmt;

/// Statements that are kept prepared.
const PREPARED: usize = 512;

pub(super) struct PostgresConnection {
    client: Client,
    statements: HashMap<String, Statement>,
    /// Inside a transaction that was begun here.
    in_transaction: bool,
}

impl fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConnection").finish_non_exhaustive()
    }
}

impl PostgresConnection {
    pub(super) fn open(url: &str) -> Result<Self, DatabaseError> {
        let mut client = Client::connect(url, NoTls).map_err(DatabaseError::Connect)?;
        client
            .batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning")
            .map_err(DatabaseError::Connect)?;
        Ok(Self { client, statements: HashMap::new(), in_transaction: false })
    }

    pub(super) fn is_broken(&self) -> bool {
        self.in_transaction || self.client.is_closed()
    }

    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, error::DatabaseError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        // Queries are texts of the program: there are so many only if one is put together from
        // parts, and then none of them comes again soon.
        if self.statements.len() >= PREPARED {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        Ok(self.client.execute(&statement, &params)?)
    }

    pub(super) fn for_each<E: From<DatabaseError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let statement = self.prepare(sql)?;
        let mut rows = self.client.query_raw(&statement, params).map_err(DatabaseError::from)?;
        while let Some(row) = rows.next().map_err(DatabaseError::from)? {
            each(&Row(RowKind::Postgres(&row)))?;
        }
        Ok(())
    }

    pub(super) fn script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.client.batch_execute(sql)?;
        match sql.split_whitespace().next() {
            Some("BEGIN") => self.in_transaction = true,
            Some("COMMIT" | "ROLLBACK") => self.in_transaction = false,
            _ => {}
        }
        Ok(())
    }
}
