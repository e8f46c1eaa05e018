//! Findings by what a person would update: the packages of one name and version.

use super::text::count;
use super::{Action, FindingEntry, Place, Scan, ScannedTarget, Shown};
use matching::FindingStatus;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use terminal::clean;
use vulnerability::CveId;
use vulnerability::model::Level;

/// Packages of one name and version with their findings. Of the findings only what the formats show
/// is kept.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// The name and version.
    pub(super) name: String,
    /// The packages: several where builds differ in patches, system or attribute.
    packages: FxHashSet<usize>,
    /// The first findings, each vulnerability and status once, in the order of what to do first.
    pub(super) first: Vec<Place>,
    /// How many findings there are.
    pub(super) count: usize,
    /// How many of them somebody has to do something about.
    open: usize,
    /// How many of these have a version that fixes them.
    fixed: usize,
    /// The highest of these versions.
    pub(super) update_to: Option<&'a str>,
    pub(super) worst: Option<Level>,
    pub(super) exploited: bool,
    /// The vulnerabilities and statuses, each with the targets that have it, if there are several.
    seen: FxHashMap<(CveId, FindingStatus), BTreeSet<usize>>,
    /// The targets.
    targets: BTreeSet<usize>,
}

impl<'a> Group<'a> {
    /// How many packages it stands for.
    pub(super) fn packages(&self) -> usize {
        self.packages.len()
    }

    fn add(&mut self, scan: &Scan, entry: &FindingEntry<'a>, packages: &[usize], place: Place, keep: usize) {
        self.packages.extend(packages);
        let key = (entry.finding.cve, entry.finding.status);
        let new = !self.seen.contains_key(&key);
        let in_targets = self.seen.entry(key).or_default();
        for (target, _) in packages.iter().filter_map(|package| scan.target_of(*package)) {
            in_targets.insert(target);
            self.targets.insert(target);
        }
        if !new {
            return;
        }
        self.count += 1;
        if self.first.len() < keep {
            self.first.push(place);
        }
        self.worst = self.worst.max(entry.level());
        self.exploited |= entry.known_exploited();
        if entry.finding.status == FindingStatus::Affected && entry.suppression.is_none() {
            self.open += 1;
        }
        if let Action::Update(version) = entry.action() {
            self.fixed += 1;
            let highest = |a, b| if nix_formats::compare_versions(a, b).is_lt() { b } else { a };
            self.update_to = Some(self.update_to.map_or(version, |there| highest(there, version)));
        }
    }

    /// What to do about it, in a phrase.
    pub(super) fn advice(&self) -> String {
        let text = match self.update_to {
            Some(version) if self.fixed == self.open => format!("update to {version} or later"),
            Some(version) => {
                let rest = count(self.open - self.fixed, "other has", "others have");
                format!("update to {version} or later; {rest} no known fixed version")
            }
            None if self.open == 0 => "nothing to do".to_owned(),
            None => "no fixed version known".to_owned(),
        };
        clean(&text)
    }

    /// The names of its targets, if there are several that it could be of.
    pub(super) fn targets(&self, scan: &Scan) -> Vec<String> {
        names(scan, &self.targets)
    }

    /// The names of the targets that have this finding, if not all that the packages are of do.
    pub(super) fn only_in(&self, scan: &Scan, entry: &FindingEntry<'_>) -> Vec<String> {
        match self.seen.get(&(entry.finding.cve, entry.finding.status)) {
            Some(targets) if targets.len() < self.targets.len() => names(scan, targets),
            _ => Vec::new(),
        }
    }
}

fn names(scan: &Scan, targets: &BTreeSet<usize>) -> Vec<String> {
    let name = |target: &ScannedTarget| clean(&target.name);
    targets.iter().filter_map(|index| scan.targets.get(*index)).map(name).collect()
}

/// Groups the findings that `take` wants, and keeps at most so many of each group.
pub(super) fn groups<'a>(
    scan: &Scan,
    shown: &Shown<'a>,
    keep: usize,
    take: impl Fn(&FindingEntry<'a>) -> bool,
) -> Vec<Group<'a>> {
    let mut places: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    let mut groups: Vec<Group<'_>> = Vec::new();
    // The packages of a group have one name and version.
    for place in shown.heads() {
        let Some(entry) = shown.entry(place).filter(|entry| take(entry)) else { continue };
        let package = entry.package;
        let next = groups.len();
        let number = *places.entry((&package.pname, &package.version)).or_insert(next);
        if number == next {
            let name = clean(format!("{} {}", package.pname, package.version).trim_end());
            groups.push(Group { name, ..Group::default() });
        }
        if let Some(group) = groups.get_mut(number) {
            group.add(scan, &entry, shown.packages(place), place, keep);
        }
    }
    groups
}
