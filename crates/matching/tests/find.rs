//! From packages and vulnerabilities to findings, end to end.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{
    Confidence, CorrectionSource, Evidence, Finding, FindingStatus, Knowledge, Package, VexProduct,
    VexStatement, explain, find,
};
use vulnerability::model::Vulnerability;

/// A record of the CVE list, read by the real reader.
fn vulnerability(id: &str, title: &str, affected: &str) -> Vulnerability {
    let json = format!(
        r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"{id}","state":"PUBLISHED"}},
        "containers":{{"cna":{{"providerMetadata":{{"orgId":"0","shortName":"test"}},"title":"{title}","affected":{affected}}}}}}}"#
    );
    let record = vulnerability::cve::Record::parse(json.as_bytes(), 1 << 20).unwrap().to_source_record();
    Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
}

fn package(pname: &str, version: &str, homepage: &str) -> Package {
    Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        homepages: vec![homepage.into()],
        ..Package::default()
    }
}

fn curl() -> Vulnerability {
    let affected = r#"[{"vendor":"curl","product":"curl","versions":[
        {"status":"affected","version":"8.4.0","lessThan":"8.4.0","versionType":"semver"},
        {"status":"unaffected","version":"7.69.0","lessThan":"7.69.0","versionType":"semver"}]}]"#;
    vulnerability("CVE-2023-38545", "SOCKS5 heap buffer overflow", affected)
}

fn one(
    package: Package,
    vulnerability: Vulnerability,
    knowledge: &Knowledge,
    vex: &[VexStatement],
) -> Finding {
    let mut findings = find(&[package], &[vulnerability], knowledge, vex);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

#[test]
fn affected_and_not() {
    let knowledge = Knowledge::built_in().unwrap();
    for (version, status) in [
        ("8.3.0", FindingStatus::Affected),
        ("8.4.0", FindingStatus::NotAffected),
        ("7.59.0", FindingStatus::NotAffected),
    ] {
        let finding = one(package("curl", version, "https://curl.haxx.se/"), curl(), &knowledge, &[]);
        assert_eq!(
            (finding.status, finding.confidence),
            (status, Confidence::High),
            "{version}: {finding:#?}"
        );
    }
    let finding = one(package("curl", "8.3.0", "https://curl.haxx.se/"), curl(), &knowledge, &[]);
    assert_eq!(finding.fixed_in.as_deref(), Some("8.4.0"));
}

#[test]
fn ranges_of_two_products_are_never_pooled() {
    let affected = r#"[{"vendor":"Mozilla","product":"Firefox","versions":[{"status":"affected","version":"unspecified","lessThan":"113","versionType":"custom"}]},
        {"vendor":"Mozilla","product":"Thunderbird","versions":[{"status":"affected","version":"unspecified","lessThan":"102.11","versionType":"custom"}]}]"#;
    let knowledge = Knowledge::built_in().unwrap();
    let record = || vulnerability("CVE-2023-32211", "", affected);
    let home = "https://www.mozilla.org/";
    let status = |pname, version| one(package(pname, version, home), record(), &knowledge, &[]).status;
    assert_eq!(status("firefox", "112.0"), FindingStatus::Affected);
    assert_eq!(
        status("thunderbird", "102.12"),
        FindingStatus::NotAffected,
        "112 is in Firefox' range, not Thunderbird's"
    );
    assert_eq!(status("thunderbird", "102.10"), FindingStatus::Affected);
}

#[test]
fn a_patch_that_names_the_cve_fixes_it() {
    let patched = Package {
        patches: vec!["CVE-2023-38545.patch".into()],
        ..package("curl", "8.3.0", "https://curl.haxx.se/")
    };
    let finding = one(patched, curl(), &Knowledge::built_in().unwrap(), &[]);
    assert_eq!(finding.status, FindingStatus::Fixed);
    assert!(
        finding
            .evidence
            .iter()
            .any(|e| matches!(e, Evidence::Correction { by: CorrectionSource::Patch, .. }))
    );
    // The number must be the whole number.
    let other = Package {
        patches: vec!["CVE-2023-3854.patch".into()],
        ..package("curl", "8.3.0", "https://curl.haxx.se/")
    };
    assert_eq!(one(other, curl(), &Knowledge::built_in().unwrap(), &[]).status, FindingStatus::Affected);
}

#[test]
fn known_vulnerabilities_are_findings_even_without_a_record() {
    let bad = Package {
        known_vulnerabilities: vec!["CVE-2099-12345: will never be fixed".into()],
        ..package("abandoned", "1.0", "")
    };
    let findings = find(&[bad], &[], &Knowledge::built_in().unwrap(), &[]);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].status, findings[0].confidence), (FindingStatus::Affected, Confidence::High));
}

#[test]
fn curated_statements_and_vex_override() {
    let mut knowledge = Knowledge::built_in().unwrap();
    let text = "[[statement]]\ncve = \"CVE-2023-38545\"\npackages = [\"curl\"]\nversions = \">= 8.0, < 8.3.5\"\nstatus = \"not_affected\"\nreason = \"built without SOCKS\"";
    knowledge.add("test.toml", text).unwrap();
    let home = "https://curl.haxx.se/";
    assert_eq!(
        one(package("curl", "8.3.0", home), curl(), &knowledge, &[]).status,
        FindingStatus::NotAffected
    );
    assert_eq!(one(package("curl", "7.88.0", home), curl(), &knowledge, &[]).status, FindingStatus::Affected);
    let vex = [VexStatement {
        cve: "CVE-2023-38545".parse().unwrap(),
        products: vec![VexProduct { pname: Some("curl".into()), ..VexProduct::default() }],
        status: FindingStatus::Affected,
        reason: "it is, here".into(),
        origin: "vex.json, statements[0]".into(),
    }];
    let finding = one(package("curl", "8.3.0", home), curl(), &knowledge, &vex);
    assert_eq!(finding.status, FindingStatus::Affected, "what the user gives wins");
}

#[test]
fn a_rejected_record_matches_nothing() {
    let json = br#"{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2023-38545","state":"REJECTED"},
        "containers":{"cna":{"providerMetadata":{"orgId":"0"},"rejectedReasons":[{"lang":"en","value":"duplicate"}],
        "affected":[{"vendor":"curl","product":"curl","defaultStatus":"affected"}]}}}"#;
    let record = vulnerability::cve::Record::parse(json, 1 << 20).unwrap().to_source_record();
    let rejected = Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
    let findings = find(&[package("curl", "8.3.0", "")], &[rejected], &Knowledge::built_in().unwrap(), &[]);
    assert!(findings.is_empty());
}

#[test]
fn distributions_versions_decide_nothing_but_upstreams_do() {
    let red_hat = r#"{"vendor":"Red Hat","product":"Red Hat Enterprise Linux 8","packageName":"qemu","collectionURL":"https://access.redhat.com/downloads/content/package-browser/",
        "defaultStatus":"affected","versions":[{"status":"unaffected","version":"0:4.2.0-1","lessThan":"*","versionType":"rpm"}]}"#;
    let upstream = r#"{"packageName":"qemu","collectionURL":"https://gitlab.com/qemu-project/qemu","defaultStatus":"affected",
        "versions":[{"status":"unaffected","version":"8.1.0-rc0","lessThan":"*","versionType":"semver"}]}"#;
    let knowledge = Knowledge::built_in().unwrap();
    let ask = |affected: &str, version| {
        let record = vulnerability("CVE-2023-2861", "", affected);
        one(package("qemu", version, "http://www.qemu.org/"), record, &knowledge, &[]).status
    };
    assert_eq!(ask(&format!("[{red_hat}]"), "8.2.0"), FindingStatus::Unknown);
    assert_eq!(ask(&format!("[{upstream},{red_hat}]"), "8.2.0"), FindingStatus::NotAffected);
    assert_eq!(ask(&format!("[{upstream},{red_hat}]"), "7.0.0"), FindingStatus::Affected);
}

#[test]
fn other_operating_systems_do_not_count() {
    let affected = r#"[{"vendor":"PHP Group","product":"PHP","platforms":["Windows"],"defaultStatus":"affected","versions":[{"status":"affected","version":"8.1.*","lessThan":"8.1.28","versionType":"semver"}]}]"#;
    let record = vulnerability("CVE-2024-1874", "", affected);
    let finding =
        one(package("php", "8.1.2", "http://www.php.net/"), record, &Knowledge::built_in().unwrap(), &[]);
    assert_eq!(finding.status, FindingStatus::NotAffected);
}

/// CVE-2021-47209 and the lower lines of CVE-2025-21715, shortened, as the kernel's CNA wrote them.
#[test]
fn a_restatement_for_the_nvd_does_not_overrule_the_list() {
    let affected = r#"[
        {"vendor":"Linux","product":"Linux","defaultStatus":"unaffected","versions":[
            {"version":"a7b359fc6a37faaf472125867c8dc5a068c90982","lessThan":"512e21c150c1c3ee298852660f3a796e267e62ec","status":"affected","versionType":"git"},
            {"version":"4.14.226","lessThan":"4.15","status":"affected","versionType":"semver"}]},
        {"vendor":"Linux","product":"Linux","defaultStatus":"affected","versions":[
            {"version":"5.13","status":"affected"},
            {"version":"0","lessThan":"5.13","status":"unaffected","versionType":"semver"},
            {"version":"5.15.5","lessThanOrEqual":"5.15.*","status":"unaffected","versionType":"semver"},
            {"version":"5.16","lessThanOrEqual":"*","status":"unaffected","versionType":"original_commit_for_fix"}]}
        ],"cpeApplicability":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
            {"vulnerable":true,"criteria":"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*","versionStartIncluding":"5.13","versionEndExcluding":"5.15.5"},
            {"vulnerable":true,"criteria":"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*","versionStartIncluding":"5.13","versionEndExcluding":"5.16"},
            {"vulnerable":true,"criteria":"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*","versionStartIncluding":"4.14.226"}]}]}]"#;
    let knowledge = Knowledge::built_in().unwrap();
    for (version, status) in [
        ("4.14.39", FindingStatus::NotAffected),
        ("4.14.230", FindingStatus::Affected),
        ("4.19.1", FindingStatus::NotAffected),
        ("5.14", FindingStatus::Affected),
        ("5.15.4", FindingStatus::Affected),
        ("5.15.10", FindingStatus::NotAffected),
        ("5.16", FindingStatus::NotAffected),
    ] {
        let record = vulnerability("CVE-2021-47209", "", affected);
        let finding = one(package("linux", version, "https://www.kernel.org/"), record, &knowledge, &[]);
        assert_eq!(finding.status, status, "{version}: {finding:#?}");
    }
}

/// Where the list names commits only, the restatement is all there is.
#[test]
fn a_restatement_counts_beside_a_list_that_does_not_decide() {
    let affected = r#"[
        {"vendor":"Linux","product":"Linux","defaultStatus":"unaffected","versions":[
            {"version":"a7b359fc6a37faaf472125867c8dc5a068c90982","lessThan":"512e21c150c1c3ee298852660f3a796e267e62ec","status":"affected","versionType":"git"}]}
        ],"cpeApplicability":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
            {"vulnerable":true,"criteria":"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*","versionStartIncluding":"5.13","versionEndExcluding":"5.15.5"}]}]}]"#;
    let knowledge = Knowledge::built_in().unwrap();
    for (version, status) in [("5.14", FindingStatus::Affected), ("5.15.5", FindingStatus::NotAffected)] {
        let record = vulnerability("CVE-2021-47209", "", affected);
        let finding = one(package("linux", version, "https://www.kernel.org/"), record, &knowledge, &[]);
        assert_eq!(finding.status, status, "{version}: {finding:#?}");
    }
}

#[test]
fn the_explanation_tells_all_steps() {
    let knowledge = Knowledge::built_in().unwrap();
    let finding = one(package("curl", "8.3.0", "https://curl.haxx.se/"), curl(), &knowledge, &[]);
    let text = explain(&finding, &package("curl", "8.3.0", ""), Some(&curl())).join("\n");
    for part in [
        "curl-8.3.0 is affected by CVE-2023-38545",
        "containers.cna.affected[0]",
        "8.3.0 < 8.4.0",
        "8.4.0.",
        "Confidence is high",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}
