//! OpenVEX 0.2.0: a statement a finding.

use super::text::purl;
use super::{FindingEntry, ReportError, Scan, TOOL, TOOL_VERSION, cve_url, write_object};
use matching::FindingStatus;
use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io;
use terminal::clean;

/// Writes the report. OpenVEX has no empty documents: without a finding nothing is written and that
/// is an error.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &[&FindingEntry<'_>],
) -> Result<(), ReportError> {
    if shown.is_empty() {
        return Err(ReportError::NothingToState);
    }
    // Packages that differ only in what OpenVEX cannot say give the same statement, which must
    // stand there once.
    let mut seen = HashSet::new();
    let statements: Vec<Value> =
        shown.iter().map(|entry| statement(entry)).filter(|s| seen.insert(s.to_string())).collect();
    write_object(out, 2, |report| {
        report.serialize_entry("@context", "https://openvex.dev/ns/v0.2.0")?;
        report.serialize_entry("@id", &format!("urn:uuid:{}", scan.id))?;
        report.serialize_entry("author", "Unknown Author")?;
        report.serialize_entry("timestamp", &scan.time)?;
        report.serialize_entry("version", &1)?;
        report.serialize_entry("tooling", &format!("{TOOL} {TOOL_VERSION}"))?;
        report.serialize_entry("statements", &statements)
    })?;
    Ok(())
}

fn statement(entry: &FindingEntry<'_>) -> Value {
    let finding = entry.finding;
    let package = entry.package;
    let mut value = Map::new();
    let mut add = |key: &str, content: Value| drop(value.insert(key.to_owned(), content));
    let mut vulnerability = json!({ "@id": cve_url(finding.cve), "name": finding.cve });
    let summary = clean(entry.summary());
    if let (false, Value::Object(vulnerability)) = (summary.is_empty(), &mut vulnerability) {
        vulnerability.insert("description".to_owned(), json!(summary));
    }
    add("vulnerability", vulnerability);
    // Store paths are the surest names, but no IRIs; they stand as subcomponents with a file IRI.
    let parts: Vec<Value> = package
        .store_paths
        .iter()
        .map(|path| json!({ "@id": format!("file://{}", path.split('/').map(super::text::percent).collect::<Vec<_>>().join("/")) }))
        .collect();
    let purl = purl(package);
    let mut product = json!({ "@id": purl, "identifiers": { "purl": purl } });
    if let (false, Value::Object(product)) = (parts.is_empty(), &mut product) {
        product.insert("subcomponents".to_owned(), Value::Array(parts));
    }
    add("products", json!([product]));
    let action = clean(&entry.action().to_string());
    let reasons = clean(&entry.reasons().join(" "));
    match finding.status {
        FindingStatus::Affected => {
            add("status", json!("affected"));
            add("action_statement", json!(action));
        }
        FindingStatus::Unknown => add("status", json!("under_investigation")),
        FindingStatus::Fixed => add("status", json!("fixed")),
        FindingStatus::NotAffected => {
            add("status", json!("not_affected"));
            let impact = Some(reasons.clone()).filter(|r| !r.is_empty()).unwrap_or(action);
            add("impact_statement", json!(impact));
        }
    }
    if !reasons.is_empty() {
        add("status_notes", json!(reasons));
    }
    Value::Object(value)
}
