//! What overrides the record: patches, curated truth, statements of others. Later entries of the
//! result win, so they stand in the order of trust.

use crate::facts::PackageFacts;
use crate::finding::{CorrectionSource, Evidence, FindingStatus};
use crate::knowledge::Knowledge;
use crate::vex::VexStatement;
use vulnerability::CveId;
use vulnerability::ranges;

/// All corrections for a pair, least trusted first: known vulnerabilities, patches, the project's
/// curated statements, and VEX documents, which the user chose. `vex` are the statements on this
/// CVE.
pub(crate) fn of(
    cve: CveId,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
    vex: &[&VexStatement],
) -> Vec<Evidence> {
    let mut out = Vec::new();
    let mut correction = |by, text: String, status| out.push(Evidence::Correction { by, text, status });
    let names = |text: &String| package.named.contains(&cve) && CveId::find_all(text).any(|id| id == cve);
    for text in package.package.known_vulnerabilities.iter().filter(|t| names(t)) {
        correction(CorrectionSource::KnownVulnerabilities, text.clone(), FindingStatus::Affected);
    }
    for patch in package.package.patches.iter().filter(|t| names(t)) {
        correction(CorrectionSource::Patch, patch.clone(), FindingStatus::Fixed);
    }
    for statement in knowledge.statements(cve, &package.curated_name) {
        if statement.versions.is_empty()
            || ranges::text_contains(&statement.versions, &package.version) == Some(true)
        {
            correction(CorrectionSource::Curated, statement.reason.clone(), statement.status.into());
        }
    }
    for statement in vex {
        if statement.names(package.package) {
            let text = format!("{} ({})", statement.reason, statement.origin);
            correction(CorrectionSource::Vex, text, statement.status);
        }
    }
    out
}
