//! Making packages of what a target mentions: one each, however often it is mentioned.

use matching::{Package, Text};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use vulnerability::Stated;
use vulnerability::cpe::Cpe;
use vulnerability::purl::Purl;

/// Orders packages by name, then by what else tells them apart, so that reports do not depend on
/// the target's order.
pub(super) fn by_name(a: &Package, b: &Package) -> Ordering {
    let names = a.name.cmp(&b.name).then_with(|| a.attribute.cmp(&b.attribute));
    names.then_with(|| a.system.cmp(&b.system)).then_with(|| a.store_paths.cmp(&b.store_paths))
}

/// Merges packages that nothing tells apart but their store paths: several outputs, or several
/// builds with the same sources and patches.
#[expect(
    clippy::mutable_key_type,
    reason = "`Stated` is compared and hashed by its text alone, which never changes"
)]
pub(super) fn merge(packages: Vec<Package>) -> Vec<Package> {
    let mut merged: Vec<Package> = Vec::with_capacity(packages.len());
    let mut places: FxHashMap<Key, usize> = FxHashMap::default();
    for package in packages {
        let next = merged.len();
        let place = *places.entry(Key::of(&package)).or_insert(next);
        match merged.get_mut(place) {
            Some(there) => absorb(there, package),
            None => merged.push(package),
        }
    }
    for package in &mut merged {
        package.store_paths.sort_unstable();
        package.store_paths.dedup();
    }
    merged.sort_by(by_name);
    merged
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    name: Text,
    pname: Text,
    version: Text,
    attribute: Option<Text>,
    system: Option<Text>,
    patches: Vec<Text>,
    source_urls: Vec<Text>,
    purls: Vec<Stated<Purl>>,
    cpes: Vec<Stated<Cpe>>,
}

impl Key {
    fn of(package: &Package) -> Self {
        Self {
            name: package.name.clone(),
            pname: package.pname.clone(),
            version: package.version.clone(),
            attribute: package.attribute.clone(),
            system: package.system.clone(),
            patches: sorted(&package.patches),
            source_urls: sorted(&package.source_urls),
            purls: sorted(&package.purls),
            cpes: sorted(&package.cpes),
        }
    }
}

fn sorted<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list
}

fn absorb(there: &mut Package, package: Package) {
    let union = |into: &mut Vec<Text>, from: Vec<Text>| {
        for text in from {
            if !into.contains(&text) {
                into.push(text);
            }
        }
    };
    there.store_paths.extend(package.store_paths);
    there.bom_links.extend(package.bom_links);
    // The smallest, so that the order of reading does not matter.
    there.derivation = match (there.derivation.take(), package.derivation) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    union(&mut there.homepages, package.homepages);
    union(&mut there.known_vulnerabilities, package.known_vulnerabilities);
    there.description = there.description.take().or(package.description);
    there.position = there.position.take().or(package.position);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, path: &str, patches: &[&str]) -> Package {
        Package {
            name: name.into(),
            store_paths: vec![path.into()],
            patches: patches.iter().map(|p| (*p).into()).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn outputs_merge_and_differently_patched_builds_do_not() {
        let merged = merge(vec![
            package("b", "3", &["x.patch"]),
            package("a", "2", &[]),
            package("b", "1", &[]),
            package("b", "4", &["x.patch"]),
            package("b", "4", &["x.patch"]),
        ]);
        let shape: Vec<(&str, Vec<&str>)> = merged
            .iter()
            .map(|p| (p.name.as_str(), p.store_paths.iter().map(Text::as_str).collect()))
            .collect();
        assert_eq!(shape, [("a", vec!["2"]), ("b", vec!["1"]), ("b", vec!["3", "4"])]);
    }
}
