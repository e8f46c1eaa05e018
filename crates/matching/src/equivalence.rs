//! Equivalence classes of packages: what no rule can tell apart is decided once for each record.
//!
//! An evaluation has one kernel under a dozen attributes, in three versions that stay, and
//! thousands of records are about it. Patches and what users state are no part of this: corrections
//! are made for each package.

use crate::facts::PackageFacts;
use crate::knowledge::Knowledge;
use crate::package::Package;
use crate::set::PackageSet;
use crate::text::Text;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::ops::Range;
use vulnerability::Stated;
use vulnerability::cpe::Cpe;
use vulnerability::purl::Purl;

/// Packages of which a record says the same.
#[derive(Debug)]
pub(crate) struct Class<'a> {
    /// What is known of each of them.
    pub(crate) facts: PackageFacts<'a>,
    /// Equal for classes that [`identify`](crate::identity::identify) cannot tell apart: they
    /// differ in their versions.
    pub(crate) identity: usize,
    /// Where they stand in the order of all packages.
    pub(crate) places: Range<usize>,
}

/// All that rules read of a package, but for its version.
#[derive(PartialEq, Eq, Hash)]
struct Telling<'p> {
    set: PackageSet,
    bare: &'p str,
    pname: &'p str,
    /// Only an extension's attribute says what it extends.
    attribute: Option<&'p str>,
    homepages: &'p [Text],
    source_urls: &'p [Text],
    description: Option<&'p str>,
    cpes: &'p [Stated<Cpe>],
    purls: &'p [Stated<Purl>],
}

impl<'p> Telling<'p> {
    /// The package is taken apart field by field, so that whoever adds one decides here whether it
    /// tells packages apart.
    fn of(package: &'p Package) -> Self {
        let (set, bare) = PackageSet::of(package);
        let Package {
            pname,
            attribute,
            homepages,
            source_urls,
            cpes,
            purls,
            description,
            // Part of the class, not of the identity.
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
        Self {
            set,
            bare,
            pname,
            attribute: attribute.as_deref().filter(|_| set == PackageSet::Extension),
            homepages,
            source_urls,
            description: description.as_deref(),
            cpes,
            purls,
        }
    }
}

/// What identity is decided by: what the package tells, and curated entries and rules, which can
/// depend on the version, by their places in memory.
#[derive(PartialEq, Eq, Hash)]
struct Identifying<'f>(Telling<'f>, Vec<*const u8>);

impl<'f> Identifying<'f> {
    /// The facts are taken apart field by field as packages are.
    fn of(facts: &PackageFacts<'f>) -> Self {
        let PackageFacts {
            package,
            software,
            never,
            // Made from the package's own fields.
            set: _,
            bare: _,
            name: _,
            spellings: _,
            made: _,
            families: _,
            curated_name: _,
            owners: _,
            cpes: _,
            purls: _,
            // Both follow from the package's version and curated name.
            version: _,
            version_number: _,
            supported_until: _,
        } = facts;
        let software = software.iter().map(|s| std::ptr::from_ref(*s).cast());
        let never = never.iter().map(|n| std::ptr::from_ref(*n).cast());
        Self(Telling::of(package), software.chain(never).collect())
    }
}

/// The classes of all packages, those of one identity together, and the packages' indices in their
/// order: by class, then by name and index.
pub(crate) fn classes<'a>(packages: &'a [Package], knowledge: &'a Knowledge) -> (Vec<Class<'a>>, Vec<usize>) {
    let mut numbers = Numbers::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (index, package) in packages.iter().enumerate() {
        let number = numbers.of((Telling::of(package), package.version.as_str()));
        match members.get_mut(number) {
            Some(members) => members.push(index),
            None => members.push(vec![index]),
        }
    }
    drop(numbers);
    let first = |members: &Vec<usize>| packages.get(*members.first()?);
    let facts = PackageFacts::of_all(members.iter().filter_map(first), knowledge);
    let mut identities = Numbers::default();
    let mut classes: Vec<(usize, PackageFacts<'a>, Vec<usize>)> =
        facts.into_iter().zip(members).map(|(f, m)| (identities.of(Identifying::of(&f)), f, m)).collect();
    // Of one identity in the order in which they came.
    classes.sort_by_key(|(identity, _, _)| *identity);
    let mut order = Vec::with_capacity(packages.len());
    let place = |(identity, facts, mut members): (usize, PackageFacts<'a>, Vec<usize>)| {
        members.sort_by_key(|index| packages.get(*index).map(|package| package.name.as_str()));
        let begin = order.len();
        order.append(&mut members);
        Class { facts, identity, places: begin..order.len() }
    };
    let classes = classes.into_iter().map(place).collect();
    (classes, order)
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
        let (classes, order) = classes(&packages, &knowledge);
        let of = |index| {
            let place = order.iter().position(|i| *i == index).unwrap();
            classes.iter().position(|class| class.places.contains(&place)).unwrap()
        };
        assert_eq!((of(1), of(2)), (of(0), of(0)));
        assert_eq!(classes[of(3)].identity, classes[of(0)].identity);
        let mut versions: Vec<usize> = [0, 3, 4, 5, 6, 7].map(of).to_vec();
        versions.dedup();
        assert_eq!(versions.len(), 6);
        for other in 4..8 {
            assert_ne!(classes[of(other)].identity, classes[of(0)].identity);
        }
    }
}
