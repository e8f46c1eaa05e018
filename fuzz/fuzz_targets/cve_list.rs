//! What the CVE list says of itself: its log of changes, and its releases. The beginning of a log
//! names no change that the whole does not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vulnerability_db::ingest::{DeltaLog, Release};

fuzz_target!(|data: &[u8]| {
    if let Ok(log) = DeltaLog::parse(data, false) {
        for end in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
            if let Ok(part) = DeltaLog::parse(data.get(..end).unwrap_or_default(), true) {
                assert!(part.changes.keys().all(|id| log.changes.contains_key(id)));
            }
        }
        if let Some((first, last)) = log.span {
            assert!(first <= last && log.reaches(last) && log.since(first).len() == log.changes.len());
        }
    }
    for release in Release::parse(data).unwrap_or_default() {
        for asset in release.assets {
            let _ = asset.content();
            assert!(asset.sha256().is_none_or(|digits| digits.len() == 64));
        }
    }
});
