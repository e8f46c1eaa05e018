//! Which database to read.

use crate::update::{self, Online, Output};
use crate::{exit, folder};
use std::path::PathBuf;
use vulnerability_db::database::Database;

/// Where the database of vulnerability records is.
#[derive(Debug, clap::Args)]
pub(crate) struct DatabaseLocation {
    /// Folder of the database of vulnerability records [default: $SNOWGUARD_DB, else your own, else
    /// /var/lib/snowguard]
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
}

/// Opens it.
pub(crate) fn open(location: &DatabaseLocation) -> anyhow::Result<Database> {
    let folder = folder::for_reading(location.db.clone());
    let database = Database::open(&folder)?;
    exit::detail(|| format!("database: {}", database.path().display()));
    Ok(database)
}

/// Opens it after an update. What cannot be fetched is reported; whether there is enough without it,
/// whoever asks for the database knows.
pub(crate) fn open_updated(location: &DatabaseLocation) -> anyhow::Result<Database> {
    let folder = folder::for_writing(location.db.clone())?;
    update::fetch(&folder, Online::default(), Output::None)?;
    Ok(Database::open(&folder)?)
}
