//! A store of each kind, for each test.

use test_support::{Scratch, postgres_database};
use tracker::database::{Database, Limits, Location};

/// A store that goes away with the test.
pub(crate) struct Store {
    /// 'SQLite' or 'PostgreSQL': for messages.
    pub(crate) name: &'static str,
    pub(crate) location: Location,
    pub(crate) database: Database,
    /// The data folder.
    pub(crate) folder: Scratch,
}

impl Store {
    fn new(name: &'static str, location: impl FnOnce(&Scratch) -> Location) -> Self {
        let folder = Scratch::new();
        let location = location(&folder);
        let database = Database::open(&location, Limits::default()).unwrap();
        Self { name, location, database, folder }
    }

    pub(crate) fn sqlite() -> Self {
        Self::new("SQLite", |folder| Location::in_folder(folder.folder()))
    }

    pub(crate) fn postgres() -> Self {
        Self::new("PostgreSQL", |_| Location::parse(&postgres_database()))
    }
}

/// Runs a test on a new store of each kind.
pub(crate) fn on_each(test: impl Fn(&Store)) {
    for store in [Store::sqlite(), Store::postgres()] {
        eprintln!("on {}", store.name);
        test(&store);
    }
}

pub(crate) mod site;
