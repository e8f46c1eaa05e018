//! `snowguard scan` and `snowguard show` as a user runs them: output, exit codes, messages.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with a database of the demo's records and a channel of two packages.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        // The catalogue is in the same folder.
        let folder = place.path("cve");
        std::fs::create_dir(&folder).unwrap();
        for entry in std::fs::read_dir(&records).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("CVE-") {
                std::fs::copy(&path, folder.join(name)).unwrap();
            }
        }
        let catalogue = records.join("known-exploited.json");
        let update =
            place.run(&["db", "update", "--db", "db", "--cve", "cve", "--kev", catalogue.to_str().unwrap()]);
        assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
        let package = |name: &str, homepage: &str| json!({"name": name, "meta": {"homepage": homepage}});
        let channel = json!({"version": 2, "packages": {
            "curl": package("curl-8.3.0", "https://curl.se/"),
            "hello": package("hello-2.12", "https://www.gnu.org/software/hello/"),
        }});
        std::fs::write(place.path("packages.json"), channel.to_string()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_snowguard"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("SNOWGUARD_DB")
            .env("HOME", self.0.path())
            .output()
            .unwrap()
    }

    fn scan(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(&[&["scan", "--db", "db"], arguments].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn codes_are_as_documented() {
    let place = Place::new();
    let (code, out, err) = place.scan(&["packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("CVE-2023-38545") && out.contains("update to 8.4.0"), "{out}");
    assert_eq!(place.scan(&["--fail-on", "high", "packages.json"]).0, 1);
    assert_eq!(place.scan(&["--fail-on", "known-exploited", "packages.json"]).0, 0);
    assert_eq!(place.scan(&["--fail-on", "worst", "packages.json"]).0, 2);
    assert_eq!(place.scan(&["--type", "spdx", "packages.json"]).0, 3);
    let (code, out, err) = place.scan(&["absent", "packages.json"]);
    assert_eq!(code, 3);
    assert!(out.contains("CVE-2023-38545"), "what can be scanned is: {out}");
    assert!(err.starts_with("error: cannot scan absent"), "{err}");
    let (code, _, err) = place.scan(&["--vex", "packages.json", "packages.json"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("packages.json: neither an OpenVEX"), "{err}");
    let without = place.run(&["scan", "--db", "nowhere", "packages.json"]);
    assert_eq!(without.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&without.stderr).contains("snowguard db update"));
}

/// Rules that were begun with accept exactly what was open, and are never written over.
#[test]
fn rules_to_begin_with() {
    let place = Place::new();
    let (code, out, err) = place.scan(&["--write-suppress", "rules.toml", "packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let rules = std::fs::read_to_string(place.path("rules.toml")).unwrap();
    assert!(rules.contains("\"CVE-2023-38545\", # ") && rules.contains("until = 2"), "{rules}");
    let (code, out, err) = place.scan(&["--fail-on", "low", "--suppress", "rules.toml", "packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("1 suppressed") && !out.contains("warning"), "{out}");
    // Another version is another matter.
    let other =
        std::fs::read_to_string(place.path("packages.json")).unwrap().replace("curl-8.3.0", "curl-8.2.0");
    std::fs::write(place.path("other.json"), other).unwrap();
    assert_eq!(place.scan(&["--fail-on", "low", "--suppress", "rules.toml", "other.json"]).0, 1);
    let (code, _, err) = place.scan(&["--write-suppress", "rules.toml", "packages.json"]);
    assert!(code == 2 && err.contains("rules.toml exists"), "{err}");
    assert_eq!(std::fs::read_to_string(place.path("rules.toml")).unwrap(), rules);
}

/// What comes through a pipe is recognised like a file.
#[test]
fn standard_input() {
    let place = Place::new();
    let bom =
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"curl","version":"8.3.0"}]}"#;
    for (target, text, code, expected) in [
        ("-", bom, 0, "standard input (cyclonedx): 1 package"),
        ("/dev/stdin", bom, 0, "/dev/stdin (cyclonedx): 1 package"),
        ("-", "", 3, "cannot scan standard input"),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_snowguard"))
            .args(["scan", "--db", "db", target])
            .current_dir(place.0.path())
            .env_remove("SNOWGUARD_DB")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn rules_and_statements_count() {
    let place = Place::new();
    std::fs::write(
        place.path("rules.toml"),
        "[[suppress]]\ncve = 'CVE-2023-38545'\npackage = 'curl'\nreason = 'no proxies here'\n\
         [[suppress]]\npackage = 'gone'\nreason = 'x'\n",
    )
    .unwrap();
    let (code, out, _) = place.scan(&["--fail-on", "low", "--suppress", "rules.toml", "packages.json"]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("1 suppressed") && out.contains("rules.toml, suppress[1]: suppresses nothing"),
        "{out}"
    );
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{
        "vulnerability": {"name": "CVE-2023-38545"}, "products": [{"@id": "pkg:nix/curl@8.3.0"}],
        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]});
    std::fs::write(place.path("vex.json"), vex.to_string()).unwrap();
    let (code, out, _) =
        place.scan(&["--fail-on", "low", "--vex", "vex.json", "--format", "json", "packages.json"]);
    assert_eq!(code, 0);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["findings"][0]["status"], "not_affected");
    // Of several the latest counts, wherever it stands.
    let stated = |time: &str, status: &str| {
        json!({"vulnerability": {"name": "CVE-2023-38545"}, "products": [{"@id": "pkg:nix/curl@8.3.0"}],
            "timestamp": time, "status": status, "action_statement": "x", "status_notes": "y"})
    };
    let (fixed, affected) =
        (stated("2024-02-01T00:00:00Z", "fixed"), stated("2024-01-01T00:00:00Z", "affected"));
    for statements in [json!([fixed, affected]), json!([affected, fixed])] {
        let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": statements});
        std::fs::write(place.path("vex.json"), vex.to_string()).unwrap();
        let (_, out, _) = place.scan(&["--vex", "vex.json", "--format", "json", "packages.json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["findings"][0]["status"], "fixed");
    }
}

#[test]
fn reports_replace_files_at_once() {
    let place = Place::new();
    for format in ["json", "sarif", "cyclonedx", "spdx", "csv", "html", "openvex"] {
        let (code, out, err) = place.scan(&["--format", format, "--output", "report", "packages.json"]);
        assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""), "{format}");
        let text = std::fs::read_to_string(place.path("report")).unwrap();
        assert!(text.contains("CVE-2023-38545"), "{format}");
    }
    // A format that has no empty documents leaves the old file alone.
    std::fs::write(place.path("empty.json"), r#"{"version":2,"packages":{"a":{"name":"zzz-1"}}}"#).unwrap();
    let before = std::fs::read(place.path("report")).unwrap();
    let (code, _, err) = place.scan(&["--format", "openvex", "--output", "report", "empty.json"]);
    assert_eq!(code, 3);
    assert!(err.contains("no finding to state"), "{err}");
    assert_eq!(std::fs::read(place.path("report")).unwrap(), before);
}

#[test]
fn show_tells_all_and_where_it_stands() {
    let place = Place::new();
    let shown = place.run(&["show", "--db", "db", "CVE-2023-38545"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success());
    for expected in ["CVE-2023-38545", "curl", "containers.cna.affected[0]", "8.4.0"] {
        assert!(text.contains(expected), "`{expected}` is not in\n{text}");
    }
    // The record comes back as it was received.
    let raw = place.run(&["show", "--db", "db", "--json", "CVE-2023-38545"]);
    let raw: Value = serde_json::from_slice(&raw.stdout).unwrap();
    let record = std::fs::read(place.path("cve/CVE-2023-38545.json")).unwrap();
    assert_eq!(raw["cve"], serde_json::from_slice::<Value>(&record).unwrap());
    let absent = place.run(&["show", "--db", "db", "CVE-1999-0001"]);
    assert_eq!(absent.status.code(), Some(3));
    assert_eq!(place.run(&["show", "--db", "db", "CVE-1"]).status.code(), Some(2));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = place.run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("fail-on") && script.contains("cyclonedx"), "{shell}");
    }
    assert!(place.run(&["man", "--dir", "man"]).status.success());
    for page in ["snowguard.1", "snowguard-scan.1", "snowguard-show.1", "snowguard-db-update.1"] {
        assert!(place.path("man").join(page).exists(), "{page}");
    }
    // Lines of examples stay lines, and the formatter has nothing to say about any page.
    for entry in std::fs::read_dir(place.path("man")).unwrap() {
        let page = entry.unwrap().path();
        let output =
            Command::new("man").args(["--warnings", "-l"]).arg(&page).env("MANWIDTH", "80").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        if page.ends_with("snowguard-explain.1") {
            assert!(text.contains("\n         snowguard explain CVE-2024-3094 xz --in ./result\n"), "{text}");
        }
        assert!(!text.contains("snowguard-help"), "{text}");
    }
}
