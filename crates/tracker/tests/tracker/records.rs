//! What sources say comes in once, changes are noted field by field, and copies are equal.

use crate::support::{Store, on_each};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use test_support::{Fault, FileServer, Scratch, data, http_response};
use tracker::app::{App, Clock};
use tracker::config::Config;
use tracker::jobs::{Ended, Jobs, Stop, Worker};
use tracker::models::cve::{self, Filter, Order, Place};
use tracker::models::job::Outcome;
use tracker::models::record::{self, KeptChange};
use vulnerability::CveId;
use vulnerability_db::{SourceKind, SourceLocation, UpdateOptions};

/// A service with sources that the test writes.
pub(crate) struct Service {
    pub(crate) app: App,
    sources: Scratch,
    server: FileServer,
    second: Arc<AtomicI64>,
}

fn clock(second: &Arc<AtomicI64>) -> Clock {
    let second = Arc::clone(second);
    Clock::new(move || Timestamp::from_second(second.load(Ordering::SeqCst)).unwrap())
}

impl Service {
    pub(crate) fn new(store: &Store) -> Self {
        let (sources, server) = (Scratch::new(), FileServer::new());
        let mut config = Config::default();
        config.data = store.folder.path("data");
        std::fs::create_dir(sources.path("cves")).unwrap();
        config.sources.cve_path = Some(sources.path("cves"));
        config.sources.nvd = String::new();
        config.sources.kev = server.url("/kev.json");
        config.sources.epss = server.url("/epss.csv");
        let second = Arc::new(AtomicI64::new(1_790_000_000));
        let app = App::new(store.database.clone(), config, clock(&second));
        Self { app, sources, server, second }
    }

    /// The same service on another machine.
    fn elsewhere(&self, data: PathBuf) -> App {
        let mut config = self.app.config.clone();
        config.data = data;
        App::new(self.app.database.clone(), config, clock(&self.second))
    }

    pub(crate) fn put(&self, record: &Json) {
        let id = record["cveMetadata"]["cveId"].as_str().unwrap();
        // As the list writes them: on many lines, and here with an end of line.
        let text = serde_json::to_string_pretty(record).unwrap() + "\n";
        self.sources.write(&format!("cves/{id}.json"), text);
    }

    fn run(&self, job: &str) -> Ended {
        run(&self.app, job)
    }

    pub(crate) fn done(&self, job: &str) -> Ended {
        let ended = self.run(job);
        assert_eq!(ended.outcome, Outcome::Done, "{ended:?}");
        ended
    }

    fn changes(&self, id: &str) -> Vec<KeptChange> {
        let id: CveId = id.parse().unwrap();
        self.app.database.read(|c| record::changes_of(c, id, None, 100)).unwrap()
    }

    fn cve(&self, id: &str) -> cve::Cve {
        let id: CveId = id.parse().unwrap();
        self.app.database.read(|c| cve::get(c, id)).unwrap().unwrap()
    }

    fn newest(&self) -> i64 {
        self.app.database.read(record::newest_change).unwrap()
    }
}

fn run(app: &App, job: &str) -> Ended {
    let worker = Worker::new(app.clone(), Jobs::of(&app.config), Stop::default());
    worker.register().unwrap();
    worker.run_named(job).unwrap().unwrap()
}

pub(crate) fn record(id: &str, day: u32, product: &str) -> Json {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": id, "assignerOrgId": "00000000-0000-4000-9000-000000000000",
            "assignerShortName": "someone", "state": "PUBLISHED",
            "datePublished": "2024-01-01T00:00:00.000Z",
            "dateUpdated": format!("2024-06-{day:02}T00:00:00.000Z"),
        },
        "containers": {
            "cna": {
                "providerMetadata": { "orgId": "00000000-0000-4000-9000-000000000000" },
                "affected": [{ "vendor": "v", "product": product,
                    "versions": [{ "version": "1", "status": "affected" }] }],
                "descriptions": [{ "lang": "en", "value": "Something is wrong. It is bad." }],
                "references": [{ "url": "https://example.org/" }],
            },
            "adp": [{
                "providerMetadata": { "orgId": "134c704f-9b21-4f2e-91b3-4a467353bcc0", "shortName": "CISA-ADP" },
                "title": "CISA ADP Vulnrichment",
                "metrics": [
                    { "cvssV3_1": { "version": "3.1", "baseScore": 9.8, "baseSeverity": "CRITICAL",
                        "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" } },
                    { "other": { "type": "ssvc", "content": { "timestamp": "2024-06-01T00:00:00Z", "options": [
                        { "Exploitation": "poc" }, { "Automatable": "yes" }, { "Technical Impact": "total" },
                    ] } } },
                ],
                "problemTypes": [{ "descriptions": [{ "type": "CWE", "cweId": "CWE-79", "lang": "en",
                    "description": "CWE-79 XSS" }] }],
            }],
        },
    })
}

fn kev(ids: &[&str]) -> String {
    let entry = |id: &&str| {
        json!({ "cveID": id, "vendorProject": "v", "product": "p", "vulnerabilityName": "n",
            "dateAdded": "2024-07-01", "shortDescription": "s", "requiredAction": "a",
            "dueDate": "2024-07-22", "knownRansomwareCampaignUse": "Known", "notes": "" })
    };
    json!({ "title": "KEV", "count": ids.len(), "vulnerabilities": ids.iter().map(entry).collect::<Vec<_>>() })
        .to_string()
}

fn fields(changes: &[KeptChange]) -> Vec<(&str, bool)> {
    changes.iter().map(|change| (change.field.as_str(), change.quiet)).collect()
}

const A: &str = "CVE-2024-10001";
const B: &str = "CVE-2024-10002";

#[test]
fn records_come_in_once_and_each_change_is_noted() {
    on_each(|store| {
        let service = Service::new(store);
        service.put(&record(A, 1, "p"));
        service.put(&record(B, 1, "p"));
        let ended = service.done("cve");
        assert_eq!((ended.counts.get("new"), ended.counts.get("changed")), (Some(&2), None));
        let found = service.cve(A).summary;
        assert_eq!((found.state.as_str(), found.title.as_str()), ("published", "Something is wrong"));
        assert_eq!((found.level, found.score, found.cwes), (Some(4), Some(9.8), vec!["CWE-79".to_owned()]));
        assert_eq!(found.assigner.as_deref(), Some("someone"));
        let ssvc = (found.ssvc_exploitation, found.ssvc_automatable, found.ssvc_impact);
        assert_eq!(ssvc, (Some("poc".to_owned()), Some("yes".to_owned()), Some("total".to_owned())));
        // The first import is no news.
        assert_eq!((service.changes(A).len(), service.newest()), (0, 2));
        assert_eq!(service.done("cve").counts.get("new"), None);
        assert_eq!(service.newest(), 2);

        // Dates alone.
        service.put(&record(A, 2, "p"));
        let ended = service.done("cve");
        assert_eq!((ended.counts["changed"], ended.counts["changed-in-dates-only"]), (1, 1));
        assert_eq!(fields(&service.changes(A)), [("cveMetadata.dateUpdated", true)]);
        assert_eq!((service.cve(A).change, service.newest()), (3, 3));

        // What is affected.
        service.put(&record(A, 3, "q"));
        assert!(!service.done("cve").counts.contains_key("changed-in-dates-only"));
        let changes = service.changes(A);
        let affected = changes.iter().find(|change| change.field == "containers.cna.affected").unwrap();
        assert_eq!((affected.quiet, affected.change), (false, 4));
        assert_eq!(affected.before.as_ref().unwrap()[0]["product"], "p");
        assert_eq!(affected.after.as_ref().unwrap()[0]["product"], "q");
        let of_change = store.database.read(|c| record::fields_of_change(c, 4)).unwrap();
        assert_eq!(of_change.len(), 2);

        // Withdrawn, and a new one, which is news by now.
        let mut rejected = record(A, 4, "q");
        rejected["cveMetadata"]["state"] = json!("REJECTED");
        rejected["containers"] = json!({ "cna": { "providerMetadata": {},
            "rejectedReasons": [{ "lang": "en", "value": "No." }] } });
        service.put(&rejected);
        service.put(&record("CVE-2024-10003", 4, "r"));
        let ended = service.done("cve");
        assert_eq!((ended.counts["withdrawn"], ended.counts["new"]), (1, 1));
        assert_eq!((service.cve(A).summary.state.as_str(), service.newest()), ("rejected", 6));
        assert!(!service.changes("CVE-2024-10003").is_empty());
        let known = store.database.read(|c| cve::load(c, A.parse().unwrap())).unwrap().unwrap();
        assert!(known.rejected());
        // An older state of a record replaces nothing.
        service.put(&record(A, 1, "p"));
        service.done("cve");
        assert_eq!((service.cve(A).summary.state.as_str(), service.newest()), ("rejected", 6));
    });
}

#[test]
fn catalogues_and_scores_are_those_of_the_day() {
    on_each(|store| {
        let service = Service::new(store);
        service.put(&record(A, 1, "p"));
        service.done("cve");
        service.server.put("/kev.json", kev(&[A, B]));
        assert_eq!(service.done("kev").counts["new"], 2);
        let found = service.cve(A).summary;
        assert_eq!(found.exploited_since.as_deref(), Some("2024-07-01"));
        assert_eq!((found.exploited_due.as_deref(), found.ransomware), (Some("2024-07-22"), true));
        // One that has no record yet, and then gets one.
        assert_eq!(service.cve(B).summary.state, "other");
        assert_eq!(fields(&service.changes(A)), [("known-exploited", false)]);
        service.put(&record(B, 1, "p"));
        service.done("cve");
        let found = service.cve(B).summary;
        assert_eq!((found.state.as_str(), found.ransomware, found.level), ("published", true, Some(4)));
        // Taken out again.
        service.server.put("/kev.json", kev(&[A]));
        assert_eq!(service.done("kev").counts["withdrawn"], 1);
        assert_eq!(service.cve(B).summary.exploited_since, None);
        let change = &service.changes(B)[0];
        assert_eq!((change.field.as_str(), change.after.as_ref()), ("known-exploited", None));

        let scores = |score: &str| {
            format!(
                "#model_version:v1,score_date:2026-11-0{score}\ncve,epss,percentile\n{A},0.{score},0.5\n{B},0.1,0.2\n"
            )
        };
        service.server.put("/epss.csv", scores("3"));
        let newest = service.newest();
        assert_eq!(service.done("epss").counts["scores"], 2);
        let (probability, percentile) = service.cve(A).epss.unwrap();
        assert!((probability - 0.3).abs() < 1e-6 && (percentile - 0.5).abs() < 1e-6);
        service.server.put("/epss.csv", scores("4"));
        assert_eq!(service.done("epss").counts["scores"], 1);
        // They move daily: no history, and nothing to follow.
        assert_eq!((service.changes(A).len(), service.newest()), (1, newest));
        let known = store.database.read(|c| cve::load(c, A.parse().unwrap())).unwrap().unwrap();
        assert!(known.epss.is_some() && known.known_exploited.is_some());
    });
}

#[test]
fn the_eus_catalogue() {
    on_each(|store| {
        let mut service = Service::new(store);
        let mut config = service.app.config.clone();
        config.sources.eu_kev = service.server.url("/eu.json");
        service.app = App::new(store.database.clone(), config, clock(&service.second));
        service.put(&record(A, 1, "p"));
        service.done("cve");
        let list = |day: &str| json!([{ "cveID": A, "dateReported": day }, { "cveID": null }]).to_string();
        service.server.put("/eu.json", list("2026/01/02"));
        let ended = service.done("eu-kev");
        assert_eq!((ended.counts["new"], ended.counts["without-cve"]), (1, 1));
        assert_eq!(service.cve(A).summary.eu_exploited_since.as_deref(), Some("2026-01-02"));
        service.server.put("/eu.json", list("not a day"));
        assert_eq!(service.done("eu-kev").counts["changed"], 1);
        assert_eq!(service.cve(A).summary.eu_exploited_since, None);
        assert_eq!(service.changes(A)[0].field, "eu-known-exploited");
        // A catalogue that has lost everything is refused.
        service.server.put("/eu.json", "[]");
        assert_eq!(service.run("eu-kev").outcome, Outcome::Failed);
    });
}

#[test]
fn a_copy_is_what_an_import_of_the_sources_is() {
    on_each(|store| {
        let service = Service::new(store);
        let text = std::fs::read_to_string(data("cve/boundaries/records.jsonl")).unwrap();
        for line in text.lines() {
            service.put(&serde_json::from_str(line).unwrap());
        }
        service.put(&record(A, 1, "p"));
        service.done("cve");
        service.server.put("/kev.json", kev(&[A]));
        service.done("kev");
        service.server.put("/epss.csv", format!("cve,epss,percentile\n{A},0.12345,0.98765\n"));
        service.done("epss");
        let away = Scratch::new();
        let other = service.elsewhere(away.path("data"));
        let same = |app: &App| {
            app.records.follow(&app.database, app.now(), &|| true).unwrap();
            let folder = Scratch::new();
            folder.write("kev.json", kev(&[A]));
            folder.write("epss.csv", format!("cve,epss,percentile\n{A},0.12345,0.98765\n"));
            let source = |kind, path: &Path| SourceLocation { kind, location: path.display().to_string() };
            let sources = [
                source(SourceKind::Cve, &service.sources.path("cves")),
                source(SourceKind::Kev, &folder.path("kev.json")),
                source(SourceKind::Epss, &folder.path("epss.csv")),
            ];
            let options = UpdateOptions::new(app.now());
            vulnerability_db::update(&folder.path("direct"), &sources, &options, &terminal::Silent).unwrap();
            let direct = vulnerability_db::Database::open(&folder.path("direct")).unwrap();
            let (direct, copy) =
                (direct.load_all().unwrap(), app.records.open().unwrap().load_all().unwrap());
            assert!(direct.len() >= 20 && direct.len() == copy.len());
            for (direct, copy) in direct.iter().zip(&copy) {
                assert_eq!(direct, copy);
            }
            for one in direct {
                let loaded = app.database.read(|c| cve::load(c, one.id)).unwrap();
                assert_eq!(loaded.as_ref(), Some(&one));
            }
        };
        same(&other);
        same(&service.app);
        // It follows what changes, whoever brought it.
        service.put(&record(A, 2, "q"));
        assert_eq!(run(&other, "cve").outcome, Outcome::Done);
        same(&service.app);
        same(&other);
        // A copy that was removed comes back; one of another store is not used.
        std::fs::remove_dir_all(away.path("data")).unwrap();
        same(&other);
        std::fs::write(other.records.folder().join("position.json"), r#"{"store":1,"change":9999}"#).unwrap();
        same(&other);
        let newest = service.newest();
        assert_eq!(run(&other, "cve").counts.get("changed"), None);
        assert_eq!(service.newest(), newest);
    });
}

#[test]
fn who_follows_the_changes_misses_none() {
    on_each(|store| {
        let service = Service::new(store);
        for number in 0..40 {
            service.put(&record(&format!("CVE-2024-2{number:04}"), 1, "p"));
        }
        service.server.put("/kev.json", kev(&[A, "CVE-2024-20001", "CVE-2024-20002"]));
        let away = Scratch::new();
        let other = service.elsewhere(away.path("data"));
        let seen = std::thread::scope(|scope| {
            let kev = scope.spawn(|| run(&other, "kev"));
            let cve = scope.spawn(|| service.run("cve"));
            let mut seen = BTreeSet::new();
            loop {
                let over = kev.is_finished() && cve.is_finished();
                let after = seen.last().copied().unwrap_or(0);
                let read = |c: &mut tracker::database::Connection| record::changed_since(c, after, 1000);
                seen.extend(store.database.read(read).unwrap().into_iter().map(|(_, change)| change));
                if over {
                    break;
                }
            }
            assert_eq!(
                (kev.join().unwrap().outcome, cve.join().unwrap().outcome),
                (Outcome::Done, Outcome::Done)
            );
            seen
        });
        assert_eq!(seen, (1..=service.newest()).collect());
        assert_eq!(service.newest(), 43);
    });
}

#[test]
fn lists_are_filtered_and_paged_without_gaps() {
    on_each(|store| {
        let service = Service::new(store);
        for number in 0..25 {
            let mut record = record(&format!("CVE-20{:02}-{}", 20 + number % 3, 1000 + number), 1, "p");
            if number % 5 == 0 {
                record["containers"]["adp"] = json!([]);
            }
            service.put(&record);
        }
        service.done("cve");
        let page = |filter: &Filter, order, after, most| {
            store.database.read(|c| cve::list(c, filter, order, after, most)).unwrap()
        };
        for order in [Order::Number, Order::Published, Order::Changed] {
            let all = page(&Filter::default(), order, None, 100);
            assert_eq!((all.rows.len(), all.next), (25, None));
            let (mut after, mut paged): (Option<Place>, Vec<CveId>) = (None, Vec::new());
            loop {
                let found = page(&Filter::default(), order, after, 4);
                paged.extend(found.rows.iter().map(|row| row.summary.id));
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, all.rows.iter().map(|row| row.summary.id).collect::<Vec<_>>(), "{order:?}");
        }
        let count = |filter: Filter| page(&filter, Order::Number, None, 100).rows.len();
        assert_eq!(count(Filter { level: Some(4), ..Filter::default() }), 20);
        assert_eq!(count(Filter { cwe: Some("cwe-79".to_owned()), ..Filter::default() }), 20);
        assert_eq!(count(Filter { cwe: Some("CWE-7".to_owned()), ..Filter::default() }), 0);
        assert_eq!(count(Filter { year: Some(2020), ..Filter::default() }), 9);
        assert_eq!(count(Filter { exploited: true, ..Filter::default() }), 0);
        assert_eq!(count(Filter { assigner: Some("someone".to_owned()), ..Filter::default() }), 25);
        let active = Filter { exploitation: Some("active".to_owned()), ..Filter::default() };
        assert_eq!(count(active), 0);
    });
}

#[test]
fn sources_that_are_not_as_they_should_be_change_nothing() {
    on_each(|store| {
        let service = Service::new(store);
        service.server.put("/kev.json", kev(&[A, B]));
        service.done("kev");
        let answer = |status: &str, length: usize, body: &str| {
            let length = format!("Content-Length: {length}");
            Fault::Answer(http_response(status, &[&length], body.as_bytes()))
        };
        let newer = kev(&[A]);
        service.server.put("/kev.json", newer.clone());
        let faults = [
            answer("500 Internal Server Error", 0, ""),
            Fault::Cut(0),
            answer("200 OK", newer.len() + 100, &newer),
            answer("200 OK", newer.len() - 10, &newer),
            answer("200 OK", 22, "<html>Not Found</html>"),
            answer("200 OK", 0, ""),
            answer("200 OK", 21, "{\"vulnerabilities\":[]}"),
        ];
        for (number, fault) in faults.into_iter().enumerate() {
            // Each attempt of the client meets it.
            for _ in 0..10 {
                service.server.fail("/kev.json", fault.clone());
            }
            let ended = service.run("kev");
            assert_eq!(ended.outcome, Outcome::Failed, "{number}: {ended:?}");
            assert!(service.cve(B).summary.ransomware && service.newest() == 2, "{number}");
            let left = service.server.drain("/kev.json");
            assert!(left < 10, "{number}: nobody asked");
        }
        service.server.redirect("/kev.json", &service.server.url("/a"));
        service.server.redirect("/a", &service.server.url("/b"));
        service.server.redirect("/b", &service.server.url("/a"));
        assert_eq!(service.run("kev").outcome, Outcome::Failed);
        assert_eq!(service.newest(), 2);
        // Once the server is well, it recovers alone.
        service.server.remove_redirect("/kev.json");
        assert_eq!(service.done("kev").counts["withdrawn"], 1);
    });
}

#[test]
fn hostile_records_are_left_out_and_named() {
    on_each(|store| {
        let service = Service::new(store);
        service.put(&record(A, 1, "p\u{0}\u{202e}\u{1b}[31m<script>"));
        service.sources.write("cves/CVE-2024-10002.json", "[".repeat(1_000_000));
        service.sources.write("cves/CVE-2024-10003.json", format!("[{}1]", "1,".repeat(600_000)));
        service.sources.write("cves/CVE-2024-10004.json", [0xff, 0xfe, 0x00]);
        service.sources.write("cves/CVE-2024-10005.json", r#"{"dataVersion":"5.1","cveMetadata":{}}"#);
        let mut long = record("CVE-2024-10006", 1, "p");
        long["containers"]["cna"]["title"] = json!("\u{1b}[2J".repeat(100_000));
        service.put(&long);
        let ended = service.done("cve");
        assert_eq!((ended.counts["new"], ended.counts["invalid"]), (2, 4));
        let title = service.cve("CVE-2024-10006").summary.title;
        assert!(title.chars().count() <= 300 && !title.contains('\u{1b}'));
        // It is well by the next time.
        service.put(&record(B, 1, "p"));
        assert_eq!(service.done("cve").counts["new"], 1);
    });
}
