//! From findings to suggestions, and what people decide about them.

use crate::support::{Store, on_each};
use jiff::Timestamp;
use matching::{Confidence, FindingStatus};
use std::collections::BTreeSet;
use tracker::database::{DatabaseError, Value};
use tracker::models::finding::{self, Finding, Scope};
use tracker::models::history::{self, Subject, SubjectKind};
use tracker::models::ids::{AccountId, AdvisoryId, ChannelId, MaintainerId, PackageId, SuggestionId};
use tracker::models::knowledge::{self, Kind, KnowledgeError};
use tracker::models::suggestion::decision::{self, By, Decision, DecisionError};
use tracker::models::suggestion::plan::{CveFacts, plan};
use tracker::models::suggestion::queue::{self, After, Assigned, Order, Query};
use tracker::models::suggestion::risk::Signs;
use tracker::models::suggestion::rule::{self, RuleError};
use tracker::models::suggestion::{self, Reason, State, Suggestion, raise};
use tracker::params;
use vulnerability::CveId;
use vulnerability::model::Level;

const BY: By = By { account: AccountId(1), at: Timestamp::constant(1_790_000_000, 0) };

fn cve(number: i64) -> CveId {
    format!("CVE-2024-{number:04}").parse().unwrap()
}

fn run(store: &Store, sql: &str, params: &[Value<'_>]) {
    store.database.write(|t| t.execute(sql, params).map(drop)).unwrap();
}

/// Twelve packages with one CVE each, of growing severity, and an account.
fn filled(store: &Store) {
    run(store, "INSERT INTO account (id, created_at) VALUES (1, 0)", params![]);
    run(
        store,
        "INSERT INTO channel (id, name, kind, state, position) VALUES (1, 'nixos-unstable', 'channel', 'rolling', 1)",
        params![],
    );
    for number in 1..=12_i64 {
        let name = if number % 2 == 0 { format!("python:p{number}") } else { format!("p{number}") };
        run(store, "INSERT INTO package (id, name, created_at) VALUES ($1, $2, 0)", params![number, name]);
        run(
            store,
            "INSERT INTO cve (id, year, number, state, title, cwes, ssvc_exploitation, change)
             VALUES ($1, 2024, $2, 'published', $3, $4, $5, 1)",
            params![
                cve(number),
                number,
                format!("100% of Title_{number}"),
                if number < 7 { "CWE-7 CWE-79" } else { "CWE-79" },
                if number == 3 { Some("active") } else { None }
            ],
        );
    }
    rematch(store, FindingStatus::Affected);
}

fn findings(status: FindingStatus) -> Vec<Finding> {
    let finding = |number| Finding {
        package: PackageId(number),
        cve: cve(number),
        status,
        confidence: if number > 6 { Confidence::High } else { Confidence::Low },
        channels: Vec::new(),
    };
    (1..=12).map(finding).collect()
}

fn facts(of: CveId) -> CveFacts {
    let number = (1..=12).find(|number| cve(*number) == of).unwrap();
    let level = match number {
        1..4 => Level::Low,
        4..8 => Level::Medium,
        8..11 => Level::High,
        _ => Level::Critical,
    };
    let signs = Signs {
        score: Some(f64::from(u32::try_from(number).unwrap()) * 0.8),
        epss: Some(if number == 12 { 0.9 } else { 0.01 }),
        exploited: number == 5,
        ..Signs::default()
    };
    CveFacts { level: Some(level), signs, ..CveFacts::default() }
}

fn rematch(store: &Store, status: FindingStatus) -> raise::Counts {
    store
        .database
        .write(|t| -> Result<_, DatabaseError> {
            let findings = findings(status);
            finding::replace(t, Scope::Everything, &findings)?;
            let steps = plan(&raise::existing(t, None)?, &findings, &|_| true, &facts);
            raise::apply(t, &steps, BY.at)
        })
        .unwrap()
}

fn list(store: &Store, query: &Query) -> BTreeSet<i64> {
    let read = |after| store.database.read(|c| queue::list(c, query, Order::Risk, after, 5)).unwrap();
    let mut all: Vec<Suggestion> = read(None);
    let mut page = all.len();
    while page == 5 {
        let last = all.last().unwrap();
        let more = read(Some(After { risk: last.risk, id: last.id }));
        page = more.len();
        all.extend(more);
    }
    assert!(all.windows(2).all(|pair| pair[0].risk >= pair[1].risk), "in order");
    let count = store.database.read(|c| queue::count(c, query, 1000)).unwrap();
    assert_eq!(count, i64::try_from(all.len()).unwrap());
    let packages: BTreeSet<i64> = all.iter().map(|s| s.package.0).collect();
    assert_eq!(packages.len(), all.len(), "none twice");
    packages
}

fn load(store: &Store, id: i64) -> Suggestion {
    store.database.read(|c| suggestion::load(c, SuggestionId(id))).unwrap().unwrap()
}

fn decide(store: &Store, id: i64, seen: i64, decision: &Decision) -> Result<i64, DecisionError> {
    store.database.write(|t| decision::decide(t, SuggestionId(id), seen, decision, BY))
}

fn undo(store: &Store, entry: i64) -> Result<SuggestionId, DecisionError> {
    store.database.write(|t| decision::undo(t, entry, BY))
}

#[test]
fn findings_come_back_as_they_were_put() {
    on_each(|store| {
        filled(store);
        let all: Vec<Finding> = (1..=12)
            .flat_map(|n| store.database.read(|c| finding::of_package(c, PackageId(n))).unwrap())
            .collect();
        assert_eq!(all, findings(FindingStatus::Affected));
        let one = [Finding { status: FindingStatus::Fixed, ..all[3].clone() }];
        store.database.write(|t| finding::replace(t, Scope::Cves(&[cve(4), cve(5)]), &one)).unwrap();
        let of = |n| store.database.read(|c| finding::of_cve(c, cve(n))).unwrap();
        assert_eq!((of(4), of(5), of(6)), (one.to_vec(), vec![], vec![all[5].clone()]));
    });
}

#[test]
fn a_second_match_changes_nothing() {
    on_each(|store| {
        filled(store);
        assert_eq!(rematch(store, FindingStatus::Affected), raise::Counts::default());
        let doubted = rematch(store, FindingStatus::NotAffected);
        assert_eq!((doubted.doubted, doubted.raised), (12, 0));
        // Nothing is closed.
        assert_eq!(list(store, &Query { state: Some(State::Open), ..Query::default() }).len(), 12);
        assert_eq!(list(store, &Query { agrees: Some(true), ..Query::default() }).len(), 0);
        assert_eq!(rematch(store, FindingStatus::Affected).confirmed, 12);
    });
}

#[test]
fn each_filter_finds_what_it_names() {
    on_each(|store| {
        filled(store);
        run(store, "INSERT INTO maintainer (id, github_id) VALUES (1, 77)", params![]);
        run(store, "INSERT INTO team (id, short_name) VALUES (1, 'python')", params![]);
        run(store, "INSERT INTO team_member (team, maintainer) VALUES (1, 1)", params![]);
        run(store, "INSERT INTO package_maintainer (package, maintainer) VALUES (1, 1)", params![]);
        run(store, "INSERT INTO package_team (package, team) VALUES (2, 1)", params![]);
        run(store, "UPDATE suggestion SET assignee = 1 WHERE package = 9", params![]);
        let none = Query::default;
        let all: Vec<i64> = (1..=12).collect();
        let expected: Vec<(Query, Vec<i64>)> = vec![
            (none(), all.clone()),
            (Query { state: Some(State::Dismissed), ..none() }, vec![]),
            (Query { level: Some(Level::High), ..none() }, vec![8, 9, 10, 11, 12]),
            (Query { exploited: Some(true), ..none() }, vec![5]),
            (Query { epss: Some(0.5), ..none() }, vec![12]),
            (Query { exploitation: Some("active".into()), ..none() }, vec![3]),
            (Query { cwe: Some("CWE-7".into()), ..none() }, vec![1, 2, 3, 4, 5, 6]),
            (Query { cwe: Some("CWE-79".into()), ..none() }, all.clone()),
            (Query { cwe: Some("CWE_7".into()), ..none() }, vec![]),
            (Query { confidence: Some(Confidence::Medium), ..none() }, vec![7, 8, 9, 10, 11, 12]),
            (Query { set: Some("python:".into()), ..none() }, vec![2, 4, 6, 8, 10, 12]),
            (Query { set: Some("%".into()), ..none() }, vec![]),
            (Query { package: Some(PackageId(4)), ..none() }, vec![4]),
            (Query { maintainer: Some(MaintainerId(1)), ..none() }, vec![1, 2]),
            (Query { assigned: Some(Assigned::To(AccountId(1))), ..none() }, vec![9]),
            (
                Query { assigned: Some(Assigned::Nobody), level: Some(Level::High), ..none() },
                vec![8, 10, 11, 12],
            ),
            (Query { cve: Some(cve(7)), ..none() }, vec![7]),
            (Query { before: Some(BY.at), ..none() }, vec![]),
            (Query { since: Some(BY.at), ..none() }, all),
            (Query { text: Some("TITLE_1".into()), ..none() }, vec![1, 10, 11, 12]),
            (Query { text: Some("P7".into()), ..none() }, vec![7]),
            (Query { text: Some("cve-2024-0003".into()), ..none() }, vec![3]),
            (Query { text: Some("100!%".into()), ..none() }, vec![]),
            (Query { channel: Some(ChannelId(1)), ..none() }, vec![]),
        ];
        for (query, expected) in expected {
            assert_eq!(list(store, &query), expected.into_iter().collect(), "{query:?}");
        }
    });
}

#[test]
fn a_decision_counts_once_and_can_be_undone() {
    on_each(|store| {
        filled(store);
        let dismiss =
            |reason, note: Option<&str>| Decision::Dismiss { reason, note: note.map(str::to_owned) };
        let entry = decide(store, 1, 1, &dismiss(Reason::Unfree, None)).unwrap();
        let after = load(store, 1);
        assert_eq!((after.state, after.reason, after.version), (State::Dismissed, Some(Reason::Unfree), 2));
        assert_eq!((after.decided_by, after.decided_at), (Some(BY.account), Some(BY.at)));
        // Who saw the old one is told.
        let late = decide(store, 1, 1, &dismiss(Reason::Platform, None));
        assert!(matches!(late, Err(DecisionError::Changed(_))));
        undo(store, entry).unwrap();
        let undone = load(store, 1);
        assert_eq!((undone.state, undone.reason, undone.decided_by), (State::Open, None, None));
        // Once only; and what is no decision never.
        assert!(matches!(undo(store, entry), Err(DecisionError::Changed(_))));
        assert!(matches!(undo(store, 1), Err(DecisionError::Changed(_) | DecisionError::NotUndoable)));
        assert!(matches!(undo(store, 9999), Err(DecisionError::NotUndoable)));
        // An undo is a decision that can be undone.
        let subject = Subject::new(SubjectKind::Suggestion, 1);
        let newest = store.database.read(|c| history::of_subject(c, subject, None, 1)).unwrap();
        undo(store, newest[0].number).unwrap();
        assert_eq!(load(store, 1).reason, Some(Reason::Unfree));
        assert_eq!(store.database.read(history::verify).unwrap().problems, Vec::<String>::new());
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    on_each(|store| {
        filled(store);
        let dismiss = |reason, note: &str| Decision::Dismiss { reason, note: Some(note.to_owned()) };
        let refused = |id, seen, decision: &Decision| decide(store, id, seen, decision).unwrap_err();
        for reason in Reason::ALL.into_iter().filter(|reason| reason.needs_note()) {
            assert!(matches!(refused(1, 1, &dismiss(reason, " \n")), DecisionError::Note(_)));
        }
        let long = "ü".repeat(decision::MAXIMUM_NOTE + 1);
        assert!(matches!(refused(1, 1, &dismiss(Reason::Other, &long)), DecisionError::Long));
        assert!(matches!(refused(99, 1, &Decision::Reopen), DecisionError::Missing(_)));
        assert!(matches!(refused(1, 1, &Decision::Reopen), DecisionError::State { .. }));
        decide(store, 1, 1, &Decision::Accept { advisory: AdvisoryId(4) }).unwrap();
        let again = Decision::Accept { advisory: AdvisoryId(5) };
        for decision in [again, dismiss(Reason::Unfree, "")] {
            assert!(matches!(refused(1, 2, &decision), DecisionError::State { .. }));
        }
        let after = load(store, 1);
        assert_eq!((after.state, after.advisory, after.version), (State::Accepted, Some(AdvisoryId(4)), 2));
    });
}

#[test]
fn of_many_those_that_can_be_are_decided() {
    on_each(|store| {
        filled(store);
        decide(store, 2, 1, &Decision::Accept { advisory: AdvisoryId(4) }).unwrap();
        let which: Vec<(SuggestionId, i64)> =
            [(1, 1), (2, 2), (3, 9), (4, 1)].map(|(n, v)| (SuggestionId(n), v)).into();
        let dismiss = Decision::Dismiss { reason: Reason::HardwareOnly, note: None };
        let results = store.database.write(|t| decision::decide_many(t, &which, &dismiss, BY)).unwrap();
        assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
        let states: Vec<State> = (1..=4).map(|id| load(store, id).state).collect();
        assert_eq!(states, [State::Dismissed, State::Accepted, State::Open, State::Dismissed]);
    });
}

#[test]
fn of_two_who_decide_at_once_one_is_told() {
    on_each(|store| {
        filled(store);
        let dismiss = Decision::Dismiss { reason: Reason::Unfree, note: None };
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| decide(store, 1, 1, &dismiss))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap().is_ok())).sum()
        });
        assert_eq!((done, load(store, 1).version), (1, 2));
    });
}

#[test]
fn a_rule_closes_what_it_showed_and_one_step_brings_it_back() {
    on_each(|store| {
        filled(store);
        let query = Query { set: Some("python:".into()), ..Query::default() };
        let wanted =
            rule::Wanted { name: "Python".into(), query: "set=python:".into(), reason: Reason::Unfree };
        let (count, first) = store.database.read(|c| rule::preview(c, &query, 3)).unwrap();
        assert_eq!((count, first.len()), (6, 3));
        let everything = Query { state: Some(State::Dismissed), ..Query::default() };
        assert!(matches!(
            store.database.read(|c| rule::preview(c, &everything, 3)),
            Err(RuleError::Everything)
        ));
        // What a person decided is none of the rule's business.
        decide(store, 2, 1, &Decision::Dismiss { reason: Reason::Platform, note: None }).unwrap();
        let add = |seen| store.database.write(|t| rule::add(t, &wanted, &query, seen, BY));
        assert!(matches!(add(6), Err(RuleError::Changed { seen: 6, now: 5 })));
        let id = add(5).unwrap();
        let closed = Query { state: Some(State::ClosedByRule), ..Query::default() };
        assert_eq!(list(store, &closed), [4, 6, 8, 10, 12].into());
        assert_eq!(store.database.read(rule::list).unwrap()[0].closed, 5);
        // A person may re-open one.
        let one = load(store, 4);
        assert_eq!((one.rule, one.reason), (Some(id), Some(Reason::Unfree)));
        decide(store, 4, one.version, &Decision::Reopen).unwrap();
        assert_eq!(store.database.write(|t| rule::revoke(t, id, BY)).unwrap(), 4);
        assert!(matches!(store.database.write(|t| rule::revoke(t, id, BY)), Err(RuleError::Missing)));
        assert_eq!(list(store, &closed), [].into());
        assert_eq!(load(store, 2).reason, Some(Reason::Platform));
        assert_eq!(store.database.read(rule::list).unwrap(), []);
        assert_eq!(store.database.read(history::verify).unwrap().problems, Vec::<String>::new());
    });
}

/// `matching` is the judge: what the team said changes what it finds.
#[test]
fn what_the_team_learnt_changes_what_is_found() {
    use matching::{Knowledge, Package};
    use vulnerability::model::Vulnerability;

    let record = br#"{"dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED"},
        "containers": {"cna": {"providerMetadata": {"shortName": "x"}, "affected": [
            {"vendor": "acme", "product": "p1", "versions": [
                {"status": "affected", "version": "0", "lessThan": "2.0", "versionType": "semver"}]}]}}}"#;
    let record = vulnerability::cve::Record::parse(record, 1 << 20).unwrap().to_source_record();
    let records = vec![record];
    let vulnerability = Vulnerability { id: cve(1), records, known_exploited: None, epss: None };
    let found = |knowledge: &Knowledge, pname: &str| {
        let package = Package {
            pname: pname.into(),
            name: format!("{pname}-1.0").as_str().into(),
            version: "1.0".into(),
            ..Package::default()
        };
        let findings = matching::find(&[package], std::slice::from_ref(&vulnerability), knowledge, &[]);
        findings.first().map(|finding| finding.status)
    };
    on_each(|store| {
        filled(store);
        let knowledge = || store.database.read(knowledge::read).unwrap().knowledge().unwrap();
        assert_eq!(found(&knowledge(), "p1"), Some(FindingStatus::Affected));
        let add = |kind, product: &str, vendor: Option<&str>, package, note: &str| {
            let (product, note) = (product.to_owned(), note.to_owned());
            let wanted =
                knowledge::Wanted { kind, vendor: vendor.map(str::to_owned), product, package, note };
            store.database.write(|t| knowledge::add(t, &wanted, BY))
        };
        let never = add(Kind::Never, "P1", Some("ACME"), PackageId(1), "A \"toaster\"\n\\").unwrap();
        assert_eq!(found(&knowledge(), "p1"), None);
        assert_eq!(add(Kind::Never, "p-1", Some("acme"), PackageId(1), "again").unwrap(), never);
        let opposite = add(Kind::Same, "p1", Some("acme"), PackageId(1), "x");
        assert!(matches!(opposite, Err(KnowledgeError::Contradiction(id)) if id == never));
        store.database.write(|t| knowledge::revoke(t, never, BY)).unwrap();
        assert_eq!(found(&knowledge(), "p1"), Some(FindingStatus::Affected));
        assert_eq!(found(&knowledge(), "p3"), None);
        add(Kind::Same, "p1", Some("acme"), PackageId(3), "renamed").unwrap();
        assert_eq!(found(&knowledge(), "p3"), Some(FindingStatus::Affected));
        // A decision teaches too, about its package and CVE only.
        let not = Decision::Dismiss { reason: Reason::NotApplicable, note: Some("not built".into()) };
        let entry = decide(store, 1, 1, &not).unwrap();
        assert_eq!(found(&knowledge(), "p1"), Some(FindingStatus::NotAffected));
        assert_eq!(found(&knowledge(), "p3"), Some(FindingStatus::Affected));
        undo(store, entry).unwrap();
        assert_eq!(found(&knowledge(), "p1"), Some(FindingStatus::Affected));
        for (product, note, package) in [("", "x", 1), ("…", "x", 1), ("p", " ", 1), ("p", "x", 99)] {
            assert!(
                add(Kind::Same, product, None, PackageId(package), note).is_err(),
                "{product:?} {note:?}"
            );
        }
    });
}
