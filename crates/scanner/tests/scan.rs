//! A scan loads and matches part by part; the result is that of matching everything at once.

#![allow(clippy::unwrap_used)]

use matching::{Knowledge, Matcher, Package};
use scanner::targets::{TargetContents, TargetKind};
use scanner::{Policy, Run, Target, scan};
use std::num::NonZero;
use test_support::data;
use vulnerability_db::database::Database;
use vulnerability_db::ingest::{self, SourceKind, SourceLocation, UpdateOptions};

fn package(name: &str, known: &[&str]) -> Package {
    let parsed = nix_formats::DrvName::parse(name);
    Package {
        name: name.into(),
        pname: parsed.name.into(),
        version: parsed.version.into(),
        known_vulnerabilities: known.iter().map(|t| (*t).into()).collect(),
        ..Package::default()
    }
}

#[test]
fn part_by_part_is_the_same_as_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-11-23T14:00:00Z".parse().unwrap();
    let location = data("cve/cvelist-delta.zip").to_str().unwrap().to_owned();
    let sources = [SourceLocation { kind: SourceKind::Cve, location }];
    ingest::update(folder.path(), &sources, &UpdateOptions::new(now), &terminal::Silent).unwrap();
    let database = Database::open(folder.path()).unwrap();

    let packages = vec![
        package("linux-4.14.39", &[]),
        package("linux-6.6.1", &["CVE-2026-0001: nobody has a record of it", "CVE-2026-72421"]),
        package("hello-2.12", &["CVE-1999-0001"]),
    ];
    let knowledge = Knowledge::built_in().unwrap();
    let matcher = Matcher::new(&packages, &knowledge, &[]);
    let expected = matcher.find(&database.load_all().unwrap(), NonZero::new(2).unwrap());
    assert!(expected.len() > 5_000, "{}", expected.len());

    let contents = TargetContents { packages: packages.clone(), ..TargetContents::default() };
    let target = Target { name: "test".into(), kind: TargetKind::Closure, contents };
    let mut run = Run::new(now, "5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b".into());
    // Several, also where there is only one processor.
    run.threads = NonZero::new(3).unwrap();
    let policy = Policy { knowledge: knowledge.clone(), ..Policy::default() };
    let found = scan(vec![target], &database, &policy, run).unwrap();
    let cve = database.info().unwrap().counts.cve;
    assert_eq!(found.records.to_string(), format!("{cve} CVE records, of 2026-11-23"));
    assert_eq!(found.findings.to_vec(), expected);
    // Every finding with a record has it for the report.
    for finding in &expected {
        let only_listed = ["CVE-2026-0001", "CVE-1999-0001"].contains(&finding.cve.to_string().as_str());
        assert_eq!(found.vulnerabilities.contains_key(&finding.cve), !only_listed, "{}", finding.cve);
    }
}
