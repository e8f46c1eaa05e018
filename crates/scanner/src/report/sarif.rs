//! SARIF 2.1.0 (OASIS): a rule a CVE, a result a finding.

use super::json::{description, rounded};
use super::text::{level_name, percent};
use super::{FindingEntry, Scan, TOOL, TOOL_VERSION, cve_url, list, write_object};
use matching::{Confidence, FindingStatus, Package};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use terminal::clean;
use vulnerability::CveId;
use vulnerability::model::Level;

/// Writes the report.
pub(super) fn write(out: &mut dyn io::Write, scan: &Scan, shown: &[&FindingEntry<'_>]) -> io::Result<()> {
    let mut rules: BTreeMap<CveId, &FindingEntry<'_>> = BTreeMap::new();
    for entry in shown {
        rules.entry(entry.finding.cve).or_insert(entry);
    }
    let places: BTreeMap<CveId, usize> = rules.keys().copied().zip(0..).collect();
    let notifications: Vec<Value> = scan
        .targets
        .iter()
        .flat_map(|t| t.warnings.iter().map(move |w| (t, w)))
        .map(|(target, warning)| {
            json!({ "level": "warning", "message": { "text": clean(&format!("{}: {warning}", target.name)) } })
        })
        .collect();
    let rules: Vec<&FindingEntry<'_>> = rules.into_values().collect();
    write_object(out, 4, |report| {
        report.serialize_entry("$schema", "https://json.schemastore.org/sarif-2.1.0.json")?;
        report.serialize_entry("version", "2.1.0")?;
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: TOOL,
                    semantic_version: TOOL_VERSION,
                    rules: list(&rules, |_, e| rule(e)),
                },
            },
            automation_details: json!({ "id": format!("{TOOL}/"), "guid": scan.id }),
            invocations: json!([{
                "executionSuccessful": true,
                "endTimeUtc": scan.time,
                "toolExecutionNotifications": notifications,
            }]),
            results: list(shown, |_, e| result(scan, e, &places)),
            column_kind: "utf16CodeUnits",
        };
        report.serialize_entry("runs", &[run])
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<L: Serialize, R: Serialize> {
    tool: Tool<L>,
    automation_details: Value,
    invocations: Value,
    results: R,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool<L: Serialize> {
    driver: Driver<L>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<L: Serialize> {
    name: &'static str,
    semantic_version: &'static str,
    rules: L,
}

fn rule(entry: &FindingEntry<'_>) -> Value {
    let cve = entry.finding.cve;
    let summary = Some(clean(entry.summary())).filter(|s| !s.is_empty()).unwrap_or_else(|| cve.to_string());
    let full = entry.vulnerability.and_then(description).map_or_else(|| summary.clone(), clean);
    let mut tags = vec!["security".to_owned(), "vulnerability".to_owned()];
    if entry.known_exploited() {
        tags.push("known-exploited".to_owned());
    }
    if let Some(vulnerability) = entry.vulnerability {
        tags.extend(
            super::json::weaknesses(vulnerability)
                .iter()
                .map(|w| format!("external/cwe/{}", w.to_lowercase())),
        );
    }
    let mut properties = json!({ "tags": tags, "precision": "high" });
    if let (Some(score), Value::Object(properties)) = (entry.score(), &mut properties) {
        // Some readers sort by this, and want a text.
        properties.insert("security-severity".to_owned(), json!(format!("{:.1}", rounded(score))));
    }
    json!({
        "id": cve,
        "name": cve,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": full },
        "helpUri": cve_url(cve),
        "defaultConfiguration": { "level": level(entry) },
        "properties": properties,
    })
}

/// SARIF's levels, for what is affected; `kind` says what is not, and then the level has to be
/// none.
fn level(entry: &FindingEntry<'_>) -> &'static str {
    match entry.level() {
        _ if entry.known_exploited() => "error",
        Some(Level::Critical | Level::High) => "error",
        Some(Level::Medium) | None => "warning",
        Some(Level::Low | Level::None) => "note",
    }
}

fn result(scan: &Scan, entry: &FindingEntry<'_>, places: &BTreeMap<CveId, usize>) -> Value {
    let finding = entry.finding;
    let package = entry.package;
    let (kind, level) = match finding.status {
        FindingStatus::Affected => ("fail", level(entry)),
        FindingStatus::Unknown => ("review", "none"),
        FindingStatus::Fixed | FindingStatus::NotAffected => ("pass", "none"),
    };
    let says = match finding.status {
        FindingStatus::Affected => "is affected by",
        FindingStatus::Unknown => "may be affected by",
        FindingStatus::Fixed => "has a fix for",
        FindingStatus::NotAffected => "is not affected by",
    };
    let text = format!(
        "{} {says} {} ({}). {}",
        package.name,
        finding.cve,
        level_name(entry.level()),
        entry.action()
    );
    let suppressions: Vec<Value> = entry
        .suppression
        .iter()
        .map(|s| {
            json!({
                "kind": "external",
                "status": "accepted",
                "justification": clean(&s.reason),
                "properties": { "rule": clean(&s.origin), "until": s.until },
            })
        })
        .collect();
    let rank = match finding.confidence {
        Confidence::High => 100.0,
        Confidence::Medium => 60.0,
        Confidence::Low => 20.0,
    };
    json!({
        "ruleId": finding.cve,
        "ruleIndex": places.get(&finding.cve),
        "kind": kind,
        "level": level,
        "rank": rank,
        "message": { "text": clean(&text) },
        "locations": [location(scan, package)],
        // The same finding in the next scan, whatever the hash in the store path.
        "partialFingerprints": { "package/v1": fingerprint(package, finding.cve) },
        "suppressions": suppressions,
        "properties": {
            "package": package.pname,
            "version": package.version,
            "confidence": finding.confidence,
            "status": finding.status,
            "fixedIn": finding.fixed_in,
        },
    })
}

fn fingerprint(package: &Package, cve: CveId) -> String {
    format!("{}/{}/{cve}", package.attribute.as_deref().unwrap_or("-"), package.name)
}

/// Where the package is made, or else what was scanned. Readers such as GitHub's need a file.
fn location(scan: &Scan, package: &Package) -> Value {
    let logical = package.store_paths.first().or(package.attribute.as_ref()).unwrap_or(&package.name);
    let logical =
        json!([{ "name": clean(&package.name), "fullyQualifiedName": clean(logical), "kind": "package" }]);
    let position = package.position.as_deref().and_then(|p| {
        let (file, line) = p.rsplit_once(':')?;
        Some((file, line.parse::<u32>().ok().filter(|l| *l > 0)?))
    });
    let path =
        |text: &str| text.trim_start_matches('/').split('/').map(percent).collect::<Vec<_>>().join("/");
    let file = scan.targets.first().map_or("target", |t| t.name.as_str());
    let (file, line) = position.unwrap_or((file, 1));
    let physical = json!({ "artifactLocation": { "uri": path(file) }, "region": { "startLine": line } });
    json!({ "physicalLocation": physical, "logicalLocations": logical })
}
