//! Packages are matched together, and those of one equivalence class are decided once: it must not
//! matter.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{FindingStatus, Knowledge, Matcher, Package, find};
use proptest::prelude::*;
use proptest::sample::select;
use std::num::NonZero;
use vulnerability::model::Vulnerability;

/// Names that rules and curated knowledge treat differently: generic, distinctive, with curated
/// vendors, of a set.
const NAMES: [&str; 6] = ["linux", "curl", "redis", "python3.6-redis", "worker", "frobnicator"];
const VERSIONS: [&str; 4] = ["1.0", "2.5.1", "4.14.39", ""];

fn package() -> impl Strategy<Value = Package> {
    let attribute = select(vec![
        None,
        Some("linux"),
        Some("linuxPackages.kernel"),
        Some("linuxPackages.frobnicator"),
        Some("vscode-extensions.redis"),
        Some("python36Packages.redis"),
    ]);
    let homepage = select(vec!["", "https://curl.haxx.se/", "https://github.com/acme/frobnicator"]);
    let patch = select(vec!["", "CVE-2024-0001.patch"]);
    let cpe = select(vec!["", "cpe:2.3:a:acme:frobnicator:*:*:*:*:*:*:*:*"]);
    (select(&NAMES[..]), select(&VERSIONS[..]), attribute, homepage, patch, cpe).prop_map(
        |(pname, version, attribute, homepage, patch, cpe)| {
            let list = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.into()] };
            Package {
                name: format!("{pname}-{version}").into(),
                pname: pname.into(),
                version: version.into(),
                attribute: attribute.map(Into::into),
                homepages: list(homepage),
                patches: list(patch),
                cpes: list(cpe).iter().map(|text| text.as_str().into()).collect(),
                ..Package::default()
            }
        },
    )
}

/// One entry of `affected`, or a criterion that restates it.
fn entry() -> impl Strategy<Value = String> {
    let product = select(vec!["linux", "curl", "redis", "worker", "frobnicator", "acme/frobnicator"]);
    let vendor = select(vec!["Linux", "acme", "redis", "n/a"]);
    let status = select(vec!["affected", "unaffected"]);
    let collection = select(vec!["", r#","collectionURL":"https://pypi.org","packageName":"redis""#]);
    let platform = select(vec!["", r#","platforms":["Windows"]"#]);
    let version = || select(vec!["0", "1.0", "2.0", "4.14.40", "5.0"]);
    (vendor, product, status, collection, platform, version(), version()).prop_map(
        |(vendor, product, status, collection, platform, from, to)| {
            format!(
                r#"{{"vendor":"{vendor}","product":"{product}"{collection}{platform},"defaultStatus":"unaffected",
                "versions":[{{"version":"{from}","lessThan":"{to}","status":"{status}","versionType":"custom"}}]}}"#
            )
        },
    )
}

fn vulnerability() -> impl Strategy<Value = Vulnerability> {
    let entries = || prop::collection::vec(entry(), 1..4);
    let title =
        select(vec!["", "frobnicator: a flaw", "curl: a flaw on Windows", "redis plugin for WordPress"]);
    (1..4_u32, title, entries(), entries(), any::<bool>()).prop_map(|(number, title, cna, adp, restated)| {
        let criteria = if restated {
            r#","cpeApplicability":[{"nodes":[{"operator":"OR","cpeMatch":[
                {"vulnerable":true,"criteria":"cpe:2.3:a:acme:frobnicator:*:*:*:*:*:*:*:*","versionEndExcluding":"2.0"},
                {"vulnerable":true,"criteria":"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*","versionEndExcluding":"5.0"}]}]}]"#
        } else {
            ""
        };
        let json = format!(
            r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1",
            "cveMetadata":{{"cveId":"CVE-2024-000{number}","state":"PUBLISHED"}},"containers":{{
            "cna":{{"providerMetadata":{{"shortName":"a"}},"title":"{title}","affected":[{}]{criteria}}},
            "adp":[{{"providerMetadata":{{"shortName":"b"}},"affected":[{}]}}]}}}}"#,
            cna.join(","),
            adp.join(",")
        );
        let record = vulnerability::cve::Record::parse(json.as_bytes(), 1 << 20).unwrap().to_source_record();
        Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
    })
}

proptest! {
    #[test]
    fn each_package_gets_what_it_gets_alone(
        packages in prop::collection::vec(package(), 1..12),
        vulnerability in vulnerability(),
    ) {
        let knowledge = Knowledge::built_in().unwrap();
        let vulnerabilities = [vulnerability];
        let together = find(&packages, &vulnerabilities, &knowledge, &[]);
        let mut alone = Vec::new();
        for (index, package) in packages.iter().enumerate() {
            let found = find(std::slice::from_ref(package), &vulnerabilities, &knowledge, &[]);
            alone.extend(found.into_iter().map(|mut finding| {
                finding.package = index;
                finding
            }));
        }
        prop_assert_eq!(together, alone);
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let knowledge = Knowledge::built_in().unwrap();
    let packages: Vec<Package> = (0..8).map(|_| package().new_tree(&mut runner).unwrap().current()).collect();
    // So many that threads are started; each has an identifier of its own.
    let vulnerabilities: Vec<Vulnerability> = (1..=400)
        .map(|number| {
            let mut vulnerability = vulnerability().new_tree(&mut runner).unwrap().current();
            vulnerability.id = format!("CVE-2024-{number:04}").parse().unwrap();
            vulnerability
        })
        .collect();
    let matcher = Matcher::new(&packages, &knowledge, &[]);
    let alone = matcher.find(&vulnerabilities, NonZero::<usize>::MIN);
    assert!(alone.len() > 400, "{}", alone.len());
    for threads in [2, 64] {
        assert_eq!(matcher.find(&vulnerabilities, NonZero::new(threads).unwrap()), alone);
    }
}

/// The generators make what there is something to find in.
#[test]
fn generated_packages_have_findings() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let knowledge = Knowledge::built_in().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..300 {
        let package = package().new_tree(&mut runner).unwrap().current();
        let vulnerability = vulnerability().new_tree(&mut runner).unwrap().current();
        statuses.extend(find(&[package], &[vulnerability], &knowledge, &[]).iter().map(|f| f.status));
    }
    for status in [FindingStatus::Affected, FindingStatus::NotAffected, FindingStatus::Fixed] {
        assert!(statuses.contains(&status), "{status:?} in {}", statuses.len());
    }
}
