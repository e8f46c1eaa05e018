//! Records, and what they are compared with.

use crate::{HOSTILE, Scene};
use scanner::report::ReportFormat;
use serde_json::json;
use std::io::{Cursor, Write as _};
use test_support::{http_response, serve};

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A record with a hostile text wherever there may be text.
fn record() -> String {
    let version = json!({"version": format!("1{HOSTILE}"), "lessThan": format!("2{HOSTILE}"), "status": "affected", "versionType": HOSTILE});
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED", "assignerShortName": HOSTILE},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "shortName": HOSTILE},
            "title": HOSTILE,
            "descriptions": [{"lang": "en", "value": format!("frob {HOSTILE}")}],
            "affected": [
                {"vendor": "acme", "product": "frob", "defaultStatus": "affected"},
                {"vendor": HOSTILE, "product": HOSTILE, "packageName": HOSTILE, "collectionURL": format!("https://example.org/{HOSTILE}"), "versions": [version]},
            ],
            "references": [{"url": format!("https://example.org/{HOSTILE}"), "name": HOSTILE, "tags": [HOSTILE]}],
            "problemTypes": [{"descriptions": [{"lang": "en", "description": HOSTILE}]}],
            "workarounds": [{"lang": "en", "value": HOSTILE}],
        }},
    })
    .to_string()
}

fn sbom() -> String {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "components": [
            {"type": "library", "bom-ref": HOSTILE, "name": "frob", "version": "1.0", "description": HOSTILE},
            {"type": "library", "bom-ref": "2", "name": HOSTILE, "version": HOSTILE, "cpe": HOSTILE, "purl": HOSTILE},
            {"type": "library", "bom-ref": "3", "name": "frob", "version": format!("1.1-{HOSTILE}")},
        ],
    })
    .to_string()
}

#[test]
fn updates() {
    let scene = Scene::new();
    let zip = format!("cves-{HOSTILE}.zip");
    let entry = format!("{HOSTILE}.json");
    scene.write(&zip, zipped(&[(&entry, "{\"no\": \"record\"}"), ("CVE-2024-0001.json", &record())]));
    let db = format!("db-{HOSTILE}");
    scene.harmless(0, &["db", "update", "--db", "db", "--cve", &zip]);
    scene.harmless(0, &["db", "update", "--db", &db, "--json", "--cve", &zip]);
    scene.write("broken.zip", &zipped(&[(&format!("{HOSTILE}.zip"), "PK no zip")])[..]);
    scene.harmless(3, &["db", "update", "--db", &db, "--cve", "broken.zip"]);
    let kev = json!({
        "title": "x", "catalogVersion": HOSTILE, "dateReleased": "2024-01-01T00:00:00.0000Z", "count": 1,
        "vulnerabilities": [{"cveID": "CVE-2024-0001", "vendorProject": HOSTILE, "product": HOSTILE,
            "vulnerabilityName": HOSTILE, "dateAdded": "2024-01-01", "shortDescription": HOSTILE,
            "requiredAction": HOSTILE, "dueDate": "2024-02-01", "knownRansomwareCampaignUse": "Known", "notes": HOSTILE, "cwes": [HOSTILE]}],
    });
    scene.write("kev.json", kev.to_string());
    let line = HOSTILE.replace(['\n', '\r'], "");
    scene.write("epss.csv", format!("#model_version:{line},score_date:2024-01-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-0001,0.5,0.5\n"));
    scene.run(0, &["db", "update", "--db", &db, "--kev", "kev.json", "--epss", "epss.csv"]);
    scene.harmless(0, &["db", "info", "--db", &db]);
    scene.harmless(0, &["db", "info", "--json", "--db", &db]);
    scene.harmless(0, &["db", "verify", "--db", &db]);
    scene.harmless(0, &["db", "verify", "--json", "--db", &db]);
    scene.harmless(3, &["db", "info", "--db", HOSTILE]);
    // What is not there, is not a file, is no record.
    scene.harmless(3, &["db", "update", "--db", &db, "--cve", HOSTILE]);
    scene.write(HOSTILE, HOSTILE);
    scene.harmless(3, &["db", "update", "--db", HOSTILE, "--cve", &zip]);
    for kind in ["--cve", "--nvd", "--kev", "--epss"] {
        let (_, printed) = scene.run_any(&["db", "update", "--db", &db, kind, HOSTILE]);
        assert!(printed.contains("FORGED"), "{kind}: {printed}");
    }
}

/// Whoever asks for quiet gets no bar either, also on a terminal.
#[test]
fn quiet_draws_nothing() {
    let scene = Scene::new();
    scene.write("cve.json", record());
    let arguments = ["db", "update", "--db", "db", "--cve", "cve.json"];
    let drawn = "\u{1b}[2K";
    assert!(scene.run(0, &arguments).contains(drawn), "a bar is drawn with this");
    for more in [&arguments[..], &["db", "verify", "--db", "db"]] {
        let printed = scene.run(0, &[more, &["--quiet"]].concat());
        assert!(!printed.contains('\u{1b}'), "{printed:?}");
    }
}

#[test]
fn downloads() {
    let scene = Scene::new();
    let address = serve(|request| {
        if request.path() == "/moved" {
            http_response(&format!("302 {HOSTILE}"), &["Location: http://127.0.0.1:1/\u{9b}2J\u{202e}"], b"")
        } else {
            http_response("404 \u{1b}[2J\u{7}", &[], b"")
        }
    });
    scene.harmless(3, &["db", "update", "--db", "db", "--cve", &format!("http://{address}/{HOSTILE}")]);
    for path in ["moved", "missing"] {
        scene.run(3, &["db", "update", "--db", "db", "--cve", &format!("http://{address}/{path}")]);
    }
}

#[test]
fn scans() {
    let scene = Scene::new();
    scene.write("cve.json", record());
    scene.run(0, &["db", "update", "--db", "db", "--cve", "cve.json"]);
    let target = format!("sbom-{HOSTILE}.json");
    scene.write(&target, sbom());
    for format in ReportFormat::ALL {
        scene.harmless(0, &["scan", "--db", "db", "--all", "--format", format.name(), &target]);
    }
    let scan = |code, more: &[&str]| scene.harmless(code, &[&["scan", "--db", "db"], more].concat());
    scan(3, &[HOSTILE]);
    scan(2, &["--store", HOSTILE, &target]);
    scan(3, &["--output", &format!("{HOSTILE}/report"), &target]);
    scene.write(HOSTILE, format!("[{HOSTILE}]\n"));
    scan(3, &[HOSTILE]);
    for option in ["--suppress", "--vex", "--knowledge", "--write-suppress"] {
        scan(2, &[option, HOSTILE, &target]);
    }
    scene.harmless(3, &["scan", "--db", HOSTILE, &target]);
    scene.harmless(0, &["explain", "--db", "db", "CVE-2024-0001", "frob-1.0"]);
    scene.harmless(0, &["explain", "--db", "db", "CVE-2024-0001", &format!("other{HOSTILE}-1.0")]);
    scene.harmless(0, &["explain", "--db", "db", "--json", "CVE-2024-0001", "frob-1.0"]);
    scene.harmless(0, &["explain", "--db", "db", "CVE-2024-0001", HOSTILE, "--in", &target]);
    scene.harmless(3, &["explain", "--db", "db", "CVE-2024-0001", &format!("no{HOSTILE}"), "--in", &target]);
    scene.harmless(0, &["show", "--db", "db", "--all", "CVE-2024-0001"]);
    scene.harmless(0, &["show", "--db", "db", "--json", "CVE-2024-0001"]);
    scene.harmless(3, &["show", "--db", HOSTILE, "CVE-2024-0001"]);
    scene.harmless(0, &["demo", "--folder", &format!("demo-{HOSTILE}")]);
    scene.harmless(3, &["demo", "--folder", &format!("demo-{HOSTILE}")]);
    scene.harmless(3, &["man", "--dir", &format!("{HOSTILE}/man")]);
}
