//! `snowguard db` as a real process: exit codes, output, and kills at any moment.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use test_support::{Outcome, Scratch, snowguard};
use vulnerability_db::database::{Database, DatabaseError, FILE_NAME};

fn command(arguments: &[&str]) -> Command {
    snowguard!().command([&["db"], arguments].concat())
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    Outcome::of(&mut command(arguments)).parts()
}

fn record(number: u32, year: u32) -> String {
    let text: String = (0..40)
        .map(|n| (number.wrapping_mul(2_654_435_761).rotate_left(n) % 9973).to_string() + " ")
        .collect();
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": format!("CVE-2024-{number:04}"), "state": "PUBLISHED",
            "dateUpdated": format!("{year}-01-01T00:00:00.000Z"),
        },
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "shortName": "acme"},
            "descriptions": [{"lang": "en", "value": text}],
            "affected": [{"vendor": "acme", "product": format!("frob {number} {year}"), "defaultStatus": "affected"}],
        }},
    })
    .to_string()
}

fn lines(folder: &Path, name: &str, count: u32, year: u32) -> PathBuf {
    let path = folder.join(name);
    let text: Vec<String> = (1..=count).map(|n| record(n, year)).collect();
    std::fs::write(&path, text.join("\n")).unwrap();
    path
}

#[test]
fn update_info_and_verify() {
    let work = tempfile::tempdir().unwrap();
    let db = work.path().join("some/new folder");
    let db_text = db.to_str().unwrap();
    let source = lines(work.path(), "records.jsonl", 30, 2024);
    std::fs::write(&source, std::fs::read_to_string(&source).unwrap() + "\n{\"broken\": 1}\n").unwrap();
    let source = source.to_str().unwrap();

    let (code, out, err) = run(&["info", "--db", db_text]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains(db_text) && err.contains("snowguard db update"), "{err}");

    let (code, out, err) = run(&["update", "--db", db_text, "--cve", source]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("30 records") && out.contains("30 new") && out.contains("1 invalid"), "{out}");
    assert!(err.contains("line 31: `dataVersion` is missing") && !err.contains('\u{1b}'), "{err}");

    let (code, out, _) = run(&["update", "--json", "--db", db_text, "--cve", source]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["changed"], &report["sources"][0]["unchanged"]),
        (0, &json!(false), &json!(30))
    );

    let (code, out, _) = run(&["info", "--json", "--db", db_text]);
    let info: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &info["counts"]["cve"], &info["invalid"][0]["place"]),
        (0, &json!(30), &json!("line 31"))
    );
    let (code, out, _) = run(&["info", "--db", db_text]);
    assert!(code == 0 && out.contains("30 records") && out.contains("1 records are invalid"), "{out}");
    assert_eq!(run(&["verify", "--db", db_text]).0, 0);
    let by_environment = snowguard!().env("SNOWGUARD_DB", &db).run("db verify");
    by_environment.success();

    // Damage is reported with the file.
    let file = db.join(FILE_NAME);
    let mut bytes = std::fs::read(&file).unwrap();
    for byte in bytes.iter_mut().skip(20_000).step_by(500) {
        *byte ^= 0x55;
    }
    std::fs::write(&file, bytes).unwrap();
    let (code, _, err) = run(&["verify", "--db", db_text]);
    assert!(code == 3 && err.contains(file.to_str().unwrap()) && err.contains("damaged"), "{err}");
}

#[test]
fn wrong_usage_and_what_cannot_be_done() {
    let work = tempfile::tempdir().unwrap();
    let db = work.path().to_str().unwrap();
    let both = ["update", "--db", db, "--kev", "x", "--nvd-feeds"];
    for arguments in [&both[..], &["update", "--cve"], &["frob"], &["info", "--what"]] {
        assert_eq!(run(arguments).0, 2, "{arguments:?}");
    }
    let (code, _, err) = run(&["upgrade", "--db", db]);
    assert!(code == 3 && err.contains("snowguard db update"), "{err}");
    let missing = work.path().join("no-such-file.zip");
    let (code, out, err) = run(&["update", "--db", db, "--cve", missing.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("no-such-file.zip") && err.contains("No such file"), "{err}");
    // Somebody else is at it.
    let lock = std::fs::File::create(work.path().join(format!("{FILE_NAME}.lock"))).unwrap();
    lock.lock().unwrap();
    let source = lines(work.path(), "records.jsonl", 1, 2024);
    let (code, _, err) = run(&["update", "--db", db, "--cve", source.to_str().unwrap()]);
    assert!(code == 3 && err.contains("being updated by another process"), "{err}");
}

/// Moments spread over a whole run, in no order: multiples of the golden ratio.
fn moments(count: u32) -> impl Iterator<Item = f64> {
    (1..=count).map(|n| (f64::from(n) * 0.618_033_988_749_895).fract())
}

/// Updates of a database, killed at many moments.
struct Kills {
    work: Scratch,
    /// What is fetched into the database before it is updated, and then.
    old: PathBuf,
    new: PathBuf,
    /// Reads what the updates change, which must be sound.
    check: fn(&Database),
    /// What the folder of an updated database holds besides the database itself.
    beside: &'static [&'static str],
}

impl Kills {
    fn update(&self, source: &Path) -> Command {
        let mut command =
            command(&["update", "--db", self.db().to_str().unwrap(), "--cve", source.to_str().unwrap()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn db(&self) -> PathBuf {
        self.work.path("db")
    }

    /// The content, as the database calls it.
    fn digest(&self) -> Option<String> {
        match Database::open(&self.db()) {
            Ok(database) => Some(database.info().unwrap().digest),
            Err(DatabaseError::Missing { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same, once it was checked.
    fn verified_digest(&self) -> Option<String> {
        let digest = self.digest();
        if digest.is_some() {
            (self.check)(&Database::open(&self.db()).unwrap());
        }
        digest
    }

    /// Kills so many updates; `prepare` brings the database into the state before. How many were
    /// killed, and how many of them found the old state.
    fn run(&self, kills: u32, prepare: impl Fn(u32)) -> (u32, u32) {
        prepare(0);
        let before = self.digest();
        let begin = Instant::now();
        assert!(self.update(&self.new).status().unwrap().success());
        let whole = begin.elapsed();
        let new = self.digest();
        assert_ne!(before, new);
        let (mut killed, mut found_old) = (0, 0);
        for (n, moment) in (0..kills).zip(moments(kills)) {
            prepare(n);
            let before = self.digest();
            let mut child = self.update(&self.new).spawn().unwrap();
            std::thread::sleep(whole.mul_f64(moment * 1.05));
            child.kill().unwrap();
            killed += u32::from(child.wait().unwrap().signal() == Some(9));
            let after = self.verified_digest();
            assert!(after == before || after == new, "kill {n} after {moment:.3} of the time");
            found_old += u32::from(after == before);
            // What it left behind is in nobody's way.
            assert!(self.update(&self.new).status().unwrap().success());
            assert_eq!(self.digest(), new);
            let names = std::fs::read_dir(self.db()).unwrap();
            let mut left: Vec<String> =
                names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            left.sort();
            let beside = self.beside.iter().map(|suffix| format!("{FILE_NAME}.{suffix}"));
            assert_eq!(left, [FILE_NAME.to_owned()].into_iter().chain(beside).collect::<Vec<_>>());
        }
        (killed, found_old)
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_state() {
    const KILLS: u32 = 24;
    let work = Scratch::new();
    let old = lines(work.folder(), "old.jsonl", 1500, 2024);
    let new = lines(work.folder(), "new.jsonl", 2500, 2025);
    let check = |database: &Database| database.verify(|_, _| ()).unwrap();
    let kills = Kills { work, old, new, check, beside: &["lock"] };
    assert!(kills.update(&kills.old).status().unwrap().success());
    let file = kills.db().join(FILE_NAME);
    let old_file = std::fs::read(&file).unwrap();
    // Every other time there is no database before.
    let (killed, found_old) = kills.run(KILLS, |n| match n % 2 {
        0 => std::fs::write(&file, &old_file).unwrap(),
        _ => std::fs::remove_file(&file).unwrap(),
    });
    // Else the test tests nothing.
    assert!(killed >= KILLS / 4 && found_old >= KILLS / 4, "{killed} killed, {found_old} in the old state");
}

/// The same of small updates, which write a layer: over a database without one, and over one that
/// has one.
#[test]
fn a_kill_while_a_layer_is_written_does_too() {
    const KILLS: u32 = 12;
    let work = Scratch::new();
    // A database is worth a layer if it is larger than the largest layer.
    let old = incompressible(work.folder(), "old.jsonl", 1..=8000, 2024);
    let between = incompressible(work.folder(), "between.jsonl", 7000..=7400, 2025);
    // Newer than all of the other layer, so that both ways lead to the same content.
    let new = incompressible(work.folder(), "new.jsonl", 7000..=7800, 2026);
    let check = |database: &Database| {
        let ids: Vec<_> = (7000..=7800).map(|n| format!("CVE-2024-{n}").parse().unwrap()).collect();
        assert_eq!(database.load(&ids).unwrap().len(), ids.len());
        assert!(ids.iter().all(|id| database.raw(*id).unwrap().len() == 1));
    };
    let kills = Kills { work, old, new, check, beside: &["layer", "lock"] };
    let file = kills.db().join(FILE_NAME);
    let layer = kills.db().join(format!("{FILE_NAME}.layer"));
    assert!(kills.update(&kills.old).status().unwrap().success());
    let below = std::fs::read(&file).unwrap();
    assert!(!layer.exists());
    assert!(kills.update(&between).status().unwrap().success());
    let layer_before = std::fs::read(&layer).unwrap();
    let (killed, found_old) = kills.run(KILLS, |n| match n % 2 {
        0 => std::fs::write(&layer, &layer_before).unwrap(),
        _ => std::fs::remove_file(&layer).unwrap(),
    });
    assert!(killed >= KILLS / 4 && found_old >= KILLS / 4, "{killed} killed, {found_old} in the old state");
    assert!(below == std::fs::read(&file).unwrap(), "the database itself was written");
}

/// Records of some kilobytes each, also once they are packed.
fn incompressible(folder: &Path, name: &str, numbers: RangeInclusive<u32>, year: u32) -> PathBuf {
    let path = folder.join(name);
    let mut out = BufWriter::new(File::create(&path).unwrap());
    for number in numbers {
        let mut record: Value = serde_json::from_str(&record(number, year)).unwrap();
        let mut seed = u64::from(number) * 1_000_003 + u64::from(year);
        let mut noise = String::new();
        for _ in 0..300 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(noise, "{seed:016x}").unwrap();
        }
        record["containers"]["cna"]["descriptions"][0]["value"] = json!(noise);
        writeln!(out, "{record}").unwrap();
    }
    out.flush().unwrap();
    path
}

/// Root updates, and then the user of a service does, in a folder of that user's: the lock that
/// root made is there to be read only.
#[test]
fn another_user_takes_the_lock_that_root_made() {
    let work = Scratch::new();
    let (old, new) = (lines(work.folder(), "old.jsonl", 3, 2024), lines(work.folder(), "new.jsonl", 5, 2025));
    // The program may be where that user cannot go.
    let program = work.path("snowguard");
    std::fs::copy(snowguard!().program(), &program).unwrap();
    let db = work.path("db");
    let arguments = |source: &Path| {
        ["db", "update", "--db", db.to_str().unwrap(), "--cve", source.to_str().unwrap()].map(str::to_owned)
    };
    snowguard!().success(arguments(&old));
    let nobody = 65_534;
    let open_to_all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(work.folder(), open_to_all).unwrap();
    std::os::unix::fs::chown(&db, Some(nobody), Some(nobody)).unwrap();
    let as_nobody = |arguments: &[String]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        command.arg(&program).args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/");
        Outcome::of(&mut command)
    };
    let lock = db.join(format!("{FILE_NAME}.lock"));
    assert_eq!(lock.metadata().unwrap().uid(), 0, "this test has to be run by root");
    as_nobody(&arguments(&new)).success();
    assert_eq!(Database::open(&db).unwrap().info().unwrap().counts.cve, 5);
    // It is a lock for that user, too.
    let held = File::open(&lock).unwrap();
    held.lock().unwrap();
    let busy = as_nobody(&arguments(&old)).with_code(3);
    assert!(busy.stderr.contains("being updated by another process"), "{busy}");
}
