//! Beside vulnix: the same records, the same derivations.

use anyhow::Context;

use crate::bench::inputs;
use crate::bench::peers::vulnix::Vulnix;
use crate::bench::table::{Cell, Table};
use crate::workspace;

/// As many derivations as the runtime closure of a large system has paths.
const DERIVATIONS: usize = 2000;

/// Measures the update of the database and the scan.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let folder = workspace::target().join("bench");
    let derivations = inputs::derivations(&folder.join("derivations"), DERIVATIONS)?;
    let (vulnix, records) = Vulnix::prepare(&folder, &inputs::cve_archives()).context("vulnix's feeds")?;
    let update = vulnix.update()?;
    let (scan, affected) = vulnix.scan(&derivations, 3)?;

    let mut table = Table::new(
        format!("vulnix: the same records, {DERIVATIONS} derivations"),
        &["what", "wall", "memory", "findings"],
    );
    let seconds = |run: &crate::bench::measure::Run| Cell::Number(run.wall.as_secs_f64(), "s");
    let memory = |run: &crate::bench::measure::Run| Cell::Number(run.memory as f64 / 1e6, "MB");
    let pairs: usize = affected.iter().map(|entry| entry.cves.len()).sum();
    table.row(vec!["vulnix, update".into(), seconds(&update), memory(&update)]);
    table.row(vec!["vulnix, scan".into(), seconds(&scan), memory(&scan), Cell::Number(pairs as f64, "")]);
    table.note(format!(
        "{records} of the records name an affected version; vulnix reads them as an NVD 1.1 feed made from the records."
    ));
    table.note("A scan is a new process with the database in place; the least time of three.");
    Ok(vec![table])
}
