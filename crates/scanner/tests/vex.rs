//! VEX documents of others.

#![allow(clippy::unwrap_used)]

use matching::{FindingStatus, Package};
use scanner::vex;

fn parse(bytes: &[u8], name: &str) -> Result<Vec<matching::VexStatement>, scanner::DocumentError> {
    vex::parse(bytes, name).map(|found| found.statements)
}

fn warnings(text: &str) -> Vec<String> {
    vex::parse(text.as_bytes(), "x").unwrap().warnings.iter().map(ToString::to_string).collect()
}

fn package(pname: &str, version: &str, path: &str) -> Package {
    Package {
        name: format!("{pname}-{version}").into(),
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
        {{"vulnerability":{{"name":"GHSA-1","aliases":["CVE-2023-0002"]}},"products":[{{"@id":"pkg:nix/curl@8.3.0","subcomponents":[{{"@id":"file://{CURL}"}}]}}],"status":"fixed"}},
        {{"vulnerability":"CVE-2023-0003","status":"under_investigation"}},
        {{"vulnerability":{{"name":"GHSA-2"}},"status":"fixed"}},
        {{"vulnerability":{{"name":"CVE-2023-0004"}},"products":[{{"@id":"pkg:oci/curl@8.3.0"}}],"status":"affected","action_statement":"x"}}]}}"#
    );
    let statements = parse(text.as_bytes(), "a.json").unwrap();
    let (curl, other) = (package("curl", "8.3.0", CURL), package("curl", "8.4.0", "/nix/store/x-curl-8.4.0"));
    let shape: Vec<(String, FindingStatus, bool, bool)> =
        statements.iter().map(|s| (s.cve.to_string(), s.status, s.names(&curl), s.names(&other))).collect();
    // The one on a container image is not about the package in a store.
    assert_eq!(
        shape,
        [
            ("CVE-2023-0001".into(), FindingStatus::NotAffected, true, false),
            ("CVE-2023-0002".into(), FindingStatus::Fixed, true, false),
            ("CVE-2023-0003".into(), FindingStatus::Unknown, true, true),
            ("CVE-2023-0004".into(), FindingStatus::Affected, false, false),
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
        statement(
            r#""timestamp":"2023-01-01T00:00:00Z","justification":"component_not_present","#,
            "not_affected"
        ),
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
    let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"urn:uuid:5F1E9C2A-3b4d-4e6f-8a7b-9c0d1e2f3a4b","components":[
        {"name":"outer","bom-ref":"o","components":[{"name":"curl","version":"8.3.0","bom-ref":"c"}]}],
        "vulnerabilities":[
        {"id":"CVE-2023-0001","analysis":{"state":"false_positive","detail":"other software"},"affects":[{"ref":"c"}]},
        {"id":"CVE-2023-0002","analysis":{"state":"resolved"},"affects":[{"ref":"urn:cdx:5f1e9c2a-3b4d-4e6f-8a7b-9c0d1e2f3a4b/1#c"}]},
        {"id":"CVE-2023-0003","analysis":{"state":"exploitable"},"affects":[{"ref":"pkg:nix/curl"}]},
        {"id":"CVE-2023-0004","affects":[{"ref":"c"}]},
        {"id":"CVE-2023-0005","analysis":{"state":"resolved"},"affects":[{"ref":"urn:cdx:00000000-3b4d-4e6f-8a7b-9c0d1e2f3a4b/1#c"}]},
        {"id":"CVE-2023-0006","analysis":{"state":"not_affected"},"affects":[{"ref":"c"}]},
        {"id":"CVE-2023-0007","analysis":{"state":"resolved"},"affects":[{"ref":"curl"}]}]}"#;
    let statements = parse(text.as_bytes(), "b.json").unwrap();
    let curl = package("curl", "8.3.0", CURL);
    let shape: Vec<(FindingStatus, bool)> = statements.iter().map(|s| (s.status, s.names(&curl))).collect();
    assert_eq!(
        shape,
        [
            (FindingStatus::NotAffected, true),
            (FindingStatus::Fixed, true),
            (FindingStatus::Affected, true),
            // A component of another document.
            (FindingStatus::Fixed, false)
        ]
    );
    let warned = warnings(text);
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].starts_with("x, vulnerabilities[5]: says \"not affected\" with neither"), "{warned:?}");
    assert!(warned[1].starts_with("x, vulnerabilities[6]: names only products that"), "{warned:?}");
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

/// Anybody can say "not affected".
#[test]
fn not_affected_needs_a_justification() {
    let statement = |more: &str| {
        format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","statements":[
            {{"vulnerability":{{"name":"CVE-2023-0001"}},"products":[{{"@id":"pkg:nix/curl"}}],"status":"not_affected"{more}}}]}}"#
        )
    };
    for (more, used) in [
        ("", false),
        (r#","status_notes":"we looked at it""#, false),
        (r#","justification":"  ""#, false),
        (r#","justification":"component_not_present""#, true),
        (r#","impact_statement":"it is never called""#, true),
    ] {
        let text = statement(more);
        assert_eq!(parse(text.as_bytes(), "x").unwrap().len(), usize::from(used), "{more}");
        assert_eq!(warnings(&text).is_empty(), used, "{more}");
    }
}

fn csaf(tree: &str, vulnerability: &str) -> String {
    format!(
        r#"{{"document":{{"category":"csaf_vex","csaf_version":"2.0","title":"t"}},"product_tree":{tree},"vulnerabilities":[{vulnerability}]}}"#
    )
}

const TREE: &str = r#"{
    "branches":[{"category":"vendor","name":"Acme","branches":[
        {"category":"product_name","name":"curl","branches":[
            {"category":"product_version","name":"8.3.0","product":{"product_id":"C830","name":"curl 8.3.0"}},
            {"category":"product_version_range","name":"vers:semver/<8.3.0","product":{"product_id":"OLD","name":"old curl"}}]},
        {"category":"product_name","name":"Acme OS","product":{"product_id":"OS","name":"Acme OS 3",
            "product_identification_helper":{"cpe":"cpe:/o:acme:os:3"}}},
        {"category":"product_version","name":"rpm","product":{"product_id":"RPM","name":"x",
            "product_identification_helper":{"purl":"pkg:rpm/acme/curl@8.3.0-1?arch=x86_64"}}}]}],
    "full_product_names":[
        {"product_id":"PURL","name":"any","product_identification_helper":{"purl":"pkg:nix/curl"}},
        {"product_id":"APP","name":"an image","product_identification_helper":{"purl":"pkg:oci/app@sha256%3Aaa"}},
        {"product_id":"NONE","name":"a device"}],
    "relationships":[
        {"category":"default_component_of","product_reference":"PURL","relates_to_product_reference":"APP",
            "full_product_name":{"product_id":"APP:PURL","name":"curl in the image"}},
        {"category":"default_component_of","product_reference":"RPM","relates_to_product_reference":"OS",
            "full_product_name":{"product_id":"OS:RPM","name":"curl in Acme OS"}}],
    "product_groups":[{"group_id":"G","product_ids":["C830","PURL"]}]}"#;

#[test]
fn csaf_vex() {
    let text = csaf(
        TREE,
        r#"{"cve":"CVE-2023-0001","product_status":{
            "known_not_affected":["C830","PURL","OLD"],"fixed":["PURL"],"known_affected":["C830"],
            "under_investigation":["PURL"],"recommended":["PURL"]},
            "flags":[{"label":"vulnerable_code_not_present","group_ids":["G"]}],
            "threats":[{"category":"impact","details":"not built","product_ids":["C830"]},
                {"category":"exploit_status","details":"none"}]},
        {"ids":[{"system_name":"other","text":"ACME-1"}],"product_status":{"fixed":["PURL"]}},
        {"cve":"CVE-2023-0002","product_status":{"known_not_affected":["NONE"]},
            "threats":[{"category":"impact","details":"all of them are fine"}]},
        {"cve":"CVE-2023-0003","product_status":{"fixed":["OS:RPM"]}},
        {"cve":"CVE-2023-0004","product_status":{"fixed":["APP:PURL"]}}"#,
    );
    let statements = parse(text.as_bytes(), "v.json").unwrap();
    let (curl, newer) = (package("curl", "8.3.0", CURL), package("curl", "8.4.0", "/nix/store/x-curl-8.4.0"));
    let shape: Vec<(FindingStatus, &str, bool, bool)> = statements
        .iter()
        .filter(|s| s.cve.to_string() == "CVE-2023-0001")
        .map(|s| (s.status, s.reason.as_str(), s.names(&curl), s.names(&newer)))
        .collect();
    let without = "stated without a reason";
    assert_eq!(
        shape,
        [
            (FindingStatus::Fixed, without, true, true),
            (FindingStatus::NotAffected, "not built; vulnerable code not present", true, false),
            (FindingStatus::NotAffected, "vulnerable code not present", true, true),
            (FindingStatus::Unknown, without, true, true),
            (FindingStatus::Affected, without, true, false),
        ]
    );
    assert_eq!(statements[0].origin, "v.json, vulnerabilities[0].product_status.fixed");
    let warned = warnings(&text);
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert!(warned[1].contains("vulnerabilities[1]: names its vulnerability by neither"), "{warned:?}");
    assert!(warned[0].contains("known_not_affected: says \"not affected\" with neither"), "{warned:?}");
    assert!(warned[2].contains("vulnerabilities[2].product_status.known_not_affected: names only products"));
    // The distribution's own package, whose URL names the distribution; and a part of an image.
    let rpm = Package {
        purls: vec!["pkg:rpm/acme/curl@8.3.0-1?arch=x86_64".into()],
        ..package("curl", "8.3.0-1", "")
    };
    let of = |cve: &str| statements.iter().find(|s| s.cve.to_string() == cve).unwrap();
    assert!(of("CVE-2023-0003").names(&rpm) && of("CVE-2023-0003").products[0].within.is_empty());
    assert_eq!(of("CVE-2023-0004").products[0].within.len(), 1);
}

#[test]
fn csaf_that_is_wrong_is_refused_with_the_place() {
    let vulnerability = r#"{"cve":"CVE-2023-0001","product_status":{"fixed":["X"]}}"#;
    for (text, expected) in [
        (csaf("{}", vulnerability), "vulnerabilities[0].product_status.fixed: `X` is not an identifier"),
        (csaf(TREE, vulnerability).replace("2.0", "2.1"), "document.csaf_version: `2.1` is not supported"),
        (csaf(r#"{"branches":{}}"#, vulnerability), "product_tree.branches: must be a list"),
        (
            csaf(r#"{"branches":[{"branches":[{"product":{}}]}]}"#, vulnerability),
            "product_tree.branches[0].branches[0].product.product_id: missing",
        ),
        (
            csaf(r#"{"relationships":[{"product_reference":"a"}]}"#, vulnerability),
            "product_tree.relationships[0].relates_to_product_reference: missing",
        ),
        (
            csaf(TREE, r#"{"cve":"CVE-2023-0001","product_status":{"fixed":[7]}}"#),
            "product_status.fixed: must be a list of texts",
        ),
    ] {
        let error = parse(text.as_bytes(), "x").unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    // Groups do not multiply without end.
    let groups: Vec<String> =
        (0..200).map(|n| format!(r#"{{"group_id":"{n}","product_ids":["PURL"]}}"#)).collect();
    let tree = TREE.replace(r#"{"group_id":"G","product_ids":["C830","PURL"]}"#, &groups.join(","));
    let error = parse(csaf(&tree, vulnerability).as_bytes(), "x").unwrap_err().to_string();
    assert!(error.contains("more than 100 elements"), "{error}");
    let deep = format!("{{\"branches\":[{}", "{\"branches\":[".repeat(200));
    assert!(parse(csaf(&deep, vulnerability).as_bytes(), "x").is_err());
}
