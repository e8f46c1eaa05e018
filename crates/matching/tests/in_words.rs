//! What authors say in words, and what the words correct: the forms of real records, with versions
//! just before, at and after the fix that upstream names.

#![allow(clippy::unwrap_used, reason = "a test")]

use matching::{Confidence, FindingStatus, Knowledge, Package, find};
use serde_json::{Value, json};
use vulnerability::model::Vulnerability;

/// A record with this description, these entries by its author, and these by an enrichment.
fn record(description: &str, author: &Value, enrichment: &Value) -> Vulnerability {
    let container = |name: &str, affected: &Value| {
        json!({
            "providerMetadata": {"orgId": name, "shortName": name},
            "descriptions": [{"lang": "en", "value": description}],
            "affected": affected,
        })
    };
    let json = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED"},
        "containers": {"cna": container("author", author), "adp": [container("enricher", enrichment)]},
    });
    let bytes = serde_json::to_vec(&json).unwrap();
    let record = vulnerability::cve::Record::parse(&bytes, 1 << 20).unwrap().to_source_record();
    Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None }
}

/// An author who leaves the fields empty.
fn nothing() -> Value {
    json!([{"vendor": "n/a", "product": "n/a", "versions": [{"version": "n/a", "status": "affected"}]}])
}

/// One entry on a product.
fn entry(vendor: &str, product: &str, versions: &Value) -> Value {
    json!([{"vendor": vendor, "product": product, "versions": versions}])
}

/// What a report would show of the record for a version of the package.
fn shown(record: &Vulnerability, pname: &str, version: &str, homepage: &str) -> Option<FindingStatus> {
    let package = Package {
        name: format!("{pname}-{version}").into(),
        pname: pname.into(),
        version: version.into(),
        homepages: vec![homepage.into()],
        ..Package::default()
    };
    let knowledge = Knowledge::built_in().unwrap();
    let found = find(&[package], std::slice::from_ref(record), &knowledge, &[]);
    found.into_iter().find(|f| f.confidence >= Confidence::Medium).map(|finding| finding.status)
}

/// Asks about versions: those before the bar are affected, those behind it are not.
fn check(record: &Vulnerability, pname: &str, homepage: &str, versions: &str) {
    let (affected, fixed) = versions.split_once('|').unwrap();
    for (versions, expected) in [(affected, FindingStatus::Affected), (fixed, FindingStatus::NotAffected)] {
        for version in versions.split_whitespace() {
            assert_eq!(shown(record, pname, version, homepage), Some(expected), "{pname} {version}");
        }
    }
}

#[test]
fn who_names_nothing_but_in_the_text() {
    // CVE-2024-28757, CVE-2024-34397, CVE-2024-22365, CVE-2024-37371, CVE-2024-38428,
    // CVE-2024-36039.
    for (text, pname, homepage, versions) in [
        (
            "libexpat through 2.6.1 allows an attack.",
            "expat",
            "https://libexpat.github.io/",
            "2.6.1 2.4.0 | 2.6.2",
        ),
        (
            "An issue was discovered in GNOME GLib before 2.78.5, and 2.79.x and 2.80.x before 2.80.1. When …",
            "glib",
            "https://wiki.gnome.org/Projects/GLib",
            "2.78.4 2.80.0 | 2.78.5 2.80.1 2.82.0",
        ),
        ("linux-pam (aka Linux PAM) before 1.6.0 hangs.", "linux-pam", "", "1.5.3 | 1.6.0"),
        ("In MIT Kerberos 5 (aka krb5) before 1.21.3, a token …", "krb5", "", "1.21.2 | 1.21.3"),
        ("url.c in GNU Wget through 1.24.5 mishandles URLs.", "wget", "", "1.24.5 | 1.25.0"),
        (
            "In PuTTY 0.68 through 0.80 before 0.81, keys leak. This also affects FileZilla before 3.67.0.",
            "filezilla",
            "",
            "3.66.5 | 3.67.0",
        ),
    ] {
        check(&record(text, &nothing(), &json!([])), pname, homepage, versions);
    }
}

#[test]
fn a_name_in_a_text_can_be_of_others() {
    let found = |text: &str, pname: &str| shown(&record(text, &nothing(), &json!([])), pname, "1.0", "");
    assert_eq!(found("Frobnicate before 2.0 leaks.", "frobnicate"), Some(FindingStatus::Affected));
    assert_eq!(
        found("Acme Frobnicate before 2.0 leaks.", "frobnicate"),
        None,
        "whose Acme is not known to be"
    );
    assert_eq!(found("Frobnicate Viewer before 2.0 leaks.", "frobnicate"), None);
    assert_eq!(found("Frobnicate is used by Other before 2.0.", "frobnicate"), None);
    assert_eq!(found("Vault before 2.0 leaks.", "vault"), None, "a word that many bear");
    assert_eq!(found("The Frobnicate plugin before 2.0 for WordPress leaks.", "frobnicate"), None);
    // A library of a language is none unless the text speaks of the language.
    assert_eq!(found("Frobnicate before 2.0 leaks.", "python3.12-frobnicate"), None);
    let python = "The frobnicate package before 2.0 for Python leaks.";
    assert_eq!(found(python, "python3.12-frobnicate"), Some(FindingStatus::Affected));
}

#[test]
fn a_library_under_its_own_name() {
    let versions =
        json!([{"version": "0", "lessThan": "2.0", "status": "affected", "versionType": "custom"}]);
    let of = |name: &str| record("A flaw.", &entry(name, name, &versions), &json!([]));
    let found = |name: &str, pname: &str, home: &str| shown(&of(name), pname, "1.0", home);
    let affected = Some(FindingStatus::Affected);
    assert_eq!(found("frobnicate", "python3.12-frobnicate", "https://github.com/acme/frobnicate"), affected);
    let client = "https://github.com/acme/frobnicate-py";
    assert_eq!(found("frobnicate", "python3.12-frobnicate", client), None, "the client of a server");
    assert_eq!(found("frob", "python3.12-frob", "https://github.com/acme/frob"), None, "a short name");
}

#[test]
fn an_enrichment_that_misread_the_text() {
    // CVE-2024-37407: the author says "before 3.7.4", the enrichment "up to 3.7.4".
    let upto = entry(
        "libarchive",
        "libarchive",
        &json!([{"version": "0", "lessThanOrEqual": "3.7.4", "status": "affected", "versionType": "custom"}]),
    );
    let misread = record("Libarchive before 3.7.4 allows access.", &nothing(), &upto);
    check(&misread, "libarchive", "", "3.7.3 | 3.7.4");
    // Who gives the same end may know where it begins.
    let from = entry(
        "libarchive",
        "libarchive",
        &json!([{"version": "3.5.0", "lessThan": "3.7.4", "status": "affected", "versionType": "custom"}]),
    );
    let restated = record("Libarchive before 3.7.4 allows access.", &nothing(), &from);
    check(&restated, "libarchive", "", "3.7.3 3.5.0 | 3.7.4 3.4.0");
    // CVE-2024-45192: "libolm" of the text is the enrichment's "olm".
    let olm = entry(
        "matrix",
        "olm",
        &json!([{"version": "0", "lessThanOrEqual": "3.2.6", "status": "affected", "versionType": "custom"}]),
    );
    check(
        &record("Matrix libolm through 3.2.16 leaks.", &nothing(), &olm),
        "olm",
        "",
        "3.2.16 3.2.6 | 3.2.17",
    );
}

#[test]
fn one_version_in_the_text() {
    // The forms of CVE-2020-18770, and of texts that name others beside it.
    let zziplib =
        record("A flaw in zzip_disk_entry in mmapped.c in zziplib 0.13.69.", &nothing(), &json!([]));
    check(&zziplib, "zziplib", "", "0.13.69 |");
    let status = |record: &Vulnerability, pname, version| shown(record, pname, version, "");
    for version in ["0.13.68", "0.13.70"] {
        assert_eq!(status(&zziplib, "zziplib", version), Some(FindingStatus::Unknown), "{version}");
    }
    let beside = record("A leak in zziplib 0.13.69 when built with frobnicate 1.2.", &nothing(), &json!([]));
    assert_eq!(status(&beside, "frobnicate", "1.2"), None);
    // An unknown maker makes it another product, and a common word is anybody's.
    let other = record("A leak in Acme zziplib 0.13.69.", &nothing(), &json!([]));
    assert_eq!(status(&other, "zziplib", "0.13.69"), None);
    let common = record("A leak in the client 1.2.3.", &nothing(), &json!([]));
    assert_eq!(status(&common, "client", "1.2.3"), None);
    // What the text limits to another system is not here.
    let text = "A flaw in zziplib 0.13.69 on Windows allows local users to read files.";
    check(&record(text, &nothing(), &json!([])), "zziplib", "", "| 0.13.69");
    let text = "A flaw in zziplib before 0.13.70 on Windows allows local users to read files.";
    check(&record(text, &nothing(), &json!([])), "zziplib", "", "| 0.13.69");
    // An enrichment knows more of other versions.
    let enriched = json!([{"version": "0", "lessThanOrEqual": "0.13.69", "status": "affected"}]);
    let text = "A flaw in mmapped.c in zziplib 0.13.69.";
    let enriched = record(text, &nothing(), &entry("zziplib", "zziplib", &enriched));
    check(&enriched, "zziplib", "", "0.13.1 0.13.69 | 0.13.70");
}

#[test]
fn an_end_that_the_text_names_as_the_fix() {
    // The forms of CVE-2024-32039, CVE-2024-47524 and CVE-2024-35190.
    let freerdp =
        entry("FreeRDP", "FreeRDP", &json!([{"version": ">= 3.0.0, <= 3.5.0", "status": "affected"}]));
    let freerdp = record("Versions 3.5.0 and 2.11.6 patch the issue.", &freerdp, &json!([]));
    check(&freerdp, "freerdp", "https://www.freerdp.com/", "3.4.0 | 3.5.0 3.5.1");
    let librenms = entry("librenms", "librenms", &json!([{"version": "24.9.0", "status": "affected"}]));
    let librenms =
        record("Scripts are stored. This vulnerability is fixed in 24.9.0.", &librenms, &json!([]));
    check(&librenms, "librenms", "https://www.librenms.org/", "24.8.1 | 24.9.0 24.9.1");
    let asterisk = entry("asterisk", "asterisk", &json!([{"version": "= 18.23.0", "status": "affected"}]));
    let asterisk =
        record("After upgrade to 18.23.0, all are let in. It is fixed in 18.23.1.", &asterisk, &json!([]));
    check(&asterisk, "asterisk", "https://www.asterisk.org/", "18.23.0 |");
    // CVE-2023-50270 and Fortinet's way to write: "before" the last one that is affected.
    for text in [
        "foo before 1.2 crashes. Upgrade to 1.2.1.",
        "foo 2.0 and before 1.2 crash.",
        "foo through 1.2 leaks, fixed in 1.2.",
    ] {
        let up_to = entry("frobnicate", "frobnicate", &json!([{"version": "<= 1.2", "status": "affected"}]));
        check(&record(text, &up_to, &json!([])), "frobnicate", "", "1.2 | 1.3");
    }
}

#[test]
fn the_release_with_the_fix_and_where_the_flaw_begins() {
    // CVE-2023-6246.
    let glibc = json!([{"vendor": "n/a", "product": "glibc", "versions": [{"version": "2.39", "status": "unaffected"}]}]);
    let glibc = record("An overflow was found. This issue affects glibc 2.36 and newer.", &glibc, &json!([]));
    let home = "https://www.gnu.org/software/libc/";
    check(&glibc, "glibc", home, "2.38-27 2.36 | 2.39-5");
    assert_ne!(shown(&glibc, "glibc", "2.35-163", home), Some(FindingStatus::Affected));
}

#[test]
fn builds_names_and_lines_in_versions() {
    // CVE-2024-9264: the author's changes name only what follows the end, the enrichment escapes.
    let author = json!([
        {"version": "11.2.0", "lessThan": "11.2.2", "status": "affected", "versionType": "semver",
         "changes": [{"at": "+security-01", "status": "unaffected"}]}]);
    let escaped = json!([{"version": "11.2.0", "lessThan": "11.2.2\\+security-01", "status": "affected", "versionType": "semver"}]);
    for (author, enrichment) in [(author, json!([])), (json!([]), escaped)] {
        let grafana = record(
            "A flaw.",
            &entry("Grafana", "Grafana", &author),
            &entry("grafana", "grafana", &enrichment),
        );
        check(&grafana, "grafana", "https://grafana.com", "11.2.1 11.2.2 | 11.2.2+security-01 11.2.3");
    }
    // CVE-2023-45231: the version stands behind the product's name.
    let edk2 = entry("TianoCore", "edk2", &json!([{"version": "edk2-stable202308", "status": "affected"}]));
    check(&record("A flaw.", &edk2, &json!([])), "edk2", "https://github.com/tianocore/edk2", "202308 |");
    // CVE-2024-7347: the fixes of two lines in one range.
    let nginx = json!([{"version": "1.5.13", "lessThan": "*", "status": "affected", "versionType": "semver",
        "changes": [{"at": "1.26.2", "status": "unaffected"}, {"at": "1.27.1", "status": "unaffected"}]}]);
    let nginx = record("A flaw.", &entry("F5", "NGINX Open Source", &nginx), &json!([]));
    check(&nginx, "nginx", "https://nginx.org", "1.26.1 1.27.0 1.24.0 | 1.26.2 1.26.3 1.27.1 1.29.0");
    // CVE-2024-5290: an enrichment that copies a distribution's builds.
    let builds = json!([{"version": "2:2.10-15", "lessThan": "2:2.10-21ubuntu0.1", "status": "affected", "versionType": "semver"}]);
    let wpa = record("A flaw.", &nothing(), &entry("w1.fi", "wpa_supplicant", &builds));
    assert_eq!(
        shown(&wpa, "wpa_supplicant", "2.10", "https://w1.fi/wpa_supplicant/"),
        Some(FindingStatus::Unknown)
    );
}
