//! The store database against what the real Nix reports about the same store.

#![allow(clippy::unwrap_used, clippy::similar_names)]

use nix_formats::references::{Candidates, scan_path};
use nix_formats::store_db::{Access, SCHEMA, SCHEMA_VERSION, StoreDb, StoreDbOptions};
use nix_formats::{Hash, StoreDir, StorePath};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use test_support::NixStore;

/// Some hundred derivations; every third output of one in seven has a second output, and each
/// mentions others and itself.
const PACKAGES: &str = r#"
let
  range = builtins.genList (x: x);
  text = builtins.toFile "text" "hello";
  packages = map (n: derivation {
    name = "package-${toString n}";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    outputs = if n / 7 * 7 == n then [ "out" "dev" ] else [ "out" ];
    needs = [ text ] ++ (if n < 4 then [ ] else map (k: builtins.elemAt packages (k * n / 4)) [ 1 2 3 ]);
    args = [ "-c" "echo $needs $out > $out; test -z $dev || echo $out > $dev" ];
  }) (range 120);
in packages
"#;

fn open(nix_store: &NixStore) -> StoreDb {
    let options = StoreDbOptions::new(StoreDir::new(&nix_store.store_dir()).unwrap());
    StoreDb::open_with(&nix_store.database(), options).unwrap()
}

fn parse(store: &StoreDir, lines: &[String]) -> Vec<StorePath> {
    // `unknown-deriver` and the like must not slip through.
    let mut paths: Vec<StorePath> = lines.iter().map(|line| store.parse(line).unwrap()).collect();
    paths.sort_unstable();
    paths
}

fn closure(db: &StoreDb, roots: &[StorePath]) -> Vec<StorePath> {
    db.closure(roots).unwrap().paths().iter().map(|entry| entry.path.clone()).collect()
}

fn full(store: &StoreDir, paths: &[StorePath]) -> Vec<String> {
    paths.iter().map(|path| store.display(path).to_string()).collect()
}

#[test]
fn a_store_that_nix_built() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    fs::write(nix_store.outside("packages.nix"), PACKAGES).unwrap();
    let built = nix_store.nix("nix-build").args(["--no-out-link", &nix_store.inside("packages.nix")]).lines();
    assert_eq!(built.len(), 120);
    // Two keys, so that a path can have two signatures; one path has none.
    for name in ["one.example-1", "two.example-1"] {
        let key = nix_store.nix("nix").args(["key", "generate-secret", "--key-name", name]).bytes();
        fs::write(nix_store.outside(name), key).unwrap();
        let some = if name.starts_with("one") { &built[1..] } else { &built[60..] };
        nix_store
            .nix("nix")
            .args(["store", "sign", "--key-file", &nix_store.inside(name)])
            .args(some)
            .bytes();
    }

    let db = open(&nix_store);
    assert_eq!(db.access(), Access::Coordinated);
    let all = db.valid_paths().unwrap();
    assert!(all.len() > 240 && all.len() == fs::read_dir(nix_store.outside("store")).unwrap().count() - 1);

    // Every field of every path.
    let json = nix_store.nix("nix").args(["path-info", "--json", "--json-format", "1", "--all"]).bytes();
    let json: serde_json::Map<String, Value> = serde_json::from_slice(&json).unwrap();
    assert_eq!(full(&store, &all), json.keys().cloned().collect::<Vec<_>>());
    for path in &all {
        let ours = db.query_path(path).unwrap().unwrap();
        let theirs = &json[&store.display(path).to_string()];
        let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
        assert_eq!(ours.nar_hash, Hash::parse_any(theirs["narHash"].as_str().unwrap(), None).unwrap());
        assert_eq!(ours.nar_size, theirs["narSize"].as_u64());
        assert_eq!(ours.registration_time, theirs["registrationTime"].as_i64().unwrap());
        assert_eq!(ours.ultimate, theirs["ultimate"].as_bool().unwrap());
        assert_eq!(ours.ca.as_deref(), theirs["ca"].as_str());
        let deriver = ours.deriver.as_ref().map(|deriver| store.display(deriver).to_string());
        assert_eq!(deriver.as_deref(), theirs["deriver"].as_str());
        assert_eq!(full(&store, &ours.references), texts(&theirs["references"]));
        let mut signatures: Vec<_> = ours.signatures.iter().map(ToString::to_string).collect();
        signatures.sort_unstable();
        assert_eq!(signatures, texts(&theirs["signatures"]));
    }

    // Closures: of each output alone, of a derivation, of several at once.
    let outputs = parse(&store, &built);
    let drv = db.query_path(&outputs[0]).unwrap().unwrap().deriver.unwrap();
    let mut cases: Vec<Vec<StorePath>> = outputs.iter().step_by(7).map(|path| vec![path.clone()]).collect();
    cases.extend([vec![drv], outputs.clone(), all.clone()]);
    for roots in cases {
        let theirs = nix_store.nix("nix-store").arg("-qR").args(full(&store, &roots)).lines();
        assert_eq!(closure(&db, &roots), parse(&store, &theirs));
    }
    let whole = db.closure(&all).unwrap();
    for entry in whole.paths() {
        let info = db.query_path(&entry.path).unwrap().unwrap();
        let references: Vec<_> = whole.references(entry).map(|entry| entry.path.clone()).collect();
        assert_eq!(references, info.references);
        assert_eq!((&entry.deriver, entry.nar_size), (&info.deriver, info.nar_size));
    }

    // Both ways between derivations and outputs, and referrers.
    for path in all.iter().step_by(5) {
        let full = store.display(path).to_string();
        let query = |what: &str| parse(&store, &nix_store.nix("nix-store").args(["-q", what, &full]).lines());
        assert_eq!(db.referrers(path).unwrap(), query("--referrers"));
        if path.is_derivation() {
            let mut outputs: Vec<_> = db.outputs_of(path).unwrap().into_values().collect();
            outputs.sort_unstable();
            assert_eq!(outputs, query("--outputs"));
        } else {
            assert_eq!(db.valid_derivers(path).unwrap(), query("--valid-derivers"));
        }
    }

    // Without the database: what the files mention is what Nix recorded.
    let candidates = Candidates::new(all.iter().map(StorePath::digest));
    for path in all.iter().filter(|path| !path.is_derivation()) {
        let scan = scan_path(&nix_store.outside("store").join(path.as_str()), &candidates);
        assert!(scan.unread.is_empty(), "{:?}", scan.unread);
        let found: Vec<_> = scan.found.into_iter().map(|number| all[number as usize].clone()).collect();
        assert_eq!(found, db.query_path(path).unwrap().unwrap().references);
    }
}

/// Columns and indices of the tables that closures are read from, as SQLite describes them.
fn tables(database: &Connection) -> Vec<String> {
    let sql = "select format('%s.%s %s %d %d', t.name, c.name, upper(c.type), c.\"notnull\", c.pk)
                 from sqlite_schema t join pragma_table_info(t.name) c where t.name in ('ValidPaths', 'Refs', 'DerivationOutputs')
               union select format('%s on %s', name, tbl_name) from sqlite_schema
                 where type = 'index' and tbl_name in ('ValidPaths', 'Refs', 'DerivationOutputs')
               order by 1";
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_schema_is_that_of_nix() {
    let nix_store = NixStore::new("nix-formats");
    nix_store.nix("nix-store").arg("--init").bytes();
    let theirs = tables(&Connection::open(nix_store.database()).unwrap());
    let ours = Connection::open_in_memory().unwrap();
    ours.execute_batch(SCHEMA).unwrap();
    assert_eq!(theirs, tables(&ours));
    let version = fs::read_to_string(nix_store.database().with_file_name("schema")).unwrap();
    assert_eq!(version.trim(), SCHEMA_VERSION.to_string());
}

/// 20,000 registered paths that are not there; what they mention is drawn by a fixed seed.
fn register_many(nix_store: &NixStore, count: usize) -> Vec<StorePath> {
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let alphabet = nix_formats::base32::ALPHABET;
    let mut state = 7_u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut paths = Vec::new();
    let mut text = String::new();
    for number in 0..count {
        let digest: String = (0..32).map(|_| char::from(alphabet[draw(32)])).collect();
        let path = StorePath::from_base_name(&format!("{digest}-fake-{number}")).unwrap();
        // Islands of 2,000, in which a path mentions some of those before it, and half of them
        // themselves.
        let island = number / 2000 * 2000;
        let mut references: BTreeSet<usize> = BTreeSet::new();
        if number > island {
            references.insert(number - 1 - draw(3).min(number - 1 - island));
            references.extend((0..draw(12)).map(|_| island + draw(number - island)));
        }
        if draw(2) == 0 {
            references.insert(number);
        }
        paths.push(path);
        let hash = format!("{number:064x}");
        // The format of `nix-store --dump-db`: path, hash, size, deriver, number of references,
        // references.
        write!(text, "{}\n{hash}\n{}\n", store.display(&paths[number]), number + 1).unwrap();
        match number % 3 {
            0 => text.push('\n'),
            _ => writeln!(text, "{}.drv", store.display(&paths[number])).unwrap(),
        }
        writeln!(text, "{}", references.len()).unwrap();
        for reference in references {
            writeln!(text, "{}", store.display(&paths[reference])).unwrap();
        }
    }
    nix_store.nix("nix-store").arg("--load-db").input(text).bytes();
    paths
}

#[test]
fn closures_in_a_large_store() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let paths = register_many(&nix_store, 20_000);
    let db = open(&nix_store);
    assert_eq!(db.valid_paths().unwrap().len(), 20_000);
    let mut largest = 0;
    for number in [0, 1999, 2000, 3500, 9999, 19_999] {
        let theirs =
            nix_store.nix("nix-store").args(["-qR", &store.display(&paths[number]).to_string()]).lines();
        let ours = closure(&db, std::slice::from_ref(&paths[number]));
        assert_eq!(ours, parse(&store, &theirs));
        largest = largest.max(ours.len());
    }
    assert!(largest > 1500, "{largest}");
    // Signatures, sizes and derivers of a sample.
    for path in paths.iter().step_by(997) {
        let info = db.query_path(path).unwrap().unwrap();
        let query = |what: &str| {
            let full = store.display(path).to_string();
            nix_store.nix("nix-store").args(["-q", what, &full]).text().trim().to_owned()
        };
        assert_eq!(info.nar_size.unwrap().to_string(), query("--size"));
        assert_eq!(info.nar_hash.prefixed_base32(), query("--hash"));
        let deriver =
            info.deriver.map_or("unknown-deriver".to_owned(), |path| store.display(&path).to_string());
        assert_eq!(deriver, query("--deriver"));
    }
}

/// Adds paths with Nix until `stop` is set, and gives their number.
fn keep_writing(nix_store: &NixStore, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("added-{count}");
        fs::write(nix_store.outside(&name), name.as_bytes()).unwrap();
        let added = nix_store.nix("nix-store").args(["--add", &nix_store.inside(&name)]).lines();
        assert_eq!(added.len(), 1);
        count += 1;
    }
    count
}

/// Reads again and again while Nix writes: never an error, never a torn answer, and the new paths
/// are seen.
fn read_while_writing(nix_store: &NixStore, roots: &[StorePath]) {
    let expected = closure(&open(nix_store), roots);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| keep_writing(nix_store, &stop));
        let kept = open(nix_store);
        let before = kept.valid_paths().unwrap().len();
        let mut last = before;
        for _ in 0..60 {
            let fresh = open(nix_store);
            for db in [&kept, &fresh] {
                assert_eq!(closure(db, roots), expected);
            }
            let now = kept.valid_paths().unwrap().len();
            assert!(now >= last, "{now} paths after {last}");
            last = now;
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        stop.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        assert!(written > 3, "only {written} paths written meanwhile");
        assert_eq!(kept.valid_paths().unwrap().len(), before + written);
    });
}

#[test]
fn reading_while_nix_writes() {
    let nix_store = NixStore::new("nix-formats");
    let paths = register_many(&nix_store, 2000);
    read_while_writing(&nix_store, &paths[1990..]);
}

/// The same with log and index taken away between the calls of Nix, so that the database has to be
/// read without them; what is compared is only that answers are whole.
#[test]
fn reading_without_log_while_nix_writes() {
    let nix_store = NixStore::new("nix-formats");
    let paths = register_many(&nix_store, 2000);
    let expected = closure(&open(&nix_store), &paths[1990..]);
    for round in 0..10 {
        for suffix in ["-wal", "-shm"] {
            let mut name = nix_store.database().into_os_string();
            name.push(suffix);
            // No process has the database open now, and Nix has emptied the log.
            assert_eq!(
                fs::metadata(&name).map_or(0, |data| if suffix == "-wal" { data.len() } else { 0 }),
                0
            );
            let _ = fs::remove_file(name);
        }
        let db = open(&nix_store);
        assert_eq!(db.access(), Access::Immutable);
        let before = db.valid_paths().unwrap().len();
        assert_eq!(closure(&db, &paths[1990..]), expected);
        let name = format!("added-{round}");
        fs::write(nix_store.outside(&name), name.as_bytes()).unwrap();
        nix_store.nix("nix-store").args(["--add", &nix_store.inside(&name)]).bytes();
        // The files changed: the same handle notices and reads again.
        assert_eq!(db.valid_paths().unwrap().len(), before + 1);
        assert_eq!(db.access(), Access::Coordinated);
        assert_eq!(closure(&db, &paths[1990..]), expected);
    }
}

/// Runs `test`, which must be ignored by default, again as a user without any rights.
fn as_nobody(test: &str, nix_store: &NixStore, root: &StorePath, count: usize) {
    use std::os::unix::process::CommandExt;
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("NOBODY_DATABASE", nix_store.database())
        .env("NOBODY_STORE", StoreDir::new(&nix_store.store_dir()).unwrap().as_str())
        .env("NOBODY_ROOT", root.as_str())
        .env("NOBODY_COUNT", count.to_string())
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{:?}", output.stderr);
}

#[test]
#[ignore = "no test of its own: the other user's part of another one"]
fn as_nobody_child() {
    if std::env::var_os("NOBODY_DATABASE").is_none() {
        return;
    }
    let variable = |name: &str| std::env::var(name).unwrap();
    let store_dir = StoreDir::new(&variable("NOBODY_STORE")).unwrap();
    let root = StorePath::from_base_name(&variable("NOBODY_ROOT")).unwrap();
    let count: usize = variable("NOBODY_COUNT").parse().unwrap();
    let options = StoreDbOptions::new(store_dir);
    let path = PathBuf::from(variable("NOBODY_DATABASE"));
    assert!(fs::File::create(path.with_file_name("probe")).is_err(), "nobody may write here");
    let db = StoreDb::open_with(&path, options).unwrap();
    for _ in 0..20 {
        assert_eq!(db.closure(std::slice::from_ref(&root)).unwrap().paths().len(), count);
    }
}

#[test]
fn another_user_reads_while_nix_writes() {
    let nix_store = NixStore::new("nix-formats");
    let paths = register_many(&nix_store, 2000);
    let db = open(&nix_store);
    let root = paths.iter().rev().find(|path| closure(&db, std::slice::from_ref(path)).len() > 1000).unwrap();
    let count = closure(&db, std::slice::from_ref(root)).len();
    drop(db);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| keep_writing(&nix_store, &stop));
        for _ in 0..5 {
            as_nobody("as_nobody_child", &nix_store, root, count);
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
    });
    // Nobody writes now; then the files that coordinate are gone as well.
    as_nobody("as_nobody_child", &nix_store, root, count);
    for suffix in ["-shm", "-wal"] {
        let mut name = nix_store.database().into_os_string();
        name.push(suffix);
        fs::remove_file(name).unwrap();
        as_nobody("as_nobody_child", &nix_store, root, count);
    }
}
