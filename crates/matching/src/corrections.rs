//! What overrides the record: patches, curated truth, statements of others. Later entries of the
//! result win, so they stand in the order of trust.

use crate::facts::PackageFacts;
use crate::finding::{CorrectionSource, Evidence, FindingStatus};
use crate::knowledge::Knowledge;
use crate::package::Package;
use crate::text::Text;
use crate::vex::VexStatement;
use vulnerability::CveId;
use vulnerability::ranges;

/// All corrections for a pair, least trusted first: known vulnerabilities, patches, the project's
/// curated statements, and VEX documents, which the user chose. `vex` are the statements on this
/// CVE.
pub(crate) fn of(
    cve: CveId,
    package: &Package,
    facts: &PackageFacts<'_>,
    knowledge: &Knowledge,
    vex: &[&VexStatement],
) -> Vec<Evidence> {
    let mut out = Vec::new();
    let mut correction = |by, text: String, status| out.push(Evidence::Correction { by, text, status });
    let names = |text: &&Text| CveId::find_all(text).any(|id| id == cve);
    for text in package.known_vulnerabilities.iter().filter(names) {
        correction(CorrectionSource::KnownVulnerabilities, text.to_string(), FindingStatus::Affected);
    }
    for patch in package.patches.iter().filter(names) {
        correction(CorrectionSource::Patch, patch.to_string(), FindingStatus::Fixed);
    }
    out.extend(curated(cve, facts, knowledge));
    for statement in vex {
        if statement.names(package) {
            let by = CorrectionSource::Vex;
            let text = format!("{} ({})", statement.reason, statement.origin);
            out.push(Evidence::Correction { by, text, status: statement.status });
        }
    }
    out
}

/// The corrections that all packages of a class have.
pub(crate) fn curated(cve: CveId, facts: &PackageFacts<'_>, knowledge: &Knowledge) -> Vec<Evidence> {
    let version = &facts.package.version;
    knowledge
        .statements(cve, &facts.curated_name)
        .filter(|s| s.versions.is_empty() || ranges::text_contains(&s.versions, version) == Some(true))
        .map(|s| Evidence::Correction {
            by: CorrectionSource::Curated,
            text: s.reason.clone(),
            status: s.status.into(),
        })
        .collect()
}
