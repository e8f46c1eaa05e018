//! Many rows at once.

use super::connection::Kind;
use super::{DatabaseError, Transaction, Value};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};

/// The type of a column, as `COPY` wants to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// `BIGINT`
    Integer,
    /// `DOUBLE PRECISION`
    Real,
    /// `BOOLEAN`
    Boolean,
    /// `TEXT`
    Text,
    /// Bytes
    Bytes,
}

impl Column {
    const fn postgres(self) -> Type {
        match self {
            Self::Integer => Type::INT8,
            Self::Real => Type::FLOAT8,
            Self::Boolean => Type::BOOL,
            Self::Text => Type::TEXT,
            Self::Bytes => Type::BYTEA,
        }
    }
}

impl Transaction<'_> {
    /// Inserts rows into a table, as fast as the database can: prepared inserts for SQLite, a
    /// binary `COPY` for PostgreSQL. No row may be there already; where some may, load into a
    /// temporary table and insert from there. Gives how many there were.
    ///
    /// `table` and the columns' names are the program's own, never outside text.
    ///
    /// # Errors
    /// Those of the database and of `rows`.
    pub fn load<'v, E: From<DatabaseError>>(
        &mut self,
        table: &str,
        columns: &[(&str, Column)],
        rows: impl IntoIterator<Item = Result<Vec<Value<'v>>, E>>,
    ) -> Result<u64, E> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let mut count = 0;
        match &mut self.0 {
            Kind::Sqlite(connection) => {
                let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
                let sql = format!("INSERT INTO {table} ({names}) VALUES ({})", places.join(", "));
                let mut statement = connection.prepare_cached(&sql).map_err(DatabaseError::from)?;
                for row in rows {
                    statement.execute(rusqlite::params_from_iter(row?)).map_err(DatabaseError::from)?;
                    count += 1;
                }
            }
            Kind::Postgres(connection) => {
                let types: Vec<Type> = columns.iter().map(|(_, column)| column.postgres()).collect();
                let sql = format!("COPY {table} ({names}) FROM STDIN BINARY");
                let writer = connection.client().copy_in(&sql).map_err(DatabaseError::from)?;
                let mut writer = BinaryCopyInWriter::new(writer, &types);
                for row in rows {
                    let row = row?;
                    let row: Vec<&(dyn ToSql + Sync)> =
                        row.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                    writer.write(&row).map_err(DatabaseError::from)?;
                    count += 1;
                }
                writer.finish().map_err(DatabaseError::from)?;
            }
        }
        Ok(count)
    }
}
