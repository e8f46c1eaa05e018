//! What a query gives: rows, and what a column may be read as.

use super::DatabaseError;
use jiff::Timestamp;
use vulnerability::CveId;

/// A row.
#[derive(Debug)]
pub struct Row<'r>(pub(super) RowKind<'r>);

#[derive(Debug)]
pub(super) enum RowKind<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    /// The column with this number, from 0.
    ///
    /// # Errors
    /// Where it holds something else.
    pub fn get<T: FromColumn>(&self, column: usize) -> Result<T, DatabaseError> {
        T::from_column(self, column)
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Where it holds something else.
    fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError>;
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl FromColumn for $type {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                Ok(match &row.0 {
                    RowKind::Sqlite(row) => row.get(column)?,
                    RowKind::Postgres(row) => row.try_get(column)?,
                })
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                Ok(match &row.0 {
                    RowKind::Sqlite(row) => row.get(column)?,
                    RowKind::Postgres(row) => row.try_get(column)?,
                })
            }
        })*
    };
}

plain!(i64, f64, bool, String, Vec<u8>);

/// What is kept as a number or a text and means more.
macro_rules! meaning {
    ($($type:ty, $kept:ty, $value:ident => $made:expr;)*) => {
        $(impl FromColumn for $type {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                let $value = <$kept>::from_column(row, column)?;
                $made.ok_or(DatabaseError::Column { column, expected: stringify!($type) })
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
                let Some($value) = Option::<$kept>::from_column(row, column)? else { return Ok(None) };
                $made.ok_or(DatabaseError::Column { column, expected: stringify!($type) }).map(Some)
            }
        })*
    };
}

meaning! {
    Timestamp, i64, value => Timestamp::from_millisecond(value).ok();
    CveId, String, value => value.parse::<CveId>().ok();
    usize, i64, value => usize::try_from(value).ok();
    u32, i64, value => u32::try_from(value).ok();
}
