//! Packages that no rule can tell apart, about which each record is asked once.
//!
//! An evaluation has one kernel under a dozen attributes, in three versions that stay, and thousands of records speak of
//! it. Patches and what users state are no part of this: corrections are made for each package.

use crate::identity::PackageFacts;
use crate::set::PackageSet;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Numbers that packages share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alike {
    /// Of those that [`identify`](crate::identity::identify) cannot tell apart.
    pub(crate) identity: usize,
    /// Of those of them that have one version: a record says the same of all.
    pub(crate) version: usize,
}

/// What identity is decided by: all that rules read of a package and of the facts made from it, but for its version.
#[derive(PartialEq, Eq, Hash)]
struct Identifying<'f> {
    set: PackageSet,
    bare: &'f str,
    pname: &'f str,
    /// Only an extension's attribute tells what it extends.
    attribute: Option<&'f str>,
    homepages: &'f [String],
    source_urls: &'f [String],
    cpes: &'f [String],
    purls: &'f [String],
    /// Curated entries and rules, which can depend on the version, by their places in memory.
    curated: Vec<*const u8>,
}

impl<'f> Identifying<'f> {
    fn of(facts: &'f PackageFacts<'_>) -> Self {
        let package = facts.package;
        let software = facts.software.iter().map(|s| std::ptr::from_ref(*s).cast());
        let never = facts.never.iter().map(|n| std::ptr::from_ref(*n).cast());
        Self {
            set: facts.set,
            bare: facts.bare,
            pname: &package.pname,
            attribute: package.attribute.as_deref().filter(|_| facts.set == PackageSet::Extension),
            homepages: &package.homepages,
            source_urls: &package.source_urls,
            cpes: &package.cpes,
            purls: &package.purls,
            curated: software.chain(never).collect(),
        }
    }
}

/// The numbers of all packages, in their order.
pub(crate) fn number(packages: &[PackageFacts<'_>]) -> Vec<Alike> {
    let mut identities = Numbers::default();
    let mut versions = Numbers::default();
    let number = |facts| {
        let identity = identities.of(Identifying::of(facts));
        let version = versions.of((identity, facts.package.version.as_str()));
        Alike { identity, version }
    };
    packages.iter().map(number).collect()
}

/// Numbers of different things, from 0.
struct Numbers<T>(FxHashMap<T, usize>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Hash + Eq> Numbers<T> {
    fn of(&mut self, thing: T) -> usize {
        let next = self.0.len();
        *self.0.entry(thing).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;
    use crate::package::Package;

    #[test]
    fn what_rules_read_tells_packages_apart() {
        let knowledge = Knowledge::built_in().unwrap();
        let kernel = |change: &dyn Fn(&mut Package)| {
            let mut package =
                Package { pname: "linux".into(), version: "4.14.39".into(), ..Package::default() };
            package.attribute = Some("linux".into());
            change(&mut package);
            package
        };
        let packages = [
            kernel(&|_| {}),
            kernel(&|p| p.attribute = Some("linuxPackages.kernel".into())),
            kernel(&|p| p.patches = vec!["CVE-2018-1.patch".into()]),
            kernel(&|p| p.version = "4.9.98".into()),
            kernel(&|p| p.homepages = vec!["https://example.org/".into()]),
            kernel(&|p| p.cpes = vec!["cpe:2.3:o:x:linux:1:*:*:*:*:*:*:*".into()]),
            kernel(&|p| p.attribute = Some("vscodeExtensions.linux".into())),
        ];
        let facts: Vec<_> = packages.iter().map(|p| PackageFacts::of(p, &knowledge)).collect();
        let alike = number(&facts);
        assert_eq!((alike[1], alike[2]), (alike[0], alike[0]));
        assert_eq!(alike[3].identity, alike[0].identity);
        let mut versions: Vec<usize> = [0, 3, 4, 5, 6].map(|i| alike[i].version).to_vec();
        versions.dedup();
        assert_eq!(versions.len(), 5);
        for other in 4..7 {
            assert_ne!(alike[other].identity, alike[0].identity);
        }
    }
}
