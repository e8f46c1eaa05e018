//! CSAF documents, held against the schema and the tests of the standard, as another program knows
//! them.

use super::{load, publisher, samples};
use crate::advisories;
use crate::support::on_each;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use test_support::{Scratch, peers};
use tracker::models::advisory::edit;
use tracker::models::publication::csaf::{self, provider};
use tracker::models::publication::to_text;

/// What the validator finds in each document: schema, mandatory and recommended tests.
fn findings(documents: &[Value]) -> Vec<Vec<String>> {
    let folder = Scratch::new();
    let mut command = Command::new(peers().join("bin/python"));
    command.args(["-I", "-m", "csaf", "validate", "--spec-version", "v20", "--preset", "extended"]);
    command.args(["--no-network", "--format", "deprecated-json"]);
    for (index, document) in documents.iter().enumerate() {
        let path = folder.folder().join(format!("{index:04}.json"));
        std::fs::write(&path, to_text(document)).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    // A text sequence (RFC 7464), whose separators JSON does not know.
    let lines = String::from_utf8(output.stdout).unwrap().replace('\u{1e}', "\n");
    let results: Vec<Value> = serde_json::Deserializer::from_str(&lines)
        .into_iter()
        .map(|value| value.unwrap_or_else(|problem| panic!("{problem}: {error}")))
        .collect();
    assert_eq!(results.len(), documents.len(), "{error}");
    results.iter().map(of_one).collect()
}

fn of_one(result: &Value) -> Vec<String> {
    let tests = result["tests"].as_array().unwrap();
    assert!(tests.iter().any(|test| test["name"] == "schema"));
    let mut found = Vec::new();
    // Recommended only: many CVEs have no score of a version that CSAF knows, and what a channel
    // does not have has no package URL.
    let other = |test: &&Value| test["name"] != "optionalTest_6_2_3" && test["name"] != "optionalTest_6_2_16";
    for test in tests.iter().filter(other) {
        for list in ["errors", "warnings"] {
            let problems = test[list].as_array().unwrap();
            found.extend(problems.iter().map(|problem| format!("{}: {problem}", test["name"])));
        }
    }
    found
}

#[test]
fn documents_pass_the_tests_of_the_standard() {
    let documents: Vec<Value> = samples(40).iter().map(csaf::document).collect();
    for (document, found) in documents.iter().zip(findings(&documents)) {
        assert_eq!(found, Vec::<String>::new(), "{document:#}");
    }
    // All kinds of statements are among them.
    let text = Value::Array(documents).to_string();
    for part in
        ["known_affected", "known_not_affected", "under_investigation", "\"fixed\"", "cvss_v2", "cvss_v3"]
    {
        assert!(text.contains(part), "{part}");
    }
}

/// The validator is not one that accepts everything.
#[test]
fn wrong_documents_are_found() {
    let mut wrong: Vec<Value> = samples(30).iter().map(csaf::document).collect();
    wrong.retain(|document| {
        document["vulnerabilities"][0].get("flags").is_some()
            && document["vulnerabilities"][0].get("remediations").is_some()
    });
    wrong.truncate(2);
    assert_eq!(wrong.len(), 2);
    let without = |document: &mut Value, key: &str| {
        document["vulnerabilities"][0].as_object_mut().unwrap().remove(key);
    };
    without(&mut wrong[0], "flags");
    without(&mut wrong[0], "threats");
    without(&mut wrong[1], "remediations");
    let found = findings(&wrong);
    assert!(
        found[0].iter().any(|problem| problem.contains("6.1.27") && problem.contains("impact")),
        "{found:?}"
    );
    assert!(
        found[1].iter().any(|problem| problem.contains("6.1.27") && problem.contains("remediation")),
        "{found:?}"
    );
}

#[test]
fn a_document_names_channels_packages_and_versions() {
    on_each(|store| {
        advisories::filled(store);
        let draft = advisories::begin(store, advisories::draft()).unwrap();
        let by = advisories::BY;
        let published = store.database.write(|t| edit::publish(t, draft.id, draft.version, by)).unwrap();
        let document = csaf::document(&load(store, &published).unwrap());
        assert_eq!(findings(std::slice::from_ref(&document)), [Vec::<String>::new()]);
        assert_eq!(document["document"]["tracking"]["id"], "NIXPKGS-2026-0001");
        let families = document["product_tree"]["branches"][0]["branches"].as_array().unwrap();
        let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
        let families: Vec<_> = families
            .iter()
            .map(|family| {
                let version = &family["branches"][0]["branches"][0];
                (name(family), name(&family["branches"][0]), name(version), name(&version["product"]))
            })
            .collect();
        let of = |channel: &str, version: &str| {
            let full = format!("curl {version} in {channel}");
            (channel.to_owned(), "curl".to_owned(), version.to_owned(), full)
        };
        assert_eq!(families, [of("nixos-unstable", "8.3.0"), of("nixos-20.03", "7.60")]);
        let vulnerability = &document["vulnerabilities"][0];
        let status = json!({ "known_affected": ["P-0001"], "known_not_affected": ["P-0002"] });
        assert_eq!(vulnerability["product_status"], status);
        let flags = json!([{ "label": "vulnerable_code_not_present", "product_ids": ["P-0002"] }]);
        assert_eq!(vulnerability["flags"], flags);
    });
}

#[test]
fn lists_have_each_document_once_and_the_newest_first() {
    let listed: Vec<provider::Listed> = samples(40)
        .into_iter()
        .map(|published| provider::Listed {
            code: published.code.clone(),
            first: published.published_at(),
            changed: published.changed_at(),
        })
        .collect();
    let index: BTreeSet<String> = provider::index(&listed).lines().map(str::to_owned).collect();
    let changes = provider::changes(&listed);
    let rows: Vec<(String, String)> = changes
        .lines()
        .map(|line| {
            let (path, time) = line.split_once(',').unwrap();
            (path.trim_matches('"').to_owned(), time.trim_matches('"').to_owned())
        })
        .collect();
    assert_eq!(rows.iter().map(|(path, _)| path.clone()).collect::<BTreeSet<_>>(), index);
    assert!(rows.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{changes}");
    for published in samples(40) {
        let name = csaf::file_name(&published.code);
        assert_eq!(name, published.code.to_string().to_lowercase() + ".json");
        // The address that a document gives for itself is where the lists have it.
        let own = csaf::document(&published)["document"]["references"][0]["url"].clone();
        let folder = provider::folder(&publisher());
        let path = own.as_str().unwrap().strip_prefix(&folder).unwrap().trim_start_matches('/').to_owned();
        assert!(index.contains(&path), "{path}");
    }
}
