//! `snowguard diff`, and `scan --since` with `--save`, as a user runs them.

#![allow(clippy::unwrap_used)]

mod records;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use test_support::{Outcome, Scratch, Snowguard, snowguard};

struct Fixture {
    folder: Scratch,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = Scratch::new();
        let snowguard = snowguard!().in_folder(folder.folder());
        let fixture = Self { folder, snowguard };
        fixture.update(&[]);
        fixture
    }

    /// Makes the database of the demo's records, but for these.
    fn update(&self, without: &[&str]) {
        records::make_database(&self.folder, &self.snowguard, without);
    }

    /// An SBOM of these packages.
    fn bom(&self, name: &str, packages: &[(&str, &str)]) {
        self.folder.write(name, records::bom(packages));
    }

    fn scan(&self, more: &[&str]) -> Outcome {
        self.snowguard.run([&["scan", "--db", "db"], more].concat()).without_age()
    }

    fn diff(&self, more: &[&str]) -> Outcome {
        let database: &[&str] = if more.contains(&"--db") { &[] } else { &["--db", "db"] };
        self.snowguard.run([&["diff"], database, more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        let (code, out, err) = self.diff(&[&["--json"], more].concat()).parts();
        assert_eq!((code, err.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&out).unwrap();
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/diff-report-1.json");
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
        let problems: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
        report
    }
}

/// Each finding's CVE, change and reason.
fn changes(report: &Value) -> BTreeSet<(&str, &str, &str)> {
    let text = |value: &'_ Value| value.as_str().unwrap().to_owned().leak() as &str;
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            (
                text(&f["cve"]),
                text(&f["change"]),
                f["reasons"][0]["text"].as_str().map_or("", |t| t.to_owned().leak()),
            )
        })
        .collect()
}

#[test]
fn findings_come_and_go() {
    let fixture = Fixture::new();
    fixture
        .bom("old.json", &[("curl", "8.3.0"), ("sudo", "1.9.4"), ("openssh", "9.6p1"), ("zlib", "1.2.12")]);
    fixture.bom("new.json", &[("curl", "8.4.0"), ("xz", "5.6.0"), ("openssh", "9.6p1"), ("zlib", "1.2.12")]);
    let report = fixture.json(&["old.json", "new.json"]);
    let found = changes(&report);
    for expected in [
        ("CVE-2023-38545", "gone", "8.3.0 → 8.4.0"),
        ("CVE-2021-3156", "gone", "removed"),
        ("CVE-2024-3094", "new", "added"),
        ("CVE-2022-37434", "same", ""),
    ] {
        assert!(found.contains(&expected), "{expected:?}: {found:#?}");
    }
    // The other way round what was gone is new, and nothing else differs.
    let back = fixture.json(&["new.json", "old.json"]);
    let turned: BTreeSet<_> = changes(&back).into_iter().map(|(cve, change, _)| (cve, change)).collect();
    let expected: BTreeSet<_> = found
        .iter()
        .map(|(cve, change, _)| {
            (
                *cve,
                match *change {
                    "new" => "gone",
                    "gone" => "new",
                    other => other,
                },
            )
        })
        .collect();
    assert_eq!(turned, expected);
    // Reports say the same as the targets that they are of, and need no database.
    for name in ["old", "new"] {
        let (code, out, _) = fixture.scan(&["--format", "json", &format!("{name}.json")]).parts();
        assert_eq!(code, 0);
        fixture.folder.write(&format!("{name}-report.json"), out);
    }
    let of_reports = fixture.json(&["--db", "nowhere", "old-report.json", "new-report.json"]);
    assert_eq!(of_reports["findings"], report["findings"]);
    assert_eq!(fixture.json(&["old-report.json", "new.json"])["findings"], report["findings"]);
    let same = fixture.json(&["new-report.json", "new.json"]);
    assert!(changes(&same).iter().all(|(_, change, _)| *change == "same"));

    // The bar counts what is new, not what was there.
    let code = |more: &[&str]| fixture.diff(more).parts().0;
    assert_eq!(code(&["--fail-on", "low", "new.json", "new.json"]), 0);
    assert_eq!(code(&["--fail-on", "critical", "old.json", "new.json"]), 1);
    fixture.bom("clean.json", &[("curl", "8.4.0")]);
    assert_eq!(code(&["--fail-on", "low", "old.json", "clean.json"]), 0);
    assert_eq!(code(&["--fail-on", "low", "clean.json", "old.json"]), 1);
    assert_eq!(code(&["old.json", "absent.json"]), 3);
    assert_eq!(code(&["old.json"]), 2);
    fixture.update(&["catalogue"]);
    assert_eq!(code(&["--fail-on", "known-exploited", "clean.json", "old.json"]), 3);
    assert_eq!(code(&["--fail-on", "known-exploited", "old-report.json", "old-report.json"]), 0);
    let (_, text, _) = fixture.diff(&["old.json", "new.json"]).parts();
    assert!(text.contains("New:\n") && text.contains("curl 8.3.0 (8.3.0 → 8.4.0)"), "{text}");
    assert!(!text.contains("CVE-2022-37434") && text.contains("the same."), "{text}");
    let (_, text, _) = fixture.diff(&["--all", "old.json", "new.json"]).parts();
    assert!(text.contains("CVE-2022-37434"), "{text}");
}

#[test]
fn the_reason_is_named() {
    let fixture = Fixture::new();
    fixture.bom("curl.json", &[("curl", "8.3.0")]);
    let report = |name: &str, more: &[&str]| {
        let (code, out, err) = fixture.scan(&[&["--format", "json", "curl.json"], more].concat()).parts();
        assert_eq!(code, 0, "{err}");
        fixture.folder.write(name, out);
    };
    report("plain.json", &[]);
    fixture.folder.write("rules.toml", "[[suppress]]\ncve = 'CVE-2023-38545'\nreason = 'no proxy here'\n");
    report("suppressed.json", &["--suppress", "rules.toml"]);
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{
        "vulnerability": {"name": "CVE-2023-38545"}, "products": [{"@id": "pkg:nix/curl@8.3.0"}],
        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]});
    fixture.folder.write("vex.json", vex.to_string());
    report("vex-report.json", &["--vex", "vex.json"]);
    fixture.update(&["2023-38545"]);
    report("no-record.json", &[]);
    fixture.update(&["catalogue"]);
    let channel = json!({"version": 2, "packages": {"curl": {"name": "curl-8.3.0", "meta": {}}}});
    fixture.folder.write("channel.json", channel.to_string());
    // The same version, built with the fix and without.
    let built =
        |patches: &[&str]| json!({"attr": "curl", "name": "curl-8.3.0", "patches": patches}).to_string();
    fixture.folder.write("patched.jsonl", built(&["CVE-2023-38545.patch"]));
    fixture.folder.write("unpatched.jsonl", built(&["fix-darwin.patch"]));
    let reason = |old: &str, new: &str| {
        let diff = fixture.json(&[old, new]);
        let finding = diff["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["cve"] == "CVE-2023-38545")
            .unwrap()
            .clone();
        let text = finding["reasons"][0]["text"].as_str().unwrap_or_default().to_owned();
        (finding["change"].as_str().unwrap().to_owned(), text)
    };
    let pair = |change: &str, text: &str| (change.to_owned(), text.to_owned());
    assert_eq!(reason("plain.json", "suppressed.json"), pair("gone", "suppressed: no proxy here"));
    assert_eq!(reason("suppressed.json", "plain.json"), pair("new", "not suppressed any more"));
    let (change, text) = reason("plain.json", "vex-report.json");
    assert!(change == "gone" && text.starts_with("was affected, is not affected: "), "{text}");
    let (change, text) = reason("vex-report.json", "plain.json");
    assert!(change == "new" && text.starts_with("was not affected, is affected"), "{text}");
    assert_eq!(reason("no-record.json", "plain.json").1, "the same version; now a record names it");
    assert_eq!(reason("plain.json", "no-record.json").1, "the same version; no record names it any more");
    assert_eq!(reason("channel.json", "curl.json"), pair("same", ""));
    let (change, text) = reason("unpatched.jsonl", "patched.jsonl");
    assert_eq!((change.as_str(), text.as_str()), ("gone", "was affected, is fixed: CVE-2023-38545.patch"));
    assert_eq!(reason("patched.jsonl", "unpatched.jsonl").0, "new");

    // Stored reports come from anywhere.
    for (text, expected) in [
        (r#"{"format":"snowguard-scan-report""#, "not a report"),
        (
            r#"{"format":"snowguard-scan-report","formatVersion":"2.0","targets":[],"packages":[],"vulnerabilities":[],"findings":[]}"#,
            "version 2.0",
        ),
        (
            r#"{"format":"snowguard-scan-report","formatVersion":"1.0","targets":[],"packages":[],"vulnerabilities":[],"findings":[{"package":0,"cve":"CVE-2023-38545","status":"affected","confidence":"high"}]}"#,
            "findings[0].package",
        ),
    ] {
        fixture.folder.write("broken.json", text);
        let outcome = fixture.diff(&["broken.json", "plain.json"]).with_code(3);
        assert!(outcome.text().contains(expected), "{outcome}");
    }
}

#[test]
fn only_what_is_new_since() {
    let fixture = Fixture::new();
    fixture.update(&["catalogue", "2023-38545"]);
    fixture.bom("bom.json", &[("curl", "8.3.0"), ("sudo", "1.9.4"), ("zlib", "1.2.12")]);
    let scan = |more: &[&str]| {
        let (code, out, err) = fixture.scan(&[&["--fail-on", "low", "bom.json"], more].concat()).parts();
        assert!(!err.contains("error"), "{err}");
        (code, out)
    };
    let since = ["--since", "last.json", "--save", "last.json"];
    // Without a report there is nothing to compare with, unless one is about to be written.
    let missing = fixture.scan(&["--since", "last.json", "bom.json"]).with_code(3);
    assert!(missing.text().contains("last.json"), "{missing}");
    let (code, out) = scan(&since);
    assert!(code == 1 && out.contains("CVE-2021-3156") && out.contains("CVE-2022-37434"), "{out}");
    let (code, out) = scan(&since);
    assert!(code == 0 && !out.contains("CVE-") && out.contains("Nothing new is affected."), "{out}");
    // A new record, and one that is exploited now; what was there is not repeated.
    fixture.update(&[]);
    let (code, out) = scan(&since);
    assert!(code == 1 && out.contains("CVE-2023-38545") && out.contains("CVE-2021-3156"), "{out}");
    assert!(out.contains("EXPLOITED") && !out.contains("CVE-2022-37434"), "{out}");
    assert!(fixture.folder.read_text("last.json").contains("CVE-2022-37434"), "what is saved is everything");
    assert_eq!(scan(&since).0, 0);
    // A target that cannot be read would be new the next time: nothing is saved.
    let saved = fixture.folder.read_text("last.json");
    let broken = fixture.scan(&[&["absent.json", "bom.json"], &since[..]].concat()).with_code(3);
    assert!(broken.text().contains("absent.json"));
    assert_eq!(fixture.folder.read_text("last.json"), saved);
}
