//! Suppression rules, and vulnix as the judge of its whitelists.

#![allow(clippy::unwrap_used)]

mod common;

use common::{chain, cve, finding};
use jiff::civil::{Date, date};
use matching::{Confidence, FindingStatus, Package};
use scanner::suppress::{apply, parse};
use scanner::suppression_rules;
use test_support::{data, peer_file, peers};

fn package(pname: &str, version: &str) -> Package {
    Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        ..Package::default()
    }
}

const TODAY: Date = date(2026, 11, 23);

#[test]
fn own_rules() {
    let text = r#"
        [[suppress]]
        cve = "CVE-2023-0001"
        package = "curl"
        version = "8.3.0"
        until = 2026-11-23
        reason = "not built in"

        [[suppress]]
        cve = ["CVE-2023-0002", "CVE-2023-0003"]
        until = "2026-11-22"
        reason = "late"

        [[suppress]]
        package = "wget"
        reason = "only used in tests"

        [[suppress]]
        package = "absent"
        reason = "never there"
    "#;
    let rules = parse(text, "rules.toml", Some("toml")).unwrap();
    let packages = [package("curl", "8.3.0"), package("curl", "8.4.0"), package("wget", "1")];
    let affected = |index, id| finding(index, id, FindingStatus::Affected, Confidence::High, None);
    let findings = [
        affected(0, "CVE-2023-0001"),
        affected(1, "CVE-2023-0001"),
        affected(0, "CVE-2023-0002"),
        affected(2, "CVE-2023-0001"),
    ];
    let (suppressed, problems) = apply(&rules, &packages, &findings.to_vec().into(), TODAY);
    let mut places: Vec<usize> = suppressed.keys().copied().collect();
    places.sort_unstable();
    assert_eq!(places, [0, 3]);
    assert_eq!(suppressed[&0].reason, "not built in");
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("rules.toml, suppress[1]: expired on 2026-11-22"));
    assert!(problems[1].starts_with("rules.toml, suppress[3]: suppresses nothing"));
}

/// A rule that expired is told apart from one that others still stand in for.
#[test]
fn what_expired_rules_hid() {
    let text = |name: &str| std::fs::read_to_string(data(&format!("cases/scan/16-messages/{name}"))).unwrap();
    let packages = [package("frobnicator", "1.0")];
    let told = |text: &str, status, today| {
        let rules = parse(text, "r.toml", Some("toml")).unwrap();
        let findings = [finding(0, "CVE-2023-9000", status, Confidence::High, None)];
        let (suppressed, problems) = apply(&rules, &packages, &findings.to_vec().into(), today);
        (suppressed.len(), problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let affected = FindingStatus::Affected;
    let (hidden, problems) = told(&text("dup.toml"), affected, TODAY);
    assert_eq!(hidden, 1);
    assert_eq!(
        problems,
        ["r.toml, suppress[1]: expired on 2026-01-01; another rule still hides what it hid"]
    );
    // The last day counts, the day after does not.
    assert_eq!(told(&text("tz.toml"), affected, date(2026, 11, 28)), (1, vec![]));
    let (hidden, problems) = told(&text("tz.toml"), affected, date(2026, 11, 29));
    assert_eq!(hidden, 0);
    assert_eq!(problems, ["r.toml, suppress[0]: expired on 2026-11-28, and what it hid is shown again"]);
    let (_, problems) = told(&text("tz.toml"), FindingStatus::NotAffected, date(2026, 11, 28));
    assert_eq!(problems, ["r.toml, suppress[0]: suppresses nothing: what it is about is not affected"]);
}

#[test]
fn wrong_rules_are_named() {
    for (text, expected) in [
        ("[[suppress]]\ncve = 'CVE-1'\nreason = 'x'", "`CVE-1` is not a CVE"),
        ("[[suppress]]\npackage = 'x'", "needs a `reason`"),
        ("[[suppress]]\npackage = 'x'\nreason = ' '", "needs a `reason`"),
        ("[[suppress]]\nreason = 'x'", "needs `cve`, `package`"),
        ("[[suppress]]\npackage = '*'\nreason = 'x'", "needs `cve`, `package`"),
        ("[[suppress]]\ncve = []\nreason = 'x'", "empty list"),
        ("[[suppress]]\npackage = 'x'\nreason = 'x'\nuntil = 'soon'", "not a date"),
        ("[[suppress]]\npackage = 'x'\nreason = 'x'\nuntill = 2020-01-01", "untill"),
        ("[curl-8.3]\ncve = 'x'", "quotation marks"),
        ("x = 1", "neither"),
        ("- &a {cve: CVE-2020-0001}\n- *a", "aliases"),
        ("- name: [[x]]", "must be a text"),
        ("- name: x\n  name: y", "twice"),
    ] {
        let error = chain(&parse(text, "x", None).unwrap_err());
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// Both forms of vulnix's own example, and what vulnix says about each pair of a package and a CVE.
#[test]
fn whitelists_mean_what_vulnix_says() {
    let program = r#"
import sys, json, datetime
sys.modules.setdefault("yaml", __import__("yaml"))
from vulnix.whitelist import Whitelist
from vulnix.derivation import Derive
from vulnix.vulnerability import Vulnerability
today = datetime.date.fromisoformat(sys.argv[2])
import vulnix.whitelist
class Fixed(datetime.date):
    @classmethod
    def today(cls):
        return today
vulnix.whitelist.datetime.date = Fixed
with open(sys.argv[1]) as f:
    whitelist = Whitelist.load(f)
answers = []
for name, cve in json.loads(sys.argv[3]):
    found = whitelist.find(Derive(name=name), {Vulnerability(cve)})
    answers.append(not found.report)
print(json.dumps(answers))
"#;
    let names =
        ["libxslt-2.0", "libxslt-2.1", "unzip-6.0", "audiofile-0.3.2", "audiofile-0.3.6", "cpio-2.12"];
    let ids = ["CVE-2015-2504", "CVE-2015-7696", "CVE-2017-6827", "CVE-2017-2477", "CVE-2018-0001"];
    let pairs: Vec<(&str, &str)> = names.iter().flat_map(|n| ids.iter().map(move |i| (*n, *i))).collect();
    for form in ["toml", "yaml"] {
        let file = peer_file(&format!("vulnix/tests/fixtures/whitelist.{form}"));
        for day in [date(2018, 2, 28), date(2018, 3, 1), date(2026, 1, 1)] {
            let output = std::process::Command::new(peers().join("bin/python"))
                .arg("-c")
                .arg(program)
                .arg(&file)
                .arg(day.to_string())
                .arg(serde_json::to_string(&pairs).unwrap())
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let expected: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
            let rules = suppression_rules(&file).unwrap();
            for ((name, id), expected) in pairs.iter().zip(expected) {
                let (pname, version) = name.rsplit_once('-').unwrap();
                let findings = [finding(0, id, FindingStatus::Affected, Confidence::High, None)];
                assert_eq!(findings[0].cve, cve(id));
                let (suppressed, _) =
                    apply(&rules, &[package(pname, version)], &findings.to_vec().into(), day);
                assert_eq!(!suppressed.is_empty(), expected, "{form} on {day}: {name} and {id}");
            }
        }
    }
}

/// Whatever packages and records are called, the rules that are begun with suppress what they were
/// made for, and no more.
#[test]
fn rules_that_are_begun_with_read_back() {
    let mut scan = common::scan();
    let open = |e: &scanner::FindingEntry<'_>| {
        e.finding.status == matching::FindingStatus::Affected && e.suppression.is_none()
    };
    let today: jiff::civil::Date = "2026-11-23".parse().unwrap();
    let entries = scan.entries();
    let chosen: Vec<_> =
        entries.iter().filter(|e| open(e) && e.finding.cve != common::cve("CVE-2023-0009")).collect();
    let count = chosen.len();
    let text = scanner::report::begin_rules(&chosen, today);
    let rules = scanner::suppress::parse(&text, "begun.toml", Some("toml")).unwrap();
    drop(entries);
    let (suppressed, problems) = scanner::suppress::apply(&rules, &scan.packages, &scan.findings, today);
    assert_eq!(problems, []);
    scan.suppressed.extend(suppressed);
    let left: Vec<_> = scan.entries().iter().filter(|e| open(e)).map(|e| e.finding.cve.to_string()).collect();
    assert!(count > 3);
    assert_eq!(left, ["CVE-2023-0009"]);
    // The day after the last one they are reported as expired.
    let later = today.checked_add(jiff::Span::new().days(91)).unwrap();
    let (suppressed, problems) = scanner::suppress::apply(&rules, &scan.packages, &scan.findings, later);
    assert!(suppressed.is_empty() && problems.len() == rules.len());
}

/// Files of other scanners keep their meaning, and what cannot be compared here hides nothing.
#[test]
fn ignore_files_of_other_scanners() {
    let told = |text: &str, name: &str, extension: Option<&str>| {
        let rules = parse(text, name, extension).unwrap();
        let packages = [
            package("curl", "8.3.0"),
            Package { purls: vec!["pkg:npm/wget@1".into()], ..package("wget", "1") },
        ];
        let affected = |index, id| finding(index, id, FindingStatus::Affected, Confidence::High, None);
        let findings: Vec<_> = (0..2)
            .flat_map(|index| ["CVE-2023-0001", "CVE-2023-0002"].map(|id| affected(index, id)))
            .collect();
        let (suppressed, problems) = apply(&rules, &packages, &findings.into(), TODAY);
        let hidden: Vec<usize> = suppressed.keys().copied().collect();
        (hidden, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let trivy = "# accepted\nCVE-2023-0001\n\nCVE-2023-0002 exp:2026-11-23\nAVD-DS-0002\n";
    let (hidden, problems) = told(trivy, ".trivyignore", None);
    // From its date on a rule of Trivy does not count any more.
    assert_eq!(hidden, [0, 2]);
    assert!(problems[0].starts_with(".trivyignore, line 4: expired on 2026-11-22, and what it hid"));
    assert!(problems[1].starts_with(".trivyignore, line 5: suppresses nothing"), "{problems:?}");
    assert_eq!(told("CVE-2023-0002 exp:2026-11-24", "x", None).0, [1, 3]);
    let trivy = "vulnerabilities:\n  - id: CVE-2023-0001\n    purls: [\"pkg:npm/wget\"]\n    statement: fine\n  - id: CVE-2023-0002\n    paths: [\"a/b\"]\nsecrets:\n  - id: x\n";
    let (hidden, problems) = told(trivy, ".trivyignore.yaml", Some("yaml"));
    assert_eq!(hidden, [2]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with(".trivyignore.yaml, vulnerabilities[1]: hides nothing: `paths` cannot"));
    let grype = "check-for-app-update: false\nignore:\n  - vulnerability: CVE-2023-0001\n    package:\n      name: \"wg.*\"\n      version: 1\n  - package:\n      name: curl\n      version: 8.3.1\n  - vulnerability: CVE-2023-0002\n    fix-state: unknown\n";
    let (hidden, problems) = told(grype, ".grype.yaml", Some("yaml"));
    assert_eq!(hidden, [2]);
    assert!(problems[0].starts_with(".grype.yaml, ignore[1]: suppresses nothing"), "{problems:?}");
    assert!(problems[1].contains("ignore[2]: hides nothing: `fix-state`"), "{problems:?}");
    let osv = "[[IgnoredVulns]]\nid = \"CVE-2023-0001\"\nignoreUntil = 2026-11-24\nreason = \"no\"\n[[IgnoredVulns]]\nid = \"GO-2022-0968\"\nignoreUntil = 2030-01-01T00:00:00Z\n[[PackageOverrides]]\nname = \"x\"\n";
    let (hidden, problems) = told(osv, "osv-scanner.toml", Some("toml"));
    assert_eq!(hidden, [0, 2]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    for (text, extension, expected) in [
        ("ignore: 1", Some("yaml"), "ignore: must be a list"),
        ("ignore:\n  - reason: x\n", Some("yaml"), "ignore[0]: needs `cve`"),
        ("vulnerabilities:\n  - statement: x\n", Some("yaml"), "vulnerabilities[0]: "),
        ("CVE-2023-0001 exp:soon", None, "line 1: `until`: `soon`"),
        ("[[IgnoredVulns]]\nreason = 'x'", Some("toml"), "IgnoredVulns[0]"),
    ] {
        let error = chain(&parse(text, "x", extension).unwrap_err());
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn ranges_and_wildcards() {
    let rule = |more: &str| {
        let text = format!("[[suppress]]\ncve = 'CVE-2023-0001'\nreason = 'x'\n{more}");
        let rules = parse(&text, "r", Some("toml")).unwrap();
        let packages = [
            package("python3.11-requests", "2.28.2"),
            package("requests", "2.31.0"),
            package("curl", "8.3.0"),
        ];
        let findings: Vec<_> = (0..3)
            .map(|index| finding(index, "CVE-2023-0001", FindingStatus::Affected, Confidence::High, None))
            .collect();
        apply(&rules, &packages, &findings.into(), TODAY).0.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(rule("package = '*requests'"), [0, 1]);
    assert_eq!(rule("package = '*requests'\nversion = '>= 2.0, < 2.31.0'"), [0]);
    assert_eq!(rule("package = 'curl'\nversion = '8.3.*'\nuntil = 2026-11-23"), [2]);
    assert!(rule("package = 'curl'\nversion = '8.4.*'").is_empty());
}
