//! Which database to read.

use crate::update::{self, Online, Output};
use crate::{exit, folder};
use std::path::PathBuf;
use std::str::FromStr;
use vulnerability::{CveId, InvalidCveId};
use vulnerability_db::database::Database;

/// Where the database of vulnerability records is.
#[derive(Debug, clap::Args)]
pub(crate) struct DatabaseLocation {
    /// Folder of the database of vulnerability records [default: $SNOWGUARD_DB, else your own, else
    /// /var/lib/snowguard]
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
}

/// A vulnerability as users name it.
#[derive(Debug, Clone)]
pub(crate) enum Identifier {
    /// By its CVE.
    Cve(CveId),
    /// By GitHub's advisory.
    Advisory(String),
}

impl FromStr for Identifier {
    type Err = InvalidCveId;

    fn from_str(text: &str) -> Result<Self, InvalidCveId> {
        if scanner::is_advisory(text) {
            return Ok(Self::Advisory(text.to_owned()));
        }
        text.parse().map(Self::Cve)
    }
}

impl Identifier {
    /// Its CVE.
    pub(crate) fn cve(&self, database: &Database) -> anyhow::Result<CveId> {
        match self {
            Self::Cve(cve) => Ok(*cve),
            Self::Advisory(advisory) => scanner::cve_of_advisory(database, advisory)?.ok_or_else(|| {
                let path = database.path().display();
                anyhow::anyhow!("no record of the database {path} names {advisory} as its own advisory")
            }),
        }
    }
}

/// Opens it.
pub(crate) fn open(location: &DatabaseLocation) -> anyhow::Result<Database> {
    let folder = folder::for_reading(location.db.clone());
    let database = Database::open(&folder)?;
    exit::detail(|| format!("database: {}", database.path().display()));
    Ok(database)
}

/// Opens it after an update. What cannot be fetched is reported; whether there is enough without
/// it, whoever asks for the database knows.
pub(crate) fn open_updated(location: &DatabaseLocation) -> anyhow::Result<Database> {
    let folder = folder::for_writing(location.db.clone())?;
    update::fetch(&folder, Online::default(), Output::None)?;
    Ok(Database::open(&folder)?)
}
