//! Is a statement about a package? Cases that other scanners get wrong, and the rules one by one.

use super::{Identity, identify};
use crate::facts::{FactsReader, PackageFacts, RecordFacts};
use crate::{Confidence, IdentityRule, Knowledge, Package};
use std::sync::Arc;
use vulnerability::model::{
    Container, Form, LazyDetails, Origin, Product, RecordSource, Reference, SourceRecord, State, Statement,
    Status, Vulnerability,
};

/// A record with one statement, for changing.
fn record(vendor: &str, product: &str) -> Vulnerability {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let author = Container::Cna("test".into());
    let statement = Statement {
        origin: Origin::new(RecordSource::Cve, author, Form::Affected, "containers.cna.affected").entry(0),
        product: Product { vendor: some(vendor), product: some(product), ..Product::default() }.into(),
        default_status: Status::Affected,
        ranges: Vec::new(),
        platforms: Vec::new(),
        conditions: Vec::new(),
    };
    let id = "CVE-2024-0001".parse().unwrap();
    let record = SourceRecord {
        source: RecordSource::Cve,
        id,
        state: State::Published,
        published: None,
        updated: None,
        title: None,
        statements: vec![statement],
        tags: Vec::new(),
        details: LazyDetails::default(),
    };
    Vulnerability { id, records: vec![record], known_exploited: None, epss: None }
}

/// The product of the one statement, for changing.
fn product(vulnerability: &mut Vulnerability) -> &mut Product {
    Arc::make_mut(&mut vulnerability.records[0].statements[0].product)
}

fn package(name: &str, homepage: &str) -> Package {
    let cut = name.rfind('-').unwrap_or(name.len());
    Package {
        name: name.into(),
        pname: name[..cut].into(),
        version: name.get(cut + 1..).unwrap_or("").into(),
        homepages: if homepage.is_empty() { Vec::new() } else { vec![homepage.into()] },
        ..Package::default()
    }
}

fn decide(vulnerability: &Vulnerability, package: &Package) -> Option<Identity> {
    let knowledge = Knowledge::built_in().unwrap();
    let facts = PackageFacts::of_all(std::slice::from_ref(package), &knowledge);
    let statements = [FactsReader::new(&knowledge).read(&vulnerability.records[0].statements[0])];
    let referenced = crate::facts::record::referenced(vulnerability, &statements);
    let record = RecordFacts::of(vulnerability, &statements, referenced);
    identify(vulnerability.id, &record, &statements[0], &facts[0], &knowledge)
}

fn confidence(vulnerability: &Vulnerability, package: &Package) -> Option<Confidence> {
    decide(vulnerability, package).map(|i| i.confidence)
}

#[test]
fn parts_of_names_never_count() {
    for (product, name) in [
        ("wlc", "wlcs-1.2"),
        ("wlc", "wlclock-1.0"),
        ("git", "gitea-1.0"),
        ("gitea", "git-2.40"),
        ("mail", "mailman-3.0"),
    ] {
        assert_eq!(decide(&record("", product), &package(name, "")), None, "{product} and {name}");
    }
}

#[test]
fn the_git_plugin_of_jenkins_is_not_git() {
    let mut vulnerability = record("Jenkins project", "Jenkins Git Plugin");
    let product = product(&mut vulnerability);
    product.cpes = vec!["cpe:2.3:a:jenkins:git:*:*:*:*:*:jenkins:*:*".into()];
    assert_eq!(decide(&vulnerability, &package("git-2.40.0", "https://git-scm.com/")), None);
}

#[test]
fn a_wordpress_plugin_is_no_package_of_its_name() {
    let mut vulnerability = record("realmag777", "BEAR");
    product(&mut vulnerability).collection_url = Some("https://wordpress.org/plugins".into());
    assert_eq!(decide(&vulnerability, &package("bear-2.2.1", "https://github.com/rizsotto/Bear")), None);
    let mut vulnerability = record("someone", "pocket");
    vulnerability.records[0].details.description =
        "The Pocket plugin for WordPress is vulnerable to …".into();
    assert_eq!(decide(&vulnerability, &package("pocket-1.0", "")), None);
}

#[test]
fn the_vendor_counts() {
    let git = package("git-2.40.0", "https://git-scm.com/");
    assert_eq!(confidence(&record("git", "git"), &git), Some(Confidence::High));
    assert_eq!(
        confidence(&record("Microsoft Corporation", "Git"), &git),
        None,
        "curated vendors of git are others"
    );
    let epm = package("epm-4.2", "http://www.msweet.org/projects.php?Z2");
    assert_eq!(confidence(&record("Ivanti", "EPM"), &epm), Some(Confidence::Low));
    let lynx = package("lynx-2.8.9", "http://lynx.invisible-island.net/");
    assert_eq!(confidence(&record("Westermo", "Lynx"), &lynx), None, "nor does anybody else's lynx");
}

#[test]
fn another_repository_of_the_same_name_speaks_against() {
    let mut vulnerability = record("some-company", "fancytool");
    vulnerability.records[0].details.references = vec![Reference {
        url: "https://github.com/some-company/fancytool/issues/1".into(),
        tags: Vec::new(),
    }];
    let other = package("fancytool-7.1", "https://github.com/somebody-else/fancytool");
    assert_eq!(confidence(&vulnerability, &other), Some(Confidence::Low));
    vulnerability.records[0].details.references.clear();
    assert_eq!(
        confidence(&vulnerability, &other),
        Some(Confidence::Medium),
        "an unusual name without contradiction"
    );
}

#[test]
fn the_same_repository_speaks_for() {
    let mut vulnerability = record("rizsotto", "bear");
    vulnerability.records[0].details.references =
        vec![Reference { url: "https://github.com/rizsotto/Bear/issues/1".into(), tags: Vec::new() }];
    let identity =
        decide(&vulnerability, &package("bear-2.2.1", "https://github.com/rizsotto/Bear")).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Repository, Confidence::High));
}

#[test]
fn libraries_of_a_language_are_not_the_program_of_their_name() {
    let redis = Package {
        attribute: Some("python3Packages.redis".into()),
        ..package("python3.6-redis-2.10.6", "https://github.com/andymccurdy/redis-py")
    };
    assert!(confidence(&record("redis", "redis"), &redis).is_none_or(|c| c == Confidence::Low));
    let mut vulnerability = record("", "");
    let product = product(&mut vulnerability);
    product.package_name = Some("redis".into());
    product.collection_url = Some("https://pypi.org".into());
    let identity = decide(&vulnerability, &redis).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Collection, Confidence::High));
    assert!(
        decide(&vulnerability, &package("redis-4.0", "https://redis.io"))
            .is_none_or(|i| i.confidence == Confidence::Low)
    );
}

#[test]
fn a_distributions_entry_names_the_upstream_package() {
    let mut vulnerability = record("Red Hat", "Red Hat Enterprise Linux 8");
    let product = product(&mut vulnerability);
    product.package_name = Some("libtiff".into());
    product.collection_url = Some("https://access.redhat.com/downloads/content/package-browser/".into());
    product.cpes = vec!["cpe:/o:redhat:enterprise_linux:8".into()];
    assert_eq!(
        confidence(&vulnerability, &package("libtiff-4.0.9", "http://download.osgeo.org/libtiff")),
        Some(Confidence::High)
    );
}

#[test]
fn devices_and_hosted_services_are_left_out() {
    let mut vulnerability = record("cisco", "asa");
    product(&mut vulnerability).cpes = vec!["cpe:2.3:h:cisco:asa:*:*:*:*:*:*:*:*".into()];
    assert_eq!(decide(&vulnerability, &package("asa-1.03", "")), None);
    let mut vulnerability = record("grafana", "grafana");
    vulnerability.records[0].tags = vec!["exclusively-hosted-service".into()];
    assert_eq!(decide(&vulnerability, &package("grafana-5.1.0", "https://grafana.org/")), None);
}

#[test]
fn add_ons_are_not_the_software() {
    let mut vulnerability = record("Mattermost", "Mattermost");
    let server = package("mattermost-5.0", "https://www.mattermost.org");
    assert_eq!(confidence(&vulnerability, &server), Some(Confidence::High));
    vulnerability.records[0].title = Some("Mattermost Desktop App logs passwords".into());
    assert_eq!(confidence(&vulnerability, &server), Some(Confidence::Low));
}

#[test]
fn only_the_beginning_of_a_description_says_what_it_is_about() {
    let server = package("mattermost-5.0", "https://www.mattermost.org");
    let mut vulnerability = record("Mattermost", "Mattermost");
    let mut confidence_behind = |before: String| {
        vulnerability.records[0].details.description = before + " Mattermost Desktop App is not affected.";
        confidence(&vulnerability, &server)
    };
    assert_eq!(confidence_behind("A flaw.".into()), Some(Confidence::Low));
    assert_eq!(confidence_behind("x".repeat(200)), Some(Confidence::High));
    // Byte 200 is in the middle of a character.
    assert_eq!(confidence_behind("x".repeat(199) + "äöü"), Some(Confidence::High));
}

#[test]
fn stated_identifiers_are_certain() {
    let mut vulnerability = record("", "");
    product(&mut vulnerability).cpes = vec!["cpe:2.3:a:some_vendor:thing:*:*:*:*:*:*:*:*".into()];
    let thing = Package {
        cpes: vec!["cpe:2.3:a:some_vendor:thing:1.0:*:*:*:*:*:*:*".into()],
        ..package("other-1.0", "")
    };
    assert_eq!(decide(&vulnerability, &thing).map(|i| i.rule), Some(IdentityRule::Cpe));
}

#[test]
fn a_plugin_is_known_by_its_prose_in_any_case() {
    let mut vulnerability = record("someone", "pocket");
    let pocket = package("pocket-1.0", "");
    assert!(decide(&vulnerability, &pocket).is_some());
    vulnerability.records[0].details.description =
        format!("{} The POCKET Plugin for WordPress is …", "ä".repeat(1000));
    assert_eq!(decide(&vulnerability, &pocket), None);
    vulnerability.records[0].details.description = format!("{} plugin for WordPress", "ä".repeat(2000));
    assert!(decide(&vulnerability, &pocket).is_some(), "beyond what is looked at");
}

/// A record whose author names `own` (by `n/a` if nothing) and that an enrichment files under
/// `vendor` and `product`.
fn enriched(own: (&str, &str), vendor: &str, product: &str, description: &str) -> Vulnerability {
    let json = serde_json::json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-0002", "state": "PUBLISHED"},
        "containers": {
            "cna": {
                "providerMetadata": {"orgId": "0", "shortName": "maker"},
                "descriptions": [{"lang": "en", "value": description}],
                "affected": [{"vendor": own.0, "product": own.1, "versions": [{"status": "affected", "version": "n/a"}]}]
            },
            "adp": [{
                "providerMetadata": {"orgId": "1", "shortName": "enricher"},
                "affected": [{
                    "vendor": vendor, "product": product, "cpes": [format!("cpe:2.3:a:{vendor}:{product}:*:*:*:*:*:*:*:*")],
                    "versions": [{"status": "affected", "version": "0", "lessThan": "99", "versionType": "custom"}]
                }]
            }]
        }
    });
    let bytes = serde_json::to_vec(&json).unwrap();
    let record = vulnerability::cve::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
    Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
}

/// Whether a report would show the record with the package.
fn shown(vulnerability: Vulnerability, package: Package) -> bool {
    let knowledge = Knowledge::built_in().unwrap();
    let findings = crate::find(&[package], &[vulnerability], &knowledge, &[]);
    findings.iter().any(|f| f.confidence >= Confidence::Medium)
}

#[test]
fn a_vendor_that_an_enrichment_made_up_contradicts_nothing() {
    let nobody = ("n/a", "n/a");
    // The form of CVE-2024-25269.
    let heif = package("libheif-1.1.0", "http://www.libheif.org/");
    let text = "libheif <= 1.17.6 contains a memory leak in the function JpegEncoder::Encode.";
    assert!(shown(enriched(nobody, "some_project", "libheif", text), heif.clone()));
    // The text must name it; a vendor that the author writes may be one more.
    assert!(!shown(enriched(nobody, "some_project", "libheif", "A leak in a printer."), heif.clone()));
    assert!(shown(enriched(("Some Project", "libheif"), "some_project", "libheif", text), heif));
    // A short name stands for much: CVE-2024-30164 is of a VPN client.
    let linux = package("linux-4.14", "https://www.kernel.org/");
    let vpn = "A VPN client on Linux has a buffer overflow.";
    assert!(!shown(enriched(nobody, "codesys", "linux", vpn), linux));
}

#[test]
fn an_enrichment_that_shortens_a_product_speaks_of_another() {
    for (own, vendor, product, homepage, text) in [
        // The forms of CVE-2024-10004, CVE-2024-27240, CVE-2024-37168 and CVE-2024-5924.
        (
            ("Mozilla", "Firefox for iOS"),
            "mozilla",
            "firefox",
            "https://www.mozilla.org/firefox/",
            "A page can lie.",
        ),
        (("grpc", "grpc-node"), "grpc", "grpc", "https://grpc.io/", "Memory is allocated without limit."),
        (
            ("Dropbox", "Dropbox Desktop"),
            "dropbox",
            "dropbox",
            "https://www.dropbox.com/",
            "A folder is shared.",
        ),
        (
            ("Kibana Inc", "chart-panel"),
            "kibanainc",
            "frobnicate",
            "https://frobnicate.example/",
            "The chart panel plugin has a flaw.",
        ),
    ] {
        let found = enriched(own, vendor, product, text);
        assert!(!shown(found, package(&format!("{product}-1.0"), homepage)), "{own:?}");
    }
    for (own, vendor, product, homepage) in [
        // The forms of CVE-2024-31079, CVE-2024-1351, CVE-2024-6886, CVE-2024-45720 and
        // CVE-2023-30601.
        (("F5", "NGINX Open Source"), "f5", "nginx", "http://nginx.org"),
        (("MongoDB Inc", "MongoDB Server"), "mongodb", "mongodb", "http://www.mongodb.org"),
        (("Gitea", "Gitea Open Source Git Server"), "gitea", "gitea", "https://gitea.io"),
        (
            ("Apache Software Foundation", "Apache Subversion"),
            "apache",
            "subversion",
            "http://subversion.apache.org/",
        ),
        (("n/a", "Frobsoft(R) Frobnicate software"), "frobsoft", "frobnicate", "https://frobnicate.example/"),
    ] {
        let found = enriched(own, vendor, product, "A flaw.");
        assert!(shown(found, package(&format!("{product}-1.0"), homepage)), "{own:?}");
    }
}

#[test]
fn another_spelling_with_another_maker() {
    // CVE-2022-32742 and others: the vendor is called like the product, and both unlike the
    // package.
    let sam_ba = || package("sam-ba-2.16", "http://www.at91.com/linux4sam/");
    assert!(!shown(enriched(("n/a", "Samba"), "samba", "samba", "Samba leaks memory."), sam_ba()));
}

mod kinds;
