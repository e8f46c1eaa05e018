//! Statements that name their vulnerability only by an advisory of GitHub. Which CVE that is, the
//! records say.

use super::VexStatements;
use crate::targets::Warning;
use matching::{FindingStatus, VexProduct, VexStatement};
use rustc_hash::FxHashMap;
use vulnerability::CveId;
use vulnerability_db::database::{Database, DatabaseError};

/// A statement on an advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryStatement {
    /// The advisory, in capital letters.
    pub advisory: String,
    /// It counts less than this one of the statements on CVEs, and more than those before.
    pub before: usize,
    /// The products; empty means every package of the target.
    pub products: Vec<VexProduct>,
    /// The status it gives.
    pub status: FindingStatus,
    /// See [`VexStatement::reason`].
    pub reason: String,
    /// See [`VexStatement::origin`].
    pub origin: String,
}

/// Loaded at once.
const PART: usize = 256;

/// All statements on CVEs, with those on advisories that some of these records have as their own;
/// and a warning for each of the others.
pub(crate) fn on_cves(
    vex: &VexStatements,
    database: &Database,
    records: impl FnOnce() -> Result<Vec<CveId>, DatabaseError>,
) -> Result<(Vec<VexStatement>, Vec<Warning>), DatabaseError> {
    if vex.by_advisory.is_empty() {
        return Ok((vex.statements.clone(), Vec::new()));
    }
    let mut cves: FxHashMap<&str, Vec<CveId>> =
        vex.by_advisory.iter().map(|statement| (statement.advisory.as_str(), Vec::new())).collect();
    for part in records()?.chunks(PART) {
        for vulnerability in database.load(part)? {
            let advisory = vulnerability.advisory().map(|advisory| advisory.to_ascii_uppercase());
            if let Some(cves) = advisory.and_then(|advisory| cves.get_mut(advisory.as_str())) {
                cves.push(vulnerability.id);
            }
        }
    }
    let (mut statements, mut warnings) = (Vec::new(), Vec::new());
    let mut others = vex.statements.iter().cloned().enumerate().peekable();
    for AdvisoryStatement { advisory, before, products, status, reason, origin } in &vex.by_advisory {
        while let Some((_, statement)) = others.next_if(|(index, _)| index < before) {
            statements.push(statement);
        }
        let found = cves.get(advisory.as_str()).map_or(&[][..], Vec::as_slice);
        if found.is_empty() {
            let problem = format!("names only {advisory}, which no record on these packages has as its own");
            warnings.push(Warning { place: origin.clone(), problem });
        }
        statements.extend(found.iter().map(|cve| VexStatement {
            cve: *cve,
            products: products.clone(),
            status: *status,
            reason: reason.clone(),
            origin: origin.clone(),
        }));
    }
    statements.extend(others.map(|(_, statement)| statement));
    Ok((statements, warnings))
}
