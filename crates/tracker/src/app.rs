//! What all parts of the running service share.

use crate::config::Config;
use crate::database::Database;
use crate::local_records::LocalRecords;
use crate::metrics::Metrics;
use crate::rates::Rates;
use jiff::Timestamp;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The service. A clone is another handle of the same one.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// Its parts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts {
    /// What it keeps.
    pub database: Database,
    /// How it was set up.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// This process's copy of the records.
    pub records: LocalRecords,
    /// How often who asks.
    pub rates: Rates,
    /// What is measured.
    pub metrics: Metrics,
}

impl App {
    /// Puts the parts together.
    pub fn new(database: Database, config: Config, clock: Clock) -> Self {
        let records = LocalRecords::new(&config.data);
        let (rates, metrics) = (Rates::default(), Metrics::default());
        Self(Arc::new(Parts { database, config, clock, records, rates, metrics }))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// A clock. Nothing in the service asks the machine's own, so that tests can set it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// One that says what it is told.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is, in whole milliseconds, as times are kept.
    pub fn now(&self) -> Timestamp {
        let now = (self.0)();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
