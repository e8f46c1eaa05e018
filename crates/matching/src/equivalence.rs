//! Equivalence classes of packages: what no rule can tell apart is decided once for each record.
//!
//! An evaluation has one kernel under a dozen attributes, in three versions that stay, and
//! thousands of records are about it. Patches and what users state are no part of this: corrections
//! are made for each package.

use crate::facts::PackageFacts;
use crate::package::Package;
use crate::set::PackageSet;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use vulnerability::Stated;
use vulnerability::cpe::Cpe;
use vulnerability::purl::Purl;

/// The classes of a package, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Classes {
    /// Of packages that [`identify`](crate::identity::identify) cannot tell apart.
    pub(crate) identity: usize,
    /// Of those of them that have one version: a record says the same of all.
    pub(crate) version: usize,
}

/// What identity is decided by: all that rules read of a package and of the facts made from it, but
/// for its version.
#[derive(PartialEq, Eq, Hash)]
struct Identifying<'f> {
    set: PackageSet,
    bare: &'f str,
    pname: &'f str,
    /// Only an extension's attribute says what it extends.
    attribute: Option<&'f str>,
    homepages: &'f [String],
    source_urls: &'f [String],
    description: Option<&'f str>,
    cpes: &'f [Stated<Cpe>],
    purls: &'f [Stated<Purl>],
    /// Curated entries and rules, which can depend on the version, by their places in memory.
    curated: Vec<*const u8>,
}

impl<'f> Identifying<'f> {
    /// Both structures are taken apart field by field, so that whoever adds one decides here
    /// whether it tells packages apart.
    fn of(facts: &'f PackageFacts<'_>) -> Self {
        let PackageFacts {
            package,
            set,
            bare,
            software,
            never,
            // Made from the package's own fields below and its set.
            name: _,
            spellings: _,
            made: _,
            families: _,
            curated_name: _,
            owners: _,
            cpes: _,
            purls: _,
            // Only corrections read them.
            named: _,
            // The second number is about them: both follow from the package's version and curated
            // name.
            version: _,
            version_number: _,
            supported_until: _,
        } = facts;
        let Package {
            pname,
            attribute,
            homepages,
            source_urls,
            cpes,
            purls,
            description,
            // Part of the second number.
            version: _,
            // Only corrections read them.
            patches: _,
            known_vulnerabilities: _,
            store_paths: _,
            bom_links: _,
            // Only reports read them.
            name: _,
            system: _,
            derivation: _,
            position: _,
        } = package;
        let software = software.iter().map(|s| std::ptr::from_ref(*s).cast());
        let never = never.iter().map(|n| std::ptr::from_ref(*n).cast());
        Self {
            set: *set,
            bare,
            pname,
            attribute: attribute.as_deref().filter(|_| *set == PackageSet::Extension),
            homepages,
            source_urls,
            description: description.as_deref(),
            cpes,
            purls,
            curated: software.chain(never).collect(),
        }
    }
}

/// The classes of all packages, in their order.
pub(crate) fn classes(packages: &[PackageFacts<'_>]) -> Vec<Classes> {
    let mut identities = Numbers::default();
    let mut versions = Numbers::default();
    let classes = |facts| {
        let identity = identities.of(Identifying::of(facts));
        let version = versions.of((identity, facts.package.version.as_str()));
        Classes { identity, version }
    };
    packages.iter().map(classes).collect()
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
            kernel(&|p| p.description = Some("A bird of the sea".into())),
        ];
        let classes = classes(&PackageFacts::of_all(&packages, &knowledge));
        assert_eq!((classes[1], classes[2]), (classes[0], classes[0]));
        assert_eq!(classes[3].identity, classes[0].identity);
        let mut versions: Vec<usize> = [0, 3, 4, 5, 6, 7].map(|i| classes[i].version).to_vec();
        versions.dedup();
        assert_eq!(versions.len(), 6);
        for other in 4..8 {
            assert_ne!(classes[other].identity, classes[0].identity);
        }
    }
}
