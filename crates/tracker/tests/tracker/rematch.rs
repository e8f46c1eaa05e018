//! From sources and evaluations to suggestions, as the service does it.

use crate::records::{Service, record};
use crate::support::{Store, on_each};
use serde_json::json;
use tracker::jobs::Ended;
use tracker::models::evaluation::{self, Request, Source};
use tracker::models::ids::{AccountId, ChannelId};
use tracker::models::knowledge::{self, Kind, Wanted};
use tracker::models::suggestion::decision::By;
use tracker::models::suggestion::queue::{self, Order, Query};
use tracker::models::suggestion::{self, State, Suggestion};
use tracker::package_set::{self, Attribute, Content, Derivation};
use tracker::params;
use vulnerability::model::Level;

pub(crate) fn channel(store: &Store) -> ChannelId {
    store
        .database
        .write(|t| {
            t.execute("INSERT INTO account (created_at) VALUES (0)", params![])?;
            t.query_one(
                "INSERT INTO channel (name, kind, state, position)
                 VALUES ('nixos-unstable', 'channel', 'rolling', 1) RETURNING id",
                params![],
                |row| row.get::<ChannelId>(0),
            )
        })
        .unwrap_or_else(|error: tracker::database::DatabaseError| panic!("{error}"))
}

/// The channel has frob in a version, and two that nothing is known of.
pub(crate) fn evaluate(store: &Store, channel: ChannelId, revision: &str, version: &str) {
    let attribute = |path: &str, pname: &str, version: &str| Attribute {
        path: path.to_owned(),
        content: Content::Derivation(Box::new(Derivation {
            name: format!("{pname}-{version}"),
            pname: pname.to_owned(),
            version: version.to_owned(),
            ..Derivation::default()
        })),
    };
    let attributes = vec![
        attribute("frob", "frob", version),
        attribute("hello", "hello", "2.12"),
        attribute("other", "other", "1"),
    ];
    let now = jiff::Timestamp::from_second(1_790_000_000).unwrap();
    let request = Request {
        channel,
        revision,
        kind: package_set::Kind::Full,
        head_at: now,
        started_at: now,
        now,
        parts: &[("x86_64-linux", &attributes as &dyn Source)],
        complete: true,
        with_maintainers: false,
        may_go: 1.0,
    };
    evaluation::take_in(&store.database, &request).unwrap();
}

fn suggestions(store: &Store) -> Vec<Suggestion> {
    store.database.read(|c| queue::list(c, &Query::default(), Order::Oldest, None, 9)).unwrap()
}

fn counted(ended: &Ended, name: &str) -> i64 {
    ended.counts.get(name).copied().unwrap_or_default()
}

#[test]
fn what_changes_is_matched_and_nothing_else() {
    on_each(|store| {
        let (channel, service) = (channel(store), Service::new(store));
        service.put(&record("CVE-2024-1001", 1, "frob"));
        service.put(&record("CVE-2024-1002", 1, "nothing-like-it"));
        service.done("cve");
        // Before there is a package, there is nothing to match.
        assert_eq!(counted(&service.done("match"), "findings"), 0);
        evaluate(store, channel, "a", "1");
        let matched = service.done("match");
        assert_eq!((counted(&matched, "findings"), counted(&matched, "raised")), (1, 1), "{matched:?}");
        let raised = suggestions(store);
        assert_eq!((raised.len(), raised[0].state, raised[0].agrees), (1, State::Open, true));
        assert_eq!((raised[0].level, raised[0].exploited), (Some(Level::Critical), false));
        // The same again does nothing at all.
        assert_eq!(service.done("match").counts.len(), 0);
        // A later record raises one more, and leaves the first as it is.
        service.put(&record("CVE-2024-1003", 2, "frob"));
        service.done("cve");
        assert_eq!(counted(&service.done("match"), "findings"), 1);
        let both = suggestions(store);
        assert_eq!((both.len(), &both[0]), (2, &raised[0]));
        // The record is about something else now.
        service.put(&record("CVE-2024-1003", 3, "frobnicator"));
        service.done("cve");
        assert_eq!(counted(&service.done("match"), "doubted"), 1);
        assert_eq!(suggestions(store).iter().map(|s| s.agrees).collect::<Vec<_>>(), [true, false]);
        // The channel moves on: nothing is closed, the matcher no longer agrees.
        evaluate(store, channel, "b", "2");
        assert_eq!(counted(&service.done("match"), "doubted"), 1);
        let after = suggestions(store);
        assert!(after.iter().all(|s| s.state == State::Open && !s.agrees));
        evaluate(store, channel, "c", "1");
        service.done("match");
        assert!(suggestions(store)[0].agrees);
        // What the team learns counts with the next match.
        let by = By { account: AccountId(1), at: service.app.now() };
        let note = "Another frob.".to_owned();
        let package = raised[0].package;
        let wanted = Wanted { kind: Kind::Never, vendor: None, product: "frob".into(), package, note };
        store.database.write(|t| knowledge::add(t, &wanted, by)).unwrap();
        assert_eq!(counted(&service.done("match"), "doubted"), 1);
        assert!(!suggestions(store)[0].agrees);
    });
}

/// Two packages, and CVEs that are decided together for one of them only: what changes for one
/// suggestion leaves the other alone, and sums are over all CVEs, also those that did not change.
#[test]
fn a_change_of_one_cve_judges_its_suggestions_as_a_whole() {
    on_each(|store| {
        let (channel, service) = (channel(store), Service::new(store));
        let fixed = |id: &str, day, products: &[&str], score: f64| {
            let mut record = record(id, day, products[0]);
            let affected = |product: &&str| {
                json!({ "vendor": "v", "product": product,
                    "versions": [{ "version": "0", "lessThan": "5", "versionType": "semver", "status": "affected" }] })
            };
            record["containers"]["cna"]["affected"] = products.iter().map(affected).collect();
            record["containers"]["adp"][0]["metrics"][0]["cvssV3_1"]["baseScore"] = json!(score);
            if score < 5.0 {
                record["containers"]["adp"][0]["metrics"][0]["cvssV3_1"]["vectorString"] =
                    json!("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N");
            }
            record
        };
        service.put(&fixed("CVE-2024-2001", 1, &["frob"], 9.8));
        service.put(&fixed("CVE-2024-2002", 1, &["frob", "hello"], 1.8));
        service.done("cve");
        evaluate(store, channel, "a", "1");
        assert_eq!(counted(&service.done("match"), "raised"), 2);
        let of = |count: usize| {
            let found = suggestions(store)
                .into_iter()
                .find(|s| store.database.read(|c| suggestion::cves(c, s.id)).unwrap().len() == count);
            found.unwrap()
        };
        let (frob, hello) = (of(2), of(1));
        assert_eq!((frob.level, hello.level), (Some(Level::Critical), Some(Level::Low)));
        // Only the worse CVE changes, and in nothing that counts.
        service.put(&fixed("CVE-2024-2001", 2, &["frob"], 9.8));
        service.done("cve");
        let nothing = service.done("match");
        assert_eq!((counted(&nothing, "doubted"), counted(&nothing, "raised")), (0, 0), "{nothing:?}");
        assert_eq!((of(2), of(1)), (frob.clone(), hello.clone()));
        // A third one joins: the sum is still that of the worst.
        service.put(&fixed("CVE-2024-2003", 3, &["frob"], 1.8));
        service.done("cve");
        let joined = service.done("match");
        assert_eq!((counted(&joined, "joined"), counted(&joined, "doubted")), (1, 0), "{joined:?}");
        assert_eq!((of(3).level, of(3).risk.to_bits()), (frob.level, frob.risk.to_bits()));
        assert_eq!(of(1), hello);
    });
}
