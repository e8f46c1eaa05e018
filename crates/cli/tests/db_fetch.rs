//! `snowguard db update` without sources, and `scan --update`, as real processes: the stand-in
//! server has what the official ones have.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use test_support::{Fault, FileServer, Scratch, Snowguard, http_ok, snowguard};
use zip::write::SimpleFileOptions;

fn record(number: u32, updated: &str) -> String {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": format!("CVE-2024-{number:04}"), "state": "PUBLISHED", "dateUpdated": updated},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "shortName": "acme"},
            "descriptions": [{"lang": "en", "value": "x".repeat(500)}],
            "affected": [{"vendor": "acme", "product": "frob", "defaultStatus": "affected"}],
        }},
    })
    .to_string()
}

struct Fixture {
    server: FileServer,
    scratch: Scratch,
}

impl Fixture {
    /// A server with some records, all of them changed a moment ago.
    fn new() -> Self {
        let server = FileServer::new();
        let now = jiff::Timestamp::now();
        let today = now.to_string()[..10].to_owned();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 1..=200 {
            let name = format!("cves/2024/0xxx/CVE-2024-{number:04}.json");
            zip.start_file(
                name,
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
            )
            .unwrap();
            zip.write_all(record(number, &now.to_string()).as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        let name = format!("{today}_all_CVEs_at_midnight.zip");
        let url = server.url("/bulk.zip");
        let asset = json!({"name": name, "size": zip.len(), "digest": null, "browser_download_url": url});
        server.put("/releases", json!([{"tag_name": "x", "assets": [asset]}]).to_string());
        server.put("/bulk.zip", zip);
        let month = now.checked_sub(jiff::SignedDuration::from_hours(24 * 30)).unwrap();
        server.put("/cves/deltaLog.json", json!([{"fetchTime": now}, {"fetchTime": month}]).to_string());
        let kev = json!({"title": "x", "catalogVersion": today.replace('-', "."), "dateReleased": now.to_string(),
            "count": 1, "vulnerabilities": [{"cveID": "CVE-2024-0001", "vendorProject": "acme", "product": "frob",
            "vulnerabilityName": "x", "dateAdded": today, "shortDescription": "x", "requiredAction": "x",
            "dueDate": today, "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []}]});
        server.put("/kev.json", kev.to_string());
        let table =
            format!("#model_version:v2025.03.14,score_date:{today}T00:00:00+0000\ncve,epss,percentile\n");
        server.put("/epss.csv", table + "CVE-2024-0001,0.5,0.9\n");
        Self { server, scratch: Scratch::new() }
    }

    fn db(&self) -> PathBuf {
        self.scratch.path("db")
    }

    /// The program with the server in the place of the official ones.
    fn snowguard(&self) -> Snowguard {
        snowguard!()
            .env("SNOWGUARD_DB", self.db())
            .env("SNOWGUARD_CVE_URL", self.server.url("/cves/"))
            .env("SNOWGUARD_CVE_RELEASES_URL", self.server.url("/releases"))
            .env("SNOWGUARD_KEV_URL", self.server.url("/kev.json"))
            .env("SNOWGUARD_EPSS_URL", self.server.url("/epss.csv"))
    }

    fn run(&self, arguments: &str) -> (i32, String, String) {
        self.snowguard().run(arguments).parts()
    }
}

#[test]
fn nothing_but_one_command() {
    let fixture = Fixture::new();
    let (code, out, err) = fixture.run("db update");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("200 new") && out.contains("kev from") && out.contains("epss from"), "{out}");
    let (code, out, err) = fixture.run("db update");
    assert_eq!((code, out.as_str()), (0, "cve: nothing new\nkev: nothing new\nepss: nothing new\n"), "{err}");
    let (_, out, err) = fixture.run("db info");
    assert!(out.lines().filter(|line| line.contains(", confirmed 20")).count() == 3, "{out}");
    // All of it is of today.
    assert!(!err.contains("days old"), "{err}");
    let (_, out, _) = fixture.run("db info --json");
    let info: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(info["ages"][0]["source"], "cve");
    assert!(
        info["sources"]["cve"]["confirmed"].is_string() && info["sources"]["cve"]["followed"].is_string()
    );
    assert!(info["sources"]["kev"]["files"][fixture.server.url("/kev.json")]["etag"].is_string(), "{info}");

    // A source that fails is named, with code 3; the others are updated.
    fixture.server.fail("/kev.json", Fault::Answer(http_ok(b"<html>Sign in</html>")));
    let (code, out, err) = fixture.run("db update --json");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["unchangedSources"]), (3, &json!(["cve", "epss"])), "{err}");
    assert_eq!(report["failedSources"][0]["kind"], "kev");
    assert!(
        err.contains("kev was not updated") && err.contains("web page") && err.contains("hint:"),
        "{err}"
    );
}

#[test]
fn a_scan_offers_it_and_can_do_it() {
    let fixture = Fixture::new();
    let sbom = fixture.scratch.path("sbom.cdx.json");
    let text = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components":
        [{"type": "library", "name": "frob", "version": "1.0", "purl": "pkg:generic/frob@1.0"}]});
    std::fs::write(&sbom, text.to_string()).unwrap();
    let sbom = sbom.to_str().unwrap();
    let (code, _, err) = fixture.run(&format!("scan {sbom}"));
    assert!(code == 3 && err.contains("`snowguard db update`"), "{err}");
    let (code, out, err) = fixture.run(&format!("scan --update --format json {sbom}"));
    assert_eq!(code, 0, "{err}");
    // Only the report is on standard output.
    assert!(serde_json::from_str::<Value>(&out).is_ok(), "{out}");
    assert!(fixture.run(&format!("scan {sbom}")).1.contains("200 CVE records"), "{err}");
    // Where the servers cannot be reached, with what there is.
    for path in ["/cves/deltaLog.json", "/kev.json", "/epss.csv"] {
        fixture.server.remove(path);
    }
    let (code, _, err) = fixture.run(&format!("scan --update {sbom}"));
    assert!(code == 0 && err.contains("cve was not updated"), "{err}");
}

/// Records that were imported today are as old as they are.
#[test]
fn the_age_is_that_of_the_records() {
    let scratch = Scratch::new();
    let (file, db) = (scratch.path("old.json"), scratch.path("db"));
    std::fs::write(&file, record(1, "2024-10-24T13:00:57.000Z")).unwrap();
    let (file, db) = (file.to_str().unwrap(), db.to_str().unwrap());
    snowguard!().run(["db", "update", "--db", db, "--cve", file]).success();
    let (_, out, err) = snowguard!().run(["db", "info", "--db", db]).parts();
    assert!(out.contains("as of 2024-10-24T13:00:57Z\n"), "{out}");
    assert!(
        err.contains("cve is ") && err.contains("days old") && err.contains("snowguard db update"),
        "{err}"
    );
}

/// A kill in the middle of the large download loses nothing: the next run goes on.
#[test]
fn a_killed_download_goes_on() {
    let fixture = Fixture::new();
    fixture.server.fail("/bulk.zip", Fault::Stall(50_000));
    let mut command = fixture.snowguard().command(["db", "update"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let partial = fixture.db().join(".partial-cve");
    let arrived = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.len() == 50_000);
    let begin = Instant::now();
    while !arrived(&partial) {
        assert!(begin.elapsed() < Duration::from_mins(1), "nothing arrives");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fixture.server.requests();
    let (code, out, err) = fixture.run("db update");
    assert!(code == 0 && out.contains("200 new"), "{err}");
    let requests = fixture.server.requests();
    let bulk = requests.iter().find(|request| request.path() == "/bulk.zip").unwrap();
    assert_eq!(bulk.field("range"), Some("bytes=50000-"));
    assert!(!partial.exists());
    assert_eq!(fixture.run("db verify").0, 0);
}
