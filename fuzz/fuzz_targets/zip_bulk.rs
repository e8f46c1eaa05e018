//! Archives of records of either source, taken into a database: all or nothing, and a second time
//! nothing changes.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use terminal::Silent;
use vulnerability_db::database::Database;
use vulnerability_db::ingest::{ImportLimits, SourceKind, SourceLocation, UpdateOptions, update};

fuzz_target!(|data: &[u8]| {
    let folder =
        tempfile::Builder::new().prefix("fuzz-").tempdir_in("/dev/shm").expect("memory for a folder");
    let archive = folder.path().join("bulk.zip");
    std::fs::write(&archive, data).expect("the archive can be written");
    for kind in [SourceKind::Cve, SourceKind::Nvd] {
        import(kind, &archive, &folder.path().join(kind.name()));
    }
});

fn import(kind: SourceKind, archive: &Path, database: &Path) {
    let sources = [SourceLocation { kind, location: archive.display().to_string() }];
    let mut options = UpdateOptions::new(Timestamp::UNIX_EPOCH);
    options.limits =
        ImportLimits { record: 1 << 20, unpacked: 4 << 20, entries: 100, ..ImportLimits::default() };
    match update(database, &sources, &options, &Silent) {
        Ok(_) => {
            Database::open(database).and_then(|found| found.verify(|_, _| {})).expect("a sound database");
            let again = update(database, &sources, &options, &Silent);
            assert!(!again.expect("the same archive again").changed, "the second time something changed");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
