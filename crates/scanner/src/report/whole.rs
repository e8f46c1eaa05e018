//! Reports are written while they are made, by several threads, from groups of findings that are
//! merged on the way. Here each is made the plain way, all findings in a list, sorted, and one
//! value of the whole, and must be the same, byte for byte apart from line breaks.

use super::{FindingEntry, ReportError, ReportFormat, ReportOptions, Scan, Selection, Shown, Summary};
use super::{TOOL, TOOL_VERSION, cyclonedx, json, openvex, sarif, spdx};
use crate::result::Records;
use crate::run::Run;
use crate::suppress::Suppression;
use crate::targets::{TargetContents, TargetKind, Warning};
use crate::{Target, report};
use matching::{Confidence, FindingStatus, Knowledge, Matcher, Package};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Arc, LazyLock};
use terminal::clean;
use vulnerability::model::{
    Details, DetailsDecoder, Epss, KnownExploited, LazyDetails, Reference, Vulnerability,
};

/// What makes a scan; small numbers, so that much is equal and much collides.
#[derive(Debug, Clone)]
struct Plan {
    /// Package: its name, its version, its path (none for 0), its homepage or not.
    packages: Vec<(u8, u8, u8, bool)>,
    /// Record: its product, the end of its range, its score (none for 0), known exploited, EPSS.
    records: Vec<(u8, u8, u8, bool, u8)>,
    /// After how many packages the second target begins; none if there is but one.
    second: Option<usize>,
    /// Every so many-th group is suppressed.
    suppressed: usize,
    title: String,
}

fn plan() -> impl Strategy<Value = Plan> {
    let package = (0..4_u8, 0..3_u8, 0..3_u8, any::<bool>());
    let record = (0..5_u8, 0..4_u8, 0..4_u8, any::<bool>(), 0..3_u8);
    (
        prop::collection::vec(package, 0..90),
        prop::collection::vec(record, 0..40),
        prop::option::of(0..90_usize),
        2..9_usize,
        "\\PC{0,12}",
    )
        .prop_map(|(packages, records, second, suppressed, title)| Plan {
            packages,
            records,
            second,
            suppressed,
            title,
        })
}

const NAMES: [&str; 5] = ["zlib", "frobnicate", "snappy-lib", "frob", "elsewhere"];

/// Details as a database keeps them.
struct Kept(Details);

impl DetailsDecoder for Kept {
    fn decode(&self, _: &[u8]) -> Details {
        self.0.clone()
    }
}

impl Plan {
    fn packages(&self) -> Vec<Package> {
        let of = |(name, version, path, home): &(u8, u8, u8, bool)| {
            let pname = NAMES[usize::from(*name)];
            let version = format!("1.{version}");
            let path = (*path > 0).then(|| format!("/nix/store/{path}-{pname}-{version}").into());
            Package {
                name: format!("{pname}-{version}").into(),
                pname: pname.into(),
                version: version.into(),
                store_paths: path.into_iter().collect(),
                homepages: home.then(|| format!("https://{pname}.example/").into()).into_iter().collect(),
                description: home.then(|| self.title.as_str().into()),
                ..Package::default()
            }
        };
        self.packages.iter().map(of).collect()
    }

    fn vulnerability(&self, number: usize) -> Vulnerability {
        let (product, end, score, exploited, epss) = self.records[number];
        let metrics = match score {
            0 => json!([]),
            score => json!([{"cvssV3_1": {
                "version": "3.1", "baseScore": f32::from(score) * 3.1, "baseSeverity": "HIGH",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]),
        };
        let product = NAMES[usize::from(product)];
        let record = json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": format!("CVE-2024-{:04}", 1000 + number), "state": "PUBLISHED",
                "datePublished": "2024-03-29T16:15:00Z"},
            "containers": {"cna": {
                "providerMetadata": {"orgId": "0", "shortName": "maker"}, "title": self.title,
                "descriptions": [{"lang": "en", "value": format!("{} of {product}", self.title)}],
                "affected": [{"vendor": "maker", "product": product, "versions": [
                    {"status": "affected", "version": "0", "lessThan": format!("1.{end}"), "versionType": "custom"}]}],
                "references": [{"url": format!("https://{product}.example/advisory")}],
                "metrics": metrics
            }}
        });
        let bytes = serde_json::to_vec(&record).unwrap();
        let mut record = vulnerability::cve::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
        let mut details = (*record.details).clone();
        details
            .references
            .push(Reference { url: "https://example.org/?a=1&b=2".into(), tags: vec!["patch".into()] });
        record.details = if number.is_multiple_of(2) {
            LazyDetails::packed(&[], Arc::new(Kept(details)))
        } else {
            details.into()
        };
        Vulnerability {
            id: record.id,
            records: vec![record],
            known_exploited: exploited.then(|| KnownExploited {
                date_added: jiff::civil::date(2024, 4, 1),
                due_date: None,
                ransomware: false,
                required_action: "Update.".into(),
            }),
            epss: (epss > 0).then(|| Epss { probability: f32::from(epss) * 0.09, percentile: 0.5 }),
        }
    }

    /// The scan, matched as always: packages that nothing tells apart share their findings.
    fn scan(&self, knowledge: &Knowledge) -> Scan {
        let time = "2026-11-23T14:00:00Z".parse().unwrap();
        let id = "5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b".to_owned();
        let mut scan = Scan::new(Run::new(time, id), Records::default());
        let mut first = self.packages();
        let second = self.second.map(|at| first.split_off(at.min(first.len())));
        for (name, packages) in [("one", Some(first)), ("the \"other\"\n", second)] {
            let Some(packages) = packages else { continue };
            let warnings = vec![Warning { place: "here".into(), problem: self.title.clone() }];
            let contents = TargetContents { packages, warnings, ..TargetContents::default() };
            let target = Target { name: name.into(), kind: TargetKind::Closure, contents };
            let (target, packages) = target.into_parts();
            scan.targets.push(target);
            scan.packages.extend(packages);
        }
        let found: Vec<Vulnerability> = (0..self.records.len()).map(|n| self.vulnerability(n)).collect();
        let matcher = Matcher::new(&scan.packages, knowledge, &[]);
        scan.findings = matcher.complete(matcher.find_in_part(&found), std::iter::empty());
        scan.vulnerabilities = found.into_iter().map(|v| (v.id, v)).collect();
        for group in (0..scan.findings.groups().len()).step_by(self.suppressed) {
            let rule = Suppression { reason: self.title.clone(), origin: "rules:1".into(), until: None };
            scan.suppressed.insert(group, rule);
        }
        scan
    }
}

/// All findings of a scan that are shown, in the order of a report.
fn plainly<'a>(scan: &'a Scan, selection: &Selection) -> Vec<FindingEntry<'a>> {
    let mut all = Vec::new();
    for (number, group) in scan.findings.groups().iter().enumerate() {
        for index in scan.findings.packages(group) {
            let finding = group.finding();
            let vulnerability = scan.vulnerabilities.get(&finding.cve);
            let entry = FindingEntry {
                finding,
                index: *index,
                package: &scan.packages[*index],
                vulnerability,
                suppression: scan.suppressed.get(&number),
                severity: vulnerability.and_then(Vulnerability::severity),
            };
            if selection.shows(&entry) {
                all.push(entry);
            }
        }
    }
    // What nobody has to look at last, then the worst first.
    let falling = |a: f32, b: f32| b.total_cmp(&a);
    all.sort_by(|a, b| {
        let likely = |e: &FindingEntry<'_>| e.epss().is_some_and(|p| p >= 0.1);
        (a.suppression.is_some().cmp(&b.suppression.is_some()))
            .then(a.finding.status.cmp(&b.finding.status))
            .then(b.known_exploited().cmp(&a.known_exploited()))
            .then(likely(b).cmp(&likely(a)))
            .then(falling(a.score().unwrap_or(0.0), b.score().unwrap_or(0.0)))
            .then(falling(a.epss().unwrap_or(0.0), b.epss().unwrap_or(0.0)))
            .then(b.finding.confidence.cmp(&a.finding.confidence))
            .then(a.package.name.as_str().cmp(b.package.name.as_str()))
            .then(a.index.cmp(&b.index))
            .then(b.finding.cve.cmp(&a.finding.cve))
    });
    all
}

fn value(of: impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap()
}

/// Our own format as one value.
fn whole_json(scan: &Scan, shown: &[FindingEntry<'_>]) -> Value {
    let named: BTreeMap<_, _> =
        shown.iter().filter_map(|e| Some((e.finding.cve, e.vulnerability?))).collect();
    json!({
        "format": "snowguard-scan-report",
        "formatVersion": report::FORMAT_VERSION,
        "id": format!("urn:uuid:{}", scan.id),
        "time": scan.time,
        "tool": { "name": TOOL, "version": TOOL_VERSION },
        "database": scan.records.to_string(),
        "targets": scan.targets.iter().map(json::target).collect::<Vec<_>>(),
        "summary": value(Summary::of(scan)),
        "packages": scan.packages.iter().map(value).collect::<Vec<_>>(),
        "vulnerabilities": named.values().map(|v| value(json::About::of(v))).collect::<Vec<_>>(),
        "findings": shown.iter().map(|e| value(json::Finding::of(scan, e))).collect::<Vec<_>>(),
        "ruleProblems": json::warnings(&scan.rule_problems),
    })
}

fn whole_cyclonedx(scan: &Scan, shown: &[FindingEntry<'_>]) -> Value {
    let targets = scan
        .targets
        .iter()
        .map(|t| json!({ "name": "snowguard:target", "value": clean(&format!("{} {}", t.kind, t.name)) }));
    let packages = scan.packages.iter().enumerate();
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", scan.id),
        "version": 1,
        "metadata": {
            "timestamp": scan.time,
            "tools": { "components": [{ "type": "application", "name": TOOL, "version": TOOL_VERSION }] },
            "properties": targets.collect::<Vec<_>>(),
        },
        "components": packages.map(|(i, p)| cyclonedx::component(scan, i, p)).collect::<Vec<_>>(),
        "vulnerabilities": shown.iter().map(|e| cyclonedx::vulnerability(scan, e)).collect::<Vec<_>>(),
    })
}

fn whole_spdx(scan: &Scan, shown: &[FindingEntry<'_>]) -> Value {
    let names: Vec<&str> = scan.targets.iter().map(|t| t.name.as_str()).collect();
    let mut packages = Vec::new();
    let mut relationships = Vec::new();
    for (index, package) in scan.packages.iter().enumerate() {
        let own = shown.iter().copied().filter(|e| e.index == index);
        packages.push(spdx::package(scan, index, package, own));
        relationships.push(json!({
            "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
            "relatedSpdxElement": format!("SPDXRef-Package-{index}"),
        }));
    }
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": clean(&names.join(" ")),
        "documentNamespace": format!("https://snowguard.invalid/spdx/{}", scan.id),
        "creationInfo": {
            "created": scan.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "creators": [format!("Tool: {TOOL}-{TOOL_VERSION}")],
        },
        "packages": packages,
        "relationships": relationships,
    })
}

fn whole_openvex(scan: &Scan, shown: &[FindingEntry<'_>]) -> Value {
    let mut statements: Vec<Value> = Vec::new();
    let mut said = std::collections::HashSet::new();
    for entry in shown {
        let statement = openvex::statement(scan, entry);
        if said.insert(statement.to_string()) {
            statements.push(statement);
        }
    }
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("urn:uuid:{}", scan.id),
        "author": "Unknown Author",
        "timestamp": scan.time,
        "version": 1,
        "tooling": format!("{TOOL} {TOOL_VERSION}"),
        "statements": statements,
    })
}

/// Results of a run; fewer than code scanning takes, so that there are several.
const RUN: usize = 97;

fn whole_sarif(scan: &Scan, shown: &[FindingEntry<'_>]) -> Value {
    let count = shown.len().div_ceil(RUN).max(1);
    let mut runs = Vec::new();
    for number in 0..count {
        let part: Vec<&FindingEntry<'_>> = shown.iter().skip(number * RUN).take(RUN).collect();
        let mut rules: BTreeMap<_, &FindingEntry<'_>> = BTreeMap::new();
        for entry in part.iter().rev() {
            rules.insert(entry.finding.cve, entry);
        }
        let places = rules.keys().copied().zip(0..).collect();
        let details = if count == 1 {
            json!({ "id": "snowguard/", "guid": scan.id })
        } else {
            json!({ "id": format!("snowguard/{}/", number + 1), "correlationGuid": scan.id })
        };
        let warnings = scan.targets.iter().flat_map(|t| t.warnings.iter().map(move |w| (t, w)));
        let notes: Vec<Value> =
            warnings.map(|(t, w)| sarif::notification(&format!("{}: {w}", t.name))).collect();
        runs.push(json!({
            "tool": { "driver": {
                "name": TOOL,
                "semanticVersion": TOOL_VERSION,
                "rules": rules.values().map(|e| sarif::rule(e)).collect::<Vec<_>>(),
            } },
            "automationDetails": details,
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": scan.time,
                "toolExecutionNotifications": if number == 0 { notes } else { Vec::new() },
            }],
            "results": part.iter().map(|e| sarif::result(scan, e, &places)).collect::<Vec<_>>(),
            "columnKind": "utf16CodeUnits",
        }));
    }
    json!({ "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": runs })
}

/// The report as it is written; `None` if there is nothing to state.
fn written(scan: &Scan, format: ReportFormat, selection: &Selection, threads: usize) -> Option<String> {
    let mut out = Vec::new();
    if format == ReportFormat::Sarif {
        let shown = Shown::of(scan, scan.groups().filter(|group| selection.shows(&group.entry)));
        sarif::write_within(&mut out, scan, &shown, RUN).unwrap();
    } else {
        let mut options = ReportOptions::new(format);
        options.selection = selection.clone();
        options.threads = NonZero::new(threads).unwrap();
        match report::write(&mut out, scan, &options) {
            Err(ReportError::NothingToState) => return None,
            written => written.unwrap(),
        }
    }
    Some(String::from_utf8(out).unwrap())
}

/// JSON without the white space between its tokens.
fn unspaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        if inside || !c.is_ascii_whitespace() {
            out.push(c);
        }
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && c == '\\' && !escaped;
    }
    out
}

/// Compares all formats; gives how many findings there were.
fn compare(plan: &Plan) -> Result<usize, TestCaseError> {
    // Read once for all.
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| Knowledge::built_in().unwrap());
    let scan = plan.scan(&KNOWLEDGE);
    let everything = Selection {
        statuses: FindingStatus::ALL.to_vec(),
        min_confidence: Confidence::Low,
        suppressed: true,
    };
    let mut most = 0;
    for (format, whole) in [
        (ReportFormat::Json, whole_json as fn(&Scan, &[FindingEntry<'_>]) -> Value),
        (ReportFormat::CycloneDx, whole_cyclonedx),
        (ReportFormat::Spdx, whole_spdx),
        (ReportFormat::OpenVex, whole_openvex),
        (ReportFormat::Sarif, whole_sarif),
    ] {
        for selection in [&everything, &Selection::default_of(format)] {
            let shown = plainly(&scan, selection);
            most = most.max(shown.len());
            let one = written(&scan, format, selection, 1);
            prop_assert_eq!(one.is_none(), format == ReportFormat::OpenVex && shown.is_empty());
            let Some(one) = one else { continue };
            prop_assert!(
                written(&scan, format, selection, 3).as_deref() == Some(&*one),
                "{} by threads",
                format
            );
            let expected = whole(&scan, &shown);
            let parsed: Value = serde_json::from_str(&one).unwrap();
            if parsed != expected {
                prop_assert_eq!(&parsed, &expected, "{}", format);
            }
            let bytes = expected.to_string();
            prop_assert!(unspaced(&one) == bytes, "the order of members of {}", format);
        }
    }
    Ok(most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn written_piece_by_piece_is_written_whole(plan in plan()) {
        compare(&plan)?;
    }
}

/// More findings than the threads are given at first, in groups of many packages.
#[test]
fn many_findings_written_piece_by_piece() {
    let packages = (0..90_u8).map(|n| (n % 4, n % 3, n % 2, n % 5 == 0)).collect();
    let records = (0..40_u8).map(|n| (n % 4, n % 4, n % 4, n % 7 == 0, n % 3)).collect();
    let plan = Plan { packages, records, second: Some(50), suppressed: 5, title: "a title".into() };
    let findings = compare(&plan).unwrap();
    assert!(findings > 3 * 128 + RUN, "{findings}");
}

#[test]
fn white_space_is_dropped_between_tokens_only() {
    assert_eq!(unspaced("{ \"a b\\\" \\\\\" : [ 1 ,\n2 ] }"), "{\"a b\\\" \\\\\":[1,2]}");
}
