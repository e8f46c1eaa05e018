//! `snowguard scan` and `snowguard show` as a user runs them: output, exit codes, messages.

#![allow(clippy::unwrap_used)]

mod records;

use serde_json::{Value, json};
use std::process::Command;
use test_support::{Outcome, Scratch, Snowguard, snowguard};

/// A folder with a database of the demo's records and a channel of two packages.
struct Fixture {
    folder: Scratch,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = Scratch::new();
        let snowguard = snowguard!().in_folder(folder.folder());
        let fixture = Self { folder, snowguard };
        records::make_database(&fixture.folder, &fixture.snowguard, &[]);
        let package = |name: &str, homepage: &str| json!({"name": name, "meta": {"homepage": homepage}});
        let channel = json!({"version": 2, "packages": {
            "curl": package("curl-8.3.0", "https://curl.se/"),
            "hello": package("hello-2.12", "https://www.gnu.org/software/hello/"),
        }});
        fixture.folder.write("packages.json", channel.to_string());
        fixture
    }

    /// `snowguard scan` with the database: exit code, standard output, standard error.
    fn scan(&self, arguments: &[&str]) -> (i32, String, String) {
        self.snowguard.run([&["scan", "--db", "db"], arguments].concat()).without_age().parts()
    }
}

#[test]
fn codes_are_as_documented() {
    let fixture = Fixture::new();
    let (code, out, err) = fixture.scan(&["packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("CVE-2023-38545") && out.contains("update to 8.4.0"), "{out}");
    assert_eq!(fixture.scan(&["--fail-on", "high", "packages.json"]).0, 1);
    assert_eq!(fixture.scan(&["--fail-on", "known-exploited", "packages.json"]).0, 0);
    assert_eq!(fixture.scan(&["--fail-on", "worst", "packages.json"]).0, 2);
    assert_eq!(fixture.scan(&["--type", "spdx", "packages.json"]).0, 3);
    let (code, out, err) = fixture.scan(&["absent", "packages.json"]);
    assert_eq!(code, 3);
    assert!(out.contains("CVE-2023-38545"), "what can be scanned is: {out}");
    assert!(err.starts_with("error: cannot scan absent"), "{err}");
    let (code, _, err) = fixture.scan(&["--vex", "packages.json", "packages.json"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("packages.json: neither an OpenVEX"), "{err}");
    fixture.snowguard.failure("scan --db nowhere packages.json", 3, "snowguard db update");
}

/// A gate without data is not green.
#[test]
fn a_bar_needs_its_data() {
    let fixture = Fixture::new();
    let record = |containers: Value| {
        json!({"dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": "CVE-2023-0001", "state": "PUBLISHED"}, "containers": {"cna": containers}})
    };
    let affected = |version: &str| {
        record(
            json!({"providerMetadata": {"shortName": "a"}, "affected": [{"vendor": "gnu", "product": "hello",
            "versions": [{"status": "affected", "version": version, "versionType": "custom"}]}]}),
        )
    };
    fixture.folder.write("unrated.json", affected("2.12").to_string());
    fixture.folder.write("open.json", affected("all unpatched builds").to_string());
    let catalogue = records::demo("known-exploited.json");
    fixture.snowguard.success(["db", "update", "--db", "kev", "--kev", catalogue.to_str().unwrap()]);
    fixture.snowguard.success("db update --db unrated --cve unrated.json");
    fixture.snowguard.success("db update --db open --cve open.json");
    let scan = |db: &str, more: &[&str]| {
        let arguments = [&["scan", "--db", db, "packages.json", "--fail-on"], more].concat();
        fixture.snowguard.run(arguments).without_age().parts()
    };
    for (db, bar, code, expected) in [
        ("kev", "known-exploited", 3, "no record of the CVE list or of NVD"),
        ("kev", "low", 3, "no record of the CVE list or of NVD"),
        ("unrated", "known-exploited", 3, "no catalogue of known exploited"),
        ("unrated", "critical", 3, "no record of the database has a severity"),
        ("unrated", "medium", 3, "no record of the database has a severity"),
        ("unrated", "low", 1, ""),
        ("db", "critical", 1, ""),
        ("db", "known-exploited", 0, ""),
    ] {
        let (found, out, err) = scan(db, &[bar]);
        assert_eq!(found, code, "{db}, {bar}: {err}");
        assert!(err.contains(expected) && err.is_empty() == expected.is_empty(), "{db}, {bar}: {err}");
        assert!(out.contains("2 packages"), "what is known is reported: {out}");
    }
    let (code, out, _) = scan("open", &["low", "--all"]);
    assert!(code == 0 && out.contains("unknown"), "{code}: {out}");
    assert_eq!(scan("open", &["low", "--fail-on-unknown"]).0, 1);
    fixture.snowguard.failure("scan --db open packages.json --fail-on-unknown", 2, "--fail-on");
}

/// Rules that were begun with accept exactly what was open, and are never written over.
#[test]
fn rules_to_begin_with() {
    let fixture = Fixture::new();
    let (code, out, err) = fixture.scan(&["--write-suppress", "rules.toml", "packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let rules = fixture.folder.read_text("rules.toml");
    assert!(rules.contains("\"CVE-2023-38545\", # ") && rules.contains("until = 2"), "{rules}");
    let (code, out, err) = fixture.scan(&["--fail-on", "low", "--suppress", "rules.toml", "packages.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("1 suppressed") && !out.contains("warning"), "{out}");
    // Another version is another matter.
    let other = fixture.folder.read_text("packages.json").replace("curl-8.3.0", "curl-8.2.0");
    fixture.folder.write("other.json", other);
    assert_eq!(fixture.scan(&["--fail-on", "low", "--suppress", "rules.toml", "other.json"]).0, 1);
    let (code, _, err) = fixture.scan(&["--write-suppress", "rules.toml", "packages.json"]);
    assert!(code == 2 && err.contains("rules.toml exists"), "{err}");
    assert_eq!(fixture.folder.read_text("rules.toml"), rules);
}

/// What comes through a pipe is recognised like a file.
#[test]
fn standard_input() {
    let fixture = Fixture::new();
    let bom = &*records::bom(&[("curl", "8.3.0")]);
    for (target, text, code, expected) in [
        ("-", bom, 0, "standard input (cyclonedx): 1 package"),
        ("/dev/stdin", bom, 0, "/dev/stdin (cyclonedx): 1 package"),
        ("-", "", 3, "cannot scan standard input"),
    ] {
        let outcome = fixture.snowguard.run_with_input(["scan", "--db", "db", target], text).with_code(code);
        assert!(outcome.text().contains(expected), "{outcome}");
    }
}

#[test]
fn rules_and_statements_count() {
    let fixture = Fixture::new();
    fixture.folder.write(
        "rules.toml",
        "[[suppress]]\ncve = 'CVE-2023-38545'\npackage = 'curl'\nreason = 'no proxies here'\n\
         [[suppress]]\npackage = 'gone'\nreason = 'x'\n",
    );
    let (code, out, _) = fixture.scan(&["--fail-on", "low", "--suppress", "rules.toml", "packages.json"]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("1 suppressed") && out.contains("rules.toml, suppress[1]: suppresses nothing"),
        "{out}"
    );
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{
        "vulnerability": {"name": "CVE-2023-38545"}, "products": [{"@id": "pkg:nix/curl@8.3.0"}],
        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]});
    fixture.folder.write("vex.json", vex.to_string());
    let (code, out, _) =
        fixture.scan(&["--fail-on", "low", "--vex", "vex.json", "--format", "json", "packages.json"]);
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
        fixture.folder.write("vex.json", vex.to_string());
        let (_, out, _) = fixture.scan(&["--vex", "vex.json", "--format", "json", "packages.json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["findings"][0]["status"], "fixed");
    }
}

#[test]
fn reports_replace_files_at_once() {
    let fixture = Fixture::new();
    for format in ["json", "sarif", "cyclonedx", "spdx", "csv", "html", "openvex"] {
        let (code, out, err) = fixture.scan(&["--format", format, "--output", "report", "packages.json"]);
        assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""), "{format}");
        let text = fixture.folder.read_text("report");
        assert!(text.contains("CVE-2023-38545"), "{format}");
    }
    // A format that has no empty documents leaves the old file alone.
    fixture.folder.write("empty.json", r#"{"version":2,"packages":{"a":{"name":"zzz-1"}}}"#);
    let before = fixture.folder.read("report");
    let (code, _, err) = fixture.scan(&["--format", "openvex", "--output", "report", "empty.json"]);
    assert_eq!(code, 3);
    assert!(err.contains("no finding to state"), "{err}");
    assert_eq!(fixture.folder.read("report"), before);
}

#[test]
fn show_tells_all_and_where_it_stands() {
    let fixture = Fixture::new();
    let text = fixture.snowguard.success("show --db db CVE-2023-38545");
    for expected in ["CVE-2023-38545", "curl", "containers.cna.affected[0]", "8.4.0"] {
        assert!(text.contains(expected), "`{expected}` is not in\n{text}");
    }
    // The record comes back as it was received.
    let raw = fixture.snowguard.run("show --db db --json CVE-2023-38545").json();
    let record = fixture.folder.read("cve/CVE-2023-38545.json");
    assert_eq!(raw["cve"], serde_json::from_slice::<Value>(&record).unwrap());
    fixture.snowguard.run("show --db db CVE-1999-0001").assert_code(3);
    fixture.snowguard.run("show --db db CVE-1").assert_code(2);
}

/// An advisory of GitHub stands for the CVE whose record links it as its own.
#[test]
fn advisories_are_other_names() {
    let fixture = Fixture::new();
    let record = test_support::data("cases/scan/10-vex/CVE-2023-32681.json");
    fixture.snowguard.success(["db", "update", "--db", "ghsa", "--cve", record.to_str().unwrap()]);
    let scan = |arguments: &[&str]| {
        fixture.snowguard.run([&["scan", "--db", "ghsa", "--fail-on", "low"], arguments].concat()).parts()
    };
    for id in ["GHSA-j8r2-6x86-q33q", "ghsa-J8R2-6X86-Q33Q"] {
        assert!(fixture.snowguard.success(["show", "--db", "ghsa", id]).contains("CVE-2023-32681"));
    }
    let explained =
        fixture.snowguard.success("explain --db ghsa GHSA-j8r2-6x86-q33q python3.11-requests-2.28.2");
    assert!(explained.contains("affected by CVE-2023-32681"), "{explained}");
    fixture.snowguard.failure("show --db ghsa GHSA-2222-2222-2222", 3, "its own advisory");
    let bom = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"requests","version":"2.28.2","purl":"pkg:pypi/requests@2.28.2"}]}"#;
    fixture.folder.write("bom.json", bom);
    fixture.folder.write("ghsa.toml", "[[suppress]]\ncve = 'GHSA-j8r2-6x86-q33q'\nreason = 'x'\n");
    assert_eq!(scan(&["bom.json"]).0, 1);
    let (code, out, _) = scan(&["--suppress", "ghsa.toml", "bom.json"]);
    assert!(code == 0 && out.contains("1 suppressed"), "{code}: {out}");
    // Statements that name nothing else, in each of the formats. Of two the later one counts,
    // whichever of them names a CVE.
    let statement = |id: &str, status: &str, time: &str| {
        json!({"vulnerability": {"name": id}, "products": [{"@id": "pkg:pypi/requests@2.28.2"}], "status": status,
            "timestamp": time, "justification": "vulnerable_code_not_present", "action_statement": "x"})
    };
    let (ghsa, cve) = ("GHSA-j8r2-6x86-q33q", "CVE-2023-32681");
    let openvex =
        |statements: Value| json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": statements});
    let (early, late) = ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z");
    let cyclonedx = json!({"bomFormat": "CycloneDX", "specVersion": "1.6",
        "components": [{"bom-ref": "r", "name": "requests", "version": "2.28.2", "purl": "pkg:pypi/requests@2.28.2"}],
        "vulnerabilities": [{"id": ghsa, "affects": [{"ref": "r"}],
            "analysis": {"state": "not_affected", "justification": "code_not_present"}}]});
    let csaf = json!({"document": {"csaf_version": "2.0"},
        "product_tree": {"full_product_names": [{"name": "r", "product_id": "r",
            "product_identification_helper": {"purl": "pkg:pypi/requests@2.28.2"}}]},
        "vulnerabilities": [{"ids": [{"system_name": "GHSA", "text": ghsa}],
            "product_status": {"known_not_affected": ["r"]},
            "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["r"]}]}]});
    let not_affected = statement(ghsa, "not_affected", late);
    for (document, code) in [
        (openvex(json!([not_affected])), 0),
        (openvex(json!([not_affected, statement(cve, "affected", early)])), 0),
        (openvex(json!([statement(cve, "not_affected", early), statement(ghsa, "affected", late)])), 1),
        (openvex(json!([statement(ghsa, "not_affected", early), statement(cve, "affected", late)])), 1),
        (cyclonedx, 0),
        (csaf, 0),
    ] {
        fixture.folder.write("vex.json", document.to_string());
        let (found, out, err) = scan(&["--vex", "vex.json", "bom.json"]);
        assert!(found == code && !out.contains("warning"), "{found}: {document}\n{out}{err}");
    }
    // What cannot be used is named.
    for (id, problem) in
        [("GHSA-2222-2222-2222", "which no record on these packages"), ("XYZ-1", "neither a CVE")]
    {
        fixture.folder.write("vex.json", openvex(json!([statement(id, "not_affected", late)])).to_string());
        let (code, out, _) = scan(&["--vex", "vex.json", "bom.json"]);
        assert!(code == 1 && out.contains("vex.json, statements[0]") && out.contains(problem), "{out}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let fixture = Fixture::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = fixture.snowguard.success(["completions", shell]);
        assert!(script.contains("fail-on") && script.contains("cyclonedx"), "{shell}");
    }
    fixture.snowguard.success("man --dir man");
    for page in ["snowguard.1", "snowguard-scan.1", "snowguard-show.1", "snowguard-db-update.1"] {
        assert!(fixture.folder.path("man").join(page).exists(), "{page}");
    }
    // Lines of examples stay lines, and the formatter has nothing to say about any page.
    for entry in std::fs::read_dir(fixture.folder.path("man")).unwrap() {
        let page = entry.unwrap().path();
        let mut man = Command::new("man");
        let outcome =
            Outcome::of(man.args(["--warnings", "-l"]).arg(&page).env("MANWIDTH", "80")).with_code(0);
        assert_eq!(outcome.stderr, "", "{}", page.display());
        let text = outcome.stdout;
        if page.ends_with("snowguard-explain.1") {
            assert!(text.contains("\n         snowguard explain CVE-2024-3094 xz --in ./result\n"), "{text}");
        }
        assert!(!text.contains("snowguard-help"), "{text}");
    }
}

/// A template is filled with what the JSON report holds, and what is wrong with it has a line.
#[test]
fn own_templates() {
    let fixture = Fixture::new();
    let template = "{{ summary.affected }} of {{ targets[0].name }}\n{% for f in findings -%}\n\
        {{ packages[f.package].pname }}: {{ f.cve }}\n{% endfor %}";
    fixture.folder.write("mine.txt", template);
    let (code, out, err) = fixture.scan(&["--template", "mine.txt", "packages.json"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "1 of packages.json\ncurl: CVE-2023-38545\n", ""));
    let (code, out, _) =
        fixture.scan(&["--template", "mine.txt", "--output", "report", "--fail-on", "low", "packages.json"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(fixture.folder.read_text("report"), "1 of packages.json\ncurl: CVE-2023-38545\n");
    fixture.folder.write("mine.txt", "a\n{{ sumary.affected }}");
    let (code, _, err) = fixture.scan(&["--template", "mine.txt", "packages.json"]);
    assert!(code == 3 && err.contains("mine.txt: line 2: "), "{err}");
    assert_eq!(fixture.scan(&["--template", "mine.txt", "--format", "csv", "packages.json"]).0, 2);
}
