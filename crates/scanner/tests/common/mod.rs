//! What several tests need: peers, real data, a scan to report on.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use matching::{Confidence, CorrectionSource, Evidence, Finding, FindingStatus, IdentityRule, Package};
use scanner::report::{self, Appearance, ReportFormat, ReportOptions, Selection};
use scanner::suppress::Suppression;
use scanner::targets::{TargetContents, TargetKind, Warning};
use scanner::{Records, Run, Scan, Target};
use vulnerability::CveId;
use vulnerability::model::{
    Container, Details, Epss, Form, KnownExploited, Level, Origin, RecordSource, Reference, Severity,
    SourceRecord, State, Vulnerability,
};

/// An error with its causes, as it is printed.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

pub fn report(scan: &Scan, format: ReportFormat) -> String {
    report_with(scan, format, &everything())
}

pub fn report_with(scan: &Scan, format: ReportFormat, selection: &Selection) -> String {
    report_as(scan, format, selection, Appearance { all: true, ..Appearance::default() })
}

pub fn report_as(scan: &Scan, format: ReportFormat, selection: &Selection, appearance: Appearance) -> String {
    let mut options = ReportOptions::new(format);
    options.selection = selection.clone();
    options.appearance = appearance;
    let mut out = Vec::new();
    report::write(&mut out, scan, &options).unwrap();
    String::from_utf8(out).unwrap()
}

/// Nothing hidden.
pub fn everything() -> Selection {
    Selection {
        statuses: matching::FindingStatus::ALL.to_vec(),
        min_confidence: Confidence::Low,
        suppressed: true,
    }
}

pub fn cve(text: &str) -> CveId {
    text.parse().unwrap()
}

fn origin() -> Origin {
    let author = Container::Cna("acme".into());
    Origin::new(RecordSource::Cve, author, Form::Affected, "containers.cna.affected").entry(0)
}

pub fn vulnerability(
    id: &str,
    score: Option<f32>,
    exploited: bool,
    epss: Option<f32>,
    title: &str,
) -> Vulnerability {
    let severities = score
        .map(|score| Severity {
            origin: origin(),
            vector: Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into()),
            score: Some(score),
            level: Level::of_score(score),
        })
        .into_iter()
        .collect();
    let link = |url: &str| Reference { url: url.into(), tags: vec!["patch".into()] };
    Vulnerability {
        id: cve(id),
        records: vec![SourceRecord {
            source: RecordSource::Cve,
            id: cve(id),
            state: State::Published,
            published: Some("2024-03-29T16:15:00Z".parse().unwrap()),
            updated: Some("2024-08-01T02:03:04.5Z".parse().unwrap()),
            title: Some(title.into()),
            statements: Vec::new(),
            tags: Vec::new(),
            details: Details {
                description: format!("{title}. It was found by somebody."),
                severities,
                weaknesses: vec!["CWE-79".into(), "CWE-noinfo".into()],
                references: vec![
                    link("https://example.org/a?b=c&d=%20"),
                    link("javascript:alert(1)"),
                    link("https://example.org/a?b=c&d=%20"),
                ],
            }
            .into(),
        }],
        known_exploited: exploited.then(|| KnownExploited {
            date_added: jiff::civil::date(2024, 4, 1),
            due_date: None,
            ransomware: true,
            required_action: "Update.".into(),
        }),
        epss: epss.map(|probability| Epss { probability, percentile: 0.9 }),
    }
}

pub fn finding(
    package: usize,
    id: &str,
    status: FindingStatus,
    confidence: Confidence,
    fixed_in: Option<&str>,
) -> Finding {
    let mut evidence = vec![
        Evidence::Identity {
            origin: origin(),
            rule: IdentityRule::ProductAndVendor,
            stated: "acme / openssl".into(),
            package: "openssl".into(),
        },
        Evidence::Sign { supports: true, text: "the homepage agrees".into() },
        Evidence::Version {
            origin: origin(),
            version: "3.0.10".into(),
            range: "before 3.0.13".into(),
            comparisons: vec!["3.0.10 < 3.0.13".into()],
            status: FindingStatus::Affected,
        },
    ];
    if status == FindingStatus::Fixed {
        evidence.push(Evidence::Correction {
            by: CorrectionSource::Patch,
            text: format!("{id}.patch"),
            status,
        });
    }
    let (fixed_in, evidence) = (fixed_in.map(Into::into), evidence.into());
    Finding { package, cve: cve(id), status, confidence, fixed_in, evidence }
}

/// Texts that try to break out of every format.
pub const HOSTILE: &str =
    "=cmd|' /C calc'!A0 </script><script>alert(1)</script>\" onload=\"x\u{1b}[31m\u{202e}\r\n,;]]>&amp;";

/// A scan with each kind of finding, and with hostile texts everywhere.
pub fn scan() -> Scan {
    let package = |pname: &str, version: &str| Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        ..Package::default()
    };
    let packages = vec![
        Package {
            store_paths: vec!["/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-openssl-3.0.10".into()],
            derivation: Some("/nix/store/1c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-openssl-3.0.10.drv".into()),
            attribute: Some("openssl".into()),
            system: Some("x86_64-linux".into()),
            homepages: vec!["https://www.openssl.org/".into(), HOSTILE.into()],
            source_urls: vec!["https://www.openssl.org/source/openssl-3.0.10.tar.gz".into()],
            description: Some("TLS".into()),
            position: Some("pkgs/development/libraries/openssl/default.nix:12".into()),
            patches: vec!["CVE-2023-0004.patch".into()],
            cpes: vec!["cpe:2.3:a:openssl:openssl:3.0.10:*:*:*:*:*:*:*".into()],
            ..package("openssl", "3.0.10")
        },
        package("curl", "8.3.0"),
        Package {
            description: Some(HOSTILE.into()),
            cpes: vec!["nonsense".into()],
            position: Some(HOSTILE.into()),
            purls: vec!["pkg:pypi/requests@2.31.0".into()],
            ..package(HOSTILE, HOSTILE)
        },
        package("nothing", ""),
    ];
    let (affected, unknown, fixed, not) =
        (FindingStatus::Affected, FindingStatus::Unknown, FindingStatus::Fixed, FindingStatus::NotAffected);
    let findings = vec![
        finding(0, "CVE-2023-0001", affected, Confidence::High, Some("3.0.13")),
        finding(0, "CVE-2023-0002", affected, Confidence::Medium, Some("3.0.12")),
        finding(0, "CVE-2023-0003", unknown, Confidence::Medium, None),
        finding(0, "CVE-2023-0004", fixed, Confidence::High, None),
        finding(1, "CVE-2023-0005", affected, Confidence::High, Some("8.4.0")),
        finding(1, "CVE-2023-0006", affected, Confidence::Low, None),
        finding(1, "CVE-2023-0007", not, Confidence::High, None),
        finding(2, "CVE-2023-0008", affected, Confidence::High, Some(HOSTILE)),
        finding(3, "CVE-2023-0009", affected, Confidence::Medium, None),
    ];
    let vulnerabilities = [
        vulnerability("CVE-2023-0001", Some(7.5), false, Some(0.02), "A high one"),
        vulnerability("CVE-2023-0002", Some(9.8), false, Some(0.001), "A critical one"),
        vulnerability("CVE-2023-0003", Some(5.0), false, None, "Undecided"),
        vulnerability("CVE-2023-0004", Some(8.0), false, None, "Patched"),
        vulnerability("CVE-2023-0005", Some(6.5), true, Some(0.7), "Exploited"),
        vulnerability("CVE-2023-0006", Some(9.9), false, None, "Of low confidence"),
        vulnerability("CVE-2023-0007", Some(3.0), false, None, "Not affected"),
        vulnerability("CVE-2023-0008", None, false, Some(0.5), HOSTILE),
    ];
    let suppressed = [(
        1,
        Suppression {
            reason: "not reachable here".into(),
            origin: "rules.toml, suppress[0]".into(),
            until: None,
        },
    )];
    let contents = TargetContents {
        packages,
        looked_at: 20,
        not_packages: 16,
        warnings: vec![Warning { place: "/nix/store/x".into(), problem: HOSTILE.into() }],
        ..TargetContents::default()
    };
    let target = Target { name: "/run/current-system".into(), kind: TargetKind::Closure, contents };
    let (target, packages) = target.into_parts();
    let time = "2026-11-23T14:00:00.123Z".parse().unwrap();
    let run = Run::new(time, "5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b".into());
    let mut scan = Scan::new(run, Records { cve: 8, ..Records::default() });
    scan.targets = vec![target];
    scan.packages = packages;
    scan.vulnerabilities = vulnerabilities.into_iter().map(|v| (v.id, v)).collect();
    scan.findings = findings.into();
    scan.suppressed = suppressed.into_iter().collect();
    scan.rule_problems = vec![Warning { place: "rules.toml, suppress[1]".into(), problem: "expired".into() }];
    scan
}
