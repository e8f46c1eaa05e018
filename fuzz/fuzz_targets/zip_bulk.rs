//! Archives of records of either source, taken into a database: all or nothing, and a second time nothing changes.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use vulnerability_db::database::Database;
use vulnerability_db::ingest::{Kind, Limits, Silent, Source, update};

fuzz_target!(|data: &[u8]| {
    let folder =
        tempfile::Builder::new().prefix("fuzz-").tempdir_in("/dev/shm").expect("memory for a folder");
    let archive = folder.path().join("bulk.zip");
    std::fs::write(&archive, data).expect("the archive can be written");
    for kind in [Kind::Cve, Kind::Nvd] {
        take_in(kind, &archive, &folder.path().join(kind.name()));
    }
});

fn take_in(kind: Kind, archive: &Path, database: &Path) {
    let sources = [Source { kind, location: archive.display().to_string() }];
    let limits = Limits { record: 1 << 20, unpacked: 4 << 20, entries: 100, ..Limits::default() };
    match update(database, &sources, &limits, Timestamp::UNIX_EPOCH, &Silent) {
        Ok(_) => {
            Database::open(database).and_then(|found| found.verify(|_, _| {})).expect("a sound database");
            let again = update(database, &sources, &limits, Timestamp::UNIX_EPOCH, &Silent);
            assert!(!again.expect("the same archive again").changed, "the second time something changed");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
