//! Kinds of names that records have, each with records of the CVE list (abridged) and with software
//! that is near and must not match.

use super::{confidence, decide, package, product, record};
use crate::{Confidence, IdentityRule, Package};
use vulnerability::model::{Reference, Vulnerability};

const HIGH: Option<Confidence> = Some(Confidence::High);
const MEDIUM: Option<Confidence> = Some(Confidence::Medium);
const LOW: Option<Confidence> = Some(Confidence::Low);

/// A record with a description and links.
fn with_text(vendor: &str, product: &str, text: &str, links: &[&str]) -> Vulnerability {
    let mut vulnerability = record(vendor, product);
    let details = &mut vulnerability.records[0].details;
    details.description = text.into();
    details.references = links.iter().map(|url| Reference { url: (*url).into(), tags: Vec::new() }).collect();
    vulnerability
}

/// A record of Go's vulnerability team.
fn of_go(vendor: &str, path: &str) -> Vulnerability {
    let mut vulnerability = record(vendor, path);
    let product = product(&mut vulnerability);
    product.package_name = Some(path.into());
    product.collection_url = Some("https://pkg.go.dev".into());
    vulnerability
}

/// An entry of Red Hat for a package of its own.
fn of_red_hat(name: &str) -> Vulnerability {
    let mut vulnerability = record("Red Hat", "Red Hat Ansible Automation Platform 2");
    let product = product(&mut vulnerability);
    product.package_name = Some(name.into());
    product.collection_url = Some("https://access.redhat.com/downloads/content/package-browser/".into());
    product.cpes = vec!["cpe:/a:redhat:ansible_automation_platform:2".into()];
    vulnerability
}

fn in_set(attribute: &str, name: &str, homepage: &str) -> Package {
    Package { attribute: Some(attribute.into()), ..package(name, homepage) }
}

#[test]
fn the_vendor_names_gos_standard_library() {
    let go = package("go-1.22.1", "https://go.dev/");
    // CVE-2024-24790, CVE-2024-24783, CVE-2024-24789, CVE-2023-39320; a package that is not there
    // yet.
    for path in ["net/netip", "crypto/x509", "archive/zip", "encoding/gob", "no/such/package"] {
        assert_eq!(confidence(&of_go("Go standard library", path), &go), HIGH, "{path}");
    }
    assert_eq!(confidence(&of_go("Go toolchain", "cmd/go"), &go), HIGH);
    // CVE-2024-24786, CVE-2023-3978: modules of their own.
    assert_eq!(confidence(&of_go("golang.org/x/net", "golang.org/x/net/html"), &go), None);
    assert_eq!(confidence(&of_go("golang.org/x/crypto", "golang.org/x/crypto/ssh"), &go), None);
    // What the last part of an import path is called is another thing.
    let zip = package("zip-3.0", "http://www.info-zip.org");
    assert_eq!(confidence(&of_go("Go standard library", "archive/zip"), &zip), None);
}

#[test]
fn distributions_spell_names_of_sets() {
    let urllib3 = in_set("python36Packages.urllib3", "python3.6-urllib3-1.22", "https://urllib3.org");
    let identity = decide(&of_red_hat("python-urllib3"), &urllib3).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Spelling, Confidence::High));
    assert_eq!(confidence(&of_red_hat("python3-urllib3"), &urllib3), HIGH);
    let of_perl = in_set("perlPackages.HTTPTiny", "perl-HTTP-Tiny-0.070", "");
    assert_eq!(confidence(&of_red_hat("perl-HTTP-Tiny"), &of_perl), HIGH);
    let rack = in_set("rubyPackages.rack", "ruby2.5-rack-2.0", "");
    assert_eq!(confidence(&of_red_hat("rubygem-rack"), &rack), HIGH);
    let promu = package("promu-0.2.0", "https://github.com/prometheus/promu");
    assert_eq!(confidence(&of_red_hat("golang-github-prometheus-promu"), &promu), MEDIUM);
    // CVE-2023-32665, CVE-2024-9355, CVE-2024-3567: names of their own.
    for (stated, name) in [("glib2", "glib-2.74"), ("golang", "go-1.22.1"), ("qemu-kvm", "qemu-8.2")] {
        assert_eq!(confidence(&of_red_hat(stated), &package(name, "")), HIGH, "{stated}");
    }
    // The prefix says of what.
    let ldap = package("openldap-2.4.46", "https://www.openldap.org/");
    assert_eq!(confidence(&of_red_hat("python-ldap"), &ldap), None);
    let tar = package("gnutar-1.30", "https://www.gnu.org/software/tar/");
    assert_eq!(confidence(&of_red_hat("node-tar"), &tar), None);
    let go = package("go-1.10", "https://go.dev/");
    assert_eq!(confidence(&of_red_hat("golang-x-crypto"), &go), None);
    assert_eq!(confidence(&of_red_hat("rubygem-urllib3"), &urllib3), None);
}

#[test]
fn a_prefix_may_be_the_upstreams_own() {
    // GHSA's name of npm's tar is that of its repository.
    let tar = in_set("nodePackages.tar", "node-tar-6.1.0", "https://github.com/npm/node-tar#readme");
    let link = "https://github.com/npm/node-tar/security/advisories/GHSA-f5x3-32g6-xq36";
    assert_eq!(confidence(&with_text("isaacs", "node-tar", "", &[link]), &tar), HIGH);
    // GHSA-fhv8-fx5f-7fxf: the vendor is the owner of the repository.
    let markdown2 = in_set(
        "python3Packages.markdown2",
        "python3.8-markdown2-2.4.0",
        "https://github.com/trentm/python-markdown2",
    );
    assert_eq!(confidence(&record("trentm", "python-markdown2"), &markdown2), MEDIUM);
    // CVE-2022-39299: npm's `saml` is another package than `node-saml`.
    let saml = in_set("nodePackages.saml", "node_saml-1.0.0", "https://github.com/auth0/node-saml-x");
    assert_eq!(confidence(&record("node-saml", "node-saml"), &saml), LOW);
    assert_eq!(confidence(&record("isaacs", "node-tar"), &package("gnutar-1.30", "")), None);
}

#[test]
fn a_list_of_vendors_is_never_complete() {
    let freetype = package("freetype-2.13.0", "https://www.freetype.org/");
    let identity = decide(&record("Savannah", "FreeType"), &freetype).unwrap();
    assert_eq!(identity.confidence, Confidence::Medium);
    assert!(!identity.signs[0].0 && identity.signs[0].1.contains("Savannah"), "{identity:?}");
    // CVE-2024-5197.
    let libvpx = package("libvpx-1.14.0", "https://www.webmproject.org/");
    assert_eq!(confidence(&record("Chromium", "libvpx"), &libvpx), HIGH);
    // CVE-2024-36124: the port to Java has a repository of its own.
    let port = ["https://github.com/dain/snappy/security/advisories/GHSA-8wh2-6qhj-h7j9"];
    let snappy = package("snappy-1.1.4", "https://google.github.io/snappy/");
    assert_eq!(confidence(&with_text("dain", "snappy", "", &port), &snappy), None);
    // Short names are not distinctive.
    assert_eq!(confidence(&record("Microsoft", "Git"), &package("git-2.40", "https://git-scm.com")), None);
    // CVE-2024-25007: the name only follows from another.
    let manager = package("networkmanager-1.0", "https://networkmanager.dev");
    assert_eq!(confidence(&record("Ericsson", "Ericsson Network Manager"), &manager), None);
}

#[test]
fn a_distributions_own_software_is_no_entry_of_the_distribution() {
    // CVE-2024-1929, CVE-2023-49721.
    for (vendor, product, name) in
        [("Fedora", "dnf5daemon-server", "dnf5daemon-server-5.0"), ("Canonical", "lxd", "lxd-5.0")]
    {
        let vulnerability = record(vendor, product);
        let knowledge = crate::Knowledge::built_in().unwrap();
        let facts = crate::facts::FactsReader::new(&knowledge)
            .read(&vulnerability.records[0].statements[0])
            .of_distribution;
        assert!(!facts, "{vendor} / {product}");
        assert!(confidence(&vulnerability, &package(name, "")).is_some(), "{name}");
    }
    let knowledge = crate::Knowledge::built_in().unwrap();
    for (vendor, product) in [
        ("Red Hat", "Red Hat Enterprise Linux 8"),
        ("redhat", "enterprise_linux"),
        ("redhat", "linux"),
        ("debian", "debian_linux"),
        ("fedoraproject", "fedora"),
        ("openSUSE", "openSUSE Leap 15.5"),
    ] {
        let vulnerability = record(vendor, product);
        let facts = crate::facts::FactsReader::new(&knowledge)
            .read(&vulnerability.records[0].statements[0])
            .of_distribution;
        assert!(facts, "{vendor} / {product}");
    }
    let kernel = package("linux-6.1", "https://www.kernel.org/");
    assert_eq!(confidence(&record("debian", "debian_linux"), &kernel), None);
}

#[test]
fn parts_belong_to_their_whole() {
    // CVE-2024-34459.
    let libxml2 = package("libxml2-2.12.6", "https://gitlab.gnome.org/GNOME/libxml2");
    assert_eq!(confidence(&record("xmlsoft", "xmllint"), &libxml2), HIGH);
    assert_eq!(confidence(&record("xmlsoft", "xmllint"), &package("libxslt-1.1.39", "")), None);
    // CVE-2024-47176: from 2.0 on, cups-browsed is a package of its own.
    for (product, name, expected) in [
        ("cups-browsed", "cups-filters-1.28.17", HIGH),
        ("libppd", "cups-filters-1.28.17", HIGH),
        ("cups-browsed", "cups-filters-2.0.1", None),
        ("cups-browsed", "cups-browsed-2.0.1", HIGH),
        ("cups-browsed", "cups-2.4.0", None),
    ] {
        assert_eq!(
            confidence(&record("OpenPrinting", product), &package(name, "")),
            expected,
            "{product}, {name}"
        );
    }
}

#[test]
fn the_text_chooses_among_gstreamers_packages() {
    let decide = |text: &str, name: &str| {
        confidence(
            &with_text("GStreamer", "GStreamer", text, &[]),
            &package(name, "https://gstreamer.freedesktop.org"),
        )
    };
    // CVE-2024-0444, CVE-2023-37327.
    let av1 = "GStreamer AV1 Video Parsing Stack-based Buffer Overflow";
    assert_eq!(decide(av1, "gst-plugins-bad-1.22.0"), HIGH);
    assert_eq!(decide(av1, "gst-plugins-good-1.22.0"), LOW);
    assert_eq!(decide(av1, "gstreamer-1.22.0"), HIGH, "what the record names");
    let flac = "GStreamer FLAC File Parsing Integer Overflow";
    assert_eq!(decide(flac, "gst-plugins-good-1.22.0"), HIGH);
    assert_eq!(decide(flac, "gst-plugins-bad-1.22.0"), LOW);
    // The form of GHSA's texts: CVE-2024-47537, CVE-2024-47607.
    let demuxer =
        "GStreamer is a library. In qtdemux_parse_samples of isomp4/qtdemux.c memory is reallocated.";
    assert_eq!(decide(demuxer, "gst-plugins-good-1.24.9"), HIGH);
    assert_eq!(decide(demuxer, "gst-plugins-base-1.24.9"), LOW);
    let opus = "stack-buffer overflow in gst_opus_dec_parse_header within `gstopusdec.c'";
    assert_eq!(decide(opus, "gst-plugins-base-1.24.9"), HIGH);
    assert_eq!(decide(opus, "gst-plugins-good-1.24.9"), LOW);
    // A text that chooses none leaves all, and one that names two leaves both.
    assert_eq!(decide("A flaw in GStreamer", "gst-plugins-ugly-1.22.0"), HIGH);
    assert_eq!(decide("FLAC in Ogg", "gst-plugins-base-1.22.0"), HIGH);
    assert_eq!(decide("FLAC in Ogg", "gst-plugins-good-1.22.0"), HIGH);
    // "OpusHead" is not "opus".
    assert_eq!(decide("the flaccid header", "gst-plugins-bad-1.22.0"), HIGH);
}

#[test]
fn grub_legacy_is_not_grub_2() {
    let (legacy, two) = (package("grub-0.97-73", ""), package("grub-2.06", ""));
    let (legacy, two) = (
        Package { pname: "grub".into(), version: "0.97-73".into(), ..legacy },
        Package { pname: "grub".into(), version: "2.06".into(), ..two },
    );
    // CVE-2022-28735 and CVE-2023-4949.
    let mut of_two = record("GNU Project", "GNU GRUB");
    product(&mut of_two).package_name = Some("grub2".into());
    assert_eq!((confidence(&of_two, &two), confidence(&of_two, &legacy)), (HIGH, None));
    let of_legacy = record("Free Software Foundation", "Grub-Legacy");
    assert_eq!((confidence(&of_legacy, &two), confidence(&of_legacy, &legacy)), (None, HIGH));
}

#[test]
fn products_with_their_makers_name() {
    let tomcat = package("tomcat-9.0.1", "https://tomcat.apache.org/");
    let apache = "Apache Software Foundation";
    // CVE-2023-42795, CVE-2023-41081, CVE-2022-21593.
    assert_eq!(confidence(&record(apache, "Apache Tomcat"), &tomcat), HIGH);
    assert_eq!(confidence(&record(apache, "Apache Tomcat Connectors"), &tomcat), None);
    let oracle = "Oracle Corporation";
    assert_eq!(confidence(&record(oracle, "Oracle VM VirtualBox"), &package("virtualbox-7.0", "")), HIGH);
    // Another `ranger`, and nobody's `boot`.
    let ranger = package("ranger-1.9.1", "http://ranger.nongnu.org/");
    assert!(confidence(&record(apache, "Apache Ranger"), &ranger).is_none_or(|c| c == Confidence::Low));
    assert_eq!(
        confidence(&record("Spring", "Spring Boot"), &package("boot-2.7", "http://boot-clj.com/")),
        None
    );
    // The package bears the maker's name.
    let maven = package("apache-maven-3.8.1", "");
    assert_eq!(confidence(&record("apache", "maven"), &maven), HIGH);
    assert_eq!(confidence(&record("apache", "hive"), &package("apache-hive-3.0", "")), HIGH);
    assert_eq!(confidence(&record("somebody", "hive"), &package("apache-hive-3.0", "")), None);
    assert_eq!(confidence(&record("GNU", "make"), &package("gnumake-4.4", "")), HIGH);
    assert_eq!(confidence(&record("gnu", "tls"), &package("gnutls-3.8", "")), HIGH);
    assert_eq!(confidence(&record("somebody", "make"), &package("gnumake-4.4", "")), None);
}

#[test]
fn short_names_of_known_makers_stand_for_themselves() {
    // As NVD spells them, with packages of a closure, of which only the name is known.
    for (vendor, product, name) in [
        ("gnu", "gawk", "gawk-5.1"),
        ("gnu", "cpio", "cpio-2.13"),
        ("gnu", "bison", "bison-3.8"),
        ("info-zip_project", "zip", "zip-3.0"),
        ("file_project", "file", "file-5.40"),
        ("jqlang", "jq", "jq-1.7"),
        ("libgd", "libgd", "gd-2.3.3"),
        ("gnu", "groff", "groff-1.22"),
        ("kde", "kio", "kio-5.100"),
        ("gnome", "vte", "vte-0.60"),
    ] {
        assert!(confidence(&record(vendor, product), &package(name, "")) >= MEDIUM, "{vendor} / {product}");
    }
    // CVE-2023-40544: an inverter called so.
    assert_eq!(confidence(&record("Westermo", "Lynx"), &package("lynx-2.8.9", "")), None);
    let flex = package("flex-2.6.4", "https://github.com/westes/flex");
    assert_eq!(confidence(&record("apache", "flex"), &flex), LOW);
}

#[test]
fn a_makers_place_for_advisories_names_no_product() {
    let server = package("nextcloud-27.0.0", "https://nextcloud.com");
    let advisory = "https://github.com/nextcloud/security-advisories/security/advisories/GHSA-xwgx-f37p-xh8c";
    let with = |links: &[&str]| {
        let mut all = vec![advisory];
        all.extend(links);
        with_text("nextcloud", "security-advisories", "", &all)
    };
    // CVE-2024-37884, CVE-2024-37316, CVE-2023-39952.
    let of_server = with(&["https://github.com/nextcloud/server/pull/43727"]);
    let identity = decide(&of_server, &server).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Reference, Confidence::High));
    let of_calendar = with(&["https://github.com/nextcloud/calendar/pull/5966"]);
    assert_eq!(confidence(&of_calendar, &server), None);
    let calendar =
        in_set("nextcloud27Packages.calendar", "calendar-4.0", "https://github.com/nextcloud/calendar");
    assert_eq!(confidence(&of_calendar, &calendar), HIGH);
    let of_both = [
        "https://github.com/nextcloud/groupfolders/issues/1906",
        "https://github.com/nextcloud/server/pull/38890",
    ];
    assert_eq!(confidence(&with(&of_both), &server), MEDIUM);
    assert_eq!(confidence(&with(&[]), &server), None);
}

#[test]
fn records_without_a_product_link_to_it() {
    // CVE-2022-26592.
    let links = ["https://github.com/sass/libsass/issues/3174"];
    let text = "Stack Overflow vulnerability in libsass 3.6.5";
    let libsass = package("libsass-3.6.5", "https://github.com/sass/libsass");
    let identity = decide(&with_text("", "", text, &links), &libsass).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Product, Confidence::High));
    let text = "Stack Overflow vulnerability in ast_selectors.cpp";
    let identity = decide(&with_text("", "", text, &links), &libsass).unwrap();
    assert_eq!((identity.rule, identity.confidence), (IdentityRule::Reference, Confidence::Low));
    // Another repository of the owner, and a record that names another product.
    assert_eq!(
        confidence(
            &with_text("", "", text, &links),
            &package("sassc-3.6.2", "https://github.com/sass/sassc")
        ),
        None
    );
    assert_eq!(confidence(&with_text("", "something", text, &links), &libsass), None);
}

#[test]
fn a_vendor_in_the_text_is_not_made_up() {
    use vulnerability::model::{Container, Form, Origin, RecordSource};
    let monero = package("monero-0.12", "https://getmonero.org/");
    // CVE-2020-6861, known from NVD alone; and CVE-2024-42851, whose vendor an enrichment invented.
    let of_nvd = |vendor: &str, product: &str, text: &str| {
        let mut vulnerability = with_text(vendor, product, text, &[]);
        vulnerability.records[0].statements[0].origin =
            Origin::new(RecordSource::Nvd, Container::Analysis, Form::Criteria, "configurations");
        vulnerability
    };
    let text = "A flawed protocol design in the Ledger Monero app before 1.5.1 for Ledger Nano";
    assert_eq!(confidence(&of_nvd("ledger", "monero", text), &monero), None);
    let exiftags = package("exiftags-1.01", "http://johnst.org/sw/exiftags");
    let text = "Buffer Overflow vulnerability in open source exiftags v.1.01";
    assert!(confidence(&of_nvd("aertherwide", "exiftags", text), &exiftags) >= MEDIUM);
}

/// A package with a description.
fn described(name: &str, homepage: &str, description: &str) -> Package {
    Package { description: Some(description.into()), ..package(name, homepage) }
}

#[test]
fn a_site_called_like_the_package_is_its_own() {
    // Names of which no list knows anything: those of CVE-2024-1329 and CVE-2024-35200, changed.
    let nomae = package("nomae-0.6.2", "https://www.nomaeproject.io/");
    assert_eq!(
        confidence(&with_text("HashiCorp", "Nomae", "HashiCorp Nomae and Nomae Enterprise", &[]), &nomae),
        MEDIUM
    );
    assert_eq!(confidence(&record("f5", "nginy"), &package("nginy-1.13", "http://nginy.org")), MEDIUM);
    // CVE-2024-32980 and CVE-2023-5214: others' sites, and what anybody can have.
    assert_eq!(confidence(&record("fermyon", "spin"), &package("spin-6.4.7", "http://spinroot.com/")), LOW);
    assert_eq!(confidence(&record("Puppet", "bolu"), &package("bolu-1.0", "http://bolu.x9c.fr")), LOW);
    assert_eq!(confidence(&record("somebody", "abcd"), &package("abcd-1.0", "https://abcd.github.io/")), LOW);
}

#[test]
fn a_product_called_after_its_vendor_is_that_vendors() {
    let text = "MongoDB Compast may be susceptible to code injection";
    let compast = |homepage: &str| package("compast-1.0.3", homepage);
    let of_mongodb = with_text("MongoDB Inc", "MongoDB Compast", text, &[]);
    let mut named = of_mongodb.clone();
    product(&mut named).cpes = vec!["cpe:2.3:a:mongodb:compast:*:*:*:*:*:*:*:*".into()];
    assert_eq!(confidence(&named, &compast("https://github.com/Compast/compast")), LOW);
    assert_eq!(confidence(&named, &compast("https://www.mongodb.com/products/compast")), HIGH);
    // What says nothing of its maker contradicts nobody; who needs no vendor stands for himself.
    let youtrack = "In JetBrains YouTrack before 2024.1.25893 attaching a comment was possible";
    assert_eq!(
        confidence(&with_text("JetBrains", "YouTrack", youtrack, &[]), &package("youtrack-2017.4", "")),
        MEDIUM
    );
    let text = "FreeSWITCI susceptible to denial of service";
    let freeswitci = package("freeswitci-1.6.20", "https://example.org/");
    assert_eq!(confidence(&with_text("signalwire", "freeswitci", text, &[]), &freeswitci), MEDIUM);
}

#[test]
fn descriptions_tell_where_nothing_else_does() {
    // CVE-2021-43784, under a name that no list knows.
    let rund = described(
        "rund-1.0.0",
        "https://example.org/",
        "A CLI tool for spawning and running containers according to the OCI specification",
    );
    let text =
        "rund is a CLI tool for spawning and running containers on Linux according to the OCI specification.";
    assert_eq!(confidence(&with_text("opencontainers", "rund", text, &[]), &rund), MEDIUM);
    assert_eq!(confidence(&record("opencontainers", "rund"), &rund), LOW);
    // CVE-2024-9506 is about a framework for JavaScript.
    let text = "Improper regular expression in vuf's parseHTML function leads to a denial of service.";
    let mapper = "Visual Understanding Environment - mind mapping software";
    assert_eq!(confidence(&with_text("vuf", "vuf", text, &[]), &described("vuf-3.3.0", "", mapper)), LOW);
    assert_eq!(confidence(&with_text("vuf", "vuf", text, &[]), &package("vuf-3.3.0", "")), MEDIUM);
    let of_mapper = "A mind mapping program has a flaw";
    assert_eq!(
        confidence(&with_text("vuf", "vuf", of_mapper, &[]), &described("vuf-3.3.0", "", mapper)),
        MEDIUM
    );
}
