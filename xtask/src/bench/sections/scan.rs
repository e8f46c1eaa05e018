//! Scanning: a system's closure, and a whole evaluation, against all records.

use crate::bench::inputs::{self, PATHS};
use crate::bench::measure::{self, Run};
use crate::bench::ours::{self, Counted, Snowguard};
use crate::bench::table::{Cell, Table};
use anyhow::ensure;
use std::process::Command;

/// Measures both, each a new process with the database in place.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let archives = inputs::cve_archives();
    let snowguard = Snowguard::build("snowguard")?;
    let root = inputs::system(&inputs::scratch()?.join("system"), PATHS)?;
    snowguard.update(&archives, 1)?;

    let mut table = Table::new(
        "scan: a new process, the database of all shared records in place",
        &["target", "wall", "memory", "packages", "findings shown"],
    );
    let zero = |status| status == 0;
    let closure = measure::program(|| Ok(snowguard.scan_system_command(&root)), 7, zero)?;
    let counted = ours::count(&closure.output)?;
    ensure!(counted.packages >= PATHS / 2, "the closure was not read: {} packages", counted.packages);
    table.row(row(&format!("closure of {PATHS} paths with derivers"), &closure, &counted));
    // The same bytes, in the same run, by a program that does nothing with them.
    let read = snowguard.read_by_scan(&root)?;
    let cat = || {
        let mut command = Command::new("sh");
        command.args(["-c", "exec cat -- \"$@\" > /dev/null", "sh"]).args(&read);
        Ok(command)
    };
    let cat = measure::program(cat, 7, zero)?;
    let ratio = closure.wall.as_secs_f64() / cat.wall.as_secs_f64();
    let milliseconds = Cell::Number(cat.wall.as_secs_f64() * 1000.0, "ms");
    let megabytes = Cell::Number(cat.memory as f64 / 1e6, "MB");
    let what = format!("cat of the {} files that this scan reads", read.len());
    table.row(vec![what.into(), milliseconds, megabytes, Cell::None, Cell::None]);
    let evaluation = inputs::evaluation();
    let whole = measure::program(|| Ok(snowguard.scan_target_command(&evaluation)), 5, zero)?;
    let counted = ours::count(&whole.output)?;
    table.row(row("evaluation of nixos-18.03, all packages against all records", &whole, &counted));
    table.note(format!("The closure's scan takes {ratio:.1} times as long as cat does; aim: twice."));
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
