//! What may run once at a time, across all processes that share a store.
//!
//! SQLite has one writer, so a transaction is a lock already. PostgreSQL has advisory locks, which
//! end with the transaction.

use super::connection::Kind;
use super::{DatabaseError, Transaction};
use crate::params;

/// What a lock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// The migrations.
    Schema = 1,
    /// Appending to the history, whose entries hold the hash of the one before.
    History = 2,
    /// Giving numbers to advisories.
    Numbers = 3,
    /// Claiming jobs.
    Jobs = 4,
    /// Writing facts of an evaluation, whose numbers are looked up before they are given.
    Packages = 5,
}

/// So that another program's advisory locks in the same database are others.
const NAMESPACE: i64 = 0x534e_4f57 << 32;

impl Transaction<'_> {
    /// Waits until nobody else holds this lock, and holds it until the transaction ends.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lock(&mut self, lock: Lock) -> Result<(), DatabaseError> {
        match self.0 {
            Kind::Sqlite(_) => Ok(()),
            Kind::Postgres(_) => self.query_one(
                "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS held",
                params![NAMESPACE + lock as i64],
                |_| Ok(()),
            ),
        }
    }
}
