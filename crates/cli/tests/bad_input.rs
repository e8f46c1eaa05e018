//! Bad input of every sort, as a user meets it: a message with file and fixture, exit code 2 or 3,
//! and nothing lost.
//!
//! Every process runs with little memory and has to end in time by itself, so nothing here may be
//! read as a whole.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use test_support::{Scratch, Snowguard, snowguard};

/// Kilobytes of address space. The allocator reserves more than it uses; for a gigabyte and the
/// copies that are made while it grows, this is too little.
const MEMORY: u32 = 1_400_000;

/// A folder with a database and a made-up system, as `snowguard demo` makes them.
struct Fixture {
    folder: Scratch,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Self {
        let folder = Scratch::new();
        let snowguard = snowguard!().in_folder(folder.folder()).with_memory(MEMORY);
        snowguard.success("demo --folder demo");
        Self { folder, snowguard }
    }

    /// Exit code, standard output, standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let outcome = self.snowguard.run(arguments);
        assert!(!outcome.stderr.contains("panicked") && !outcome.stderr.contains('\u{1b}'), "{outcome}");
        outcome.without_age().parts()
    }

    fn scan(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run(&[&["scan", "--db", "demo/database"], arguments].concat())
    }

    fn update(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run(&[&["db", "update", "--db", "demo/database"], arguments].concat())
    }

    /// A scan fails with code 3 and prints this.
    fn refused(&self, arguments: &[&str], expected: &[&str]) {
        let (code, out, err) = self.scan(arguments);
        assert_eq!(code, 3, "{arguments:?}: {out}{err}");
        contains_all(&err, expected);
    }

    fn database(&self) -> Vec<u8> {
        self.folder.read("demo/database/vulnerabilities.db")
    }

    fn store_database(&self) -> PathBuf {
        self.folder.path("demo/root/nix/var/nix/db/db.sqlite")
    }
}

fn contains_all(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    // An error is for reading, not for scrolling.
    assert!(text.len() < 4000, "{} bytes: {}", text.len(), &text[..300]);
}

const SYSTEM: [&str; 2] = ["--root", "demo/root"];

fn good() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/CVE-2024-3094.json"))
        .unwrap()
        .lines()
        .collect::<String>()
        .replace("CVE-2024-3094", "CVE-2024-0001")
}

fn with(field: &str, value: &str) -> Vec<u8> {
    good().replacen('{', &format!("{{\"{field}\": {value}, "), 1).replace("0001", "0002").into_bytes()
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn truncated_zips() {
    let fixture = Fixture::new();
    let before = fixture.database();
    let whole = zipped(&[("CVE-2024-0001.json", good().as_bytes()), ("CVE-2024-0002.json", &with("x", "1"))]);
    let outer = zipped(&[("cves.zip", &whole[..whole.len() - 30])]);
    for (name, bytes, expected) in [
        ("cut.zip", &whole[..whole.len() / 2], "not a readable zip archive"),
        ("tail.zip", &whole[..whole.len() - 1], "not a readable zip archive"),
        ("head.zip", &whole[..4], "not a readable zip archive"),
        ("inner.zip", &outer, "cves.zip: not a readable zip archive"),
    ] {
        fixture.folder.write(name, bytes);
        for kind in ["--cve", "--nvd"] {
            let (code, out, err) = fixture.update(&[kind, name]);
            assert_eq!((code, out.as_str()), (3, ""), "{name}: {err}");
            contains_all(&err, &[name, if kind == "--cve" { expected } else { "" }]);
        }
        assert!(before == fixture.database(), "{name}");
    }
    // The end is there, the middle is not: the records that can be read go in.
    let mut holed = whole;
    let middle = 60..90;
    holed[middle].fill(0);
    fixture.folder.write("holed.zip", &holed);
    let (code, out, err) = fixture.update(&["--cve", "holed.zip"]);
    assert_eq!(code, 0, "{err}");
    contains_all(&out, &["1 new", "1 invalid"]);
    contains_all(&err, &["holed.zip: CVE-2024-0001.json"]);
}

/// What stands where a text or a list should, by name, with what is printed about it in every
/// format of JSON.
fn nasty() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    vec![
        ("deep", deep.into_bytes(), &["recursion limit", "line 1"]),
        ("twice", b"1, \"x\": 2".to_vec(), &["`x` stands twice", "line 1"]),
        ("not-utf8", b"\"\xff\xfe\"".to_vec(), &["not UTF-8", "byte"]),
        ("cut", b"\"".to_vec(), &["line 1"]),
        ("surrogate", b"\"\\ud800\"".to_vec(), &["hex escape", "line 1"]),
        ("number", b"1e999".to_vec(), &["number out of range", "line 1"]),
    ]
}

#[test]
fn nasty_json_everywhere() {
    let fixture = Fixture::new();
    for (name, value, expected) in nasty() {
        let fill = |template: &str| {
            let (begin, end) = template.split_once('@').unwrap();
            [begin.as_bytes(), &value, end.as_bytes()].concat()
        };
        // As a target: nothing can be scanned.
        for (kind, template) in [
            ("cyclonedx", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","x":@,"components":[]}"#),
            ("spdx", r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","x":@,"packages":[]}"#),
            ("spdx", r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","x":@,"@graph":[]}"#),
        ] {
            let template = template.replace("@context", "\u{1}context").replace("@graph", "\u{1}graph");
            let bytes: Vec<u8> = fill(&template).into_iter().map(|b| if b == 1 { b'@' } else { b }).collect();
            let document = format!("{kind}-{name}.json");
            fixture.folder.write(&document, bytes);
            fixture.refused(&[&document], &[&[document.as_str(), kind][..], expected].concat());
        }
        // As a statement or rule: wrong use, for half of a statement may be the opposite of it.
        for template in [
            r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[],"x":@}"#,
            r#"{"bomFormat":"CycloneDX","vulnerabilities":[],"x":@}"#,
        ] {
            let document = format!("vex-{name}.json");
            let template = template.replacen("@c", "\u{1}c", 1);
            let bytes: Vec<u8> = fill(&template).into_iter().map(|b| if b == 1 { b'@' } else { b }).collect();
            fixture.folder.write(&document, bytes);
            let (code, out, err) = fixture.scan(&[&SYSTEM[..], &["--vex", &document]].concat());
            assert_eq!((code, out.as_str()), (2, ""), "{err}");
            contains_all(&err, &[&[document.as_str()][..], expected].concat());
        }
        // As a record among others: it is skipped and named, and the rest goes in.
        let folder = format!("records-{name}");
        fs::create_dir(fixture.folder.path(&folder)).unwrap();
        fixture.folder.write(&format!("{folder}/CVE-2024-0001.json"), good());
        let broken: Vec<u8> = {
            let text = good().replacen('{', "{\"x\": @, ", 1).replace("CVE-2024-0001", "CVE-2024-0002");
            let (begin, end) = text.split_once('@').unwrap();
            [begin.as_bytes(), &value, end.as_bytes()].concat()
        };
        fixture.folder.write(&format!("{folder}/CVE-2024-0002.json"), broken);
        let (code, out, err) =
            fixture.run(&["db", "update", "--db", &format!("db-{name}"), "--cve", &folder]);
        assert_eq!(code, 0, "{err}");
        contains_all(&out, &["1 new", "1 invalid"]);
        contains_all(&err, &[&["CVE-2024-0002.json"][..], &expected[..1]].concat());
    }
    // Lines of which one is broken are no reason to leave out the others.
    let lines = "{\"attr\":\"a\",\"name\":\"curl-8.3.0\",\"drvPath\":\"/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-curl-8.3.0.drv\"}\n";
    for (name, value, _) in nasty() {
        let line = [b"{\"attr\":\"b\",\"name\":\"x-1\",\"meta\":", value.as_slice(), b"}\n"].concat();
        fixture.folder.write("eval.jsonl", [lines.as_bytes(), &line].concat());
        let (code, out, err) = fixture.scan(&["eval.jsonl"]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}: {out}");
        assert!(out.contains("CVE-2023-38545") && out.contains("warning: line 2: "), "{name}: {out}");
    }
}

#[test]
fn rules_and_knowledge_that_are_wrong() {
    let fixture = Fixture::new();
    let deep = format!("a = {}", "[".repeat(10_000));
    let nested = format!("{}x", "- ".repeat(10_000));
    for (option, name, bytes, expected) in [
        ("--suppress", "a.toml", deep.as_bytes(), "line 1"),
        ("--suppress", "b.toml", b"[[suppress]]\ncve = 'CVE-2023-1'\nreason = '\xff'", "byte"),
        ("--suppress", "c.toml", b"[[suppress]]\ncve = 'x'\ncve = 'y'\n", "line 3"),
        ("--suppress", "d.yaml", nested.as_bytes(), "d.yaml"),
        ("--suppress", "e.yaml", b"- &a [*a, *a]", "e.yaml"),
        ("--knowledge", "f.toml", b"[[software]]\nnme = 1", "line 2"),
        ("--knowledge", "g.toml", b"\xff", "byte 0"),
    ] {
        fixture.folder.write(name, bytes);
        let (code, out, err) = fixture.scan(&[&SYSTEM[..], &[option, name]].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        contains_all(&err, &[name, expected]);
    }
}

/// A gigabyte of one letter between two texts. Frames of Zstandard may follow each other, so one is
/// made and written many times.
fn giant(path: &Path, begin: &str, end: &str) {
    let frame = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let letters = frame(&vec![b'a'; 1 << 24]).repeat(64);
    fs::write(path, [frame(begin.as_bytes()), letters, frame(end.as_bytes())].concat()).unwrap();
    assert!(fs::metadata(path).unwrap().len() < 1 << 20);
}

#[test]
fn a_text_of_a_gigabyte() {
    let fixture = Fixture::new();
    for (name, begin, end) in [
        ("bom.json", r#"{"bomFormat":"CycloneDX","x":""#, r#""}"#),
        ("bom.xml", "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><x>", "</x></bom>"),
        ("spdx.json", r#"{"spdxVersion":"SPDX-2.3","x":""#, r#""}"#),
        ("spdx.xml", "<Document><SPDXID>a</SPDXID><packages><name>", "</name></packages></Document>"),
        ("spdx.spdx", "SPDXVersion: SPDX-2.3\nPackageName: ", "\n"),
        ("packages.json", r#"{"version":2,"packages":{"a":{"name":""#, r#""}}}"#),
        ("eval.jsonl", r#"{"attr":"a","drvPath":"x","name":""#, "\"}\n"),
    ] {
        giant(&fixture.folder.path(name), begin, end);
        fixture.refused(&[name], &[name, "more than", "bytes"]);
    }
    giant(
        &fixture.folder.path("records.jsonl"),
        &format!("{}\n{{\"x\":\"", good()),
        &format!("\"}}\n{}", String::from_utf8(with("x", "1")).unwrap()),
    );
    let (code, out, err) = fixture.update(&["--cve", "records.jsonl"]);
    assert_eq!(code, 0, "{err}");
    contains_all(&out, &["2 new", "1 invalid"]);
    contains_all(&err, &["records.jsonl", "line 2", "more than the 16777216 bytes"]);
}

#[test]
fn absurd_versions() {
    let fixture = Fixture::new();
    let long = "9".repeat(1 << 20);
    let dots = "1.".repeat(1 << 16);
    let versions =
        ["", "-", "....", "0x", "-1", "1e999", "٣.٤", "8.3.0\u{202e}\u{1b}[31m", "<8", long.as_str(), &dots];
    let components: Vec<Value> =
        versions.iter().map(|v| json!({"type": "library", "name": "curl", "version": v})).collect();
    let bom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components});
    fixture.folder.write("bom.json", bom.to_string());
    for format in ["table", "json", "html", "sarif", "csv", "cyclonedx", "spdx"] {
        let (code, out, err) = fixture.scan(&["--all", "--format", format, "bom.json"]);
        assert_eq!((code, err.as_str()), (0, ""), "{format}");
        // Where people look, nothing can turn the text around or paint it; programs get what was
        // read, escaped.
        let for_people = ["table", "html", "csv"].contains(&format);
        let hidden: &[char] = if for_people { &['\u{1b}', '\u{202e}'] } else { &['\u{1b}'] };
        assert!(!out.contains(hidden), "{format}");
    }
    // And in records: ranges of such versions.
    let record = good().replace("5.6.1", &long).replace("5.6.0", &dots);
    fixture.folder.write("CVE-2024-0001.json", record);
    let (code, out, err) = fixture.update(&["--cve", "CVE-2024-0001.json"]);
    assert_eq!(code, 0, "{err}");
    contains_all(&out, &["1 new"]);
    let (code, _, err) = fixture.scan(&SYSTEM);
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) =
        fixture.run(&["explain", "--db", "demo/database", "--root", "demo/root", "CVE-2024-0001", "xz"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn store_databases() {
    let fixture = Fixture::new();
    let (code, before, err) = fixture.scan(&SYSTEM);
    assert_eq!((code, err.as_str()), (0, ""));
    let file = fixture.store_database();
    let whole = fs::read(&file).unwrap();

    // Everything refers to everything, itself included.
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch("INSERT OR IGNORE INTO Refs SELECT a.id, b.id FROM ValidPaths a, ValidPaths b")
        .unwrap();
    drop(connection);
    let (code, cyclic, err) = fixture.scan(&SYSTEM);
    assert_eq!((code, err.as_str()), (0, ""));
    // The derivations are in the closure now, and are no packages.
    let findings = |text: &str| -> Vec<String> {
        text.lines().filter(|l| l.contains("CVE-")).map(str::to_owned).collect()
    };
    assert_eq!(findings(&before), findings(&cyclic));

    // Held by somebody, in the mode that keeps readers out.
    fs::write(&file, &whole).unwrap();
    let holder = Connection::open(&file).unwrap();
    holder.execute_batch("PRAGMA journal_mode = truncate; BEGIN EXCLUSIVE").unwrap();
    fixture.refused(&SYSTEM, &["db.sqlite", "locked"]);
    drop(holder);

    // References to nothing, paths that are none, and no database at all.
    for (sql, expected) in [
        (
            "UPDATE ValidPaths SET path = '/nix/store/../../etc/passwd' WHERE path LIKE '%-curl-8.3.0'",
            "etc/passwd",
        ),
        ("DROP TABLE Refs", "Refs"),
    ] {
        fs::write(&file, &whole).unwrap();
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        fixture.refused(&SYSTEM, &[expected]);
    }
    for bytes in [&whole[..whole.len() / 2], b"not a database at all", &[0; 4096]] {
        fs::write(&file, bytes).unwrap();
        fixture.refused(&SYSTEM, &["db.sqlite"]);
    }
    let mut damaged = whole.clone();
    damaged[4096..].fill(0xaa);
    fs::write(&file, damaged).unwrap();
    fixture.refused(&SYSTEM, &["db.sqlite"]);
    // A hint names what works without it.
    let (_, _, err) = fixture.scan(&SYSTEM);
    assert!(err.contains("--no-store-database"), "{err}");
    let (code, _, err) = fixture.scan(&[&SYSTEM[..], &["--no-store-database"]].concat());
    assert_eq!(code, 0, "{err}");
}

/// Ends a thread when the test does.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Store paths come and go while the store is read, as they do when the garbage collector runs.
#[test]
fn a_store_path_that_vanishes_while_it_is_read() {
    let fixture = Fixture::new();
    let store = fixture.folder.path("demo/root/nix/store");
    let find = |ending: &str| -> PathBuf {
        let entries = fs::read_dir(&store).unwrap().map(|e| e.unwrap().path());
        entries.into_iter().find(|p| p.to_str().unwrap().ends_with(ending)).unwrap()
    };
    // With references that are found by reading, so that there is something to do.
    let system = find("nixos-system-demo-24.05");
    let all: Vec<String> =
        fs::read_dir(&store).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
    fs::write(system.join("references"), all.join("\n")).unwrap();
    let (curl, elsewhere) = (find("-curl-8.3.0"), fixture.folder.path("away"));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when the test fails.
        let _stopped = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&curl, &elsewhere).unwrap();
                std::thread::yield_now();
                fs::rename(&elsewhere, &curl).unwrap();
                std::thread::yield_now();
            }
        });
        for number in 0..40 {
            let by_files = number % 2 == 0;
            let without: &[&str] = if by_files { &["--no-store-database"] } else { &[] };
            let (code, out, err) = fixture.scan(&[&SYSTEM, without].concat());
            // The others are scanned in any case.
            assert_eq!(code, 0, "{err}");
            assert!(out.contains("CVE-2021-44228"), "{out}");
            // The database knows it by name. By files alone nothing shows what is away from the
            // beginning.
            assert!(by_files || out.contains("CVE-2023-38545"), "{out}");
        }
    });
    // Gone for good: the database still knows its name.
    fs::remove_dir_all(&curl).unwrap();
    let (code, out, _) = fixture.scan(&SYSTEM);
    assert!(code == 0 && out.contains("CVE-2023-38545"), "{out}");
    fs::remove_dir_all(&system).unwrap();
    fixture.refused(&[&SYSTEM[..], &["--no-store-database"]].concat(), &["nixos-system-demo-24.05"]);
}

#[test]
fn databases_of_vulnerabilities() {
    let fixture = Fixture::new();
    let file = fixture.folder.path("demo/database/vulnerabilities.db");
    let whole = fixture.database();
    for bytes in [&whole[..whole.len() / 2], &b"not a database at all"[..], &[]] {
        fs::write(&file, bytes).unwrap();
        fixture.refused(&SYSTEM, &["vulnerabilities.db"]);
        for arguments in [&["show", "CVE-2024-3094"][..], &["db", "info"], &["db", "verify"]] {
            let (code, out, err) = fixture.run(&[arguments, &["--db", "demo/database"]].concat());
            assert_eq!((code, out.as_str()), (3, ""), "{err}");
            contains_all(&err, &["vulnerabilities.db"]);
        }
        // An update does not write over what it cannot read.
        fixture.folder.write("CVE-2024-0001.json", good());
        let (code, _, err) = fixture.update(&["--cve", "CVE-2024-0001.json"]);
        assert_eq!(code, 3, "{err}");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    let mut damaged = whole.clone();
    for byte in damaged.iter_mut().skip(4096).step_by(64) {
        *byte ^= 0x55;
    }
    fs::write(&file, damaged).unwrap();
    fixture.refused(&SYSTEM, &["vulnerabilities.db", "damaged"]);

    // While somebody updates it, readers read and a second update is refused.
    fs::write(&file, &whole).unwrap();
    let lock = fs::File::create(fixture.folder.path("demo/database/vulnerabilities.db.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(fixture.scan(&SYSTEM).0, 0);
    let (code, _, err) = fixture.update(&["--cve", "CVE-2024-0001.json"]);
    assert_eq!(code, 3);
    contains_all(&err, &["being updated by another process"]);
    assert!(whole == fixture.database());
}

/// Components that contradict themselves are scanned as far as they can be, and every contradiction
/// is reported.
#[test]
fn an_sbom_that_lies() {
    let fixture = Fixture::new();
    let bom = json!({"bomFormat": "CycloneDX", "specVersion": "77", "components": [
        {"type": "library", "bom-ref": "a", "name": "curl", "version": "8.3.0", "purl": "pkg:generic/curl@99"},
        {"type": "library", "bom-ref": "a", "name": "xz"},
        {"type": "library", "name": ["curl"], "version": {"is": 1}},
        "curl", null, {"type": "library", "name": "zlib", "version": 1.10},
    ], "dependencies": [{"ref": "ghost", "dependsOn": ["ghost"]}]});
    fixture.folder.write("lies.json", bom.to_string());
    let (code, out, err) = fixture.scan(&["--format", "json", "lies.json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert!(report["findings"].to_string().contains("CVE-2023-38545"));
    let warnings = report["targets"][0]["warnings"].to_string();
    for expected in [
        "specVersion",
        "the package URL says `99`",
        "components[1].bom-ref",
        "no version",
        "components[2].name",
        "components[3]",
        "components[4]",
        "components[5].version",
        "ghost",
    ] {
        assert!(warnings.contains(expected), "`{expected}` is not in {warnings}");
    }
    let (code, out, _) = fixture.scan(&["lies.json"]);
    assert!(code == 0 && out.contains("warning: ") && out.contains("more (all in the JSON report)"), "{out}");
    // One that claims to be what it is not.
    for (name, text, expected) in [
        ("a.json", r#"{"bomFormat": "SPDX", "components": []}"#, "`bomFormat` is \"SPDX\""),
        ("b.xml", "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components></bom>", "line 1"),
        (
            "c.xml",
            "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><bom xmlns='http://cyclonedx.org/schema/bom/1.6'/>",
            "DOCTYPE",
        ),
        ("d.spdx", "SPDXVersion: SPDX-1.0\nPackageName: curl\n", "SPDX-1.0"),
        ("d.rdf", "<!DOCTYPE x [<!ENTITY a 'aa'>]><r:RDF xmlns='http://spdx.org/rdf/terms#'/>", "DOCTYPE"),
        ("e", "hello", "--type"),
        ("f", "", "--type"),
    ] {
        fixture.folder.write(name, text);
        fixture.refused(&[name], &[name, expected]);
    }
}
