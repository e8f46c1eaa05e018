//! Evaluations are kept by interval: whatever came in can be read again, and nothing is written
//! that did not change.

use crate::support::{Store, on_each};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use tracker::database::{Connection, DatabaseError};
use tracker::models::evaluation::{self, EvaluationError, FileSource, MAY_GO, Request, Taken};
use tracker::models::ids::{ChannelId, PackageId};
use tracker::models::package::{self, PackageError};
use tracker::package_set::{Attribute, Content, Derivation, Kind, Maintainers, Person, Team};
use tracker::params;

const SYSTEM: &str = "x86_64-linux";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn channel(store: &Store, name: &str) -> ChannelId {
    store
        .database
        .write(|t| {
            t.query_one(
                "INSERT INTO channel (name, kind, state, position) VALUES ($1, 'channel', 'rolling', 1) RETURNING id",
                params![name],
                |row| row.get::<ChannelId>(0),
            )
        })
        .unwrap()
}

fn request<'r>(
    channel: ChannelId,
    revision: &'r str,
    parts: &'r [(&'r str, &'r dyn evaluation::Source)],
) -> Request<'r> {
    Request {
        channel,
        revision,
        kind: Kind::Full,
        head_at: at(0),
        started_at: at(1),
        now: at(2),
        parts,
        complete: true,
        with_maintainers: true,
        may_go: 1.0,
    }
}

fn take(store: &Store, channel: ChannelId, revision: &str, attributes: &Vec<Attribute>) -> Taken {
    evaluation::take_in(&store.database, &request(channel, revision, &[(SYSTEM, attributes)])).unwrap()
}

fn derivation(path: &str, name: &str, version: &str) -> Attribute {
    let derivation = Derivation {
        name: format!("{name}-{version}"),
        pname: name.to_owned(),
        version: version.to_owned(),
        patches: Some(vec![]),
        ..Derivation::default()
    };
    Attribute { path: path.to_owned(), content: Content::Derivation(Box::new(derivation)) }
}

fn rows(store: &Store) -> BTreeMap<&'static str, i64> {
    let tables = [
        "attribute",
        "build",
        "evaluation_error",
        "fact",
        "holding",
        "maintainer",
        "maintainer_list",
        "meta",
        "package",
        "package_key",
        "package_maintainer",
        "package_team",
        "team",
        "team_member",
    ];
    let count = |connection: &mut Connection, table| {
        connection.query_one(&format!("SELECT count(*) FROM {table}"), params![], |row| {
            Ok::<_, DatabaseError>((table, row.get::<i64>(0)?))
        })
    };
    store.database.read(|c| tables.into_iter().map(|table| count(c, table)).collect()).unwrap()
}

/// What an evaluation was, read from the intervals: for each attribute the name, or the error.
fn as_of(store: &Store, channel: ChannelId, number: i64) -> BTreeMap<String, Result<String, String>> {
    let held = |error: bool| {
        let sql = if error {
            "SELECT a.path, h.error FROM evaluation_error h JOIN attribute a ON a.id = h.attribute
                WHERE h.channel = $1 AND h.first <= $2 AND (h.last IS NULL OR h.last >= $2)"
        } else {
            "SELECT a.path, f.name FROM holding h JOIN fact f ON f.id = h.fact JOIN attribute a ON a.id = h.attribute
                WHERE h.channel = $1 AND h.first <= $2 AND (h.last IS NULL OR h.last >= $2)"
        };
        let read = |c: &mut Connection| {
            c.query(sql, params![channel, number], |row| {
                Ok::<(String, String), DatabaseError>((row.get(0)?, row.get(1)?))
            })
        };
        store.database.read(read).unwrap()
    };
    let mut all = BTreeMap::new();
    for (error, (path, text)) in
        [false, true].into_iter().flat_map(|e| held(e).into_iter().map(move |row| (e, row)))
    {
        let twice = all.insert(path.clone(), if error { Err(text) } else { Ok(text) });
        assert_eq!(twice, None, "{path} was two things at once");
    }
    all
}

fn present(store: &Store, channel: ChannelId) -> BTreeMap<String, (String, Option<String>)> {
    let read = |c: &mut Connection| {
        c.query(
            "SELECT a.path, f.name, b.derivation FROM build b JOIN fact f ON f.id = b.fact
             JOIN attribute a ON a.id = b.attribute WHERE b.channel = $1",
            params![channel],
            |row| Ok::<_, DatabaseError>((row.get(0)?, (row.get(1)?, row.get(2)?))),
        )
    };
    store.database.read(read).unwrap().into_iter().collect()
}

/// What an attribute is: nothing, a derivation of a number and version, or an error.
type State = Option<Result<(u8, u8), String>>;

/// Attributes of one letter, each absent, an error, or one of a few versions and builds.
fn evaluations() -> impl Strategy<Value = Vec<Vec<Attribute>>> {
    let state = prop_oneof![
        2 => Just(None),
        1 => (0..2_u8).prop_map(|n| Some(Err(format!("error {n}")))),
        6 => (0..3_u8, 0..2_u8).prop_map(|both| Some(Ok(both))),
    ];
    let attribute = |(place, state): (usize, State)| {
        let path = format!("set.p{place}");
        let content = match state? {
            Err(error) => Content::Error(error),
            Ok((version, build)) => {
                let Content::Derivation(mut derivation) =
                    derivation(&path, "p", &format!("{version}")).content
                else {
                    return None;
                };
                derivation.derivation = Some(format!("/nix/store/{build}.drv"));
                Content::Derivation(derivation)
            }
        };
        Some(Attribute { path, content })
    };
    let one = prop::collection::vec(state, 6)
        .prop_map(move |states| states.into_iter().enumerate().filter_map(attribute).collect::<Vec<_>>());
    prop::collection::vec(one, 1..7)
}

#[test]
fn every_evaluation_can_be_read_again() {
    on_each(|store| {
        let mut case = 0;
        let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
        let test = |evaluations: Vec<Vec<Attribute>>| {
            case += 1;
            let channel = channel(store, &format!("channel {case}"));
            let mut taken_in: Vec<&Vec<Attribute>> = Vec::new();
            for attributes in &evaluations {
                let revision = format!("{}", taken_in.len());
                let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, attributes)];
                match evaluation::take_in(&store.database, &request(channel, &revision, &parts)) {
                    Ok(taken) => {
                        taken_in.push(attributes);
                        prop_assert_eq!(taken.number, i64::try_from(taken_in.len()).unwrap());
                    }
                    Err(EvaluationError::Empty) => prop_assert!(attributes.is_empty()),
                    Err(error) => return Err(TestCaseError::fail(error.to_string())),
                }
            }
            for (number, attributes) in (1..).zip(&taken_in) {
                let expected = attributes.iter().map(|attribute| {
                    let content = match &attribute.content {
                        Content::Derivation(derivation) => Ok(derivation.name.clone()),
                        Content::Error(error) => Err(error.clone()),
                    };
                    (attribute.path.clone(), content)
                });
                prop_assert_eq!(as_of(store, channel, number), expected.collect::<BTreeMap<_, _>>());
            }
            let newest = taken_in.last().into_iter().flat_map(|attributes| attributes.iter());
            let newest = newest.filter_map(|attribute| match &attribute.content {
                Content::Derivation(d) => {
                    Some((attribute.path.clone(), (d.name.clone(), d.derivation.clone())))
                }
                Content::Error(_) => None,
            });
            prop_assert_eq!(present(store, channel), newest.collect::<BTreeMap<_, _>>());
            Ok(())
        };
        let test = std::cell::RefCell::new(test);
        TestRunner::new(config).run(&evaluations(), |given| (test.borrow_mut())(given)).unwrap();
    });
}

/// A part of a real evaluation.
fn real(store: &Store, file: &str, lines: usize) -> PathBuf {
    let path = store.folder.path(&format!("{file}.{lines}.jsonl"));
    let packed = std::fs::File::open(test_support::data(&format!("nixpkgs/{file}.jsonl.zst"))).unwrap();
    let text = zstd::decode_all(packed).unwrap();
    let mut part = std::fs::File::create(&path).unwrap();
    for line in text.split_inclusive(|byte| *byte == b'\n').take(lines) {
        part.write_all(line).unwrap();
    }
    path
}

#[test]
fn an_equal_evaluation_changes_nothing() {
    on_each(|store| {
        let channel = channel(store, "nixos-18.03");
        let source = FileSource { path: real(store, "nixos-18.03", 1500), kind: Kind::Full };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &source)];
        let first = evaluation::take_in(&store.database, &request(channel, "a", &parts)).unwrap();
        assert_eq!((first.attributes + first.errors, first.wrong), (1500, 0), "{first:?}");
        assert_eq!(first.added, first.attributes);
        let before = rows(store);
        assert!(before["package_maintainer"] > 500 && before["evaluation_error"] > 10, "{before:?}");
        let second = evaluation::take_in(&store.database, &request(channel, "b", &parts)).unwrap();
        let nothing =
            Taken { number: 2, attributes: first.attributes, errors: first.errors, ..Taken::default() };
        assert_eq!(second, nothing);
        assert_eq!(rows(store), before);
        // The same revision again is no evaluation at all.
        assert_eq!(
            evaluation::take_in(&store.database, &request(channel, "b", &parts)).unwrap(),
            Taken::default()
        );
        let listed = store.database.read(|c| evaluation::of_channel(c, channel, None, 9)).unwrap();
        assert_eq!(
            listed.iter().map(|e| (e.number, e.revision.as_str())).collect::<Vec<_>>(),
            [(2, "b"), (1, "a")]
        );
    });
}

#[test]
fn what_went_wrong_is_not_taken_for_what_is_gone() {
    on_each(|store| {
        let channel = channel(store, "nixos-18.03");
        let whole = FileSource { path: real(store, "nixos-18.03", 600), kind: Kind::Full };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &whole)];
        evaluation::take_in(&store.database, &request(channel, "a", &parts)).unwrap();
        let before = rows(store);
        // Half of it is missing.
        let half = FileSource { path: real(store, "nixos-18.03", 300), kind: Kind::Full };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &half)];
        let request_of_half = Request { may_go: MAY_GO, ..request(channel, "b", &parts) };
        let error = evaluation::take_in(&store.database, &request_of_half).unwrap_err();
        assert!(matches!(error, EvaluationError::Shrunk { .. }), "{error}");
        // A document that is cut off, an empty one, one that is not there.
        for (name, text) in
            [("cut", r#"{"packages":{"hello":{"name":"hello-9"},"x"#), ("empty", r#"{"packages":{}}"#)]
        {
            let path = store.folder.path(name);
            std::fs::write(&path, text).unwrap();
            let source = FileSource { path, kind: Kind::PackagesJson };
            let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &source)];
            let error = evaluation::take_in(&store.database, &request(channel, name, &parts)).unwrap_err();
            assert!(matches!(error, EvaluationError::Source(_) | EvaluationError::Empty), "{error}");
        }
        let nowhere = FileSource { path: store.folder.path("nowhere"), kind: Kind::Full };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &nowhere)];
        evaluation::take_in(&store.database, &request(channel, "c", &parts)).unwrap_err();
        assert_eq!(rows(store), before);
        // A line that cannot be read: what is in it is not gone.
        let path = real(store, "nixos-18.03", 500);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"attr\":\n").unwrap();
        let broken = FileSource { path, kind: Kind::Full };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &broken)];
        let taken = evaluation::take_in(&store.database, &request(channel, "d", &parts)).unwrap();
        assert_eq!((taken.wrong, taken.removed, taken.examples.len()), (1, 0, 1), "{taken:?}");
    });
}

/// A packages.json says nothing of patches and builds, and does not take them away.
#[test]
fn both_forms_may_alternate() {
    on_each(|store| {
        let channel = channel(store, "nixos-unstable");
        let mut full = vec![derivation("a", "a", "1"), derivation("b", "b", "1")];
        for attribute in &mut full {
            let Content::Derivation(derivation) = &mut attribute.content else { panic!() };
            derivation.patches = Some(vec!["CVE-2020-1.patch".to_owned()]);
            derivation.derivation = Some("/nix/store/x.drv".to_owned());
        }
        take(store, channel, "1", &full);
        let before = rows(store);
        let path = store.folder.path("packages.json");
        let json = json!({"version": 2, "packages": {"a": {"name": "a-1"}, "b": {"name": "b-2"}}});
        std::fs::write(&path, json.to_string()).unwrap();
        let source = FileSource { path, kind: Kind::PackagesJson };
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &source)];
        let request = Request { kind: Kind::PackagesJson, ..request(channel, "2", &parts) };
        let taken = evaluation::take_in(&store.database, &request).unwrap();
        assert_eq!((taken.changed, taken.rebuilt, taken.removed), (1, 0, 0), "{taken:?}");
        assert_eq!(rows(store)["holding"], before["holding"] + 1);
        let patched = store.database.read(|c| {
            c.query(
                "SELECT f.name, f.patches FROM build b JOIN fact f ON f.id = b.fact ORDER BY f.name",
                params![],
                |row| Ok::<(String, String), DatabaseError>((row.get(0)?, row.get(1)?)),
            )
        });
        let expected = [("a-1", "CVE-2020-1.patch"), ("b-2", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(patched.unwrap(), expected);
    });
}

fn person(id: i64, name: &str) -> Person {
    Person { github_id: Some(id), github: Some(name.to_owned()), ..Person::default() }
}

fn maintained(path: &str, people: &[Person], teams: &[Team]) -> Attribute {
    let mut attribute = derivation(path, path.rsplit('.').next().unwrap(), "1");
    let Content::Derivation(derivation) = &mut attribute.content else { panic!() };
    derivation.maintainers = Maintainers { people: people.to_vec(), teams: teams.to_vec() };
    attribute
}

fn maintainers(store: &Store) -> Vec<(String, String)> {
    let read = |c: &mut Connection| {
        c.query(
            "SELECT p.name, m.github FROM package_maintainer pm JOIN package p ON p.id = pm.package
                 JOIN maintainer m ON m.id = pm.maintainer
             UNION ALL SELECT p.name, t.short_name || '/' || m.github FROM package_team pt
                 JOIN package p ON p.id = pt.package JOIN team t ON t.id = pt.team
                 JOIN team_member tm ON tm.team = t.id JOIN maintainer m ON m.id = tm.maintainer
             ORDER BY 1, 2",
            params![],
            |row| Ok::<_, DatabaseError>((row.get(0)?, row.get(1)?)),
        )
    };
    store.database.read(read).unwrap()
}

#[test]
fn maintainers_follow_the_rolling_head_by_number() {
    on_each(|store| {
        let channel = channel(store, "nixos-unstable");
        let (ada, ben, eve) = (person(1, "ada"), person(2, "ben"), person(3, "eve"));
        let team = |members: &[Person]| Team {
            short_name: "core".to_owned(),
            github_id: Some(9),
            members: members.to_vec(),
            ..Team::default()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        take(
            store,
            channel,
            "1",
            &vec![
                maintained("python27Packages.x", std::slice::from_ref(&ada), &[]),
                maintained("python36Packages.x", std::slice::from_ref(&ben), &[]),
                maintained("y", &[], &[team(&[ada.clone(), ben.clone()])]),
            ],
        );
        let expected =
            [pair("python:x", "ada"), pair("python:x", "ben"), pair("y", "core/ada"), pair("y", "core/ben")];
        assert_eq!(maintainers(store), expected);
        // One has another name now, one is gone, the team has another member.
        take(
            store,
            channel,
            "2",
            &vec![
                maintained("python27Packages.x", &[person(1, "ada2")], &[]),
                maintained("y", &[], &[team(&[eve])]),
            ],
        );
        assert_eq!(maintainers(store), [pair("python:x", "ada2"), pair("y", "core/eve")]);
        // Another channel's word does not count.
        let other = self::channel(store, "nixos-18.03");
        let attributes = vec![maintained("y", &[ben], &[])];
        let parts: [(&str, &dyn evaluation::Source); 1] = [(SYSTEM, &attributes)];
        let request = Request { with_maintainers: false, ..request(other, "3", &parts) };
        evaluation::take_in(&store.database, &request).unwrap();
        assert_eq!(maintainers(store), [pair("python:x", "ada2"), pair("y", "core/eve")]);
    });
}

fn package_id(store: &Store, name: &str) -> Option<PackageId> {
    store.database.read(|c| package::of_name(c, name)).unwrap()
}

#[test]
fn a_persons_word_on_what_is_one_software_stays() {
    on_each(|store| {
        let channel = channel(store, "nixos-unstable");
        let both = |version: &str| {
            vec![derivation("curl", "curl", version), derivation("mycurl", "mycurl", version)]
        };
        take(store, channel, "1", &both("1"));
        let (curl, own) = (package_id(store, "curl").unwrap(), package_id(store, "mycurl").unwrap());
        let merge = |from, into| store.database.write(|t| package::merge(t, from, into, None, at(3)));
        assert!(matches!(merge(curl, curl), Err(PackageError::Same)));
        merge(own, curl).unwrap();
        assert!(matches!(merge(own, curl), Err(PackageError::Unknown)));
        assert_eq!(package_id(store, "mycurl"), Some(curl));
        // New versions go to the package that it became, and so do equal ones.
        take(store, channel, "2", &both("2"));
        let of_curl = |name: &str| {
            store
                .database
                .read(|c| {
                    c.query_one(
                        "SELECT count(*) FROM build b JOIN package p ON p.id = b.package WHERE p.name = $1",
                        params![name],
                        |row| row.get::<i64>(0),
                    )
                })
                .unwrap()
        };
        assert_eq!((of_curl("curl"), of_curl("mycurl")), (2, 0));
        let split = |keys: &[&str], name: &str| {
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            store.database.write(|t| package::split(t, curl, &keys, name, None, at(4)))
        };
        assert!(matches!(split(&["other"], "x"), Err(PackageError::NotItsKey(_))));
        assert!(matches!(split(&["curl", "mycurl"], "x"), Err(PackageError::Nothing)));
        assert!(matches!(split(&["mycurl"], "curl"), Err(PackageError::NameTaken(_))));
        assert_eq!(split(&["mycurl"], "mycurl").unwrap(), own);
        take(store, channel, "3", &both("3"));
        assert_eq!((of_curl("curl"), of_curl("mycurl")), (1, 1));
        assert_eq!(package_id(store, "mycurl"), Some(own));
    });
}
