//! Documents of published advisories, held against schemas and programs of others.

mod csaf;
mod generated;
mod people;
mod served;
mod signed;
mod vex;

use crate::advisories;
use crate::support::{Store, on_each};
use generated::published;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::LazyLock;
use tracker::models::advisory::{self, edit};
use tracker::models::publication::{Published, Publisher, openvex, osv};

fn file(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

fn problems(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// OSV's rules as they are, and with Nix registered.
static STRICT: LazyLock<Validator> = LazyLock::new(|| validator(&file("osv/schema.json")));
static WITH_NIX: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = file("osv/schema.json");
    register(&mut schema, &file("osv/register-nix.json"));
    validator(&schema)
});

/// Makes the insertions that are to be proposed.
fn register(schema: &mut Value, insertions: &Value) {
    for insertion in insertions.as_array().unwrap() {
        let part = |key: &str| insertion[key].as_str().unwrap();
        let at = schema.pointer_mut(part("at")).unwrap();
        match at {
            Value::Array(list) => {
                let index = list.iter().position(|entry| *entry == part("after")).unwrap();
                list.insert(index + 1, json!(part("add")));
            }
            Value::String(pattern) => {
                let after = format!("|{}|", part("after"));
                assert_eq!(pattern.matches(&after).count(), 1);
                *pattern = pattern.replace(&after, &format!("{after}{}|", part("add")));
            }
            other => panic!("{other}"),
        }
    }
}

/// Some advisories, the same in each run.
fn samples(count: usize) -> Vec<Published> {
    let mut runner = TestRunner::deterministic();
    let strategy = published();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn osv_refuses_what_is_not_registered_and_nothing_else() {
    let (mut prefixes, mut ecosystems) = (0, 0);
    for published in samples(50) {
        for error in STRICT.iter_errors(&osv::record(&published)) {
            let place = error.instance_path().to_string();
            if place == "/id" {
                prefixes += 1;
            } else if place.starts_with("/affected/") && place.ends_with("/package/ecosystem") {
                ecosystems += 1;
            } else {
                panic!("{place}: {error}");
            }
        }
    }
    assert_eq!(prefixes, 50);
    assert!(ecosystems >= 50, "{ecosystems}");
    // What is registered is what the program writes.
    let names = file("osv/register-nix.json");
    assert_eq!(names[0]["add"], osv::ECOSYSTEM);
    assert_eq!(names[2]["add"], tracker::models::advisory::code::NIXPKGS);
}

/// The schema is not one that accepts everything.
#[test]
fn wrong_records_are_refused() {
    let record = osv::record(&samples(1).remove(0));
    let wrong = |pointer: &str, value: Value| {
        let mut record = record.clone();
        *record.pointer_mut(pointer).unwrap() = value;
        assert!(!problems(&WITH_NIX, &record).is_empty(), "{pointer}");
    };
    wrong("/modified", json!("2026-01-01T00:00:00+01:00"));
    wrong("/id", json!("NIX-2026-0001"));
    wrong("/affected/0/package/ecosystem", json!("NixOS"));
    wrong("/references/0/url", json!("not a url"));
    let both = json!([{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "1" }, { "last_affected": "1" }] }]);
    let mut twice = record.clone();
    twice["affected"][0]["ranges"] = both;
    assert!(!problems(&WITH_NIX, &twice).is_empty());
}

proptest! {
    #![proptest_config(Config::with_cases(300))]
    #[test]
    fn osv_accepts_all_records_once_nix_is_registered(published in published()) {
        let record = osv::record(&published);
        prop_assert_eq!(problems(&WITH_NIX, &record), Vec::<String>::new(), "{:#}", record);
        prop_assert_eq!(record.get("withdrawn").is_some(), published.withdrawn.is_some());
        prop_assert!(record.get("aliases").is_none());
    }
}

fn publisher() -> Publisher {
    Publisher { name: "Snowguard".into(), url: "https://tracker.example.org".into(), contact: None }
}

fn load(store: &Store, advisory: &advisory::Advisory) -> Option<Published> {
    store.database.read(|c| Published::load(c, advisory, publisher())).unwrap()
}

#[test]
fn what_is_published_is_loaded_and_drafts_are_not() {
    on_each(|store| {
        advisories::filled(store);
        let draft = advisories::begin(store, advisories::draft()).unwrap();
        assert_eq!(load(store, &draft), None);
        let by = advisories::BY;
        let published = store.database.write(|t| edit::publish(t, draft.id, draft.version, by)).unwrap();
        let loaded = load(store, &published).unwrap();
        assert_eq!((loaded.title.as_str(), loaded.changes.len()), (advisories::draft().title.as_str(), 1));
        let package = &loaded.packages[0];
        assert_eq!(package.name, "curl");
        // 8.3.0 is affected, 8.4.0 is fixed, 7.60 is older.
        assert_eq!(package.versions, ["8.3.0"]);
        let channels: Vec<_> = package
            .channels
            .iter()
            .map(|c| {
                (c.channel.as_str(), c.status.name(), c.builds[0].version.as_str(), c.builds[0].status.name())
            })
            .collect();
        assert_eq!(
            channels,
            [
                ("nixos-unstable", "fixed_in_branch", "8.3.0", "fixed_in_branch"),
                ("nixos-20.03", "not_affected", "7.60", "not_affected")
            ]
        );
        let record = osv::record(&loaded);
        assert_eq!(problems(&WITH_NIX, &record), Vec::<String>::new());
        assert_eq!(record["upstream"], json!(["CVE-2023-38545"]));
        assert_eq!(
            record["affected"][0]["ranges"][0]["events"],
            json!([{ "introduced": "7.69.0" }, { "fixed": "8.4.0" }])
        );
        assert_eq!(record["affected"][0]["package"]["purl"], "pkg:nix/curl");
        // A draft that was withdrawn stays unknown.
        let other = advisories::begin(store, advisories::draft()).unwrap();
        let other = store.database.write(|t| edit::withdraw(t, other.id, other.version, "No.", by)).unwrap();
        assert_eq!(load(store, &other), None);
    });
}

/// Each change of a status is a version of the document, in the order of time.
#[test]
fn documents_follow_the_channels() {
    on_each(|store| {
        advisories::filled(store);
        let draft = advisories::begin(store, advisories::draft()).unwrap();
        let by = advisories::BY;
        let published = store.database.write(|t| edit::publish(t, draft.id, draft.version, by)).unwrap();
        let before = load(store, &published).unwrap();
        advisories::advance_at(store, by.at + jiff::SignedDuration::from_secs(60));
        let after = load(store, &published).unwrap();
        let versions: Vec<_> =
            after.changes.iter().map(|change| (change.version(), change.summary.clone())).collect();
        assert_eq!(
            versions,
            [
                ("1.0.0".to_owned(), "First published.".to_owned()),
                ("1.1.0".to_owned(), "nixos-unstable: Fixed.".to_owned())
            ]
        );
        let modified = |published: &Published| osv::record(published)["modified"].clone();
        assert_eq!(modified(&before), "2026-09-21T14:13:20Z");
        assert_eq!(modified(&after), "2026-09-21T14:14:20Z");
        let statement =
            |published: &Published| openvex::document(published).unwrap()["statements"][1].clone();
        assert_eq!(statement(&before)["products"][0]["@id"], "pkg:nix/curl@8.3.0");
        assert_eq!(statement(&after)["products"][0]["@id"], "pkg:nix/curl@8.4.0");
        assert_eq!(
            (&statement(&before)["status"], &statement(&after)["status"]),
            (&json!("affected"), &json!("fixed"))
        );
    });
}
