//! Our own format. Its schema is `docs/schema/scan-report-1.json` at the root of the project; a
//! change that could break a reader raises [`FORMAT_VERSION`]'s first number, an addition the
//! second.

use super::{
    FindingEntry, Scan, ScannedTarget, Shown, Summary, TOOL, TOOL_VERSION, cve_url, elements, list, streamed,
    write_object,
};
use crate::targets::Warning;
use jiff::Timestamp;
use matching::{Confidence, Evidence, FindingStatus};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use vulnerability::CveId;
use vulnerability::model::{Level, Severity, Vulnerability};

/// The version of the format.
pub const FORMAT_VERSION: &str = "1.2";

/// Writes the report: all packages, the findings that are shown, and their vulnerabilities.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    threads: NonZero<usize>,
) -> io::Result<()> {
    let mut vulnerabilities: BTreeMap<CveId, &Vulnerability> = BTreeMap::new();
    for group in shown.groups() {
        vulnerabilities.extend(group.entry.vulnerability.map(|v| (v.id, v)));
    }
    let vulnerabilities: Vec<&Vulnerability> = vulnerabilities.into_values().collect();
    write_object(out, 2, |report| {
        report.serialize_entry("format", "snowguard-scan-report")?;
        report.serialize_entry("formatVersion", FORMAT_VERSION)?;
        report.serialize_entry("id", &format!("urn:uuid:{}", scan.id))?;
        report.serialize_entry("time", &scan.time)?;
        report.serialize_entry("tool", &json!({ "name": TOOL, "version": TOOL_VERSION }))?;
        report.serialize_entry("database", &scan.records.to_string())?;
        report.serialize_entry("targets", &list(&scan.targets, |_, t| target(t)))?;
        report.serialize_entry("summary", &Summary::of(scan))?;
        report.serialize_entry("packages", &elements(&scan.packages, threads, |p| p))?;
        report.serialize_entry("vulnerabilities", &elements(&vulnerabilities, threads, |v| Unpacked(v)))?;
        report.serialize_entry("findings", &streamed(|| shown.iter(), threads, |e| Finding::of(scan, &e)))?;
        report.serialize_entry("ruleProblems", &warnings(&scan.rule_problems))?;
        if !scan.vex_problems.is_empty() {
            report.serialize_entry("vexProblems", &warnings(&scan.vex_problems))?;
        }
        Ok(())
    })
}

/// A finding as matching gives it, with what the report adds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding<'a> {
    package: usize,
    /// Its target's index, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<usize>,
    cve: CveId,
    status: FindingStatus,
    confidence: Confidence,
    fixed_in: Option<&'a str>,
    evidence: &'a [Evidence],
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<Value>,
}

impl<'a> Finding<'a> {
    pub(super) fn of(scan: &Scan, entry: &FindingEntry<'a>) -> Self {
        let suppression =
            entry.suppression.map(|s| json!({ "reason": s.reason, "rule": s.origin, "until": s.until }));
        let matching::Finding { package: _, cve, status, confidence, fixed_in, evidence } = entry.finding;
        Self {
            package: entry.index,
            target: scan.target_of(entry.index).map(|(index, _)| index),
            cve: *cve,
            status: *status,
            confidence: *confidence,
            fixed_in: fixed_in.as_deref(),
            evidence,
            action: entry.action().to_string(),
            suppression,
        }
    }
}

pub(super) fn target(target: &ScannedTarget) -> Value {
    json!({
        "name": target.name,
        "kind": target.kind.name(),
        "packages": target.packages,
        "lookedAt": target.looked_at,
        "notPackages": target.not_packages,
        "failedEvaluations": target.failed_evaluations,
        "warnings": warnings(&target.warnings),
        "moreWarnings": target.more_warnings,
    })
}

pub(super) fn warnings(warnings: &[Warning]) -> Vec<Value> {
    warnings.iter().map(|w| json!({ "place": w.place, "problem": w.problem })).collect()
}

/// A vulnerability whose details are unpacked while it is written, and no longer.
struct Unpacked<'a>(&'a Vulnerability);

impl Serialize for Unpacked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.records.iter().all(|record| record.details.is_decoded()) {
            return About::of(self.0).serialize(serializer);
        }
        About::of(&self.0.clone()).serialize(serializer)
    }
}

/// What is known about a vulnerability, in short. The whole is in `snowguard show --json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About<'a> {
    id: CveId,
    url: String,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Rated<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_exploited: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    weaknesses: Vec<&'a str>,
    references: Vec<Link<'a>>,
}

#[derive(Serialize)]
struct Rated<'a> {
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<&'a str>,
    by: String,
}

#[derive(Serialize)]
struct Link<'a> {
    url: &'a str,
    tags: Vec<&'a str>,
}

impl<'a> About<'a> {
    pub(super) fn of(vulnerability: &'a Vulnerability) -> Self {
        let records = &vulnerability.records;
        let known_exploited = vulnerability.known_exploited.as_ref().map(|known| {
            json!({
                "dateAdded": known.date_added,
                "dueDate": known.due_date,
                "ransomware": known.ransomware,
                "requiredAction": known.required_action,
            })
        });
        let epss = vulnerability.epss.map(|epss| {
            json!({ "probability": rounded(epss.probability), "percentile": rounded(epss.percentile) })
        });
        Self {
            id: vulnerability.id,
            url: cve_url(vulnerability.id),
            summary: vulnerability.summary(),
            description: description(vulnerability),
            severity: vulnerability.severity().map(Rated::of),
            published: records.iter().find_map(|r| r.published),
            updated: records.iter().filter_map(|r| r.updated).max(),
            known_exploited,
            epss,
            aliases: vulnerability.advisory().into_iter().collect(),
            weaknesses: weaknesses(vulnerability),
            references: references(vulnerability).into_iter().map(|(url, tags)| Link { url, tags }).collect(),
        }
    }
}

impl<'a> Rated<'a> {
    fn of(severity: &'a Severity) -> Self {
        Self {
            level: severity.level,
            score: severity.score.map(rounded),
            vector: severity.vector.as_deref(),
            by: severity.origin.to_string(),
        }
    }
}

/// A single-precision number as people wrote it: 9.8, not 9.800000190734863.
pub(crate) fn rounded(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// The first description.
pub(super) fn description(vulnerability: &Vulnerability) -> Option<&str> {
    vulnerability.records.iter().map(|r| r.details.description.as_str()).find(|d| !d.is_empty())
}

/// The weaknesses of all sources, each once.
pub(super) fn weaknesses(vulnerability: &Vulnerability) -> Vec<&str> {
    let mut all: Vec<&str> =
        vulnerability.records.iter().flat_map(|r| &r.details.weaknesses).map(String::as_str).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The links of all sources, each once, with all tags.
pub(super) fn references(vulnerability: &Vulnerability) -> Vec<(&str, Vec<&str>)> {
    let mut links: Vec<(&str, Vec<&str>)> = Vec::new();
    for reference in vulnerability.records.iter().flat_map(|r| &r.details.references) {
        let tags = reference.tags.iter().map(String::as_str);
        match links.iter_mut().find(|(url, _)| *url == reference.url) {
            Some((_, there)) => {
                for tag in tags {
                    if !there.contains(&tag) {
                        there.push(tag);
                    }
                }
            }
            None => links.push((&reference.url, tags.collect())),
        }
    }
    links
}
