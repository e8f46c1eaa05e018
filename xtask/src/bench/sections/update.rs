//! Importing records: how fast, how large, compared with what any program has to do at the least.

use crate::bench::inputs;
use crate::bench::measure;
use crate::bench::ours::Snowguard;
use crate::bench::table::{Cell, Table};
use anyhow::Context;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

/// What an archive holds, unpacked.
struct Held {
    records: u64,
    bytes: u64,
}

/// Measures the update from the bulk archive, and unpacking it alone.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let archives = inputs::cve_archives();
    let bulk = archives.first().cloned().context("no archive")?;
    let snowguard = Snowguard::build("snowguard")?;

    let (held, unpacking) = measure::function(3, || unpack(&bulk));
    let held = held?;
    let run = snowguard.update(std::slice::from_ref(&bulk), 3)?;
    let size = snowguard.database_size()?;
    let per_second = |wall: std::time::Duration| held.records as f64 / wall.as_secs_f64();

    let mut table = Table::new(
        "update: the bulk archive of the CVE list into a new database",
        &["what", "wall", "records/s", "JSON", "database", "of the JSON", "memory"],
    );
    table.row(vec![
        "snowguard db update".into(),
        Cell::Number(run.wall.as_secs_f64(), "s"),
        Cell::Number(per_second(run.wall), ""),
        Cell::Number(held.bytes as f64 / 1e6, "MB"),
        Cell::Number(size as f64 / 1e6, "MB"),
        Cell::Ratio(size as f64 / held.bytes as f64),
        Cell::Number(run.memory as f64 / 1e6, "MB"),
    ]);
    table.row(vec![
        "unpacking alone, one thread".into(),
        Cell::Number(unpacking.as_secs_f64(), "s"),
        Cell::Number(per_second(unpacking), ""),
        Cell::Number(held.bytes as f64 / 1e6, "MB"),
    ]);
    table.row(vec!["ratio of the two".into(), Cell::Ratio(run.wall.as_secs_f64() / unpacking.as_secs_f64())]);
    table.note("Aims: 20,000 records/s on two cores, 0.4 of the JSON, 300 MB. A new process each time, the best of three.");
    Ok(vec![table])
}

/// Reads all entries of an archive and forgets them: what nobody can avoid.
fn unpack(path: &PathBuf) -> anyhow::Result<Held> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut held = Held { records: 0, bytes: 0 };
    let mut buffer = Vec::new();
    for index in 0..archive.len() {
        buffer.clear();
        held.bytes += archive.by_index(index)?.read_to_end(&mut buffer)? as u64;
        held.records += 1;
    }
    Ok(held)
}
