//! SPDX 2.3 (ISO/IEC 5962 is 2.2.1): the packages, and for each finding a reference of category
//! SECURITY.
//!
//! Why not SPDX 3.0 with its security profile: most tools that read SPDX read 2.x. What SPDX 2.3
//! cannot say, the analysis of each finding, stands in the reference's comment; for exchanging it
//! there are CycloneDX and OpenVEX.

use super::text::{confidence_name, is_web_link, level_name, purl, status_name};
use super::{FindingEntry, Scan, Shown, TOOL, TOOL_VERSION, cve_url, list, streamed, write_object};
use matching::{Package, Text};
use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};
use std::io;
use std::num::NonZero;
use terminal::clean;
use vulnerability::Stated;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// Writes the report.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    threads: NonZero<usize>,
) -> io::Result<()> {
    let findings = shown.by_package();
    let names: Vec<&str> = scan.targets.iter().map(|t| t.name.as_str()).collect();
    write_object(out, 2, |report| {
        report.serialize_entry("spdxVersion", "SPDX-2.3")?;
        report.serialize_entry("dataLicense", "CC0-1.0")?;
        report.serialize_entry("SPDXID", DOCUMENT)?;
        report.serialize_entry("name", &clean(&names.join(" ")))?;
        // Has to be unique, not to lead anywhere.
        report
            .serialize_entry("documentNamespace", &format!("https://snowguard.invalid/spdx/{}", scan.id))?;
        let creation = json!({
            // SPDX allows no fractions of a second.
            "created": scan.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "creators": [format!("Tool: {TOOL}-{TOOL_VERSION}")],
        });
        report.serialize_entry("creationInfo", &creation)?;
        let each = || scan.packages.iter().enumerate();
        let described = streamed(each, threads, |(i, p)| package(scan, i, p, findings.of(i)));
        report.serialize_entry("packages", &described)?;
        let describes = |i, _: &Package| json!({ "spdxElementId": DOCUMENT, "relationshipType": "DESCRIBES", "relatedSpdxElement": id(i) });
        report.serialize_entry("relationships", &list(&scan.packages, describes))
    })
}

fn id(index: usize) -> String {
    format!("SPDXRef-Package-{index}")
}

pub(super) fn package<'a>(
    scan: &Scan,
    index: usize,
    package: &Package,
    entries: impl Iterator<Item = FindingEntry<'a>>,
) -> Value {
    let mut value = Map::new();
    let mut add = |key: &str, content: Value| drop(value.insert(key.to_owned(), content));
    add("SPDXID", json!(id(index)));
    add("name", json!(clean(&package.pname)));
    if !package.version.is_empty() {
        add("versionInfo", json!(clean(&package.version)));
    }
    add(
        "downloadLocation",
        json!(package.source_urls.iter().find(|u| is_web_link(u)).map_or("NOASSERTION", Text::as_str)),
    );
    add("filesAnalyzed", json!(false));
    let target = scan.target_of(index).map(|(_, target)| clean(&target.name));
    if let Some(target) = &target {
        add("sourceInfo", json!(format!("in the target {target}")));
    }
    for (key, content) in [
        ("licenseConcluded", "NOASSERTION"),
        ("licenseDeclared", "NOASSERTION"),
        ("copyrightText", "NOASSERTION"),
    ] {
        add(key, json!(content));
    }
    if let Some(homepage) = package.homepages.iter().find(|u| is_web_link(u)) {
        add("homepage", json!(homepage));
    }
    if let Some(description) = &package.description {
        add("summary", json!(clean(description)));
    }
    if !package.store_paths.is_empty() {
        add("comment", json!(clean(&package.store_paths.join(" "))));
    }
    let mut references = vec![json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl(package),
    })];
    let is_name = |c: &&str| c.starts_with("cpe:2.3:") && !c.contains(char::is_whitespace);
    for cpe in package.cpes.iter().map(Stated::as_str).filter(is_name) {
        references.push(json!({
            "referenceCategory": "SECURITY",
            "referenceType": "cpe23Type",
            "referenceLocator": cpe,
        }));
    }
    for entry in entries {
        let finding = entry.finding;
        let mut comment = format!(
            "{}: {}; severity {}; confidence {}. {}",
            finding.cve,
            status_name(finding.status),
            level_name(entry.level()),
            confidence_name(finding.confidence),
            entry.action(),
        );
        if let Some(target) = &target {
            comment.extend([" In ", target, "."]);
        }
        references.push(json!({
            "referenceCategory": "SECURITY",
            "referenceType": "advisory",
            "referenceLocator": cve_url(finding.cve),
            "comment": clean(&comment),
        }));
    }
    add("externalRefs", Value::Array(references));
    Value::Object(value)
}
