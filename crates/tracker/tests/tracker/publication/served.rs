//! Documents as they are served.

use super::signed::{keyring, verify};
use crate::advisories;
use crate::support::{Store, on_each};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use test_support::Scratch;
use tower::ServiceExt;
use tracker::app::{App, Clock};
use tracker::config::Config;
use tracker::controllers;
use tracker::models::advisory::{Advisory, edit};

struct Answer {
    status: StatusCode,
    fields: HeaderMap,
    body: String,
}

impl Answer {
    fn field(&self, name: &str) -> &str {
        self.fields[name].to_str().unwrap()
    }
}

fn ask(store: &Store, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut config = Config::default();
    config.url = Some("https://tracker.example.org/".into());
    config.csaf_key = Some(store.folder.folder().join("csaf.key")).filter(|file| file.exists());
    let app = App::new(store.database.clone(), config, Clock::new(|| advisories::BY.at));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut request = Request::get(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = controllers::router(app).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, fields: parts.headers, body }
    })
}

fn publish(store: &Store, draft: &Advisory) -> Advisory {
    store.database.write(|t| edit::publish(t, draft.id, draft.version, advisories::BY)).unwrap()
}

const DOCUMENTS: [&str; 8] = [
    "/advisories/NIXPKGS-2026-0001/osv.json",
    "/advisories/NIXPKGS-2026-0001/csaf.json",
    "/advisories/NIXPKGS-2026-0001/openvex.json",
    "/advisories/NIXPKGS-2026-0001/cyclonedx.json",
    "/advisories/NIXPKGS-2026-0001/text.txt",
    "/.well-known/csaf/white/2026/nixpkgs-2026-0001.json",
    "/.well-known/csaf/white/2026/nixpkgs-2026-0001.json.sha256",
    "/.well-known/csaf/white/2026/nixpkgs-2026-0001.json.sha512",
];
const LISTS: [&str; 4] = [
    "/advisories.atom",
    "/.well-known/csaf/white/index.txt",
    "/.well-known/csaf/white/changes.csv",
    "/.well-known/csaf/provider-metadata.json",
];

#[test]
fn nothing_of_a_draft_is_served() {
    on_each(|store| {
        advisories::filled(store);
        let draft = advisories::begin(store, advisories::draft()).unwrap();
        for path in DOCUMENTS {
            assert_eq!(ask(store, path, &[]).status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in LISTS {
            let answer = ask(store, path, &[]);
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(
                !answer.body.to_lowercase().contains("nixpkgs-2026") && !answer.body.contains("curl"),
                "{path}"
            );
        }
        publish(store, &draft);
        for path in DOCUMENTS {
            assert_eq!(ask(store, path, &[]).status, StatusCode::OK, "{path}");
        }
        // What was edited since, and is not published, is not there either: here a second draft.
        advisories::begin(store, advisories::draft()).unwrap();
        for path in LISTS.into_iter().chain(DOCUMENTS) {
            let body = ask(store, path, &[]).body.to_lowercase();
            assert!(!body.contains("nixpkgs-2026-0002"), "{path}");
        }
    });
}

#[test]
fn caches_and_browsers_are_told_what_they_need() {
    on_each(|store| {
        advisories::filled(store);
        publish(store, &advisories::begin(store, advisories::draft()).unwrap());
        for path in DOCUMENTS.into_iter().chain(LISTS) {
            let answer = ask(store, path, &[]);
            assert_eq!(answer.field("access-control-allow-origin"), "*", "{path}");
            assert_eq!(answer.field("last-modified"), "Mon, 21 Sep 2026 14:13:20 GMT", "{path}");
            let tag = answer.field("etag").to_owned();
            for (field, value, expected) in [
                ("if-none-match", tag.as_str(), StatusCode::NOT_MODIFIED),
                ("if-none-match", "\"x\"", StatusCode::OK),
                ("if-modified-since", "Mon, 21 Sep 2026 14:13:20 GMT", StatusCode::NOT_MODIFIED),
                ("if-modified-since", "Mon, 21 Sep 2026 14:13:19 GMT", StatusCode::OK),
                ("if-modified-since", "yesterday", StatusCode::OK),
            ] {
                let again = ask(store, path, &[(field, value)]);
                assert_eq!(again.status, expected, "{path} {field} {value}");
                assert_eq!(again.body.is_empty(), expected == StatusCode::NOT_MODIFIED);
            }
        }
        // A status that changes makes another document.
        let before = ask(store, DOCUMENTS[1], &[]);
        advisories::advance_at(store, advisories::BY.at + jiff::SignedDuration::from_secs(1));
        let after = ask(store, DOCUMENTS[1], &[("if-none-match", before.field("etag"))]);
        assert_eq!(after.status, StatusCode::OK);
        assert_eq!(after.field("last-modified"), "Mon, 21 Sep 2026 14:13:21 GMT");
        let list = ask(store, LISTS[2], &[]).body;
        assert_eq!(list, "\"2026/nixpkgs-2026-0001.json\",\"2026-09-21T14:13:21Z\"\n");
    });
}

#[test]
fn a_provider_is_found_from_its_metadata() {
    on_each(|store| {
        advisories::filled(store);
        publish(store, &advisories::begin(store, advisories::draft()).unwrap());
        let site = "https://tracker.example.org";
        let metadata: Value = serde_json::from_str(&ask(store, LISTS[3], &[]).body).unwrap();
        assert_eq!(metadata["canonical_url"], format!("{site}{}", LISTS[3]));
        let folder = metadata["distributions"][0]["directory_url"].as_str().unwrap();
        let folder = folder.strip_prefix(site).unwrap();
        let index = ask(store, &format!("{folder}index.txt"), &[]).body;
        assert_eq!(index.lines().count(), 1);
        for line in index.lines() {
            let path = format!("{folder}{line}");
            let document = ask(store, &path, &[]).body;
            let value: Value = serde_json::from_str(&document).unwrap();
            // It knows where it stands.
            assert_eq!(value["document"]["references"][0]["url"], format!("{site}{path}"));
            let digest = ask(store, &format!("{path}.sha256"), &[]).body;
            let (hex, name) = digest.trim().split_once("  ").unwrap();
            let own: Vec<u8> = (0..hex.len() / 2)
                .map(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
                .collect();
            assert_eq!(own, Sha256::digest(&document).to_vec());
            assert_eq!(Some(name), path.rsplit('/').next());
        }
        for wrong in [
            "/.well-known/csaf/white/2025/nixpkgs-2026-0001.json",
            "/.well-known/csaf/white/2026/NIXPKGS-2026-0001.json",
            "/.well-known/csaf/white/2026/nixpkgs-2026-0001.json.x",
            "/.well-known/csaf/white/2026/nixpkgs-2026-0009.json",
            "/.well-known/csaf/white/2026/x",
            "/advisories/NIXPKGS-2026-0001/xml",
        ] {
            assert_eq!(ask(store, wrong, &[]).status, StatusCode::NOT_FOUND, "{wrong}");
        }
    });
}

#[test]
fn a_trusted_provider_signs() {
    on_each(|store| {
        advisories::filled(store);
        publish(store, &advisories::begin(store, advisories::draft()).unwrap());
        let (document, key) = (DOCUMENTS[5], "/.well-known/csaf/openpgp.asc");
        let signature = format!("{document}.asc");
        let metadata = |store| serde_json::from_str::<Value>(&ask(store, LISTS[3], &[]).body).unwrap();
        assert_eq!(metadata(store)["role"], "csaf_provider");
        for path in [key, &signature] {
            assert_eq!(ask(store, path, &[]).status, StatusCode::NOT_FOUND, "{path}");
        }
        let file = store.folder.folder().join("csaf.key");
        std::fs::write(&file, format!("1790000000:{}=\n", "A".repeat(43))).unwrap();
        let metadata = metadata(store);
        assert_eq!(metadata["role"], "csaf_trusted_provider");
        assert_eq!(metadata["public_openpgp_keys"][0]["url"], format!("https://tracker.example.org{key}"));
        let scratch = Scratch::new();
        keyring(scratch.folder(), &ask(store, key, &[]).body);
        let (text, signature) = (ask(store, document, &[]).body, ask(store, &signature, &[]).body);
        let (good, said) = verify(scratch.folder(), text.as_bytes(), &signature);
        let fingerprint = metadata["public_openpgp_keys"][0]["fingerprint"].as_str().unwrap();
        assert!(good && said.contains(fingerprint), "{said}");
        // A key that cannot be used is an error, not a document without a signature.
        std::fs::write(&file, "nonsense").unwrap();
        assert_eq!(ask(store, LISTS[3], &[]).status, StatusCode::INTERNAL_SERVER_ERROR);
        std::fs::remove_file(&file).unwrap();
    });
}
