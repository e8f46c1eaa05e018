//! Findings in the order of a report, made one at a time: a report may have far more than fit into
//! memory.

use super::Scan;
use super::entry::{FindingEntry, GroupEntry, Urgency};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use vulnerability::CveId;

/// Some findings of a scan, the most urgent first. Then by the name of the package, so that the
/// order is the same each time.
pub(crate) struct Shown<'a> {
    scan: &'a Scan,
    groups: Vec<(Urgency, GroupEntry<'a>)>,
    length: usize,
}

impl<'a> Shown<'a> {
    /// These groups of the scan.
    pub(crate) fn of(scan: &'a Scan, groups: impl IntoIterator<Item = GroupEntry<'a>>) -> Self {
        let mut groups: Vec<_> = groups.into_iter().map(|group| (group.entry.urgency(), group)).collect();
        groups.sort_by_key(|(urgency, _)| *urgency);
        let length = groups.iter().map(|(_, group)| group.packages.len()).sum();
        Self { scan, groups, length }
    }

    /// How many findings there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The groups, the most urgent first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &GroupEntry<'a>> {
        self.groups.iter().map(|(_, group)| group)
    }

    /// The findings in order.
    pub(crate) fn iter(&self) -> Entries<'_, 'a> {
        Entries { shown: self, next: 0, open: BinaryHeap::new() }
    }
}

/// A finding that comes next: the name and index of its package, its CVE, its group and its place
/// there.
type Next<'a> = Reverse<(&'a str, usize, Reverse<CveId>, usize, usize)>;

/// The findings in order: groups that are equally urgent are merged by package.
pub(crate) struct Entries<'s, 'a> {
    shown: &'s Shown<'a>,
    /// The first group that is not open yet.
    next: usize,
    open: BinaryHeap<Next<'a>>,
}

impl Entries<'_, '_> {
    fn open(&mut self, group: usize, place: usize) {
        let Some((_, found)) = self.shown.groups.get(group) else { return };
        let Some(&index) = found.packages.get(place) else { return };
        let name = self.shown.scan.packages.get(index).map_or("", |package| package.name.as_str());
        self.open.push(Reverse((name, index, Reverse(found.entry.finding.cve), group, place)));
    }
}

impl<'a> Iterator for Entries<'_, 'a> {
    type Item = FindingEntry<'a>;

    fn next(&mut self) -> Option<FindingEntry<'a>> {
        if self.open.is_empty() {
            let (urgency, _) = self.shown.groups.get(self.next)?;
            while self.shown.groups.get(self.next).is_some_and(|(other, _)| other == urgency) {
                self.open(self.next, 0);
                self.next += 1;
            }
        }
        let Reverse((_, index, _, group, place)) = self.open.pop()?;
        self.open(group, place + 1);
        let (_, found) = self.shown.groups.get(group)?;
        Some(FindingEntry { index, package: self.shown.scan.packages.get(index)?, ..found.entry })
    }
}
