//! Metrics in Prometheus' text format (version 0.0.4), for the textfile collector of node_exporter
//! and whatever else reads it.
//!
//! Severities without a finding are there as 0: a series that vanishes is no alarm that ends. What
//! is counted is what the report shows. Findings themselves are no metrics: a series for each would
//! be one that is never used again once it is fixed.

use super::text::{level_name, status_name};
use super::{FindingEntry, GroupEntry, Scan, Selection, Shown};
use crate::result::EPSS_LIKELY;
use jiff::Timestamp;
use matching::FindingStatus;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use terminal::clean;
use vulnerability::model::Level;

/// Levels as a summary counts them: rated "none" is as good as not rated.
const LEVELS: [Option<Level>; 5] =
    [Some(Level::Critical), Some(Level::High), Some(Level::Medium), Some(Level::Low), None];

/// Writes the metrics of a scan; `shown` are the findings that are counted.
pub(super) fn write(
    out: &mut dyn io::Write,
    scan: &Scan,
    shown: &Shown<'_>,
    selection: &Selection,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    findings(&mut out, scan, shown, selection)?;
    let affected: Vec<&GroupEntry<'_>> = shown
        .groups()
        .filter(|g| g.entry.finding.status == FindingStatus::Affected && g.entry.suppression.is_none())
        .collect();
    let count = |counts: &dyn Fn(&FindingEntry<'_>) -> bool| -> usize {
        affected.iter().filter(|group| counts(&group.entry)).map(|group| group.packages.len()).sum()
    };
    let known = count(&|e| e.known_exploited());
    let likely = count(&|e| e.epss().is_some_and(|p| p >= EPSS_LIKELY));
    let packages: FxHashSet<usize> = affected.iter().flat_map(|group| group.packages).copied().collect();
    let suppressed: usize = scan
        .groups()
        .filter(|group| group.entry.suppression.is_some())
        .map(|group| group.packages.len())
        .sum();
    let single = [
        ("known_exploited_findings", "Affected findings that are known to be exploited (CISA KEV).", known),
        ("likely_exploited_findings", "Affected findings with an EPSS probability of 10 % or more.", likely),
        ("affected_packages", "Packages with an affected finding.", packages.len()),
        ("suppressed_findings", "Findings that a rule suppresses, whatever their status.", suppressed),
    ];
    for (name, help, value) in single {
        family(&mut out, name, help)?;
        writeln!(out, "snowguard_{name} {value}")?;
    }
    targets(&mut out, scan)?;
    family(&mut out, "database_records", "Records that the packages were compared with, by source.")?;
    let records = scan.records;
    for (source, count) in [("cve", records.cve), ("nvd", records.nvd), ("kev", records.known_exploited)] {
        writeln!(out, "snowguard_database_records{{source=\"{source}\"}} {count}")?;
    }
    // Without records there is no time, and 0 would be one.
    if let Some(changed) = records.changed {
        time(&mut out, "database_changed_timestamp_seconds", "When the database last changed.", changed)?;
    }
    time(&mut out, "scan_timestamp_seconds", "When the scan was made.", scan.time)?;
    out.flush()
}

/// Each status that the report shows, by severity; of several targets each by itself.
fn findings(out: &mut impl Write, scan: &Scan, shown: &Shown<'_>, selection: &Selection) -> io::Result<()> {
    family(out, "findings", "Findings that are reported, by status and severity.")?;
    let mut counts: BTreeMap<(String, FindingStatus, &str), usize> = BTreeMap::new();
    for group in shown.groups().filter(|group| group.entry.suppression.is_none()) {
        let level = level_name(group.entry.level().filter(|level| *level != Level::None));
        let status = group.entry.finding.status;
        if scan.targets.len() < 2 {
            *counts.entry((String::new(), status, level)).or_default() += group.packages.len();
            continue;
        }
        for (_, target) in group.packages.iter().filter_map(|package| scan.target_of(*package)) {
            *counts.entry((label(&target.name), status, level)).or_default() += 1;
        }
    }
    let several = scan.targets.len() > 1;
    let mut targets: BTreeSet<String> = scan.targets.iter().map(|target| label(&target.name)).collect();
    if !several {
        targets = BTreeSet::from([String::new()]);
    }
    for target in targets {
        let of = if several { format!(",target=\"{target}\"") } else { String::new() };
        for status in FindingStatus::ALL.into_iter().filter(|status| selection.statuses.contains(status)) {
            for level in LEVELS.map(level_name) {
                let count = counts.get(&(target.clone(), status, level)).copied().unwrap_or_default();
                let status = status_name(status).replace(' ', "_");
                writeln!(out, "snowguard_findings{{status=\"{status}\",severity=\"{level}\"{of}}} {count}")?;
            }
        }
    }
    Ok(())
}

fn targets(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    // The same series twice would make the whole file unreadable.
    let mut targets: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for target in &scan.targets {
        let (packages, problems) = targets.entry(label(&target.name)).or_default();
        *packages += target.packages;
        *problems += target.warnings.len() + target.more_warnings + target.failed_evaluations;
    }
    family(out, "target_packages", "Packages of a target.")?;
    for (name, (packages, _)) in &targets {
        writeln!(out, "snowguard_target_packages{{target=\"{name}\"}} {packages}")?;
    }
    family(out, "target_problems", "Parts of a target that could not be read.")?;
    for (name, (_, problems)) in &targets {
        writeln!(out, "snowguard_target_problems{{target=\"{name}\"}} {problems}")?;
    }
    Ok(())
}

fn time(out: &mut impl Write, name: &str, help: &str, value: Timestamp) -> io::Result<()> {
    family(out, name, help)?;
    writeln!(out, "snowguard_{name} {}", value.as_second())
}

fn family(out: &mut impl Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP snowguard_{name} {help}\n# TYPE snowguard_{name} gauge")
}

/// A text as the value of a label.
fn label(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"")
}
