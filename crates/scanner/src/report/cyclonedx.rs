//! CycloneDX 1.6 (ECMA-424): the packages as components, the findings as vulnerabilities with
//! analysis.

use super::json::{description, references, rounded, weaknesses};
use super::text::{confidence_name, is_web_link, purl};
use super::{Action, FindingEntry, Scan, Shown, TOOL, TOOL_VERSION, cve_url, streamed, write_object};
use matching::{Confidence, CorrectionSource, Evidence, FindingStatus, Package, Text};
use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};
use std::io;
use std::num::NonZero;
use terminal::clean;
use vulnerability::Stated;
use vulnerability::model::{Container, Level, RecordSource, Severity};

/// Writes the report.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    threads: NonZero<usize>,
) -> io::Result<()> {
    let targets: Vec<Value> = scan
        .targets
        .iter()
        .map(|t| json!({ "name": "snowguard:target", "value": clean(&format!("{} {}", t.kind, t.name)) }))
        .collect();
    write_object(out, 2, |report| {
        report.serialize_entry("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")?;
        report.serialize_entry("bomFormat", "CycloneDX")?;
        report.serialize_entry("specVersion", "1.6")?;
        report.serialize_entry("serialNumber", &format!("urn:uuid:{}", scan.id))?;
        report.serialize_entry("version", &1)?;
        let metadata = json!({
            "timestamp": scan.time,
            "tools": { "components": [{ "type": "application", "name": TOOL, "version": TOOL_VERSION }] },
            "properties": targets,
        });
        report.serialize_entry("metadata", &metadata)?;
        let packages = || scan.packages.iter().enumerate();
        report.serialize_entry("components", &streamed(packages, threads, |(i, p)| component(scan, i, p)))?;
        report.serialize_entry(
            "vulnerabilities",
            &streamed(|| shown.iter(), threads, |e| vulnerability(scan, &e)),
        )
    })
}

fn reference(index: usize) -> String {
    format!("package-{index}")
}

pub(super) fn component(scan: &Scan, index: usize, package: &Package) -> Value {
    let mut component = Map::new();
    let mut add = |key: &str, value: Value| drop(component.insert(key.to_owned(), value));
    add("bom-ref", json!(reference(index)));
    add("type", json!("library"));
    add("name", json!(package.pname));
    if !package.version.is_empty() {
        add("version", json!(package.version));
    }
    if let Some(description) = &package.description {
        add("description", json!(clean(description)));
    }
    add("purl", json!(purl(package)));
    if let Some(cpe) = package.cpes.first().map(Stated::as_str).filter(|c| is_cpe(c)) {
        add("cpe", json!(cpe));
    }
    let links = |urls: &[Text], kind: &str| -> Vec<Value> {
        urls.iter().filter(|u| is_web_link(u)).map(|url| json!({ "type": kind, "url": url })).collect()
    };
    let mut external = links(&package.homepages, "website");
    external.extend(links(&package.source_urls, "source-distribution"));
    if !external.is_empty() {
        add("externalReferences", Value::Array(external));
    }
    let mut properties = Vec::new();
    let mut property = |name: &str, value: &str| properties.push(json!({ "name": name, "value": value }));
    for path in &package.store_paths {
        property("nix:output_path", path);
    }
    for (name, value) in [
        ("nix:drv_path", &package.derivation),
        ("nix:attribute", &package.attribute),
        ("nix:system", &package.system),
    ] {
        if let Some(value) = value {
            property(name, value);
        }
    }
    for patch in &package.patches {
        property("snowguard:patch", patch);
    }
    if let Some((_, target)) = scan.target_of(index) {
        property("snowguard:target", &clean(&target.name));
    }
    if !properties.is_empty() {
        add("properties", Value::Array(properties));
    }
    Value::Object(component)
}

/// What the schema accepts as a CPE: the wrong ones of an SBOM that was read must not make ours
/// invalid.
fn is_cpe(text: &str) -> bool {
    let fields = |t: &str| {
        let mut escaped = false;
        t.chars()
            .filter(|c| {
                let colon = *c == ':' && !escaped;
                escaped = *c == '\\' && !escaped;
                colon
            })
            .count()
            + 1
    };
    text.is_ascii()
        && !text.contains([' ', '\t'])
        && text.strip_prefix("cpe:2.3:").is_some_and(|r| fields(r) == 11 && r.starts_with(['a', 'o', 'h']))
}

pub(super) fn vulnerability(scan: &Scan, entry: &FindingEntry<'_>) -> Value {
    let finding = entry.finding;
    let mut value = Map::new();
    let mut add = |key: &str, content: Value| drop(value.insert(key.to_owned(), content));
    add("bom-ref", json!(format!("{}/{}", finding.cve, reference(entry.index))));
    add("id", json!(finding.cve));
    add("source", json!({ "name": "CVE", "url": cve_url(finding.cve) }));
    if let Some(vulnerability) = entry.vulnerability {
        let ratings: Vec<Value> =
            vulnerability.records.iter().flat_map(|r| &r.details.severities).map(rating).collect();
        add("ratings", Value::Array(ratings));
        let cwes: Vec<u32> = weaknesses(vulnerability)
            .iter()
            .filter_map(|w| w.strip_prefix("CWE-")?.parse().ok())
            .filter(|n| *n > 0)
            .collect();
        add("cwes", json!(cwes));
        if let Some(text) = description(vulnerability) {
            add("description", json!(clean(text)));
        }
        let advisories: Vec<Value> = references(vulnerability)
            .into_iter()
            .filter(|(url, _)| is_web_link(url))
            .map(|(url, _)| json!({ "url": url }))
            .collect();
        add("advisories", Value::Array(advisories));
        if let Some(time) = vulnerability.records.iter().find_map(|r| r.published) {
            add("published", json!(time));
        }
        if let Some(time) = vulnerability.records.iter().filter_map(|r| r.updated).max() {
            add("updated", json!(time));
        }
    }
    add("recommendation", json!(clean(&entry.action().to_string())));
    add("analysis", analysis(entry));
    let status = match finding.status {
        FindingStatus::Affected => "affected",
        FindingStatus::Unknown => "unknown",
        FindingStatus::Fixed | FindingStatus::NotAffected => "unaffected",
    };
    let mut affects = json!({ "ref": reference(entry.index) });
    if !entry.package.version.is_empty()
        && let Value::Object(affects) = &mut affects
    {
        affects
            .insert("versions".to_owned(), json!([{ "version": entry.package.version, "status": status }]));
    }
    add("affects", json!([affects]));
    let mut properties =
        vec![json!({ "name": "snowguard:confidence", "value": confidence_name(finding.confidence) })];
    if let Some(known) = entry.vulnerability.and_then(|v| v.known_exploited.as_ref()) {
        properties.push(
            json!({ "name": "snowguard:known-exploited-since", "value": known.date_added.to_string() }),
        );
    }
    if let Some(epss) = entry.epss() {
        properties.push(json!({ "name": "snowguard:epss", "value": rounded(epss).to_string() }));
    }
    if let Some((_, target)) = scan.target_of(entry.index) {
        properties.push(json!({ "name": "snowguard:target", "value": clean(&target.name) }));
    }
    add("properties", Value::Array(properties));
    Value::Object(value)
}

fn rating(severity: &Severity) -> Value {
    let source = match (severity.origin.source(), severity.origin.container()) {
        (RecordSource::Nvd, Container::Analysis) => "NVD".to_owned(),
        (_, Container::Cna(name) | Container::Adp(name)) => clean(name),
        (_, Container::Analysis) => "CVE".to_owned(),
    };
    let mut rating = Map::new();
    rating.insert("source".to_owned(), json!({ "name": source }));
    if let Some(score) = severity.score {
        rating.insert("score".to_owned(), json!(rounded(score)));
    }
    let level = match severity.level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
        Level::None => "none",
    };
    rating.insert("severity".to_owned(), json!(level));
    if let Some(vector) = &severity.vector {
        let method = match vector {
            v if v.starts_with("CVSS:4") => "CVSSv4",
            v if v.starts_with("CVSS:3.1") => "CVSSv31",
            v if v.starts_with("CVSS:3") => "CVSSv3",
            _ => "CVSSv2",
        };
        rating.insert("method".to_owned(), json!(method));
        rating.insert("vector".to_owned(), json!(vector));
    }
    Value::Object(rating)
}

/// The states of CycloneDX. "Exploitable" stands only where identity and version are certain.
fn analysis(entry: &FindingEntry<'_>) -> Value {
    let finding = entry.finding;
    let by_patch = finding
        .evidence
        .iter()
        .rev()
        .find_map(|e| if let Evidence::Correction { by, .. } = e { Some(*by) } else { None })
        == Some(CorrectionSource::Patch);
    let state = match (finding.status, finding.confidence) {
        (FindingStatus::Affected, Confidence::High) => "exploitable",
        (FindingStatus::Affected | FindingStatus::Unknown, _) => "in_triage",
        (FindingStatus::Fixed, _) if by_patch => "resolved_with_pedigree",
        (FindingStatus::Fixed, _) => "resolved",
        (FindingStatus::NotAffected, _) => "not_affected",
    };
    let mut analysis = Map::new();
    analysis.insert("state".to_owned(), json!(state));
    match entry.action() {
        Action::Update(_) => drop(analysis.insert("response".to_owned(), json!(["update"]))),
        Action::Suppressed(_) => drop(analysis.insert("response".to_owned(), json!(["will_not_fix"]))),
        _ => {}
    }
    let detail = match entry.suppression {
        Some(suppression) => format!("suppressed by {}: {}", suppression.origin, suppression.reason),
        None => entry.reasons().join(" "),
    };
    analysis.insert("detail".to_owned(), json!(clean(&detail)));
    Value::Object(analysis)
}
