//! All findings of a scan, kept once for packages that nothing tells apart: an SBOM may have a
//! hundred thousand components of one name and version, and a thousand records about each.

use crate::finding::Finding;
use std::ops::Range;

/// Findings, by groups of packages that have the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Indices of packages. Those of a group stand together, by name and then by index.
    order: Vec<usize>,
    groups: Vec<FindingGroup>,
}

/// One finding that several packages have.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingGroup {
    finding: Finding,
    /// Where its packages stand in the order.
    places: (u32, u32),
}

impl FindingGroup {
    /// A group of the packages that stand at these places.
    pub(crate) fn of(finding: Finding, places: Range<usize>) -> Self {
        let place = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self { finding, places: (place(places.start), place(places.end)) }
    }

    /// The finding; its package is the first of the group's.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Takes in the package that stands behind its last one.
    pub(crate) fn extend(&mut self) {
        self.places.1 = self.places.1.saturating_add(1);
    }

    /// The places of its packages.
    pub(crate) fn places(&self) -> Range<usize> {
        self.places.0 as usize..self.places.1 as usize
    }
}

impl Findings {
    /// `order` are the packages' indices by place.
    pub(crate) fn new(order: Vec<usize>, mut groups: Vec<FindingGroup>) -> Self {
        // There is one for each pair.
        groups.sort_unstable_by_key(|group| (group.finding.package, group.finding.cve));
        Self { order, groups }
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.places().len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups, by their first package and CVE.
    pub fn groups(&self) -> &[FindingGroup] {
        &self.groups
    }

    /// The indices of a group's packages, by the packages' names and then by index.
    pub fn packages(&self, group: &FindingGroup) -> &[usize] {
        self.order.get(group.places()).unwrap_or(&[])
    }

    /// Adds a finding, as a group of its own.
    pub fn push(&mut self, finding: Finding) {
        let place = self.order.len();
        self.order.push(finding.package);
        self.groups.push(FindingGroup::of(finding, place..place + 1));
    }

    /// Every finding, by package and then by CVE. This is what groups avoid: there may be hundreds
    /// of millions.
    pub fn to_vec(&self) -> Vec<Finding> {
        let of_group = |group: &FindingGroup| {
            let finding = group.finding.clone();
            let packages = self.packages(group).to_vec();
            packages.into_iter().map(move |package| Finding { package, ..finding.clone() })
        };
        let mut all: Vec<Finding> = self.groups.iter().flat_map(of_group).collect();
        all.sort_by_key(|f| (f.package, f.cve));
        all
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Self {
        let mut all = Self::default();
        for finding in findings {
            all.push(finding);
        }
        all
    }
}
