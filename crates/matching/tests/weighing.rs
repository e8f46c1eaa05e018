//! Who is listened to when the containers of a record differ, on real records and on made-up ones
//! of their form.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{Evidence, Finding, FindingStatus, Knowledge, Package, explain, find};
use serde_json::{Value, json};
use vulnerability::model::Vulnerability;

fn read(bytes: &[u8]) -> Vulnerability {
    let record = vulnerability::cve::Record::parse(bytes, 1 << 20).unwrap().to_source_record();
    Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
}

/// A record that somebody reported as read wrongly.
fn case(path: &str) -> Vulnerability {
    read(&std::fs::read(test_support::data(&format!("cases/scan/{path}"))).unwrap())
}

fn record(cna: &Value, adp: &Value) -> Vulnerability {
    let json = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-99999", "state": "PUBLISHED"},
        "containers": {
            "cna": {
                "providerMetadata": {"orgId": "0", "shortName": "maker"},
                "descriptions": [{"lang": "en", "value": "A flaw."}], "affected": cna
            },
            "adp": [{"providerMetadata": {"orgId": "1", "shortName": "enricher"}, "affected": adp}]
        }
    });
    read(&serde_json::to_vec(&json).unwrap())
}

/// An entry on the package of the tests.
fn entry(default: &str, versions: &Value) -> Value {
    json!({"vendor": "frobnicate", "product": "frobnicate", "defaultStatus": default, "versions": versions})
}

fn one(version: &str) -> Value {
    json!({"status": "affected", "version": version})
}

fn before(lower: &str, end: &str) -> Value {
    json!({"status": "affected", "version": lower, "lessThan": end, "versionType": "custom"})
}

fn up_to(lower: &str, end: &str) -> Value {
    json!({"status": "affected", "version": lower, "lessThanOrEqual": end, "versionType": "custom"})
}

fn finding(pname: &str, version: &str, vulnerability: &Vulnerability) -> Finding {
    let package = Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        homepages: vec![format!("https://{pname}.example/").into()],
        ..Package::default()
    };
    let knowledge = Knowledge::built_in().unwrap();
    find(&[package], std::slice::from_ref(vulnerability), &knowledge, &[]).pop().unwrap()
}

/// Asks about versions: those before the bar are affected, the others are not.
fn check(pname: &str, vulnerability: &Vulnerability, affected: &[&str], not: &[&str]) {
    let of = |version: &str| finding(pname, version, vulnerability);
    for version in affected {
        assert_eq!(of(version).status, FindingStatus::Affected, "{pname} {version}: {:#?}", of(version));
    }
    for version in not {
        assert_eq!(of(version).status, FindingStatus::NotAffected, "{pname} {version}: {:#?}", of(version));
    }
}

#[test]
fn a_single_version_beside_ranges_is_affected() {
    check(
        "git",
        &case("01-exact-beside-range/CVE-2024-32020.json"),
        &["2.45.0", "2.44.0", "2.43.3", "2.41.0", "2.39.3"],
        &["2.45.1", "2.44.1", "2.43.4", "2.41.1", "2.39.4", "2.46.0"],
    );
    check(
        "geoserver",
        &case("01-exact-beside-range/CVE-2023-51444.json"),
        &["2.23.3", "2.24.0"],
        &["2.23.4", "2.24.1"],
    );
    check(
        "mattermost",
        &case("01-exact-beside-range/CVE-2024-36257.json"),
        &["9.8.0", "9.5.5"],
        &["9.8.1", "9.5.6", "9.4.9"],
    );
    check(
        "frobnicator",
        &case("01-exact-beside-range/cna-two-entries.json"),
        &["1.4.9", "2.0"],
        &["1.5", "1.9", "2.0.1"],
    );
}

#[test]
fn a_single_version_beside_a_range_of_the_nvd() {
    let path = test_support::data("cases/scan/01-exact-beside-range/nvd-range-and-exact.json");
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut asked = 0;
    for entry in json["vulnerabilities"].as_array().unwrap() {
        let bytes = serde_json::to_vec(entry).unwrap();
        let record = vulnerability::nvd::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
        let vulnerability =
            Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
        for criterion in entry["cve"]["configurations"][0]["nodes"][0]["cpeMatch"].as_array().unwrap() {
            let parts: Vec<&str> = criterion["criteria"].as_str().unwrap().split(':').collect();
            if parts[5] != "*" {
                check(parts[4], &vulnerability, &[parts[5]], &["99.0"]);
                asked += 1;
            }
        }
    }
    assert!(asked >= 7, "{asked}");
}

#[test]
fn an_enrichment_does_not_overrule_the_author() {
    for kernel in ["CVE-2024-36971", "CVE-2023-52696"] {
        let vulnerability = case(&format!("02-adp-beats-cna/{kernel}.json"));
        check(
            "linux",
            &vulnerability,
            &["6.1.70", "6.6.13"],
            &["6.1.94", "6.6.34", "6.10", "6.12.3", "4.4.1"],
        );
    }
    let php = case("02-adp-beats-cna/CVE-2023-0567.json");
    check("php", &php, &["8.0.27", "8.1.15", "8.2.2"], &["8.0.28", "8.1.16", "8.2.3", "8.4.1"]);
    let wordpress = case("02-adp-beats-cna/CVE-2024-4439.json");
    check("wordpress", &wordpress, &["6.0.7", "6.5.1"], &["6.0.8", "6.4.4", "6.5.2"]);
}

#[test]
fn who_is_listened_to_is_said() {
    let wide = record(
        &json!([entry("unaffected", &json!([before("1.0", "1.4")]))]),
        &json!([entry("unknown", &json!([before("0", "2.0")]))]),
    );
    let found = finding("frobnicate", "1.4", &wide);
    assert_eq!(found.status, FindingStatus::NotAffected);
    let said = found.evidence.iter().any(|e| {
        matches!(e, Evidence::Sign { supports: false, text }
            if text.contains("ADP enricher differs") && text.contains("CNA maker counts"))
    });
    assert!(said, "{found:#?}");
    let sentences = explain(&found, &Package::default(), Some(&wide)).join("\n");
    assert!(sentences.contains("because it is the record's own author"), "{sentences}");
    // They agree inside of both.
    let found = finding("frobnicate", "1.2", &wide);
    assert!(!found.evidence.iter().any(|e| matches!(e, Evidence::Sign { supports: false, .. })));
}

#[test]
fn an_enrichment_is_heard_where_the_author_is_vague() {
    let enrichment = json!([entry("unknown", &json!([before("1.0", "2.0")]))]);
    for vague in
        [json!([one("n/a")]), json!([one("0")]), json!([up_to("0", "*")]), json!([one("all versions")])]
    {
        let vulnerability = record(&json!([entry("unknown", &vague)]), &enrichment);
        check("frobnicate", &vulnerability, &["1.9"], &["2.0", "2.1"]);
    }
    // One version that is named says nothing of others, but counts itself.
    let vulnerability = record(&json!([entry("unknown", &json!([one("2.5")]))]), &enrichment);
    check("frobnicate", &vulnerability, &["1.9", "2.5"], &["2.0", "2.6"]);
}

#[test]
fn several_ends_without_a_beginning_are_one_a_line() {
    let ends = [before("unspecified", "131.0.2"), before("0", "128.3.1"), before("unspecified", "115.16.1")];
    let in_one = json!([entry("unknown", &json!(ends))]);
    let in_several = json!(ends.each_ref().map(|end| entry("unknown", &json!([end]))));
    let none = json!([]);
    for vulnerability in [record(&in_one, &none), record(&in_several, &none), record(&none, &in_several)] {
        check(
            "frobnicate",
            &vulnerability,
            &["52.0", "115.16.0", "116.0", "128.3.0", "131.0.1"],
            &["115.16.1", "115.17.0", "128.3.1", "128.9", "131.0.2", "132.0"],
        );
        for (version, fixed) in
            [("115.16.0", "115.16.1"), ("128.3.0", "128.3.1"), ("131.0.1", "131.0.2"), ("120.0", "128.3.1")]
        {
            assert_eq!(finding("frobnicate", version, &vulnerability).fixed_in.as_deref(), Some(fixed));
        }
    }
    // The last affected release of each line.
    let last = [up_to("0", "1.2.5"), up_to("0", "1.3.9")];
    let vulnerability = record(&json!([entry("unknown", &json!(last))]), &none);
    check("frobnicate", &vulnerability, &["1.2.5", "1.3.9", "1.3.0", "1.1"], &["1.2.6", "1.3.10"]);
}

#[test]
fn a_narrower_entry_spares_a_version() {
    // The form in which enrichments split the kernel's lists: one entry for each line.
    let unaffected = |lower: &str, end: &str| json!({"status": "unaffected", "version": lower, "lessThan": end, "versionType": "custom"});
    let split = json!([
        entry("affected", &json!([one("4.6")])),
        entry("affected", &json!([unaffected("5.4.278", "5.5")])),
        entry("affected", &json!([unaffected("6.10", "7")])),
    ]);
    check("frobnicate", &record(&json!([]), &split), &["5.4.277", "4.6", "6.9"], &["5.4.278", "6.10.1"]);
}

#[test]
fn the_fix_beside_an_inclusive_end() {
    let versions = json!([up_to("9.5.0", "9.5.5"), {"status": "unaffected", "version": "9.9.0"},
        {"status": "unaffected", "version": "9.5.6"}]);
    let vulnerability = record(&json!([entry("unaffected", &versions)]), &json!([]));
    assert_eq!(finding("frobnicate", "9.5.3", &vulnerability).fixed_in.as_deref(), Some("9.5.6"));
}

/// The finding of a package for a record of the NVD with these criteria.
fn of_criteria(pname: &str, version: &str, criteria: &[&str]) -> FindingStatus {
    let criteria: Vec<Value> =
        criteria.iter().map(|name| json!({"vulnerable": true, "criteria": name})).collect();
    let json = json!({"cve": {
        "id": "CVE-2024-99999", "vulnStatus": "Analyzed", "descriptions": [{"lang": "en", "value": "A flaw."}],
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": criteria}]}]
    }});
    let bytes = serde_json::to_vec(&json).unwrap();
    let record = vulnerability::nvd::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
    let vulnerability =
        Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
    finding(pname, version, &vulnerability).status
}

#[test]
fn the_update_field_of_cpe() {
    use FindingStatus::{Affected, NotAffected};
    let jdk = [
        "cpe:2.3:a:oracle:jdk:1.8.0:update202:*:*:*:*:*:*",
        "cpe:2.3:a:oracle:openjdk:8:update321:*:*:*:*:*:*",
    ];
    for version in ["8u202", "8u202-ga", "1.8.0_202", "8u202b08", "8u202-b08", "8u321", "8u321-ga"] {
        assert_eq!(of_criteria("openjdk", version, &jdk), Affected, "{version}");
    }
    for version in ["8u203", "8u322-ga", "8u402b06"] {
        assert_ne!(of_criteria("openjdk", version, &jdk), Affected, "{version}");
    }
    for (pname, criterion, affected, other) in [
        ("sudo", "cpe:2.3:a:sudo_project:sudo:1.9.5:patch1:*:*:*:*:*:*", "1.9.5p1", "1.9.5p2"),
        ("sudo", "cpe:2.3:a:sudo_project:sudo:1.9.5:-:*:*:*:*:*:*", "1.9.5", "1.9.5p1"),
        ("bash", "cpe:2.3:a:gnu:bash:4.4:patch23:*:*:*:*:*:*", "4.4-p23", "4.4-p24"),
        ("openssh", "cpe:2.3:a:openbsd:openssh:8.2:p1:*:*:*:*:*:*", "8.2p1", "8.3p1"),
        ("ntp", "cpe:2.3:a:ntp:ntp:4.2.8:p14:*:*:*:*:*:*", "4.2.8p14", "4.2.8p15"),
        ("samba", "cpe:2.3:a:samba:samba:4.17.0:rc1:*:*:*:*:*:*", "4.17.0rc1", "4.17.0"),
        ("bind", "cpe:2.3:a:isc:bind:9.11.5:p1:*:*:-:*:*:*", "9.11.5-P1", "9.11.5-P4"),
    ] {
        assert_eq!(of_criteria(pname, affected, &[criterion]), Affected, "{criterion} {affected}");
        assert_eq!(of_criteria(pname, other, &[criterion]), NotAffected, "{criterion} {other}");
    }
}
