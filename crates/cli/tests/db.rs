//! `snowguard db` as a real process: exit codes, output, and kills at any moment.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use test_support::{Outcome, snowguard};
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

#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_state() {
    const KILLS: u32 = 24;
    let work = tempfile::tempdir().unwrap();
    let (old, new) =
        (lines(work.path(), "old.jsonl", 1500, 2024), lines(work.path(), "new.jsonl", 2500, 2025));
    let update = |db: &Path, source: &Path| {
        let mut command =
            command(&["update", "--db", db.to_str().unwrap(), "--cve", source.to_str().unwrap()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let digest = |db: &Path| -> Option<String> {
        match Database::open(db) {
            Ok(database) => {
                database.verify(|_, _| ()).unwrap();
                Some(database.info().unwrap().digest)
            }
            Err(DatabaseError::Missing { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    };
    // The states that there can be, and how long an update takes.
    let db = work.path().join("db");
    assert!(update(&db, &old).status().unwrap().success());
    let old_file = std::fs::read(db.join(FILE_NAME)).unwrap();
    let old_digest = digest(&db);
    let begin = Instant::now();
    assert!(update(&db, &new).status().unwrap().success());
    let whole = begin.elapsed();
    let new_digest = digest(&db);
    assert_ne!(old_digest, new_digest);

    let (mut killed, mut found_old) = (0, 0);
    for (n, moment) in moments(KILLS).enumerate() {
        // Every other time there is no database before.
        let fresh = n % 2 == 1;
        if fresh {
            std::fs::remove_file(db.join(FILE_NAME)).unwrap();
        } else {
            std::fs::write(db.join(FILE_NAME), &old_file).unwrap();
        }
        let before = if fresh { None } else { old_digest.clone() };
        let mut child = update(&db, &new).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(moment * 1.05));
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().signal() == Some(9));
        let after = digest(&db);
        assert!(after == before || after == new_digest, "kill {n} after {moment:.3} of the time");
        found_old += u32::from(after == before);
        // What it left behind is in nobody's way.
        assert!(update(&db, &new).status().unwrap().success());
        assert_eq!(digest(&db), new_digest);
        let names = std::fs::read_dir(&db).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut left: Vec<String> = names.collect();
        left.sort();
        assert_eq!(left, [FILE_NAME.to_owned(), format!("{FILE_NAME}.lock")]);
    }
    // Else the test tests nothing.
    assert!(killed >= KILLS / 4 && found_old >= KILLS / 4, "{killed} killed, {found_old} in the old state");
}
