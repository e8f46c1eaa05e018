//! The chain holds, and every way to change it shows.

use crate::support::{Store, on_each};
use jiff::Timestamp;
use serde_json::json;
use tracker::database::{DatabaseError, Value};
use tracker::models::history::{self, Change, Subject, SubjectKind, Verified};
use tracker::models::ids::AccountId;
use tracker::params;

const PACKAGE: Subject = Subject::new(SubjectKind::Package, 7);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn append(store: &Store, number: i64) -> i64 {
    let (actor, content) = (Some(AccountId(3)), json!({ "name": { "before": null, "after": "Käse" } }));
    let change = Change { at: at(number), actor, subject: PACKAGE, action: "rename", content };
    store.database.write(|t| history::append(t, &change)).unwrap()
}

fn verify(store: &Store) -> Verified {
    store.database.read(history::verify).unwrap()
}

fn tamper(store: &Store, sql: &str, params: &[Value<'_>]) {
    store.database.write(|t| t.execute(sql, params).map(drop)).unwrap();
}

#[test]
fn entries_are_numbered_and_read_newest_first() {
    on_each(|store| {
        let empty = verify(store);
        assert_eq!((empty.entries, empty.problems.len()), (0, 0));
        assert_eq!((1..=5).map(|n| append(store, n)).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let read = |before| store.database.read(|c| history::of_subject(c, PACKAGE, before, 2)).unwrap();
        let numbers = |before| read(before).iter().map(|entry| entry.number).collect::<Vec<_>>();
        assert_eq!((numbers(None), numbers(Some(4)), numbers(Some(1))), (vec![5, 4], vec![3, 2], vec![]));
        let first = &read(Some(2))[0];
        assert_eq!((first.at, first.actor, first.action.as_str()), (at(1), Some(AccountId(3)), "rename"));
        assert_eq!(first.content.as_ref().unwrap()["name"]["after"], "Käse");
        let verified = verify(store);
        assert_eq!((verified.entries, verified.erased, verified.problems.len()), (5, 0, 0));
    });
}

#[test]
fn every_change_of_a_field_shows() {
    let changes = [
        "UPDATE history SET at = at + 1 WHERE number = 2",
        "UPDATE history SET actor = NULL WHERE number = 2",
        "UPDATE history SET actor = -1 WHERE number = 2",
        "UPDATE history SET subject_kind = 'advisory' WHERE number = 2",
        "UPDATE history SET subject = 8 WHERE number = 2",
        "UPDATE history SET action = 'renamed' WHERE number = 2",
        "UPDATE history_content SET body = '{}' WHERE number = 2",
        "UPDATE history_content SET body = NULL, salt = NULL WHERE number = 2",
        "DELETE FROM history_content WHERE number = 2",
    ];
    on_each(|store| {
        for number in 1..=3 {
            append(store, number);
        }
        for change in changes {
            let tampered: Result<Verified, Verified> = store
                .database
                .write(|t| {
                    t.execute(change, params![]).unwrap();
                    // Rolled back.
                    Err(Undone(history::verify(t).unwrap()))
                })
                .map_err(|Undone(verified)| verified);
            let problems = tampered.unwrap_err().problems;
            assert_eq!(problems.len(), 1, "{change}: {problems:?}");
            assert!(problems[0].starts_with("entry 2: "), "{problems:?}");
        }
        assert_eq!(verify(store).problems, Vec::<String>::new());
        // An entry that is taken out.
        tamper(store, "DELETE FROM history_content WHERE number = 2", params![]);
        tamper(store, "DELETE FROM history WHERE number = 2", params![]);
        assert_eq!(verify(store).problems.len(), 2);
    });
}

struct Undone(Verified);

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        panic!("{error}")
    }
}

#[test]
fn what_is_erased_is_gone_and_the_chain_holds() {
    on_each(|store| {
        for number in 1..=3 {
            append(store, number);
        }
        let head = verify(store).head;
        let erase = |number| {
            store.database.write(|t| history::erase(t, number, AccountId(1), at(9), "asked by the person"))
        };
        erase(2).unwrap();
        assert!(matches!(erase(99), Err(DatabaseError::NoRow)));
        let verified = verify(store);
        assert_eq!((verified.entries, verified.erased, verified.problems.len()), (4, 1, 0));
        assert_ne!(verified.head, head);
        let entries = store.database.read(|c| history::of_subject(c, PACKAGE, None, 9)).unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry.content.is_some()).collect::<Vec<_>>(),
            [true, false, true]
        );
    });
}

#[test]
fn entries_of_many_writers_make_one_chain() {
    on_each(|store| {
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| (0..10).map(|n| append(store, n)).sum::<i64>());
            }
        });
        let verified = verify(store);
        assert_eq!((verified.entries, verified.problems.len()), (60, 0));
    });
}
