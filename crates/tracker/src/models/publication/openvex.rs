//! OpenVEX 0.2.0 (openvex/spec).
//!
//! A statement for each vulnerability and version. Channels are named in words only: whoever reads
//! a document has versions at hand, and the worst of the channels counts for each.

use super::statement::{Verdict, action, of_versions};
use super::text::{line, time};
use super::{Published, purl};
use crate::models::advisory::status::Justification;
use serde_json::{Map, Value, json};

/// The document of an advisory; none if no channel has any of its packages, because OpenVEX has no
/// empty documents.
pub fn document(published: &Published) -> Option<Value> {
    let versions = of_versions(published);
    let withdrawn = published.withdrawn.is_some();
    let mut statements = Vec::new();
    for name in names(published) {
        for of in versions.values() {
            let build = of.build;
            let Some(purl) = purl::of(purl::Form::default(), &build.attribute, &build.pname, &build.version)
            else {
                continue;
            };
            let channels: Vec<_> = of.channels.iter().filter_map(|channel| line(channel)).collect();
            let mut statement = Map::new();
            let mut put = |key: &str, value: Value| drop(statement.insert(key.to_owned(), value));
            put("vulnerability", json!({ "name": name }));
            put("products", json!([{ "@id": purl, "identifiers": { "purl": purl } }]));
            let verdict = Verdict::of(build.status, withdrawn);
            put("status", json!(status(verdict)));
            if verdict == Verdict::NotAffected {
                let reason = build.justification.unwrap_or(Justification::VulnerableCodeNotPresent);
                put("justification", json!(reason.name()));
            }
            if verdict == Verdict::Affected {
                put("action_statement", json!(action(build.status)));
            }
            let why = if withdrawn { None } else { line(&build.why) };
            let notes = why.unwrap_or_else(|| "The advisory was withdrawn.".to_owned());
            put("status_notes", json!(format!("{notes} In {}.", channels.join(", "))));
            statements.push(Value::Object(statement));
        }
    }
    if statements.is_empty() {
        return None;
    }
    // The number of the document: it counts up with each change.
    let version = published.changes.len();
    Some(json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("{}/openvex.json#{version}", published.publisher.page(&published.code)),
        "author": line(&published.publisher.name).unwrap_or_else(|| "unnamed".to_owned()),
        "role": "distributor",
        "timestamp": time(published.published_at()),
        "last_updated": time(published.changed_at()),
        "version": version,
        "statements": statements,
    }))
}

/// What the vulnerabilities are called: an advisory without CVEs is one itself.
pub(super) fn names(published: &Published) -> Vec<String> {
    if published.cves.is_empty() {
        return vec![published.code.to_string()];
    }
    published.cves.iter().map(|cve| cve.id.to_string()).collect()
}

const fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => "affected",
        Verdict::UnderInvestigation => "under_investigation",
        Verdict::Fixed => "fixed",
        Verdict::NotAffected => "not_affected",
    }
}
