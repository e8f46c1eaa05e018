//! From the copy into the store: what is other there.

use crate::jobs::{JobContext, JobError};
use crate::models::cve;
use crate::models::intake::{self, Stored};
use crate::models::record::{self, NewRecord, RecordError, Source};
use std::collections::{HashMap, HashSet};
use std::thread;
use vulnerability::CveId;
use vulnerability::model::{Epss, RecordSource};
use vulnerability_db::{Database, SourceKind};

/// So many records are one transaction: well below a second.
const BATCH: usize = 500;
/// So many scores are one transaction.
const SCORES: usize = 50_000;
/// More threads would only wait for the one that writes.
const MOST_THREADS: usize = 4;

/// Takes over what is other in the copy. Gives how many changes that were.
pub(super) fn take_over(
    context: &mut JobContext<'_>,
    local: &Database,
    kind: SourceKind,
    arrivals: bool,
) -> Result<u64, JobError> {
    match kind {
        SourceKind::Cve => records(context, local, Source::Cve, RecordSource::Cve, arrivals),
        SourceKind::Nvd => records(context, local, Source::Nvd, RecordSource::Nvd, arrivals),
        SourceKind::Kev => {
            let entries = local.raw_catalogue().map_err(JobError::other)?;
            catalogue(context, Source::Kev, entries, arrivals)
        }
        SourceKind::Epss => scores(context, local).map(|()| 0),
    }
}

fn hashes(context: &JobContext<'_>, of: Source) -> Result<HashMap<CveId, Vec<u8>>, JobError> {
    let mut hashes = HashMap::new();
    context.app().database.read(|connection| {
        record::for_each_hash(connection, |cve, source, hash| {
            if source == of {
                hashes.insert(cve, hash);
            }
        })
    })?;
    Ok(hashes)
}

fn records(
    context: &mut JobContext<'_>,
    local: &Database,
    source: Source,
    of: RecordSource,
    arrivals: bool,
) -> Result<u64, JobError> {
    let there = hashes(context, source)?;
    let mut other = Vec::new();
    let each = |cve: CveId, source: RecordSource, digest: [u8; 16]| {
        if source == of && there.get(&cve).is_none_or(|hash| !hash.starts_with(&digest)) {
            other.push(cve);
        }
    };
    local.for_each_digest(each).map_err(JobError::other)?;
    drop(there);
    other.sort_unstable();
    let mut changes = 0;
    for batch in other.chunks(BATCH) {
        context.go_on()?;
        let mut bodies = Vec::with_capacity(batch.len());
        for cve in batch {
            let raw = local.raw(*cve).map_err(JobError::other)?;
            bodies.extend(raw.into_iter().filter(|(from, _)| *from == of).map(|(_, body)| (*cve, body)));
        }
        let read = read(context, source, bodies)?;
        changes += store(context, &read, arrivals)?;
    }
    Ok(changes)
}

/// Reads records on several threads. One that cannot be read is counted and left out: the copy
/// takes only those that can, so there is none unless the programs differ.
fn read(
    context: &mut JobContext<'_>,
    source: Source,
    bodies: Vec<(CveId, Vec<u8>)>,
) -> Result<Vec<NewRecord>, JobError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, MOST_THREADS);
    let size = bodies.len().div_ceil(threads).max(1);
    let mut parts = Vec::new();
    let mut rest = bodies;
    while !rest.is_empty() {
        let later = rest.split_off(size.min(rest.len()));
        parts.push(std::mem::replace(&mut rest, later));
    }
    let read: Vec<Vec<Result<NewRecord, RecordError>>> = thread::scope(|scope| {
        let read = |part: Vec<(CveId, Vec<u8>)>| {
            move || part.into_iter().map(|(cve, body)| NewRecord::read(cve, source, body)).collect()
        };
        let threads: Vec<_> = parts.into_iter().map(|part| scope.spawn(read(part))).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect::<thread::Result<_>>()
    })
    .map_err(|_| JobError::other("a thread that reads records panicked"))?;
    let mut records = Vec::new();
    for result in read.into_iter().flatten() {
        match result {
            Ok(record) => records.push(record),
            Err(error) => {
                tracing::warn!(error = %error, source = source.name(), "a record cannot be taken over");
                context.count("refused", 1);
            }
        }
    }
    Ok(records)
}

fn store(context: &mut JobContext<'_>, records: &[NewRecord], arrivals: bool) -> Result<u64, JobError> {
    let now = context.now();
    context.write(|transaction, saving| {
        let stored = intake::store(transaction, records, arrivals, now)?;
        let Stored { new, changed, quiet, withdrawn, unchanged } = stored;
        for (name, number) in [
            ("new", new),
            ("changed", changed),
            ("changed-in-dates-only", quiet),
            ("withdrawn", withdrawn),
            ("unchanged", unchanged),
        ] {
            if number > 0 {
                saving.count(name, number);
            }
        }
        Ok(new + changed)
    })
}

/// Takes over a catalogue, which is all of its source: what it has no more is removed.
pub(in crate::jobs) fn catalogue(
    context: &mut JobContext<'_>,
    source: Source,
    entries: Vec<(CveId, Vec<u8>)>,
    arrivals: bool,
) -> Result<u64, JobError> {
    let there = context.app().database.read(|connection| record::of_source(connection, source))?;
    let listed: HashSet<CveId> = entries.iter().map(|(cve, _)| *cve).collect();
    let removed = there.iter().map(|record| record.cve).filter(|cve| !listed.contains(cve));
    let mut records: Vec<NewRecord> = removed.map(|cve| NewRecord::removed(cve, source)).collect();
    let bodies: HashMap<CveId, &[u8]> = there.iter().map(|r| (r.cve, r.body.as_slice())).collect();
    let other = entries.into_iter().filter(|(cve, body)| bodies.get(cve) != Some(&body.trim_ascii()));
    records.extend(read(context, source, other.collect())?);
    let mut changes = 0;
    for batch in records.chunks(BATCH) {
        context.go_on()?;
        changes += store(context, batch, arrivals)?;
    }
    Ok(changes)
}

fn scores(context: &mut JobContext<'_>, local: &Database) -> Result<(), JobError> {
    let mut scores: Vec<(CveId, Epss)> = Vec::new();
    local.for_each_score(|cve, score| scores.push((cve, score))).map_err(JobError::other)?;
    for batch in scores.chunks(SCORES) {
        context.go_on()?;
        context.write(|transaction, saving| {
            let changed = cve::put_scores(transaction, batch)?;
            saving.count("scores", changed);
            Ok(())
        })?;
    }
    Ok(())
}
