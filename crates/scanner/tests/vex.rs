//! VEX documents of others.

#![allow(clippy::unwrap_used)]

use matching::{FindingStatus, Package};
use scanner::vex::parse;

fn package(pname: &str, version: &str, path: &str) -> Package {
    Package {
        name: format!("{pname}-{version}"),
        pname: pname.into(),
        version: version.into(),
        store_paths: vec![path.into()],
        ..Package::default()
    }
}

const CURL: &str = "/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-curl-8.3.0";

#[test]
fn openvex() {
    let text = format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x","author":"a","timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[
        {{"vulnerability":{{"name":"CVE-2023-0001"}},"products":[{{"@id":"pkg:nix/curl@8.3.0"}}],"status":"not_affected","justification":"vulnerable_code_not_present"}},
        {{"vulnerability":{{"name":"GHSA-1","aliases":["CVE-2023-0002"]}},"products":[{{"@id":"https://image","subcomponents":[{{"@id":"{CURL}"}}]}}],"status":"fixed"}},
        {{"vulnerability":"CVE-2023-0003","status":"under_investigation"}},
        {{"vulnerability":{{"name":"GHSA-2"}},"status":"fixed"}},
        {{"vulnerability":{{"name":"CVE-2023-0004"}},"products":[{{"@id":"pkg:oci/curl@8.3.0"}}],"status":"affected","action_statement":"x"}}]}}"#
    );
    let statements = parse(text.as_bytes(), "a.json").unwrap();
    let (curl, other) = (package("curl", "8.3.0", CURL), package("curl", "8.4.0", "/nix/store/x-curl-8.4.0"));
    let shape: Vec<(String, FindingStatus, bool, bool)> = statements
        .iter()
        .map(|s| {
            let names = |p| s.products.is_empty() || s.products.iter().any(|product| product.names(p));
            (s.cve.to_string(), s.status, names(&curl), names(&other))
        })
        .collect();
    // The one on a container image is not about the package in a store.
    assert_eq!(
        shape,
        [
            ("CVE-2023-0001".into(), FindingStatus::NotAffected, true, false),
            ("CVE-2023-0002".into(), FindingStatus::Fixed, true, false),
            ("CVE-2023-0003".into(), FindingStatus::Unknown, true, true),
        ]
    );
    assert_eq!(statements[0].reason, "vulnerable code not present");
    assert_eq!(statements[1].origin, "a.json, statements[1]");
}

/// What was stated last counts, wherever it stands.
#[test]
fn later_statements_override() {
    let statement = |time: &str, status: &str| {
        format!(
            r#"{{"vulnerability":{{"name":"CVE-2023-0001"}},"products":[{{"identifiers":{{"@cpe22":"cpe:/a:haxx:curl:8.3.0"}}}}],{time}"status":"{status}"}}"#
        )
    };
    let text = format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2024-06-01T00:00:00Z","statements":[{},{},{},{}]}}"#,
        statement(r#""timestamp":"2024-07-01T02:00:00+02:00","#, "fixed"),
        statement(r#""timestamp":"2024-06-30T23:59:59Z","#, "affected"),
        statement("", "under_investigation"),
        statement(r#""timestamp":"2023-01-01T00:00:00Z","#, "not_affected"),
    );
    let statements = parse(text.as_bytes(), "a").unwrap();
    let order: Vec<FindingStatus> = statements.iter().map(|s| s.status).collect();
    let expected =
        [FindingStatus::NotAffected, FindingStatus::Unknown, FindingStatus::Affected, FindingStatus::Fixed];
    assert_eq!(order, expected);
    assert!(statements.iter().all(|s| s.products[0].names(&package("curl", "8.3.0", CURL))));
    assert!(!statements[0].products[0].names(&package("curl", "8.4.0", CURL)));
    let wrong = statement(r#""timestamp":"yesterday","#, "fixed");
    let text = format!(r#"{{"@context":"https://openvex.dev/ns","statements":[{wrong}]}}"#);
    let error = parse(text.as_bytes(), "a").unwrap_err().to_string();
    assert!(error.contains("statements[0].timestamp: `yesterday`"), "{error}");
}

#[test]
fn cyclonedx() {
    let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
        {"name":"outer","bom-ref":"o","components":[{"name":"curl","version":"8.3.0","bom-ref":"c"}]}],
        "vulnerabilities":[
        {"id":"CVE-2023-0001","analysis":{"state":"false_positive","detail":"other software"},"affects":[{"ref":"c"}]},
        {"id":"CVE-2023-0002","analysis":{"state":"resolved"},"affects":[{"ref":"urn:cdx:5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b/1#c"}]},
        {"id":"CVE-2023-0003","analysis":{"state":"exploitable"},"affects":[{"ref":"pkg:nix/curl"}]},
        {"id":"CVE-2023-0004","affects":[{"ref":"c"}]}]}"#;
    let statements = parse(text.as_bytes(), "b.json").unwrap();
    let curl = package("curl", "8.3.0", CURL);
    let shape: Vec<(FindingStatus, bool)> =
        statements.iter().map(|s| (s.status, s.products.iter().any(|p| p.names(&curl)))).collect();
    assert_eq!(
        shape,
        [(FindingStatus::NotAffected, true), (FindingStatus::Fixed, true), (FindingStatus::Affected, true)]
    );
}

#[test]
fn wrong_documents_are_refused_with_the_place() {
    for (text, expected) in [
        ("{}", "neither an OpenVEX"),
        ("[", "line 1"),
        (
            r#"{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":{"name":"CVE-2023-0001"},"status":"perhaps"}]}"#,
            "statements[0].status: `perhaps`",
        ),
        (
            r#"{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":{"name":"CVE-2023-0001"}}]}"#,
            "statements[0].status: missing",
        ),
        (r#"{"@context":"https://openvex.dev/ns","statements":{}}"#, "statements: must be a list"),
        (
            r#"{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-2023-0001","analysis":{"state":7}}]}"#,
            "vulnerabilities[0].analysis.state: must be a text",
        ),
    ] {
        let error = parse(text.as_bytes(), "x").unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
