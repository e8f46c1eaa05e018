//! `snowguard tracker verify-history`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use test_support::{Scratch, Snowguard, snowguard};
use tracker::database::{Database, DatabaseError, Limits, Location};
use tracker::params;

#[test]
fn a_history_that_was_changed_is_told_and_where() {
    let scratch = Scratch::new();
    scratch.write("password", "correct horse battery staple\n");
    let program: Snowguard = snowguard!().in_folder(scratch.folder());
    for name in ["alice", "bob"] {
        program.success([
            "tracker",
            "account",
            "create",
            name,
            "--role",
            "admin",
            "--data",
            ".",
            "--password-file",
            "password",
        ]);
    }
    let verify = ["tracker", "verify-history", "--data", "."];
    let whole = program.success(verify);
    assert!(whole.starts_with("The history holds: 4 entries, of which 0 were erased.\nhead "), "{whole}");
    let json = || -> Value {
        let out = program.run([&verify[..], &["--json"]].concat());
        serde_json::from_str(&out.stdout).unwrap()
    };
    let head = json()["head"].as_str().unwrap().to_owned();
    assert_eq!(whole.lines().last().unwrap(), format!("head {head}"));
    let database = Database::open(&Location::in_folder(scratch.folder()), Limits::default()).unwrap();
    let change = "UPDATE history SET actor = 1 WHERE number = 2";
    database.write::<_, DatabaseError>(|t| t.execute(change, params![])).unwrap();
    let told = program.run(verify).with_code(1);
    assert!(told.stdout.starts_with("entry 2: it was changed"), "{told}");
    assert!(told.stdout.contains("The history was changed: 4 entries"), "{told}");
    assert_eq!(json()["problems"].as_array().unwrap().len(), 1);
}
