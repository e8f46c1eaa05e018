//! What is written together or not at all.

use super::DatabaseError;
use super::connection::{Connection, Kind};
use std::ops::{Deref, DerefMut};

/// A transaction that writes. Dropped without a commit, it leaves nothing.
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c mut Connection,
    open: bool,
}

impl<'c> Transaction<'c> {
    pub(super) fn begin(connection: &'c mut Connection) -> Result<Self, DatabaseError> {
        match connection.0 {
            // Takes the one place of a writer at once: later it could be refused.
            Kind::Sqlite(_) => connection.script("BEGIN IMMEDIATE")?,
            Kind::Postgres(_) => connection.script("BEGIN")?,
        }
        Ok(Self { connection, open: true })
    }

    pub(super) fn commit(mut self) -> Result<(), DatabaseError> {
        self.connection.script("COMMIT")?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // Where this fails, the connection is broken, and the pool drops it.
            let _ = self.connection.script("ROLLBACK");
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}
