//! Scanning: a system's closure, and a whole evaluation, against all records.

use std::path::PathBuf;

use anyhow::ensure;

use crate::bench::inputs;
use crate::bench::measure::Run;
use crate::bench::ours::{Counted, Snowguard};
use crate::bench::table::{Cell, Table};
use crate::workspace;

/// Paths of a large desktop system.
const PATHS: usize = 2000;

/// Measures both, each a new process with the database in place.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let folder = workspace::target().join("bench");
    let archives = inputs::cve_archives();
    let snowguard = Snowguard::build(&folder)?;
    let root = inputs::system(&folder.join("system"), PATHS)?;
    snowguard.update(&archives, 1)?;

    let mut table = Table::new(
        "scan: a new process, the database of all shared records in place",
        &["target", "wall", "memory", "packages", "findings shown"],
    );
    let closure = snowguard.scan_system(&root, 7)?;
    ensure!(closure.1.packages >= PATHS / 2, "the closure was not read: {} packages", closure.1.packages);
    table.row(row(&format!("closure of {PATHS} paths with derivers"), &closure.0, &closure.1));
    let evaluation: PathBuf = workspace::shared_data().join("nixpkgs/nixos-18.03.jsonl.zst");
    let whole = snowguard.scan_counted(&evaluation, 5)?;
    table.row(row("evaluation of nixos-18.03, all packages against all records", &whole.0, &whole.1));
    table.note("Aims: 100 ms and 150 MB for the closure, 1 s for the evaluation. The best of several runs.");
    Ok(vec![table])
}

fn row(what: &str, run: &Run, counted: &Counted) -> Vec<Cell> {
    vec![
        what.into(),
        Cell::Number(run.wall.as_secs_f64() * 1000.0, "ms"),
        Cell::Number(run.memory as f64 / 1e6, "MB"),
        Cell::Number(counted.packages as f64, ""),
        Cell::Number(counted.findings as f64, ""),
    ]
}
