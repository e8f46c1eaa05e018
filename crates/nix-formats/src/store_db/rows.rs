//! From columns to values; what Nix would not have written is an error that names its place.

use super::{Query, RowProblem, StoreDbError};
use crate::hash::Hash;
use crate::signature::Signature;
use crate::store_path::StorePath;
use rusqlite::types::ValueRef;

/// One row of an answer, whose first column is its rowid.
pub(super) struct Row<'a, 'row> {
    query: &'a Query<'a>,
    table: &'static str,
    id: i64,
    columns: &'a rusqlite::Row<'row>,
}

impl<'a, 'row> Row<'a, 'row> {
    pub(super) fn new(
        query: &'a Query<'a>,
        table: &'static str,
        columns: &'a rusqlite::Row<'row>,
    ) -> Result<Self, StoreDbError> {
        // A rowid is always an integer: that is SQLite's promise, not the file's.
        let id = columns.get(0).map_err(|error| query.error(error))?;
        Ok(Self { query, table, id, columns })
    }

    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// An error at a column of this row.
    pub(super) fn bad(&self, column: &'static str, problem: impl Into<RowProblem>) -> StoreDbError {
        StoreDbError::Row {
            path: self.query.path.to_path_buf(),
            table: self.table,
            row: self.id,
            column,
            problem: problem.into(),
        }
    }

    fn value(&self, index: usize) -> Result<ValueRef<'_>, StoreDbError> {
        self.columns.get_ref(index).map_err(|error| self.query.error(error))
    }

    fn mistyped(&self, column: &'static str, expected: &'static str, value: ValueRef<'_>) -> StoreDbError {
        self.bad(column, RowProblem::Type { expected, found: value.data_type().to_string() })
    }

    fn null(&self, column: &'static str, expected: &'static str) -> StoreDbError {
        self.bad(column, RowProblem::Type { expected, found: "NULL".to_owned() })
    }

    pub(super) fn optional_text(
        &self,
        index: usize,
        column: &'static str,
    ) -> Result<Option<&str>, StoreDbError> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(self.bad(column, RowProblem::NotUtf8)),
            },
            other => Err(self.mistyped(column, "text", other)),
        }
    }

    pub(super) fn text(&self, index: usize, column: &'static str) -> Result<&str, StoreDbError> {
        self.optional_text(index, column)?.ok_or_else(|| self.null(column, "text"))
    }

    fn optional_integer(&self, index: usize, column: &'static str) -> Result<Option<i64>, StoreDbError> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            other => Err(self.mistyped(column, "an integer", other)),
        }
    }

    pub(super) fn integer(&self, index: usize, column: &'static str) -> Result<i64, StoreDbError> {
        self.optional_integer(index, column)?.ok_or_else(|| self.null(column, "an integer"))
    }

    pub(super) fn time(&self, index: usize, column: &'static str) -> Result<i64, StoreDbError> {
        let time = self.integer(index, column)?;
        if time < 0 { Err(self.bad(column, RowProblem::Negative(time))) } else { Ok(time) }
    }

    /// A size; Nix writes NULL where it does not know it, and old versions 0.
    pub(super) fn size(&self, index: usize, column: &'static str) -> Result<Option<u64>, StoreDbError> {
        match self.optional_integer(index, column)? {
            None | Some(0) => Ok(None),
            Some(size) => match u64::try_from(size) {
                Ok(size) => Ok(Some(size)),
                Err(_) => Err(self.bad(column, RowProblem::Negative(size))),
            },
        }
    }

    /// A truth value; NULL means false.
    pub(super) fn flag(&self, index: usize, column: &'static str) -> Result<bool, StoreDbError> {
        match self.optional_integer(index, column)? {
            None | Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(self.bad(column, RowProblem::NotABoolean(other))),
        }
    }

    pub(super) fn optional_store_path(
        &self,
        index: usize,
        column: &'static str,
    ) -> Result<Option<StorePath>, StoreDbError> {
        let Some(text) = self.optional_text(index, column)? else { return Ok(None) };
        match self.query.options.store_dir.parse(text) {
            Ok(path) => Ok(Some(path)),
            Err(error) => Err(self.bad(column, error)),
        }
    }

    pub(super) fn store_path(&self, index: usize, column: &'static str) -> Result<StorePath, StoreDbError> {
        self.optional_store_path(index, column)?.ok_or_else(|| self.null(column, "a store path"))
    }

    /// A path that was joined to a row of `Refs`, as `id` and `path` of `ValidPaths`; NULL means
    /// that `reference` points nowhere.
    pub(super) fn referenced_path(&self, id: usize, path: usize) -> Result<StorePath, StoreDbError> {
        match self.optional_integer(id, "reference")? {
            None => Err(self.bad("reference", RowProblem::Dangling)),
            // What is wrong with the path is wrong over there.
            Some(id) => Self { table: "ValidPaths", id, ..*self }.store_path(path, "path"),
        }
    }

    pub(super) fn hash(&self, index: usize, column: &'static str) -> Result<Hash, StoreDbError> {
        let text = self.text(index, column)?;
        Hash::parse_any_prefixed(text).map_err(|error| self.bad(column, error))
    }

    /// A list of signatures, separated by spaces.
    pub(super) fn signatures(
        &self,
        index: usize,
        column: &'static str,
    ) -> Result<Vec<Signature>, StoreDbError> {
        let Some(text) = self.optional_text(index, column)? else { return Ok(Vec::new()) };
        let mut signatures = text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| word.parse::<Signature>().map_err(|error| self.bad(column, error)))
            .collect::<Result<Vec<_>, _>>()?;
        signatures.sort_unstable();
        signatures.dedup();
        Ok(signatures)
    }
}
