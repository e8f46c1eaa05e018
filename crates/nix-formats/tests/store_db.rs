//! Store databases that no Nix would write, or that something happened to.

#![allow(clippy::unwrap_used)]

use nix_formats::StorePath;
use nix_formats::store_db::{Access, SCHEMA, StoreDb, StoreDbError, StoreDbOptions};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    /// `count` valid paths, numbered from 1, without references.
    fn new(count: usize) -> Self {
        let fixture = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(fixture.path().with_file_name("schema"), "10").unwrap();
        let mut connection = fixture.writer();
        connection.execute_batch(SCHEMA).unwrap();
        let transaction = connection.transaction().unwrap();
        for number in 1..=count {
            insert(&transaction, number);
        }
        transaction.commit().unwrap();
        drop(connection);
        fixture
    }

    /// The same with references.
    fn with_references(count: usize, references: &[(usize, usize)]) -> Self {
        let fixture = Self::new(count);
        for (from, to) in references {
            fixture.execute(&format!("insert into Refs values ({from}, {to})"));
        }
        fixture
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("db.sqlite")
    }

    fn writer(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        // These files need not survive a power cut.
        connection.pragma_update(None, "synchronous", "off").unwrap();
        connection
    }

    fn execute(&self, sql: &str) {
        self.writer().execute_batch(sql).unwrap();
    }

    fn open(&self) -> Result<StoreDb, StoreDbError> {
        let mut options = StoreDbOptions::default();
        options.busy_timeout = Duration::from_millis(50);
        StoreDb::open_with(&self.path(), options)
    }

    fn closure(&self, root: usize) -> Result<Vec<usize>, StoreDbError> {
        let closure = self.open()?.closure(&[store_path(root)])?;
        let number = |path: &StorePath| path.name().strip_prefix("path-").unwrap().parse().unwrap();
        let mut numbers: Vec<usize> = closure.paths().iter().map(|entry| number(&entry.path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn store_path(number: usize) -> StorePath {
    StorePath::from_base_name(&format!("{number:032}-path-{number}")).unwrap()
}

fn insert(connection: &Connection, number: usize) {
    connection
        .execute(
            "insert into ValidPaths (id, path, hash, registrationTime, narSize) values (?1, ?2, ?3, 1, 8)",
            (
                i64::try_from(number).unwrap(),
                format!("/nix/store/{}", store_path(number)),
                format!("sha256:{number:064x}"),
            ),
        )
        .unwrap();
}

/// Names and contents of all files.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn cycles_end() {
    let cycle = Fixture::with_references(5, &[(1, 1), (1, 2), (2, 3), (3, 1), (3, 3), (4, 5), (5, 4)]);
    assert_eq!(cycle.closure(1).unwrap(), [1, 2, 3]);
    assert_eq!(cycle.closure(5).unwrap(), [4, 5]);
    let db = cycle.open().unwrap();
    let closure = db.closure(&[store_path(3), store_path(1), store_path(3)]).unwrap();
    let first = closure.get(&store_path(1)).unwrap();
    assert_eq!(first.references, [0, 1]);
    assert_eq!(db.referrers(&store_path(1)).unwrap(), [store_path(1), store_path(3)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn closures_are_reachability(edges in prop::collection::btree_set((1_usize..=12, 1_usize..=12), 0..30)) {
        let edges: Vec<_> = edges.into_iter().collect();
        let fixture = Fixture::with_references(12, &edges);
        for root in 1..=12 {
            // Grows until nothing is added: slow and obvious.
            let mut reached = vec![root];
            loop {
                let next = edges.iter().find(|(from, to)| reached.contains(from) && !reached.contains(to));
                let Some((_, to)) = next else { break };
                reached.push(*to);
            }
            reached.sort_unstable();
            prop_assert_eq!(fixture.closure(root).unwrap(), reached);
        }
    }
}

#[test]
fn bad_rows_are_named() {
    let deriver = "/nix/store/00000000000000000000000000000009-x.drv";
    for (sql, place) in [
        ("update ValidPaths set path = '/etc/passwd' where id = 2", "table ValidPaths, row 2, column path"),
        ("update ValidPaths set path = x'2f00' where id = 2", "table ValidPaths, row 2, column path"),
        ("update ValidPaths set path = cast(x'ff' as text) where id = 2", "row 2, column path"),
        ("update ValidPaths set path = '/nix/store/../x' where id = 2", "row 2, column path"),
        ("update ValidPaths set hash = 'sha256:zz' where id = 1", "table ValidPaths, row 1, column hash"),
        ("update ValidPaths set hash = '' where id = 1", "table ValidPaths, row 1, column hash"),
        ("update ValidPaths set narSize = -5 where id = 1", "table ValidPaths, row 1, column narSize: -5"),
        ("update ValidPaths set narSize = 'much' where id = 1", "table ValidPaths, row 1, column narSize"),
        ("update ValidPaths set registrationTime = -1 where id = 1", "row 1, column registrationTime"),
        ("update ValidPaths set registrationTime = 1.5 where id = 1", "row 1, column registrationTime"),
        ("update ValidPaths set deriver = 'x' where id = 1", "table ValidPaths, row 1, column deriver"),
        ("update ValidPaths set ultimate = 7 where id = 1", "table ValidPaths, row 1, column ultimate"),
        ("update ValidPaths set sigs = 'a:QQ== b' where id = 1", "table ValidPaths, row 1, column sigs"),
        ("insert into Refs values (1, 99)", "table Refs, row 2, column reference"),
        ("insert into Refs values (1, 'x')", "table Refs, row 2, column reference"),
        (
            "insert into DerivationOutputs values (1, 'out', 'x')",
            "table DerivationOutputs, row 1, column path",
        ),
        ("insert into DerivationOutputs values (1, x'ff', 'x')", "table DerivationOutputs, row 1, column id"),
    ] {
        let fixture = Fixture::with_references(2, &[(1, 2)]);
        fixture.execute(sql);
        let db = fixture.open().unwrap();
        let one = store_path(1);
        let error = db
            .query_path(&one)
            .map(drop)
            .and_then(|()| db.closure(std::slice::from_ref(&one)).map(drop))
            .and_then(|()| db.outputs_of(&one).map(drop))
            .expect_err(sql);
        assert!(matches!(error, StoreDbError::Row { .. }), "{sql}: {error}");
        assert!(error.to_string().contains(place), "{sql}: {error}");
        assert!(error.to_string().contains("db.sqlite"), "{sql}: {error}");
    }
    let fixture = Fixture::new(1);
    fixture.execute(&format!("update ValidPaths set deriver = '{deriver}', sigs = '', narSize = null"));
    let info = fixture.open().unwrap().query_path(&store_path(1)).unwrap().unwrap();
    assert_eq!((info.deriver.unwrap().name(), info.nar_size, info.signatures.len()), ("x.drv", None, 0));
}

#[test]
fn absent_paths() {
    let fixture = Fixture::new(1);
    let db = fixture.open().unwrap();
    assert_eq!(db.query_path(&store_path(9)).unwrap(), None);
    assert!(!db.is_valid(&store_path(9)).unwrap());
    assert!(db.outputs_of(&store_path(9)).unwrap().is_empty());
    assert!(db.valid_derivers(&store_path(9)).unwrap().is_empty());
    assert!(db.referrers(&store_path(9)).unwrap().is_empty());
    let error = db.closure(&[store_path(1), store_path(9)]).unwrap_err();
    assert!(matches!(error, StoreDbError::NotValid { path } if path == store_path(9)));
}

#[test]
fn limits_hold() {
    let fixture = Fixture::with_references(5, &[(1, 2), (2, 3), (3, 4), (4, 5)]);
    let open = |max_paths, max_references| {
        let mut options = StoreDbOptions::default();
        (options.max_paths, options.max_references) = (max_paths, max_references);
        StoreDb::open_with(&fixture.path(), options).unwrap()
    };
    let one = [store_path(1)];
    assert_eq!(open(5, 4).closure(&one).unwrap().paths().len(), 5);
    assert_eq!(open(5, 4).valid_paths().unwrap().len(), 5);
    for db in [open(4, 4), open(5, 3)] {
        assert!(matches!(db.closure(&one), Err(StoreDbError::Limit { .. })));
    }
    assert!(matches!(open(4, 4).valid_paths(), Err(StoreDbError::Limit { maximum: 4, .. })));
}

#[test]
fn other_schemas() {
    for version in ["9", "11", "", "ten", "100000000000000000000000000000000000000"] {
        let fixture = Fixture::new(1);
        fs::write(fixture.path().with_file_name("schema"), version).unwrap();
        let error = fixture.open().unwrap_err();
        assert!(matches!(error, StoreDbError::SchemaVersion { .. }), "{version}: {error}");
    }
    let fixture = Fixture::new(1);
    fs::write(fixture.path().with_file_name("schema"), "10\n").unwrap();
    fixture.open().unwrap();
    fs::remove_file(fixture.path().with_file_name("schema")).unwrap();
    fixture.open().unwrap();

    for (sql, named) in [
        ("drop table Refs", "Refs"),
        ("alter table ValidPaths drop column sigs", "sigs"),
        ("drop table Refs; create view Refs as select 1 as referrer, 1 as reference", "Refs"),
        ("drop table Refs; create virtual table Refs using fts5(referrer, reference)", "Refs"),
        (
            "drop table Refs; create table Refs (referrer integer, reference integer as (referrer + 1))",
            "reference",
        ),
    ] {
        let fixture = Fixture::new(1);
        fixture.execute(sql);
        let error = fixture.open().expect_err(sql);
        assert!(
            matches!(&error, StoreDbError::Schema { problem, .. } if problem.to_string().contains(named)),
            "{error}"
        );
    }
}

#[test]
fn not_databases() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db.sqlite");
    assert!(matches!(StoreDb::open(&path), Err(StoreDbError::Io { .. })));
    for bytes in [&b""[..], b"SQLite format 3", b"hello world, this is no database at all"] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(StoreDb::open(&path), Err(StoreDbError::NotADatabase { .. })));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(StoreDb::open(&path), Err(StoreDbError::NotADatabase { .. })));
}

#[test]
fn any_file_name() {
    for name in [&b"a b?mode=rwc#c%41.sqlite"[..], b"\xff\xfe.sqlite", b"file:x.sqlite"] {
        let fixture = Fixture::new(3);
        let path = fixture.folder.path().join(OsStr::from_bytes(name));
        fs::rename(fixture.path(), &path).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(fixture.folder.path().join(format!("db.sqlite{suffix}")));
        }
        assert_eq!(StoreDb::open(&path).unwrap().valid_paths().unwrap().len(), 3);
    }
}

/// Another process holds the database: in the rollback mode that keeps readers out.
#[test]
fn locked() {
    let fixture = Fixture::new(1);
    let writer = Connection::open(fixture.path()).unwrap();
    writer.pragma_update(None, "journal_mode", "truncate").unwrap();
    let db = fixture.open().unwrap();
    assert_eq!(db.access(), Access::Coordinated);
    assert!(db.is_valid(&store_path(1)).unwrap());
    writer.execute_batch("begin exclusive").unwrap();
    let error = fixture.open().unwrap_err();
    assert!(matches!(error, StoreDbError::Locked { .. }), "{error}");
    let error = db.is_valid(&store_path(1)).unwrap_err();
    assert!(matches!(error, StoreDbError::Locked { .. }), "{error}");
    writer.execute_batch("rollback").unwrap();
    assert!(db.is_valid(&store_path(1)).unwrap());
}

/// Nothing appears or changes next to the database, whichever way it is read.
#[test]
fn reading_leaves_no_trace() {
    let fixture = Fixture::with_references(3, &[(1, 2)]);
    let read = |expected| {
        let before = contents(fixture.folder.path());
        let db = fixture.open().unwrap();
        assert_eq!(db.access(), expected);
        assert_eq!(db.closure(&[store_path(1)]).unwrap().paths().len(), 2);
        drop(db);
        let mut after = contents(fixture.folder.path());
        let mut before = before;
        // The index is shared memory in which readers note where they are.
        assert_eq!(before.remove("db.sqlite-shm").is_some(), after.remove("db.sqlite-shm").is_some());
        assert_eq!(before, after);
    };
    // Closed cleanly: log and index are gone.
    read(Access::Immutable);
    let writer = fixture.writer();
    writer.execute_batch("update ValidPaths set narSize = 9").unwrap();
    read(Access::Coordinated);
}

/// The machine crashed, or the disk was copied: the newest rows are in the log, and there is no
/// index.
#[test]
fn log_without_index() {
    let fixture = Fixture::new(1);
    let writer = fixture.writer();
    insert(&writer, 2);
    let copy = tempfile::tempdir().unwrap();
    for name in ["db.sqlite", "db.sqlite-wal"] {
        fs::copy(fixture.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let before = contents(copy.path());
    let db = StoreDb::open(&copy.path().join("db.sqlite")).unwrap();
    assert_eq!(db.access(), Access::Copy);
    assert_eq!(db.valid_paths().unwrap(), [store_path(1), store_path(2)]);
    assert_eq!(contents(copy.path()), before);
}

/// A transaction in the rollback mode that was cut off: reading the file as it is would give a torn
/// state.
#[test]
fn half_finished_transaction() {
    let fixture = Fixture::new(500);
    let writer = Connection::open(fixture.path()).unwrap();
    writer.pragma_update(None, "journal_mode", "truncate").unwrap();
    // Pages go to the file before the end of the transaction.
    writer.pragma_update(None, "cache_size", 1).unwrap();
    writer.execute_batch("begin; update ValidPaths set narSize = narSize + 1, sigs = 'a:QQ=='").unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["db.sqlite", "db.sqlite-journal"] {
        fs::copy(fixture.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    assert!(fs::metadata(copy.path().join("db.sqlite-journal")).unwrap().len() > 0);
    let error = StoreDb::open(&copy.path().join("db.sqlite")).unwrap_err();
    assert!(matches!(error, StoreDbError::NeedsRecovery { .. }), "{error}");
    assert!(error.hint().unwrap().contains("any Nix command"));
}

/// What a handle that reads without coordination does when the file changes under it.
#[test]
fn notices_changes() {
    let fixture = Fixture::new(1);
    let db = fixture.open().unwrap();
    assert_eq!(db.access(), Access::Immutable);
    assert_eq!(db.valid_paths().unwrap().len(), 1);
    let writer = fixture.writer();
    for number in 2..20 {
        insert(&writer, number);
        if number % 3 == 0 {
            writer.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
        }
        assert_eq!(db.valid_paths().unwrap().len(), number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// Whatever happened to the file: an answer or an error, and an end.
    #[test]
    fn damage_never_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let fixture = Fixture::with_references(40, &[(1, 2), (2, 3), (3, 1), (3, 40)]);
        let mut bytes = fs::read(fixture.path()).unwrap();
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(fixture.path(), bytes).unwrap();
        if let Ok(db) = fixture.open() {
            let one = store_path(1);
            let _ = db.closure(std::slice::from_ref(&one));
            let _ = db.query_path(&one);
            let _ = db.valid_paths();
            let _ = db.outputs_of(&one);
            let _ = db.valid_derivers(&one);
            let _ = db.referrers(&one);
        }
    }
}
