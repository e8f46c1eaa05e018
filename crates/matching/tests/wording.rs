//! Where a record's text says less or more than its ranges. The records are made up; each has the
//! form of real ones.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{Confidence, Evidence, Finding, FindingStatus, Knowledge, Package, find};
use serde_json::{Value, json};
use vulnerability::model::Vulnerability;

/// A record with a title, a description, the CNA's and an enrichment's entries, read by the real
/// reader.
fn record(title: &str, description: &str, cna: &Value, adp: &Value) -> Vulnerability {
    let json = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-99999", "state": "PUBLISHED"},
        "containers": {
            "cna": {
                "providerMetadata": {"orgId": "0", "shortName": "maker"}, "title": title,
                "descriptions": [{"lang": "en", "value": description}], "affected": cna
            },
            "adp": [{"providerMetadata": {"orgId": "1", "shortName": "enricher"}, "affected": adp}]
        }
    });
    let bytes = serde_json::to_vec(&json).unwrap();
    let record = vulnerability::cve::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
    Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
}

fn entry(vendor: &str, product: &str, versions: &Value) -> Value {
    json!([{"vendor": vendor, "product": product, "versions": versions}])
}

fn before(end: &str) -> Value {
    json!([{"status": "affected", "version": "0", "lessThan": end, "versionType": "custom"}])
}

fn exactly(version: &str) -> Value {
    json!([{"status": "affected", "version": version}])
}

fn package(pname: &str, version: &str) -> Package {
    Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        homepages: vec![format!("https://{pname}.example/").into()],
        ..Package::default()
    }
}

/// The finding that a report would show.
fn shown(package: Package, vulnerability: Vulnerability) -> Option<Finding> {
    let knowledge = Knowledge::built_in().unwrap();
    let findings = find(&[package], &[vulnerability], &knowledge, &[]);
    findings.into_iter().find(|f| f.confidence >= Confidence::Medium)
}

fn status(version: &str, vulnerability: Vulnerability) -> FindingStatus {
    shown(package("frobnicate", version), vulnerability).unwrap().status
}

fn none() -> Value {
    json!([])
}

#[test]
fn another_operating_system_in_the_description() {
    let of = |description: &str| {
        record("", description, &entry("frobnicate", "frobnicate", &before("2.0")), &none())
    };
    for limited in [
        "Frobnicate before 2.0 on Windows allows traversal of folders.",
        "A warning is missing. *This bug only affects Frobnicate on macOS. Other systems are unaffected.*",
        "A hijack is possible in Frobnicate before 2.0 on Windows. The uninstaller starts what it finds.",
    ] {
        assert_eq!(status("1.0", of(limited)), FindingStatus::NotAffected, "{limited}");
    }
    for open in [
        "Frobnicate before 2.0 on Windows and Linux allows traversal of folders.",
        "Frobnicate before 2.0 lets attackers on Windows read more than they should.",
        "Frobnicate before 2.0 mishandles paths. It is a tool for Linux. On Windows the path is another.",
    ] {
        assert_eq!(status("1.0", of(open)), FindingStatus::Affected, "{open}");
    }
}

#[test]
fn the_limit_is_reported_with_the_text_that_makes_it() {
    let description = "Frobnicate before 2.0 on Windows allows traversal of folders.";
    let affected = entry("frobnicate", "frobnicate", &before("2.0"));
    let finding = shown(package("frobnicate", "1.0"), record("", description, &affected, &none())).unwrap();
    let reported = finding.evidence.iter().any(
        |e| matches!(e, Evidence::Version { range, .. } if range.contains("windows") && range.contains("allows traversal")),
    );
    assert!(reported || finding.evidence.is_empty(), "{:#?}", finding.evidence);
}

#[test]
fn the_part_for_another_language() {
    let of =
        |title: &str| record(title, "A flaw.", &entry("frobnicate", "Frobnicate", &before("2.0")), &none());
    assert_eq!(status("1.0", of("Overflow in Frobnicate Java Lite")), FindingStatus::NotAffected);
    assert_eq!(status("1.0", of("Overflow in Frobnicate reached by Java")), FindingStatus::Affected);
}

#[test]
fn a_scoped_name_of_npm_is_not_the_program() {
    let affected = entry("frobnicate", "frobnicate", &before("2.0"));
    let of = |title: &str| record(title, "A flaw.", &affected, &none());
    assert!(shown(package("frobnicate", "1.0"), of("@frobnicate/frobnicate-js leaks memory")).is_none());
    assert!(shown(package("frobnicate", "1.0"), of("frobnicate leaks memory")).is_some());
}

#[test]
fn versions_of_the_hosted_edition() {
    let affected = entry("frobnicate", "frobnicate", &before("24.0.7"));
    let of = |description: &str| record("", description, &affected, &none());
    let cloud = "The cloud Frobnicate offering prior to version 24.0.7 and Frobnicate 23.1 forget to ask.";
    assert_eq!(status("1.0", of(cloud)), FindingStatus::NotAffected);
    assert_eq!(
        status("1.0", of("Frobnicate prior to version 24.0.7 forgets to ask.")),
        FindingStatus::Affected
    );
}

#[test]
fn a_cloud_elsewhere_is_no_hosted_edition() {
    let affected = entry("frobnicate", "frobnicate", &before("24.0.7"));
    for other in [
        "In self-hosted Frobnicate before 24.0.7 an attacker can run code.",
        "Self-Hosted Frobnicate users should upgrade to version 24.0.7 or higher.",
        "Frobnicate before 24.0.7 lets an attacker read keys of Google Cloud.",
        "In Frobnicate before 24.0.7 a third-party agent could impersonate a cloud agent.",
        "Frobnicate before 24.0.7, hosted on Apache, leaks.",
    ] {
        assert_eq!(status("1.0", record("", other, &affected, &none())), FindingStatus::Affected, "{other}");
    }
    let cloud = "Frobnicate Cloud before 24.0.7 forgets to ask.";
    assert_eq!(status("1.0", record("", cloud, &affected, &none())), FindingStatus::NotAffected);
}

#[test]
fn a_language_of_the_flaw_is_no_part() {
    for title in [
        "Frobnicate Java Deserialization Remote Code Execution Vulnerability",
        "Frobnicate PHP Object Injection in session handling",
        "Frobnicate JavaScript sandbox escape",
        "Frobnicate Python code execution",
    ] {
        let affected = entry("frobnicate", "Frobnicate", &before("2.0"));
        assert_eq!(
            status("1.0", record(title, "A flaw.", &affected, &none())),
            FindingStatus::Affected,
            "{title}"
        );
    }
}

#[test]
fn a_list_behind_before_ends_lines() {
    let text = "In Frobnicate before 2022.04.7, 2022.10.6, 2023.05.6, 2023.11.5 a check was missing";
    let silent = || entry("n/a", "frobnicate", &exactly("n/a"));
    let list = || entry("n/a", "frobnicate", &before("2022.04.7, 2022.10.6, 2023.05.6, 2023.11.5"));
    for (version, expected) in [
        ("2021.1", FindingStatus::Affected),
        ("2022.04.6", FindingStatus::Affected),
        ("2022.04.7", FindingStatus::NotAffected),
        ("2022.10.5", FindingStatus::Affected),
        ("2022.10.6", FindingStatus::NotAffected),
        ("2023.11.4", FindingStatus::Affected),
        ("2023.11.5", FindingStatus::NotAffected),
    ] {
        for affected in [silent(), list()] {
            assert_eq!(status(version, record("", text, &affected, &none())), expected, "{version}");
        }
    }
}

#[test]
fn oracle_means_lines_of_releases() {
    let versions = json!([
        {"status": "affected", "version": "5.7.44 and prior"},
        {"status": "affected", "version": "8.0.35 and prior"},
        {"status": "affected", "version": "8.2.0 and prior"}
    ]);
    for (version, expected) in [
        ("5.7.20", FindingStatus::Affected),
        ("5.6.40", FindingStatus::NotAffected),
        ("8.0.35", FindingStatus::Affected),
        ("8.0.36", FindingStatus::NotAffected),
        ("8.1.0", FindingStatus::Affected),
        ("8.3.0", FindingStatus::NotAffected),
    ] {
        let affected = entry("Oracle Corporation", "MySQL Server", &versions);
        let vulnerability =
            record("", "Supported versions that are affected are on a list.", &affected, &none());
        let found = shown(package("mysql", version), vulnerability).unwrap();
        assert_eq!(found.status, expected, "{version}: {found:#?}");
    }
}

#[test]
fn a_user_can_say_that_a_vendor_lists_lines_of_releases() {
    let versions = json!([{"status": "affected", "version": "8.0.35 and prior"}]);
    let vulnerability = record("", "A flaw.", &entry("Frob Ltd.", "frobnicate", &versions), &none());
    let packages = [package("frobnicate", "5.6.40")];
    let mut knowledge = Knowledge::built_in().unwrap();
    let found = find(&packages, std::slice::from_ref(&vulnerability), &knowledge, &[]);
    assert_eq!(found[0].status, FindingStatus::Affected);
    let rule = "[[vendor]]\nname = \"Frob\"\nspellings = [\"frob\"]\none-range-a-line = true\nreason = \"x\"";
    knowledge.add("mine.toml", rule).unwrap();
    let found = find(&packages, &[vulnerability], &knowledge, &[]);
    assert_eq!(found[0].status, FindingStatus::NotAffected);
    let said = found[0]
        .evidence
        .iter()
        .any(|e| matches!(e, Evidence::Version { range, .. } if range.contains("which for Frob means")));
    assert!(said, "{found:#?}");
}

#[test]
fn the_text_says_from_which_version_on() {
    let of = |description: &str| {
        record(
            "",
            description,
            &entry("n/a", "n/a", &exactly("n/a")),
            &entry("frobnicate", "frobnicate", &before("3.5")),
        )
    };
    let lines = "Frobnicate 3.2.x through 3.4.x before 3.5 has an overflow.";
    assert_eq!(status("2.7", of(lines)), FindingStatus::NotAffected);
    assert_eq!(status("3.3.1", of(lines)), FindingStatus::Affected);
    assert_eq!(status("2.7", of("Frobnicate before 3.5 has an overflow.")), FindingStatus::Affected);
}

/// As in Python's records on `tarfile`, which name older lines too.
#[test]
fn only_later_versions_are_affected() {
    let lines = json!([
        {"status": "affected", "version": "0", "lessThan": "3.9.23", "versionType": "python"},
        {"status": "affected", "version": "3.11.0", "lessThan": "3.11.13", "versionType": "python"},
        {"status": "affected", "version": "3.12.0", "lessThan": "3.12.11", "versionType": "python"},
    ]);
    let of = |text: &str| record("", text, &entry("frobnicate", "frobnicate", &lines), &none());
    let limited =
        "It writes anywhere. Only Frobnicate versions 3.12 or later are affected, earlier ones lack it.";
    for (version, expected) in [
        ("3.9.22", FindingStatus::NotAffected),
        ("3.11.12", FindingStatus::NotAffected),
        ("3.12.0", FindingStatus::Affected),
        ("3.12.10", FindingStatus::Affected),
        ("3.12.11", FindingStatus::NotAffected),
    ] {
        assert_eq!(status(version, of(limited)), expected, "{version}");
    }
    let fixed = "It writes anywhere. Only Frobnicate versions 3.12 or later are fixed.";
    assert_eq!(status("3.11.12", of(fixed)), FindingStatus::Affected);
}

#[test]
fn an_enrichment_knows_the_lower_end_that_the_maker_left_out() {
    let from = json!([{"status": "affected", "version": "3.2", "lessThan": "3.5", "versionType": "custom"}]);
    let of = |cna: &Value, adp: &Value| {
        let cna = entry("frobnicate", "frobnicate", cna);
        record("", "An overflow.", &cna, &entry("frobnicate", "frobnicate", adp))
    };
    assert_eq!(status("2.7", of(&before("3.5"), &from)), FindingStatus::NotAffected);
    assert_eq!(status("3.3", of(&before("3.5"), &from)), FindingStatus::Affected);
    // Another end is another statement.
    assert_eq!(status("2.7", of(&before("3.4"), &from)), FindingStatus::Affected);
}

#[test]
fn one_version_in_the_text_and_none_in_the_entry() {
    let of = |description: &str| {
        record(
            "",
            description,
            &entry("n/a", "n/a", &exactly("n/a")),
            &entry("frobnicate", "frobnicate", &exactly("-")),
        )
    };
    let one = "Overflow in Frobnicate v.n6.1-3-g466799d4f5 allows a crash.";
    assert_eq!(status("6.1", of(one)), FindingStatus::Affected);
    assert_eq!(status("2.8.13", of(one)), FindingStatus::Unknown, "nobody looked at others");
    assert_eq!(status("2.8.13", of("Overflow in Frobnicate allows a crash.")), FindingStatus::Unknown);
    assert_eq!(status("2.8.13", of("Frobnicate before 3.0 allows a crash.")), FindingStatus::Affected);
    assert_eq!(status("3.1", of("Frobnicate before 3.0 allows a crash.")), FindingStatus::NotAffected);
}

#[test]
fn up_to_in_the_text_and_a_list_in_the_entry() {
    let list =
        json!([{"status": "affected", "version": "5.1.0"}, {"status": "affected", "version": "5.1.5"}]);
    let from = json!([{"status": "affected", "version": "5.1.0", "lessThanOrEqual": "5.1.5", "versionType": "custom"}]);
    let of = |description: &str| {
        record(
            "",
            description,
            &entry("frobnicate", "frobnicate", &list),
            &entry("frobnicate", "frobnicate", &from),
        )
    };
    assert_eq!(status("1.2", of("A flaw was found in Frobnicate up to 5.1.5.")), FindingStatus::Affected);
    assert_eq!(
        status("1.2", of("A flaw was found in Frobnicate 5.1.x up to 5.1.5.")),
        FindingStatus::NotAffected
    );
}

#[test]
fn snapshots_are_compared_by_date() {
    let of = || {
        record("", "An overflow.", &entry("frobnicate", "frobnicate", &before("frob-stable202405")), &none())
    };
    assert_eq!(status("2017-12-05", of()), FindingStatus::Affected);
    assert_eq!(status("2024-06-01", of()), FindingStatus::NotAffected);
    assert_eq!(status("2024-05-02", of()), FindingStatus::Unknown, "a month has many days");
}

#[test]
fn what_others_make_for_a_software_is_not_the_software() {
    let affected = entry("n/a", "frobnicate", &before("2.0"));
    let of = |description: &str| record("", description, &affected, &none());
    assert!(
        shown(package("frobnicate", "1.0"), of("Gizmo Optimization for Frobnicate before 2.0 leaks."))
            .is_none()
    );
    assert!(shown(package("frobnicate", "1.0"), of("Frobnicate before 2.0 leaks.")).is_some());
}

#[test]
fn cudnn_is_not_the_toolkit_it_is_made_for() {
    let affected = entry("NVIDIA", "CUDA Toolkit", &before("12.6"));
    let of = || record("", "A tool of the toolkit crashes.", &affected, &none());
    assert!(shown(package("cudatoolkit", "8.0-cudnn-7.0.5"), of()).is_none());
    assert!(shown(package("cudatoolkit", "8.0.61"), of()).is_some());
}

/// An entry with a default.
fn by_default(status: &str, product: &str, versions: &Value) -> Value {
    json!([{"vendor": "n/a", "product": product, "defaultStatus": status, "versions": versions}])
}

#[test]
fn a_list_of_releases_with_the_fix() {
    // The form of CVE-2023-0119: one release a line, nothing else.
    let fixes = json!([
        {"status": "unaffected", "version": "3.4.2"}, {"status": "unaffected", "version": "3.5.1.16"},
        {"status": "unaffected", "version": "3.6.0"}
    ]);
    let of = |description: &str, versions: &Value| {
        record("", description, &entry("n/a", "frobnicate", versions), &none())
    };
    let silent = "A flaw was found in Frobnicate. NT4 clients crash it.";
    assert_eq!(status("2.9", of(silent, &fixes)), FindingStatus::Affected);
    assert_eq!(status("3.4.2", of(silent, &fixes)), FindingStatus::NotAffected);
    assert_eq!(status("3.5.0", of(silent, &fixes)), FindingStatus::Unknown, "after one of the fixes");
    // The form of CVE-2023-3966 and CVE-2023-6246: one release is the fix if the author names it,
    // and a text that gives versions goes first.
    let one = json!([{"status": "unaffected", "version": "3.1.0"}]);
    let several = "Multiple versions of Frobnicate are vulnerable.";
    assert_eq!(status("2.9", of(several, &one)), FindingStatus::Affected);
    for fixed in ["3.1.0", "3.1.1"] {
        assert_ne!(status(fixed, of(several, &one)), FindingStatus::Affected, "{fixed}");
    }
    let enriched = record("", several, &none(), &entry("n/a", "frobnicate", &one));
    assert_eq!(status("2.9", enriched), FindingStatus::Unknown, "an enrichment can mean anything");
    let newer = "A flaw was found in Frobnicate. This issue affects 3.0 and newer.";
    assert_eq!(status("2.9", of(newer, &fixes)), FindingStatus::Unknown);
}

#[test]
fn affected_by_default_and_before_the_list() {
    // The form of CVE-2023-40045 (WS_FTP) and of OTRS: supported lines, and "affected" for
    // everything that is not listed.
    let lines = json!([
        {"status": "affected", "version": "7.0", "lessThan": "7.0.45", "versionType": "custom"},
        {"status": "affected", "version": "8.0", "lessThan": "8.0.35", "versionType": "custom"}
    ]);
    let of = |description: &str, default: &str| {
        record("", description, &by_default(default, "frobnicate", &lines), &none())
    };
    assert_eq!(status("6.0", of("A script runs in forms.", "affected")), FindingStatus::Affected);
    assert_eq!(
        status("8.1", of("A script runs in forms.", "affected")),
        FindingStatus::NotAffected,
        "after the list"
    );
    assert_eq!(status("6.0", of("A script runs in forms.", "unaffected")), FindingStatus::NotAffected);
    let given = "This issue affects Frobnicate: from 7.0.X before 7.0.45, from 8.0.X before 8.0.35.";
    assert_ne!(status("6.0", of(given, "affected")), FindingStatus::Affected, "the text decides");
    assert_ne!(status("6.0", of("Only version 7 has the form.", "affected")), FindingStatus::Affected);
}

#[test]
fn lines_that_oracle_no_longer_supported() {
    let on = |published: &str| {
        let versions = json!([{"status": "affected", "version": "8.0.36 and prior"}]);
        let mut found =
            record("", "A flaw.", &entry("Oracle Corporation", "MySQL Server", &versions), &none());
        found.records[0].published = Some(published.parse().unwrap());
        found
    };
    for (version, published, expected) in [
        ("5.7.20", "2024-04-16T21:26:00Z", FindingStatus::Unknown),
        ("5.7.20", "2023-07-18T20:18:00Z", FindingStatus::NotAffected),
        ("5.6.40", "2021-04-22T21:53:00Z", FindingStatus::Unknown),
        ("5.6.40", "2020-10-21T14:04:00Z", FindingStatus::NotAffected),
        ("8.4.0", "2024-04-16T21:26:00Z", FindingStatus::NotAffected),
        ("8.0.30", "2024-04-16T21:26:00Z", FindingStatus::Affected),
    ] {
        let found = shown(package("mysql", version), on(published)).unwrap();
        assert_eq!(found.status, expected, "{version} on {published}");
    }
}

#[test]
fn everything_up_to_the_latest() {
    // The form of huntr's records: the product with its owner, and no versions worth the name.
    let versions = json!([{
        "status": "affected", "version": "unspecified", "lessThanOrEqual": "latest", "versionType": "custom"
    }]);
    let of = |vendor: &str| {
        record(
            "",
            "A log can be forged.",
            &entry(vendor, &format!("{vendor}/frobnicate"), &versions),
            &none(),
        )
    };
    assert_eq!(status("1.0", of("frobnicate")), FindingStatus::Affected);
}

#[test]
fn up_to_the_latest_version_ends_where_the_text_says() {
    // The form of CVE-2024-3099: the only version that the text names was the latest one.
    let latest = json!([{"status": "affected", "version": "unspecified", "lessThanOrEqual": "latest"}]);
    let text = "A flaw in frobnicate version 2.11.1 allows attackers to create models.";
    let of = |versions: &Value, version| {
        status(version, record("", text, &entry("maker", "frobnicate", versions), &json!([])))
    };
    assert_eq!(of(&latest, "2.10.0"), FindingStatus::Affected);
    assert_eq!(of(&latest, "2.11.1"), FindingStatus::Affected);
    assert_eq!(of(&latest, "2.11.2"), FindingStatus::Unknown);
    // Without the word it is a list of one.
    let all = json!([{"status": "affected", "version": "0", "lessThanOrEqual": "*"}]);
    assert_eq!(of(&all, "2.10.0"), FindingStatus::Unknown);
}
