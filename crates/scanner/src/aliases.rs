//! CVEs by the identifiers of advisories. They stand in the links of records, so whoever asks for
//! one reads records until it is found.

use vulnerability::CveId;
use vulnerability_db::database::{Database, DatabaseError};

pub use vulnerability::model::is_advisory;

/// Loaded at once.
const PART: usize = 256;

/// The CVE of a GitHub advisory (`GHSA-…`), if a record of the database names it as its own. All
/// records may have to be read, the newest first.
pub fn cve_of_advisory(database: &Database, advisory: &str) -> Result<Option<CveId>, DatabaseError> {
    for part in database.ids()?.rchunks(PART) {
        for vulnerability in database.load(part)? {
            if vulnerability.advisory().is_some_and(|own| own.eq_ignore_ascii_case(advisory)) {
                return Ok(Some(vulnerability.id));
            }
        }
    }
    Ok(None)
}
