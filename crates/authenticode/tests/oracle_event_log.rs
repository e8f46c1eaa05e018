//! Real event logs, next to what tpm2-tools reads in them.

#![allow(clippy::unwrap_used)]

use authenticode::event_log::{EventLog, SHA1, SHA256};
use std::fmt::Write as _;
use test_support::{ToolboxFolder, data};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Register, size of the data and digests of each event, a line each.
fn ours(log: &EventLog) -> Vec<String> {
    let events = log.events.iter().map(|event| {
        let digests = event.digests.iter().map(|(algorithm, digest)| {
            let name = match *algorithm {
                SHA1 => "sha1".to_owned(),
                SHA256 => "sha256".to_owned(),
                other => format!("{other:#x}"),
            };
            format!(" {name}:{}", hex(digest))
        });
        format!("{} {}{}", event.pcr, event.data.len(), digests.collect::<String>())
    });
    events.collect()
}

/// The same of what `tpm2_eventlog` prints. It prints the digest of the first event apart.
fn theirs(printed: &str) -> Vec<String> {
    let (mut events, mut register, mut digests, mut algorithm) = (Vec::new(), "", String::new(), "");
    for line in printed.lines() {
        let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(": ") else { continue };
        let value = value.trim_matches('"');
        match key {
            "PCRIndex" => register = value,
            "AlgorithmId" => algorithm = value,
            "Digest" if line.starts_with("    Digest") => write!(digests, " {algorithm}:{value}").unwrap(),
            "Digest" => write!(digests, " sha1:{value}").unwrap(),
            "EventSize" => {
                events.push(format!("{register} {value}{digests}"));
                digests.clear();
            }
            "pcrs" => break,
            _ => {}
        }
    }
    events
}

#[test]
fn tpm2_tools_read_the_same() {
    let folder = ToolboxFolder::new("event-log");
    for (name, drivers, applications) in [("t14_eventlog", 7, 3), ("t14s_eventlog", 11, 3)] {
        let octets = std::fs::read(data("tpm-eventlogs").join(name)).unwrap();
        folder.write("log", &octets);
        let printed = folder.run("tpm2_eventlog", ["log"]);
        let log = EventLog::read(&octets).unwrap();
        assert_eq!(ours(&log), theirs(&printed), "{name}");
        assert!(log.events.len() > 30, "{name}");
        // What tpm2-tools name a driver of register 2, we take for one.
        let theirs = printed.split("- EventNum").filter(|event| {
            event.contains("PCRIndex: 2\n") && event.contains("EventType: EV_EFI_BOOT_SERVICES_DRIVER")
        });
        let found = log.drivers().unwrap();
        assert_eq!((theirs.clone().count(), found.len()), (drivers, drivers), "{name}");
        for (event, driver) in theirs.zip(&found) {
            assert!(event.contains(&hex(&driver.digest)), "{name}: {event}");
        }
        // These laptops have no cards: all are files of the firmware.
        assert!(found.iter().all(|driver| driver.in_firmware), "{name}");
        assert_eq!(printed.matches("EV_EFI_BOOT_SERVICES_APPLICATION").count(), applications, "{name}");
    }
}
