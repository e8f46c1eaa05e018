//! A comparison in JSON; its schema is `docs/schema/diff-report-1.json`.

use super::compare::{Change, Diff, DiffEntry, Open, Reason};
use super::snapshot::Snapshot;
use serde_json::{Value, json};
use std::io;

/// The version of the format.
const FORMAT_VERSION: &str = "1.0";

/// Writes it.
pub fn write(out: &mut dyn io::Write, diff: &Diff, old: &Snapshot, new: &Snapshot) -> io::Result<()> {
    let side = |snapshot: &Snapshot| {
        let targets: Vec<&str> = snapshot.targets.iter().map(|(name, _)| name.as_str()).collect();
        json!({ "targets": targets, "packages": snapshot.packages() })
    };
    let report = json!({
        "format": "snowguard-diff-report",
        "formatVersion": FORMAT_VERSION,
        "old": side(old),
        "new": side(new),
        "summary": {
            "new": diff.count(Change::New),
            "changed": diff.count(Change::Changed),
            "gone": diff.count(Change::Gone),
            "same": diff.count(Change::Same),
        },
        "findings": diff.entries.iter().map(finding).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn finding(entry: &DiffEntry) -> Value {
    let mut value = json!({
        "cve": entry.cve,
        "summary": entry.summary,
        "software": entry.software,
        "change": entry.change.name(),
        "reasons": entry.reasons.iter().map(reason).collect::<Vec<_>>(),
        "old": entry.old.as_ref().map(open),
        "new": entry.new.as_ref().map(open),
    });
    if let (Some(target), Some(members)) = (&entry.target, value.as_object_mut()) {
        members.insert("target".to_owned(), target.as_str().into());
    }
    value
}

fn reason(reason: &Reason) -> Value {
    json!({ "kind": reason.name(), "text": reason.to_string() })
}

fn open(open: &Open) -> Value {
    json!({
        "versions": open.versions,
        "severity": open.level,
        "score": open.score,
        "knownExploited": open.known_exploited,
    })
}
