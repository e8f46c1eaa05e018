//! Beside vulnix: the same records, the same derivations.

mod verdicts;

use crate::bench::inputs;
use crate::bench::measure::Run;
use crate::bench::ours::{Finding, Snowguard};
use crate::bench::peers::vulnix::{Affected, Vulnix};
use crate::bench::table::{Cell, Table};
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};

/// As many derivations as the runtime closure of a large system has paths.
const DERIVATIONS: usize = 2000;

/// What both call a pair that is affected.
const AFFECTED: &str = "affected";
/// What we call a pair on which one of the two says nothing.
const NOTHING: &str = "no finding";

/// A package with its version, and a CVE.
type Pair<'a> = (&'a str, &'a str);

/// Measures the update of the database and the scan, and compares what was found.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let folder = inputs::scratch()?;
    let archives = inputs::cve_archives();
    let derivations = inputs::derivations(&folder.join("derivations"), DERIVATIONS)?;
    let snowguard = Snowguard::build("snowguard")?;
    let (vulnix, records) = Vulnix::prepare(&folder, &archives).context("vulnix's feeds")?;

    let their_update = vulnix.update()?;
    let our_update = snowguard.update(&archives, 1)?;
    let (their_scan, theirs) = vulnix.scan(&derivations, 3)?;
    // Both print, as JSON, what they call affected; why something is not affected is only for the
    // second table.
    let (our_scan, _) = snowguard.scan(&derivations, "affected", 5)?;
    let (_, ours) = snowguard.scan(&derivations, "affected,unknown,fixed,not-affected", 1)?;

    let mut speed = Table::new(
        format!("vulnix: the same records, {DERIVATIONS} derivations"),
        &["what", "vulnix", "snowguard", "faster by", "vulnix's memory", "our memory", "smaller by"],
    );
    speed.row(compare("update of the database", &their_update, &our_update));
    speed.row(compare("scan, new process, database in place", &their_scan, &our_scan));
    speed.note(format!(
        "{records} of the records name an affected version; vulnix reads them as an NVD 1.1 feed made from the records."
    ));
    speed.note("vulnix's update does not unpack the archive of records, ours does. Scans: the least time of several.");
    let compared = Compared::of(&theirs, &ours);
    let mut tables = vec![speed, compared.table()];
    tables.extend(verdicts::tables(&compared)?);
    Ok(tables)
}

fn compare(what: &str, theirs: &Run, ours: &Run) -> Vec<Cell> {
    let (their_wall, our_wall) = (theirs.wall.as_secs_f64(), ours.wall.as_secs_f64());
    let (their_memory, our_memory) = (theirs.memory as f64 / 1e6, ours.memory as f64 / 1e6);
    vec![
        what.into(),
        Cell::Number(their_wall, "s"),
        Cell::Number(our_wall, "s"),
        Cell::Ratio(their_wall / our_wall),
        Cell::Number(their_memory, "MB"),
        Cell::Number(our_memory, "MB"),
        Cell::Ratio(their_memory / our_memory),
    ]
}

/// A class of pairs: vulnix's answer, and ours.
type Class<'a> = (&'a str, &'a str);

/// Both answers for every pair that at least one of them calls affected.
struct Compared<'a> {
    classes: BTreeMap<Class<'a>, Vec<Pair<'a>>>,
}

impl<'a> Compared<'a> {
    fn of(theirs: &'a [Affected], ours: &'a [Finding]) -> Self {
        let their_pairs: BTreeSet<Pair<'a>> = theirs
            .iter()
            .flat_map(|entry| entry.cves.iter().map(|cve| (entry.name.as_str(), cve.as_str())))
            .collect();
        let our_statuses: BTreeMap<Pair<'a>, &'a str> = ours
            .iter()
            .map(|finding| ((finding.package.as_str(), finding.cve.as_str()), finding.status.as_str()))
            .collect();
        let mut classes: BTreeMap<Class<'a>, Vec<Pair<'a>>> = BTreeMap::new();
        for pair in &their_pairs {
            let ours = our_statuses.get(pair).copied().unwrap_or(NOTHING);
            classes.entry((AFFECTED, ours)).or_default().push(*pair);
        }
        for (pair, status) in &our_statuses {
            if *status == AFFECTED && !their_pairs.contains(pair) {
                classes.entry((NOTHING, AFFECTED)).or_default().push(*pair);
            }
        }
        Self { classes }
    }

    /// Which pairs of package and CVE both call affected, and the other's answer for the rest.
    fn table(&self) -> Table {
        let mut table = Table::new(
            "vulnix: where the two agree and disagree, in pairs of package and CVE",
            &["vulnix says", "we say", "pairs", "packages", "such as"],
        );
        for ((their_word, our_word), pairs) in &self.classes {
            let packages: BTreeSet<&str> = pairs.iter().map(|(package, _)| *package).collect();
            table.row(vec![
                (*their_word).into(),
                (*our_word).into(),
                Cell::Number(pairs.len() as f64, ""),
                Cell::Number(packages.len() as f64, ""),
                examples(pairs).into(),
            ]);
        }
        table.note("`snowguard explain CVE PACKAGE` gives our reasons for one pair.");
        table.note(
            "The feed for vulnix gives ranges as the NVD would, without git commits; until November 2026 it handed those on as versions, so older tables do not compare.",
        );
        table.note(
            "It names the kernel as an application. For the NVD it is an operating system, and vulnix passes over those: from the NVD's own feeds it would find no flaw of a kernel.",
        );
        table
    }
}

/// Pairs of three packages, the ones with the most CVEs first.
fn examples(pairs: &[Pair<'_>]) -> String {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (package, cve) in pairs {
        packages.entry(package).or_default().push(cve);
    }
    let mut packages: Vec<_> = packages.into_iter().collect();
    packages.sort_by_key(|(name, cves)| (std::cmp::Reverse(cves.len()), *name));
    let shown = packages.iter().take(3).filter_map(|(name, cves)| {
        let more = cves.len() - 1;
        let first = cves.first()?;
        Some(if more == 0 { format!("{name} {first}") } else { format!("{name} {first} (+{more})") })
    });
    shown.collect::<Vec<_>>().join(", ")
}
