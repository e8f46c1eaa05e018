//! VEX documents against whole scans: which statements reach which packages, and what is said of
//! the others.

#![allow(clippy::unwrap_used)]

use matching::{FindingStatus, Knowledge, Package};
use scanner::report::{self, ReportFormat, ReportOptions};
use scanner::targets::{self, TargetContents, TargetKind};
use scanner::{Policy, Run, Scan, Target, scan, vex};
use test_support::data;
use vulnerability_db::database::Database;
use vulnerability_db::ingest::{self, SourceKind, SourceLocation, UpdateOptions};

const NOW: &str = "2026-11-23T14:00:00Z";

struct Cases {
    _folder: tempfile::TempDir,
    database: Database,
}

impl Cases {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = ["CVE-2023-9000.json", "CVE-2023-32681.json"].map(|name| SourceLocation {
            kind: SourceKind::Cve,
            location: data(&format!("cases/scan/10-vex/{name}")).to_str().unwrap().to_owned(),
        });
        let options = UpdateOptions::new(NOW.parse().unwrap());
        ingest::update(folder.path(), &sources, &options, &terminal::Silent).unwrap();
        let database = Database::open(folder.path()).unwrap();
        Self { _folder: folder, database }
    }

    fn scan(&self, contents: TargetContents, document: &str) -> Scan {
        let target = Target { name: "p.cdx.json".into(), kind: TargetKind::CycloneDx, contents };
        let vex = vex::parse(document.as_bytes(), "v.json").unwrap();
        let policy = Policy { knowledge: Knowledge::built_in().unwrap(), vex, ..Policy::default() };
        let run = Run::new(NOW.parse().unwrap(), "5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b".into());
        scan(vec![target], &self.database, &policy, run).unwrap()
    }
}

fn read(name: &str) -> String {
    std::fs::read_to_string(data(&format!("cases/scan/10-vex/{name}"))).unwrap()
}

/// The status of the only finding, and the problems.
fn outcome(scan: &Scan) -> (FindingStatus, Vec<String>) {
    assert_eq!(scan.findings.len(), 1);
    (scan.findings.to_vec()[0].status, scan.vex_problems.iter().map(ToString::to_string).collect())
}

#[test]
fn products_are_compared_as_a_whole() {
    let cases = Cases::new();
    for (bom, document, taken) in [
        ("t-ns-differs.cdx.json", "t-ns-differs.vex.json", false),
        ("t-qual-drvpath-differs.cdx.json", "t-qual-drvpath-differs.vex.json", false),
        ("t-type-npm-vs-pypi.cdx.json", "t-type-npm-vs-pypi.vex.json", false),
        ("p.cdx.json", "subcomponent.vex.json", false),
        ("p.cdx.json", "nomatch.vex.json", false),
        ("p.cdx.json", "nojust.vex.json", false),
        ("deb.cdx.json", "deb.vex.json", true),
        ("rq.cdx.json", "u-pypi.vex.json", true),
        ("q.cdx.json", "v-cdxlink.json", true),
        ("p.cdx.json", "v-cdxlink.json", false),
    ] {
        let contents = targets::parse_cyclonedx(read(bom).as_bytes()).unwrap();
        let (status, problems) = outcome(&cases.scan(contents, &read(document)));
        assert_eq!(status == FindingStatus::NotAffected, taken, "{bom}, {document}: {status:?}");
        assert_eq!(problems.is_empty(), taken, "{bom}, {document}: {problems:?}");
        let place =
            if document == "v-cdxlink.json" { "v.json, vulnerabilities[0]" } else { "v.json, statements[0]" };
        assert!(problems.iter().all(|p| p.starts_with(place)), "{problems:?}");
    }
}

/// Nix gives names, and the prefix of a package set tells the ecosystem.
#[test]
fn nix_packages_have_ecosystems() {
    let cases = Cases::new();
    let packages = vec![Package {
        name: "python3.11-requests-2.28.2".into(),
        pname: "python3.11-requests".into(),
        version: "2.28.2".into(),
        store_paths: vec!["/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-python3.11-requests-2.28.2".into()],
        ..Package::default()
    }];
    let contents = TargetContents { packages, ..TargetContents::default() };
    let (status, problems) = outcome(&cases.scan(contents.clone(), &read("u-pypi.vex.json")));
    assert_eq!((status, problems), (FindingStatus::NotAffected, vec![]));
    let npm = read("u-pypi.vex.json").replace("pkg:pypi/", "pkg:npm/");
    assert_eq!(outcome(&cases.scan(contents, &npm)).0, FindingStatus::Affected);
}

/// A statement on a part of an image counts where the image is what is scanned.
#[test]
fn parts_count_in_their_product() {
    let cases = Cases::new();
    let bom = |digest: &str| {
        let image = format!(
            r#"{{"type":"container","name":"app","version":"1","purl":"pkg:oci/app@sha256%3A{digest}"}}"#
        );
        let text = read("p.cdx.json").replacen('{', &format!(r#"{{"metadata":{{"component":{image}}},"#), 1);
        targets::parse_cyclonedx(text.as_bytes()).unwrap()
    };
    let document = read("subcomponent.vex.json");
    assert_eq!(outcome(&cases.scan(bom("aaaa"), &document)).0, FindingStatus::NotAffected);
    let scan = cases.scan(bom("bbbb"), &document);
    let (status, problems) = outcome(&scan);
    assert_eq!(status, FindingStatus::Affected);
    assert!(problems[0].contains("matches nothing"), "{problems:?}");
    // The report tells it too.
    let mut out = Vec::new();
    report::write(&mut out, &scan, &ReportOptions::new(ReportFormat::Json)).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["vexProblems"][0]["place"], "v.json, statements[0]");
}
