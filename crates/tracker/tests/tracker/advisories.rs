//! An advisory from its first draft to its withdrawal, and the status in each channel.

use crate::support::{Store, on_each};
use jiff::Timestamp;
use std::collections::BTreeSet;
use tracker::database::{DatabaseError, Value};
use tracker::models::advisory::content::{self, Concerned, Content, ContentError, Link, LinkKind};
use tracker::models::advisory::edit::{self, EditError, Statement};
use tracker::models::advisory::status::{Justification, Range, Ranges, Status};
use tracker::models::advisory::{self, Advisory, State, code, recompute};
use tracker::models::history;
use tracker::models::ids::{AccountId, AdvisoryId, ChannelId, PackageId};
use tracker::models::suggestion::decision::By;
use tracker::params;

/// 2026-09-21, UTC.
pub(crate) const BY: By = By { account: AccountId(1), at: Timestamp::constant(1_790_000_000, 0) };
const CURL: PackageId = PackageId(1);
const UNSTABLE: ChannelId = ChannelId(1);

fn run(store: &Store, sql: &str, params: &[Value<'_>]) {
    store.database.write(|t| t.execute(sql, params).map(drop)).unwrap();
}

/// curl 8.3.0 in a channel that is behind its branch with 8.4.0, and 7.60 in an old one.
pub(crate) fn filled(store: &Store) {
    run(store, "INSERT INTO account (id, created_at) VALUES (1, 0)", params![]);
    let channels =
        [(2, "master", "branch", None, "rolling"), (1, "nixos-unstable", "channel", Some(2), "rolling")];
    for (id, name, kind, behind, state) in
        channels.into_iter().chain([(3, "nixos-20.03", "channel", None, "unmaintained")])
    {
        run(
            store,
            "INSERT INTO channel (id, name, kind, behind, state, position) VALUES ($1, $2, $3, $4, $5, $1)",
            params![id, name, kind, behind, state],
        );
    }
    run(store, "INSERT INTO package (id, name, created_at) VALUES (1, 'curl', 0)", params![]);
    run(store, "INSERT INTO package (id, name, created_at) VALUES (2, 'wget', 0)", params![]);
    run(store, "INSERT INTO attribute (id, path) VALUES (1, 'curl')", params![]);
    run(store, "INSERT INTO meta (id, hash, body) VALUES (1, $1, $1)", params![vec![1_u8]]);
    run(
        store,
        "INSERT INTO package_key (id, key, package, origin) VALUES (1, 'curl', 1, 'derived')",
        params![],
    );
    for (channel, version) in [(1, "8.3.0"), (2, "8.4.0"), (3, "7.60")] {
        run(
            store,
            "INSERT INTO fact (id, hash, key, meta, name) VALUES ($1, $2, 1, 1, $3)",
            params![channel, vec![u8::try_from(channel).unwrap()], format!("curl-{version}")],
        );
        run(
            store,
            "INSERT INTO build (channel, attribute, system, first, fact, package) VALUES ($1, 1, 1, 1, $1, 1)",
            params![channel],
        );
    }
}

/// The channel advances to the branch.
fn advance(store: &Store) {
    advance_at(store, BY.at);
}

/// As [`advance`], at a time.
pub(crate) fn advance_at(store: &Store, at: Timestamp) {
    run(store, "UPDATE build SET fact = 2 WHERE channel = 1", params![]);
    store.database.write(|t| recompute::all(t, at)).unwrap();
}

pub(crate) fn draft() -> Content {
    let range = Range { introduced: Some("7.69.0".into()), fixed: Some("8.4.0".into()), last_affected: None };
    Content {
        title: "curl: heap overflow in the SOCKS5 handshake".into(),
        body: "Upgrade.".into(),
        cves: vec!["CVE-2023-38545".parse().unwrap()],
        packages: vec![Concerned { package: CURL, ranges: Ranges(vec![range]) }],
        links: vec![Link { kind: LinkKind::Reference, url: "https://curl.se/docs/".into() }],
        ..Content::default()
    }
}

pub(crate) fn begin(store: &Store, content: Content) -> Result<Advisory, EditError> {
    store.database.write(|t| edit::begin(t, code::NIXPKGS, content, &[], BY))
}

fn statuses(store: &Store, id: AdvisoryId) -> Vec<(i64, String, Option<String>)> {
    store
        .database
        .read(|c| {
            c.query(
                "SELECT channel, COALESCE(stated, computed), justification FROM advisory_status
                 WHERE advisory = $1 ORDER BY channel",
                params![id],
                |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        })
        .unwrap()
}

fn changes(store: &Store, channel: i64) -> Vec<String> {
    let sql = "SELECT status FROM advisory_status_change WHERE channel = $1 ORDER BY id";
    store
        .database
        .read(|c| c.query(sql, params![channel], |row| row.get::<String>(0)))
        .unwrap_or_else(|error: DatabaseError| panic!("{error}"))
}

fn name(status: Status) -> String {
    status.name().to_owned()
}

#[test]
fn from_draft_to_withdrawal() {
    on_each(|store| {
        filled(store);
        let advisory = begin(store, draft()).unwrap();
        assert_eq!((advisory.code.to_string().as_str(), advisory.state), ("NIXPKGS-2026-0001", State::Draft));
        let content = |advisory: &Advisory| store.database.read(|c| content::load(c, advisory)).unwrap();
        assert_eq!(content(&advisory), draft());
        let id = advisory.id;
        let publish = |seen| store.database.write(|t| edit::publish(t, id, seen, BY));
        let published = publish(advisory.version).unwrap();
        assert_eq!(
            (published.state, published.revision, published.published_at),
            (State::Published, 1, Some(BY.at))
        );
        assert!(matches!(publish(advisory.version), Err(EditError::Changed(_))));
        assert!(matches!(publish(published.version), Err(EditError::State { .. })));
        // What is published changes with a word about it.
        let mut more = draft();
        more.cves.push("CVE-2023-38546".parse().unwrap());
        let edit = |content: &Content, seen, summary: &str| {
            store.database.write(|t| edit::edit(t, id, seen, content.clone(), summary, BY))
        };
        assert!(matches!(edit(&more, published.version, " "), Err(EditError::Summary)));
        let revised = edit(&more, published.version, "A second CVE.").unwrap();
        assert_eq!(revised.revision, 2);
        // The same again is no revision.
        assert_eq!(edit(&more, revised.version, "").unwrap(), revised);
        let withdraw = |seen, why: &str| store.database.write(|t| edit::withdraw(t, id, seen, why, BY));
        assert!(matches!(withdraw(revised.version, ""), Err(EditError::Summary)));
        let withdrawn = withdraw(revised.version, "Not ours.").unwrap();
        assert_eq!((withdrawn.state, withdrawn.revision), (State::Withdrawn, 3));
        assert!(matches!(edit(&draft(), withdrawn.version, "x"), Err(EditError::State { .. })));
        let again = publish(withdrawn.version).unwrap();
        assert_eq!((again.published_at, again.withdrawn_at, again.revision), (Some(BY.at), None, 4));
        let revisions = store.database.read(|c| content::revisions(c, id)).unwrap();
        let summaries: Vec<&str> = revisions.iter().map(|revision| revision.summary.as_str()).collect();
        assert_eq!(
            summaries,
            ["Published again.", "Withdrawn: Not ours.", "A second CVE.", "First published."]
        );
        assert_eq!((&revisions[3].content, &revisions[2].content), (&draft(), &more));
        assert_eq!(store.database.read(history::verify).unwrap().problems, Vec::<String>::new());
    });
}

#[test]
fn the_status_follows_the_channels() {
    on_each(|store| {
        filled(store);
        let advisory = begin(store, draft()).unwrap();
        let old = (3, name(Status::NotAffected), Some("vulnerable_code_not_present".to_owned()));
        assert_eq!(statuses(store, advisory.id), [(1, name(Status::FixedInBranch), None), old.clone()]);
        assert_eq!(store.database.write(|t| recompute::all(t, BY.at)).unwrap(), 0);
        advance(store);
        assert_eq!(statuses(store, advisory.id), [(1, name(Status::Fixed), None), old]);
        assert_eq!(changes(store, 1), ["fixed_in_branch", "fixed"]);
        // A mapping that reaches further shows at once, also in what is not looked after.
        let mut wider = draft();
        wider.packages[0].ranges =
            Ranges(vec![Range { last_affected: Some("8.4.0".into()), ..Range::default() }]);
        store.database.write(|t| edit::edit(t, advisory.id, advisory.version, wider, "", BY)).unwrap();
        let expected = [(1, name(Status::Affected), None), (3, name(Status::EndOfLife), None)];
        assert_eq!(statuses(store, advisory.id), expected);
        assert_eq!(changes(store, 3), ["not_affected", "end_of_life"]);
    });
}

#[test]
fn a_patch_that_names_the_cve_fixes() {
    on_each(|store| {
        filled(store);
        run(store, "UPDATE fact SET patches = 'a.patch\nCVE-2023-38545.patch' WHERE id = 1", params![]);
        let advisory = begin(store, draft()).unwrap();
        assert_eq!(statuses(store, advisory.id)[0].1, name(Status::Fixed));
        run(store, "UPDATE fact SET patches = 'CVE-2023-385451.patch' WHERE id = 1", params![]);
        store.database.write(|t| recompute::all(t, BY.at)).unwrap();
        assert_eq!(statuses(store, advisory.id)[0].1, name(Status::FixedInBranch));
    });
}

#[test]
fn a_persons_word_stands_until_it_is_taken_back() {
    on_each(|store| {
        filled(store);
        let advisory = begin(store, draft()).unwrap();
        let state = |channel, statement: Option<&Statement>| {
            store.database.write(|t| edit::state_status(t, advisory.id, (CURL, channel), statement, BY))
        };
        let statement =
            |status, justification, why: &str| Statement { status, justification, why: why.to_owned() };
        let reason = Some(Justification::VulnerableCodeNotInExecutePath);
        for wrong in [
            statement(Status::NotAffected, None, "x"),
            statement(Status::WontFix, reason, "x"),
            statement(Status::WontFix, None, " "),
        ] {
            assert!(matches!(state(UNSTABLE, Some(&wrong)), Err(EditError::Statement(_))), "{wrong:?}");
        }
        assert!(matches!(state(ChannelId(2), None), Err(EditError::Missing)));
        let not = statement(Status::NotAffected, reason, "SOCKS is not built.");
        state(UNSTABLE, Some(&not)).unwrap();
        advance(store);
        let label = reason.map(|reason| reason.name().to_owned());
        assert_eq!(statuses(store, advisory.id)[0], (1, name(Status::NotAffected), label));
        state(UNSTABLE, None).unwrap();
        assert_eq!(statuses(store, advisory.id)[0], (1, name(Status::Fixed), None));
        assert_eq!(changes(store, 1), ["fixed_in_branch", "not_affected", "fixed"]);
    });
}

#[test]
fn what_is_not_ready_is_not_published() {
    on_each(|store| {
        filled(store);
        let without = |change: &dyn Fn(&mut Content)| {
            let mut content = draft();
            change(&mut content);
            let advisory = begin(store, content).unwrap();
            store.database.write(|t| edit::publish(t, advisory.id, advisory.version, BY)).unwrap_err()
        };
        let nothing = |content: &mut Content| {
            content.cves.clear();
            content.body.clear();
        };
        for error in [
            without(&|content| content.packages.clear()),
            without(&|content| content.packages[0].ranges.0.clear()),
            without(&nothing),
        ] {
            assert!(matches!(error, EditError::NotReady { .. }), "{error}");
        }
    });
}

#[test]
fn what_does_not_belong_there_is_refused_and_gives_no_code() {
    on_each(|store| {
        filled(store);
        let refused = |change: &dyn Fn(&mut Content)| {
            let mut content = draft();
            change(&mut content);
            match begin(store, content) {
                Err(EditError::Content(error)) => error,
                other => panic!("{other:?}"),
            }
        };
        let url = |url: &str| Link { kind: LinkKind::Fix, url: url.to_owned() };
        assert_eq!(refused(&|c| c.title = "  ".into()), ContentError::NoTitle);
        assert_eq!(refused(&|c| c.title = "a\u{202e}b".into()), ContentError::Title);
        assert!(matches!(refused(&|c| c.title = "x".repeat(301)), ContentError::Long { .. }));
        for wrong in ["javascript:alert(1)", "https://", "https://a b", "//a", "https://ä"] {
            assert!(matches!(refused(&|c| c.links = vec![url(wrong)]), ContentError::Url(_)), "{wrong}");
        }
        assert_eq!(refused(&|c| c.packages.push(c.packages[0].clone())), ContentError::Twice(CURL));
        assert!(matches!(
            refused(&|c| c.packages[0].ranges.0[0].fixed = Some("1".into())),
            ContentError::Range { package: CURL, .. }
        ));
        assert_eq!(begin(store, draft()).unwrap().code.to_string(), "NIXPKGS-2026-0001");
    });
}

#[test]
fn codes_have_no_gaps_however_many_begin_at_once() {
    on_each(|store| {
        filled(store);
        let codes: BTreeSet<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..3).map(|_| begin(store, draft()).unwrap().code.to_string()).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let expected: BTreeSet<String> = (1..=24).map(|n| format!("NIXPKGS-2026-{n:04}")).collect();
        assert_eq!(codes, expected);
        // One that was imported is not given again.
        let imported: code::Code = "NIXPKGS-2026-0100".parse().unwrap();
        store.database.write(|t| imported.taken(t)).unwrap();
        assert_eq!(begin(store, draft()).unwrap().code.to_string(), "NIXPKGS-2026-0101");
    });
}

#[test]
fn a_draft_publishes_itself_when_it_is_due() {
    on_each(|store| {
        filled(store);
        let later = |hours: i64| Timestamp::from_second(BY.at.as_second() + hours * 3600).unwrap();
        let advisory = begin(store, draft()).unwrap();
        let schedule = |seen, at| store.database.write(|t| edit::schedule(t, advisory.id, seen, at, BY));
        let scheduled = schedule(advisory.version, Some(later(2))).unwrap();
        let due = |now| store.database.write(|t| edit::publish_due(t, now)).unwrap();
        assert_eq!(due(later(1)), []);
        let published = due(later(2));
        assert_eq!(
            published.iter().map(|a| (a.id, a.state)).collect::<Vec<_>>(),
            [(advisory.id, State::Published)]
        );
        assert_eq!(due(later(3)), []);
        assert!(matches!(schedule(scheduled.version + 1, None), Err(EditError::State { .. })));
        // What was taken out of a draft in the meantime keeps it a draft.
        let second = begin(store, draft()).unwrap();
        let second = store
            .database
            .write(|t| edit::schedule(t, second.id, second.version, Some(later(4)), BY))
            .unwrap();
        let empty = Content { packages: vec![], ..draft() };
        store.database.write(|t| edit::edit(t, second.id, second.version, empty, "", BY)).unwrap();
        assert_eq!(due(later(5)), []);
        let after = store.database.read(|c| advisory::load(c, second.id)).unwrap().unwrap();
        assert_eq!((after.state, after.publish_at), (State::Draft, None));
    });
}
