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
    pub(crate) fn iter(&self) -> impl Iterator<Item = FindingEntry<'a>> + Send + '_ {
        self.places().filter_map(|place| self.entry(place))
    }

    /// Where the first finding of each group is, in the order of the findings.
    pub(crate) fn heads(&self) -> Vec<Place> {
        let packages = &self.scan.packages;
        let head = |group: usize, found: &GroupEntry<'a>| {
            let package = *found.packages.first()?;
            let place = Place { group: u32::try_from(group).ok()?, package: u32::try_from(package).ok()? };
            Some((packages.get(package)?.name.as_str(), place))
        };
        let groups = self.groups.iter().enumerate();
        let mut heads: Vec<_> = groups
            .filter_map(|(number, (urgency, group))| {
                let (name, place) = head(number, group)?;
                Some((urgency, name, place.package, Reverse(group.entry.finding.cve), place))
            })
            .collect();
        heads.sort_by(|a, b| (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)));
        heads.into_iter().map(|(_, _, _, _, place)| place).collect()
    }

    /// All packages of the group that a finding is of.
    pub(crate) fn packages(&self, place: Place) -> &'a [usize] {
        self.groups.get(place.group as usize).map_or(&[], |(_, group)| group.packages)
    }

    /// The findings by package.
    pub(crate) fn by_package(&self) -> ByPackage<'_, 'a> {
        let mut order: Vec<(u32, &(Urgency, GroupEntry<'a>))> = (0..).zip(&self.groups).collect();
        // Of equally urgent ones of a package the newest comes first.
        order.sort_by_key(|(_, (urgency, group))| (*urgency, Reverse(group.entry.finding.cve)));
        let mut begins = vec![0; self.scan.packages.len() + 1];
        for package in order.iter().flat_map(|(_, (_, group))| group.packages) {
            if let Some(count) = begins.get_mut(package + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut groups = vec![0; sum];
        for (number, (_, group)) in order {
            for package in group.packages {
                let Some(next) = next.get_mut(*package) else { continue };
                if let Some(slot) = groups.get_mut(*next) {
                    *slot = number;
                }
                *next += 1;
            }
        }
        ByPackage { shown: self, groups, begins }
    }

    /// Where the findings are, in their order: less to keep than the findings.
    pub(crate) fn places(&self) -> Places<'_, 'a> {
        Places { shown: self, next: 0, open: BinaryHeap::new() }
    }

    /// The finding at a place.
    pub(crate) fn entry(&self, Place { group, package }: Place) -> Option<FindingEntry<'a>> {
        let (_, found) = self.groups.get(group as usize)?;
        let index = package as usize;
        Some(FindingEntry { index, package: self.scan.packages.get(index)?, ..found.entry })
    }
}

/// Where one finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    group: u32,
    /// The package's index in the scan.
    package: u32,
}

impl Place {
    /// Whether this is the same finding of perhaps another package.
    pub(crate) fn is_of_group(self, other: Self) -> bool {
        self.group == other.group
    }
}

/// Findings by package, each package's in their order.
pub(crate) struct ByPackage<'s, 'a> {
    shown: &'s Shown<'a>,
    /// Groups, those of a package together.
    groups: Vec<u32>,
    /// For each package where its groups begin; and the end.
    begins: Vec<usize>,
}

impl<'a> ByPackage<'_, 'a> {
    /// The findings of a package.
    pub(crate) fn of(&self, index: usize) -> impl Iterator<Item = FindingEntry<'a>> {
        let begin = self.begins.get(index).copied().unwrap_or_default();
        let end = self.begins.get(index + 1).copied().unwrap_or_default();
        let groups = self.groups.get(begin..end).unwrap_or_default();
        groups.iter().filter_map(move |group| {
            let package = u32::try_from(index).ok()?;
            self.shown.entry(Place { group: *group, package })
        })
    }
}

/// A finding that comes next: the name and index of its package, its CVE, its group and its place
/// there.
type Next<'a> = Reverse<(&'a str, usize, Reverse<CveId>, usize, usize)>;

/// The findings in order: groups that are equally urgent are merged by package.
pub(crate) struct Places<'s, 'a> {
    shown: &'s Shown<'a>,
    /// The first group that is not open yet.
    next: usize,
    open: BinaryHeap<Next<'a>>,
}

impl Places<'_, '_> {
    fn open(&mut self, group: usize, place: usize) {
        let Some((_, found)) = self.shown.groups.get(group) else { return };
        let Some(&index) = found.packages.get(place) else { return };
        let name = self.shown.scan.packages.get(index).map_or("", |package| package.name.as_str());
        self.open.push(Reverse((name, index, Reverse(found.entry.finding.cve), group, place)));
    }
}

impl Iterator for Places<'_, '_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        if self.open.is_empty() {
            let (urgency, _) = self.shown.groups.get(self.next)?;
            while self.shown.groups.get(self.next).is_some_and(|(other, _)| other == urgency) {
                self.open(self.next, 0);
                self.next += 1;
            }
        }
        let Reverse((_, index, _, group, place)) = self.open.pop()?;
        self.open(group, place + 1);
        // There are fewer packages than 2^32 (`MAXIMUM_PACKAGES`), and so are groups in any memory.
        Some(Place { group: u32::try_from(group).ok()?, package: u32::try_from(index).ok()? })
    }
}
