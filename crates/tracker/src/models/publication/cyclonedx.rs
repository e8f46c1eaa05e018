//! CycloneDX 1.6 (ECMA-424) as a VEX document: versions as components, an analysis of each.

use super::openvex::names;
use super::osv::bare_vector;
use super::statement::{Verdict, action, of_versions};
use super::text::{line, time};
use super::{Cve, Published, purl};
use crate::models::advisory::status::{Justification, Status};
use serde_json::{Map, Value, json};
use vulnerability::cvss;
use vulnerability::model::Level;

/// The document of an advisory. Components are versions that channels have; without any it is
/// empty, which the format allows.
pub fn document(published: &Published) -> Value {
    let versions = of_versions(published);
    let withdrawn = published.withdrawn.is_some();
    let purl = |pname: &str, version: &str| purl::of(purl::Form::default(), "", pname, version);
    let components: Vec<Value> = versions
        .keys()
        .filter_map(|(pname, version)| {
            let purl = purl(pname, version)?;
            Some(json!({
                "bom-ref": purl,
                "name": line(pname).unwrap_or_else(|| "unnamed".to_owned()),
                "purl": purl,
                "type": "library",
                "version": line(version).unwrap_or_default(),
            }))
        })
        .collect();
    let mut vulnerabilities = Vec::new();
    for (index, name) in names(published).into_iter().enumerate() {
        let cve = published.cves.get(index);
        for ((pname, version), of) in &versions {
            let Some(purl) = purl(pname, version) else { continue };
            let mut value = Map::new();
            value.insert("id".into(), json!(name));
            if let Some(title) = cve.and_then(|cve| cve.title.as_deref()).and_then(line) {
                value.insert("description".into(), json!(title));
            }
            if let Some(rating) = cve.and_then(rating) {
                value.insert("ratings".into(), json!([rating]));
            }
            value.insert("advisories".into(), json!([{ "url": published.publisher.page(&published.code) }]));
            value.insert("published".into(), json!(time(published.published_at())));
            value.insert("updated".into(), json!(time(published.changed_at())));
            let verdict = Verdict::of(of.build.status, withdrawn);
            let why = line(&of.build.why).filter(|_| !withdrawn);
            value.insert("analysis".into(), analysis(verdict, of.build.status, of.build.justification, why));
            let state = if verdict == Verdict::Affected { "affected" } else { "unaffected" };
            let state = if verdict == Verdict::UnderInvestigation { "unknown" } else { state };
            let listed = json!([{ "version": version_text(version), "status": state }]);
            value.insert("affects".into(), json!([{ "ref": purl, "versions": listed }]));
            vulnerabilities.push(Value::Object(value));
        }
    }
    let name = line(&published.publisher.name).unwrap_or_else(|| "unnamed".to_owned());
    let tool = json!({ "type": "application", "name": "snowguard", "version": env!("CARGO_PKG_VERSION") });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": published.changes.len(),
        "metadata": {
            "timestamp": time(published.changed_at()),
            "tools": { "components": [tool] },
            "supplier": { "name": name },
        },
        "components": components,
        "vulnerabilities": vulnerabilities,
    })
}

/// A version has 1 to 1,024 characters.
fn version_text(version: &str) -> String {
    line(version).unwrap_or_else(|| "unnamed".to_owned()).chars().take(1024).collect()
}

fn analysis(
    verdict: Verdict,
    status: Status,
    justification: Option<Justification>,
    why: Option<String>,
) -> Value {
    let mut analysis = Map::new();
    let mut put = |key: &str, value: Value| drop(analysis.insert(key.to_owned(), value));
    let state = match verdict {
        Verdict::Affected => "exploitable",
        Verdict::UnderInvestigation => "in_triage",
        Verdict::Fixed => "resolved",
        Verdict::NotAffected => "not_affected",
    };
    put("state", json!(state));
    let mut detail: Vec<String> = why.into_iter().collect();
    match verdict {
        Verdict::NotAffected => {
            put("justification", json!(justification.map_or("code_not_present", self::justification)));
        }
        Verdict::Affected => {
            let response = match status {
                Status::FixedInBranch => Some("update"),
                Status::WontFix | Status::EndOfLife => Some("will_not_fix"),
                _ => None,
            };
            if let Some(response) = response {
                put("response", json!([response]));
            }
            detail.push(action(status).to_owned());
        }
        Verdict::UnderInvestigation | Verdict::Fixed => {}
    }
    if !detail.is_empty() {
        put("detail", json!(detail.join(" ")));
    }
    Value::Object(analysis)
}

/// What comes closest in CycloneDX's words.
const fn justification(justification: Justification) -> &'static str {
    match justification {
        Justification::ComponentNotPresent | Justification::VulnerableCodeNotPresent => "code_not_present",
        Justification::VulnerableCodeNotInExecutePath => "code_not_reachable",
        Justification::VulnerableCodeCannotBeControlledByAdversary => "requires_environment",
        Justification::InlineMitigationsAlreadyExist => "protected_by_mitigating_control",
    }
}

fn rating(cve: &Cve) -> Option<Value> {
    let vector = cve.vector.as_deref()?;
    let (score, level) = cvss::rate(vector).ok()?;
    let vector = bare_vector(vector);
    let method = match &vector {
        vector if vector.starts_with("CVSS:4.0/") => "CVSSv4",
        vector if vector.starts_with("CVSS:3.1/") => "CVSSv31",
        vector if vector.starts_with("CVSS:3.0/") => "CVSSv3",
        _ => "CVSSv2",
    };
    let severity = match level {
        Level::None => "none",
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::Critical => "critical",
    };
    let score = (f64::from(score) * 10.0).round() / 10.0;
    Some(json!({ "method": method, "score": score, "severity": severity, "vector": vector }))
}
