//! Where the database is.

use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use vulnerability_db::database::FILE_NAME;

/// Where the system's own database is: written by root, read by everybody.
const SYSTEM: &str = "/var/lib/snowguard";

/// Where to write: what the user says, else `SNOWGUARD_DB`, else `/var/lib/snowguard` for root and
/// the user's data folder (`$XDG_DATA_HOME/snowguard`, `~/.local/share/snowguard`) for others.
pub(crate) fn for_writing(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(folder) = given.or_else(from_environment) {
        return Ok(folder);
    }
    // The owner of one's own process is oneself.
    if std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0) {
        return Ok(SYSTEM.into());
    }
    own()
        .ok_or_else(|| anyhow::anyhow!("there is no home folder to put the database in; say where with --db"))
}

/// Where to read: what the user says, else `SNOWGUARD_DB`, else the user's own database if there is
/// one, else the system's.
pub(crate) fn for_reading(given: Option<PathBuf>) -> PathBuf {
    given
        .or_else(from_environment)
        .or_else(|| {
            own().filter(|folder| {
                folder.join(FILE_NAME).exists() || !Path::new(SYSTEM).join(FILE_NAME).exists()
            })
        })
        .unwrap_or_else(|| SYSTEM.into())
}

fn from_environment() -> Option<PathBuf> {
    env::var_os("SNOWGUARD_DB").filter(|v| !v.is_empty()).map(PathBuf::from)
}

fn own() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("snowguard"))
}
