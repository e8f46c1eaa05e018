//! Both databases do the same.

use crate::support::{Store, on_each};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::sync::atomic::{AtomicI64, Ordering};
use tracker::database::bulk::Column;
use tracker::database::lock::Lock;
use tracker::database::{Connection, Database, DatabaseError, Limits, Row, Transaction};
use tracker::params;

fn counter(connection: &mut Connection, name: &str) -> Option<i64> {
    connection
        .query_optional("SELECT value FROM counter WHERE name = $1", params![name], |row| row.get::<i64>(0))
        .unwrap_or_else(|error: DatabaseError| panic!("{error}"))
}

fn counted(store: &Store) -> Option<i64> {
    store.database.read(|c| Ok::<_, DatabaseError>(counter(c, "x"))).unwrap()
}

fn count_up(transaction: &mut Transaction<'_>, name: &str) -> Result<i64, DatabaseError> {
    transaction.query_one(
        "INSERT INTO counter (name, value) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        params![name],
        |row| row.get(0),
    )
}

#[test]
fn values_come_back_as_they_went() {
    on_each(|store| {
        let given = (i64::MIN, f64::MIN_POSITIVE, true, "Grüße\u{202e}'\"$1 ?", vec![0_u8, 255, 39]);
        let found = store.database.write(|transaction| {
            transaction.execute(
                "CREATE TABLE kept (a BIGINT, b DOUBLE PRECISION, c BOOLEAN, d TEXT, e BYTEA, f TEXT)",
                params![],
            )?;
            // The parameters' numbers count, not their order.
            transaction.execute(
                "INSERT INTO kept (f, e, d, c, b, a) VALUES ($6, $5, $4, $3, $2, $1)",
                params![given.0, given.1, given.2, given.3, &given.4, None::<&str>],
            )?;
            let read = |row: &Row<'_>| -> Result<_, DatabaseError> {
                let kept: (i64, f64, bool, String, Vec<u8>) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                Ok((kept, row.get::<Option<String>>(5)?))
            };
            transaction.query_one("SELECT a, b, c, d, e, f FROM kept", params![], read)
        });
        let (kept, nothing) = found.unwrap();
        assert_eq!(kept, (given.0, given.1, given.2, given.3.to_owned(), given.4.clone()));
        assert_eq!(nothing, None);
    });
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    on_each(|store| {
        let failed: Result<(), DatabaseError> = store.database.write(|transaction| {
            count_up(transaction, "x")?;
            Err(DatabaseError::NoRow)
        });
        assert!(failed.is_err());
        let panicked = std::panic::catch_unwind(|| {
            store.database.write(|transaction| -> Result<(), DatabaseError> {
                count_up(transaction, "x")?;
                panic!("on purpose")
            })
        });
        assert!(panicked.is_err());
        assert_eq!(counted(store), None);
        // The connection is of use again, also after an error of the database's own.
        let wrong: Result<u64, DatabaseError> =
            store.database.write(|transaction| transaction.execute("SELECT nonsense", params![]));
        assert!(wrong.is_err());
        assert_eq!(store.database.write(|t| count_up(t, "x")).unwrap(), 1);
    });
}

#[test]
fn readers_see_one_moment() {
    on_each(|store| {
        store.database.write(|t| count_up(t, "x")).unwrap();
        store
            .database
            .read(|connection| -> Result<(), DatabaseError> {
                assert_eq!(counter(connection, "x"), Some(1));
                store.database.write(|t| count_up(t, "x"))?;
                assert_eq!(counter(connection, "x"), Some(1));
                Ok(())
            })
            .unwrap();
        assert_eq!(counted(store), Some(2));
    });
}

#[test]
fn readers_cannot_write() {
    on_each(|store| {
        let written: Result<u64, DatabaseError> =
            store.database.read(|c| c.execute("DELETE FROM counter", params![]));
        assert!(written.is_err(), "{}", store.name);
    });
}

#[test]
fn many_writers_lose_nothing() {
    on_each(|store| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        store.database.write(|t| count_up(t, "x")).unwrap();
                    }
                });
            }
        });
        assert_eq!(counted(store), Some(200));
    });
}

#[test]
fn who_holds_a_lock_is_alone() {
    on_each(|store| {
        let inside = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        store
                            .database
                            .write(|transaction| -> Result<(), DatabaseError> {
                                transaction.lock(Lock::Numbers)?;
                                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                                std::thread::yield_now();
                                inside.fetch_sub(1, Ordering::SeqCst);
                                Ok(())
                            })
                            .unwrap();
                    }
                });
            }
        });
    });
}

#[test]
fn duplicates_are_told_from_other_errors() {
    on_each(|store| {
        let insert = |value: Option<i64>| {
            store
                .database
                .write(|t| t.execute("INSERT INTO counter (name, value) VALUES ('x', $1)", params![value]))
        };
        assert_eq!(insert(Some(1)).unwrap(), 1);
        let error: DatabaseError = insert(Some(1)).unwrap_err();
        assert!(error.is_duplicate() && !error.is_temporary(), "{error:?}");
        let error: DatabaseError = insert(None).unwrap_err();
        assert!(!error.is_duplicate() && !error.is_temporary(), "{error:?}");
    });
}

#[test]
fn several_processes_may_open_an_empty_store_at_once() {
    for store in [Store::sqlite(), Store::postgres()] {
        let location = match &store.location {
            tracker::database::Location::Sqlite(_) => {
                tracker::database::Location::Sqlite(store.folder.path("another.db"))
            }
            tracker::database::Location::Postgres(_) => {
                tracker::database::Location::parse(&test_support::postgres_database())
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| Database::open(&location, Limits::default()).unwrap());
            }
        });
    }
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    on_each(|store| {
        let row = "INSERT INTO schema_migration (version, name, applied_at) VALUES (99, 'later', 0)";
        store.database.write(|t| t.execute(row, params![]).map(drop)).unwrap();
        let error = Database::open(&store.location, Limits::default()).unwrap_err();
        assert!(matches!(error, DatabaseError::Newer { found: 99, .. }), "{error}");
    });
}

/// Whatever is loaded in bulk is there, in both databases, but for zero bytes in texts.
#[test]
fn bulk_loads_everything() {
    let row =
        (any::<i64>(), any::<Option<String>>(), any::<Vec<u8>>(), any::<bool>(), prop::num::f64::NORMAL);
    let rows = prop::collection::vec(row, 0..50);
    on_each(|store| {
        let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
        let test = |rows: Vec<Loaded>| store.database.write(|t| loads(t, &rows)).map_err(fails);
        TestRunner::new(config).run(&rows, test).unwrap();
    });
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn fails(error: DatabaseError) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

type Loaded = (i64, Option<String>, Vec<u8>, bool, f64);

fn loads(transaction: &mut Transaction<'_>, rows: &[Loaded]) -> Result<(), DatabaseError> {
    transaction.execute(
        "CREATE TEMPORARY TABLE loaded
             (n BIGINT, a BIGINT, b TEXT, c BYTEA, d BOOLEAN, e DOUBLE PRECISION)",
        params![],
    )?;
    let columns = [
        ("n", Column::Integer),
        ("a", Column::Integer),
        ("b", Column::Text),
        ("c", Column::Bytes),
        ("d", Column::Boolean),
        ("e", Column::Real),
    ];
    let given = rows.iter().zip(0_i64..).map(|((a, b, c, d, e), n)| {
        let values = [n.into(), (*a).into(), b.as_ref().into(), c.into(), (*d).into(), (*e).into()];
        Ok::<_, DatabaseError>(values.into())
    });
    assert_eq!(transaction.load("loaded", &columns, given)?, rows.len() as u64);
    let read = |row: &Row<'_>| -> Result<Loaded, DatabaseError> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    };
    let found = transaction.query("SELECT a, b, c, d, e FROM loaded ORDER BY n", params![], read)?;
    transaction.execute("DROP TABLE loaded", params![])?;
    let mut expected = rows.to_vec();
    for (_, text, ..) in &mut expected {
        *text = text.take().map(|text| text.replace('\0', "\u{fffd}"));
    }
    assert_eq!(found, expected);
    Ok(())
}
