//! Connections that are kept open, and handed to one user at a time.

use super::connection::Connection;
use super::purpose::Purpose;
use super::{DatabaseError, Limits, Location};
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longer than this nobody should wait for a connection.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Pool {
    location: Location,
    readers: Shelf,
    writers: Shelf,
}

/// Connections of one purpose.
#[derive(Debug)]
struct Shelf {
    purpose: Purpose,
    most: usize,
    state: Mutex<Stock>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Stock {
    idle: Vec<Connection>,
    in_use: usize,
}

impl Pool {
    pub(super) fn new(location: Location, limits: Limits) -> Self {
        let writers = match location {
            Location::Sqlite(_) => 1,
            Location::Postgres(_) => limits.writers.max(1),
        };
        let shelf = |purpose, most| Shelf {
            purpose,
            most,
            state: Mutex::new(Stock::default()),
            returned: Condvar::new(),
        };
        Self {
            location,
            readers: shelf(Purpose::Reading, limits.readers.max(1)),
            writers: shelf(Purpose::Writing, writers),
        }
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    pub(super) fn reader(&self) -> Result<Lent<'_>, DatabaseError> {
        self.readers.take(&self.location)
    }

    pub(super) fn writer(&self) -> Result<Lent<'_>, DatabaseError> {
        self.writers.take(&self.location)
    }
}

impl Shelf {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        // Counting connections cannot leave a half state behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, location: &Location) -> Result<Lent<'_>, DatabaseError> {
        let deadline = Instant::now() + PATIENCE;
        let mut stock = self.stock();
        while stock.in_use >= self.most {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(DatabaseError::Busy);
            }
            stock = self.returned.wait_timeout(stock, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        stock.in_use += 1;
        let idle = stock.idle.pop();
        drop(stock);
        // From here on it is given back, whatever happens.
        let mut lent = Lent { shelf: self, connection: None };
        let open = match idle {
            // The server may have gone away while nobody asked.
            Some(connection) if !connection.is_broken() => connection,
            _ => Connection::open(location, self.purpose)?,
        };
        lent.connection = Some(open);
        Ok(lent)
    }
}

/// A connection on loan.
#[derive(Debug)]
pub(super) struct Lent<'p> {
    shelf: &'p Shelf,
    connection: Option<Connection>,
}

impl Deref for Lent<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().unwrap_or_else(|| unreachable!("it is there until it is given back"))
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().unwrap_or_else(|| unreachable!("it is there until it is given back"))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut stock = self.shelf.stock();
        stock.in_use -= 1;
        if let Some(connection) = self.connection.take().filter(|connection| !connection.is_broken()) {
            stock.idle.push(connection);
        }
        drop(stock);
        self.shelf.returned.notify_one();
    }
}
