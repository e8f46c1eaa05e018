//! Event logs of measured boot: read or refused, and what is read was in the log.
#![no_main]

use authenticode::event_log::{Event, EventLog};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(log) = EventLog::read(data) else { return };
    let size = |event: &Event| {
        event.data.len() + event.digests.iter().map(|(_, digest)| digest.len()).sum::<usize>()
    };
    assert!(log.events.iter().map(size).sum::<usize>() <= data.len());
    let drivers = log.drivers().unwrap_or_default();
    assert!(drivers.len() <= log.events.len());
    assert!(drivers.iter().all(|driver| driver.digest.len() == 32));
});
