//! The formats for people and spreadsheets.

#![allow(clippy::unwrap_used)]

mod common;

use common::{HOSTILE, finding, report, report_as, report_with, scan};
use matching::{Confidence, FindingStatus};
use scanner::report::{Appearance, ReportFormat, Selection};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// With several targets, whoever reads a finding must know where it is.
#[test]
fn findings_of_several_targets_name_theirs() {
    let mut scan = scan();
    let mut second = scan.targets[0].clone();
    // Both have openssl, and each has findings of its own.
    let openssl = scan.packages[0].clone();
    (scan.targets[0].name, second.name, second.packages) = ("web".into(), "db <x>".into(), 1);
    scan.targets.push(second);
    scan.packages.push(openssl);
    scan.findings.push(finding(
        4,
        "CVE-2023-0002",
        FindingStatus::Affected,
        Confidence::Medium,
        Some("3.0.12"),
    ));
    scan.findings.push(finding(4, "CVE-2023-0005", FindingStatus::Affected, Confidence::High, None));

    let table = report(&scan, ReportFormat::Table);
    assert!(table.contains("openssl 3.0.10 (2 packages) in web, db <x>:"), "{table}");
    let line = |cve: &str| table.lines().filter(|line| line.contains(cve)).collect::<Vec<_>>().join("\n");
    assert!(line("CVE-2023-0001").contains("only in web"), "{table}");
    assert!(line("CVE-2023-0005").contains("only in db <x>"), "{table}");
    assert!(!line("CVE-2023-0002 ").contains("only in db"), "{table}");
    assert!(table.contains("curl 8.3.0 in web:"), "{table}");

    let csv = report(&scan, ReportFormat::Csv);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let column = reader.headers().unwrap().iter().position(|name| name == "target").unwrap();
    let of_rows: Vec<(String, String)> =
        reader.records().map(|r| r.unwrap()).map(|r| (r[2].to_owned(), r[column].to_owned())).collect();
    assert!(of_rows.contains(&("CVE-2023-0001".into(), "web".into())), "{of_rows:?}");
    assert!(of_rows.contains(&("CVE-2023-0005".into(), "db <x>".into())), "{of_rows:?}");

    let json = |format| -> Value { serde_json::from_str(&report(&scan, format)).unwrap() };
    let own = json(ReportFormat::Json);
    let findings = own["findings"].as_array().unwrap();
    for found in findings {
        assert_eq!(found["target"], u64::from(found["package"] == 4), "{found}");
    }
    let sarif = json(ReportFormat::Sarif);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let prints: BTreeSet<String> = results.iter().map(|r| r["partialFingerprints"].to_string()).collect();
    assert_eq!((results.len(), prints.len()), (findings.len(), findings.len()));
    assert!(results.iter().all(|r| ["web", "db <x>"].contains(&r["properties"]["target"].as_str().unwrap())));
    let bom = json(ReportFormat::CycloneDx);
    let property = |value: &Value| {
        let all = value["properties"].as_array().unwrap().clone();
        all.into_iter().find(|p| p["name"] == "snowguard:target").map(|p| p["value"].clone())
    };
    assert_eq!(property(&bom["components"][4]), Some(json!("db <x>")));
    assert!(bom["vulnerabilities"].as_array().unwrap().iter().all(|v| property(v).is_some()));
    let spdx = json(ReportFormat::Spdx);
    assert_eq!(spdx["packages"][4]["sourceInfo"], "in the target db <x>");
    let vex = json(ReportFormat::OpenVex);
    let notes = |n: usize| vex["statements"][n]["status_notes"].as_str().unwrap().to_owned();
    assert!(
        (0..findings.len()).all(|n| notes(n).starts_with("In web.") || notes(n).starts_with("In db <x>."))
    );
    let metrics = report(&scan, ReportFormat::Metrics);
    assert!(metrics.contains("severity=\"medium\",target=\"db <x>\"} 1\n"), "{metrics}");
    let page = report(&scan, ReportFormat::Html);
    assert!(page.contains("<td data-name=\"Target\">db &#60;x&#62;</td>"), "{page}");
}

#[test]
fn the_table_says_what_to_do_first_first() {
    let table = report_with(&scan(), ReportFormat::Table, &Selection::default_of(ReportFormat::Table));
    let place = |text: &str| table.find(text).unwrap_or_else(|| panic!("`{text}` is not in\n{table}"));
    // Known exploited, then likely to be exploited, then by score.
    assert!(place("CVE-2023-0005") < place("CVE-2023-0008"));
    assert!(place("CVE-2023-0008") < place("CVE-2023-0001"));
    assert!(place("CVE-2023-0001") < place("CVE-2023-0009"));
    assert!(table.contains("openssl 3.0.10: update to 3.0.13 or later"));
    assert!(table.contains("EXPLOITED"));
    for hidden in ["CVE-2023-0002", "CVE-2023-0003", "CVE-2023-0004", "CVE-2023-0006", "CVE-2023-0007"] {
        assert!(!table.contains(hidden), "{hidden}");
    }
    assert!(table.contains("1 suppressed") && table.contains("--all"), "{table}");
    let all = report(&scan(), ReportFormat::Table);
    assert!((1..=9).all(|n| all.contains(&format!("CVE-2023-000{n}"))));
}

#[test]
fn the_table_fits_and_is_plain_without_colour() {
    for width in [60, 80, 120] {
        let appearance = Appearance { colour: false, width, all: true };
        let mut scan = scan();
        // The head and the warnings are as long as their names.
        scan.targets[0].warnings.clear();
        let table = report_as(&scan, ReportFormat::Table, &common::everything(), appearance);
        for line in table.lines().filter(|l| l.starts_with("  ")) {
            assert!(line.width() <= width, "{width}: {line}");
        }
        assert!(!table.chars().any(|c| c.is_control() && c != '\n'), "{table:?}");
    }
}

#[test]
fn colours_are_only_ours() {
    let appearance = Appearance { colour: true, width: 100, all: true };
    let table = report_as(&scan(), ReportFormat::Table, &common::everything(), appearance);
    assert!(table.contains("\x1b[1m"));
    // The escape in the hostile texts did not survive.
    assert!(table.contains("[31m") && !table.contains("x\x1b[31m"));
}

#[test]
fn many_findings_of_a_package_are_counted() {
    let mut scan = scan();
    for number in 1000..1020 {
        scan.findings.push(finding(
            1,
            &format!("CVE-2022-{number}"),
            FindingStatus::Affected,
            Confidence::High,
            None,
        ));
    }
    let selection = Selection::default_of(ReportFormat::Table);
    let table = report_as(&scan, ReportFormat::Table, &selection, Appearance::default());
    assert!(table.contains("… and 16 more"), "{table}");
}

#[test]
fn csv_cells_hold_and_do_not_run() {
    let text = report(&scan(), ReportFormat::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().len();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 9);
    for row in &rows {
        assert_eq!(row.len(), columns);
        for cell in row {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '|']), "{cell}");
            assert!(!cell.contains(['\r', '\n', '\t', '\u{1b}']));
        }
    }
}

#[test]
fn the_page_escapes_and_loads_nothing() {
    let page = report(&scan(), ReportFormat::Html);
    assert!(page.contains("alert(1)"), "the hostile text is there, escaped");
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("\" onload=\""));
    assert!(!page.contains("javascript:"));
    for outside in ["src=", "@import", "url(", "<link", "<iframe", "<img", " style="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    assert_eq!(page.matches("<tbody data-package").count(), 9);
    assert!(page.contains(&HOSTILE[..10]) || page.contains("=cmd|"));
}

/// The hashes in the policy are those of what stands in the page, computed here by other means.
#[test]
fn the_policy_allows_exactly_the_own_script_and_style() {
    let page = report(&scan(), ReportFormat::Html);
    let between = |start: &str, end: &str| {
        let from = page.find(start).unwrap() + start.len();
        page[from..from + page[from..].find(end).unwrap()].to_owned()
    };
    let policy =
        between("Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'").replace("&#x27;", "'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for (kind, text) in
        [("style", between("<style>", "</style>")), ("script", between("<script>", "</script>"))]
    {
        let program = "import sys, hashlib, base64\n\
                       print(base64.b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode())";
        let mut child = std::process::Command::new("python3")
            .args(["-c", program])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let hash = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        assert!(policy.contains(&format!("{kind}-src 'sha256-{}'", hash.trim())), "{policy}");
    }
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    for &format in ReportFormat::ALL {
        assert_eq!(report(&scan(), format), report(&scan(), format), "{format}");
    }
}
