//! A finding's evidence in sentences.

use crate::finding::{Confidence, CorrectionSource, Evidence, Finding, FindingStatus, IdentityRule};
use crate::package::Package;
use vulnerability::model::Vulnerability;

/// A finding in sentences, one a line of reasoning, the conclusion first. The vulnerability may be
/// missing if only the package itself names it.
pub fn explain(finding: &Finding, package: &Package, vulnerability: Option<&Vulnerability>) -> Vec<String> {
    let mut out = vec![conclusion(finding, package)];
    if let Some(vulnerability) = vulnerability {
        let summary = vulnerability.summary().trim();
        if !summary.is_empty() {
            out.push(format!("The record says: {summary}"));
        }
    }
    out.extend(finding.evidence.iter().map(sentence));
    if let Some(fixed) = &finding.fixed_in
        && finding.status == FindingStatus::Affected
    {
        out.push(format!("The first version that the record gives as not affected is {fixed}."));
    }
    out.push(certainty(finding.confidence).to_owned());
    out
}

fn conclusion(finding: &Finding, package: &Package) -> String {
    let name = &package.name;
    let cve = finding.cve;
    match finding.status {
        FindingStatus::Affected => format!("{name} is affected by {cve}."),
        FindingStatus::Unknown => {
            format!("Whether {name} is affected by {cve} cannot be told from what is known.")
        }
        FindingStatus::Fixed => format!("{name} has {cve} fixed."),
        FindingStatus::NotAffected => format!("{name} is not affected by {cve}."),
    }
}

fn sentence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Identity { origin, rule: IdentityRule::Reference, stated, package } => {
            let named = if stated.is_empty() {
                "names no product".to_owned()
            } else {
                format!("names with \"{stated}\" no product but a place for advisories")
            };
            format!("{origin} {named}; the record links to the source repository of the package {package}.")
        }
        Evidence::Identity { origin, rule, stated, package } => {
            let why = match rule {
                IdentityRule::Curated => "curated knowledge maps that name to this package",
                IdentityRule::Cpe => "the package states the same CPE",
                IdentityRule::Purl => "the package states the same package URL",
                IdentityRule::Collection => "it is the package of that name in the same collection",
                IdentityRule::Spelling => "it is how distributions spell that package's name",
                IdentityRule::Reference => "the record links to its source repository",
                IdentityRule::Repository => "both come from the same source repository",
                IdentityRule::ProductAndVendor => {
                    "the product's name is the package's, and a second sign agrees"
                }
                IdentityRule::Product => "the product's name is the package's",
            };
            format!("{origin} speaks of \"{stated}\", which we take for the package {package}: {why}.")
        }
        Evidence::Sign { supports: true, text } => format!("For this: {text}."),
        Evidence::Sign { supports: false, text } => format!("Against this: {text}."),
        Evidence::Version { origin, version, range, comparisons, status } => {
            let verdict = match status {
                FindingStatus::Affected => "is affected",
                FindingStatus::NotAffected => "is not affected",
                FindingStatus::Fixed => "is fixed",
                FindingStatus::Unknown => "is not decided by it",
            };
            let because =
                if comparisons.is_empty() { String::new() } else { format!(" ({})", comparisons.join(", ")) };
            format!("{origin} gives the versions \"{range}\"; {version} {verdict}{because}.")
        }
        Evidence::Correction { by, text, status } => {
            let who = match by {
                CorrectionSource::Patch => "A patch of the package names it",
                CorrectionSource::KnownVulnerabilities => {
                    "The package's own list of known vulnerabilities names it"
                }
                CorrectionSource::Curated => "A curated statement applies",
                CorrectionSource::Vex => "A VEX statement applies",
            };
            let what = match status {
                FindingStatus::Affected => "affected",
                FindingStatus::Unknown => "under investigation",
                FindingStatus::Fixed => "fixed",
                FindingStatus::NotAffected => "not affected",
            };
            format!("{who}: {text}. So it counts as {what}.")
        }
    }
}

const fn certainty(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => {
            "Confidence is high: identity is certain and the version decision rests on structured data."
        }
        Confidence::Medium => {
            "Confidence is medium: the name fits with little else to confirm it, or the versions were read from prose."
        }
        Confidence::Low => "Confidence is low: it may be other software of the same name.",
    }
}
