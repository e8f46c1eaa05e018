//! A store path with everything that it needs at run time.

use super::collect::merge;
use super::derivation::{self, Facts};
use super::names::{PathName, classify, split_name};
use super::store::ReadOptions;
use super::{MAXIMUM_PACKAGES, TargetContents, TargetError};
use crate::document::with_causes;
use crate::threads::parallel;
use matching::Package;
use nix_formats::StorePath;
use nix_formats::references::{Candidates, PathScan, scan_path};
use nix_formats::store_db::StoreDbError;
use rustc_hash::FxHashMap;
use std::path::Path;

/// A path of the closure, and what built it, if that is known.
struct Member {
    path: StorePath,
    deriver: Option<StorePath>,
}

/// Reads the closure of a store path.
pub(super) fn read(path: &StorePath, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let mut contents = TargetContents::default();
    let members = match options.database()? {
        Some(database) => match database.closure(std::slice::from_ref(path)) {
            Ok(closure) => closure
                .into_paths()
                .into_iter()
                .map(|entry| Member { path: entry.path, deriver: entry.deriver })
                .collect(),
            // Built in a folder of its own, or not registered any more, but perhaps there.
            Err(StoreDbError::NotValid { .. }) => {
                contents.warn(
                    options.store_dir.display(path).to_string(),
                    "not registered in the store database; its references are found by reading its files",
                );
                from_folder(path, options, &mut contents)?
            }
            Err(error) => return Err(error.into()),
        },
        None => from_folder(path, options, &mut contents)?,
    };
    contents.looked_at = members.len();
    packages(members, options, &mut contents)?;
    Ok(contents)
}

/// Turns the paths into packages.
fn packages(
    members: Vec<Member>,
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> Result<(), TargetError> {
    let folder = options.folder()?;
    let mut named = Vec::with_capacity(members.len());
    for member in members {
        let deriver = member.deriver.as_ref().map(derivation::name_of);
        match classify(member.path.name(), deriver) {
            PathName::Package { name, .. } => named.push((member, name)),
            PathName::Other(_) => contents.not_packages += 1,
        }
    }
    let facts = if options.use_derivations {
        read_derivers(&named, &folder, options, contents)
    } else {
        FxHashMap::default()
    };
    let mut packages = Vec::with_capacity(named.len());
    for (member, name) in named {
        let mut package = Package {
            store_paths: vec![options.store_dir.display(&member.path).to_string()],
            derivation: member.deriver.as_ref().map(|d| options.store_dir.display(d).to_string()),
            ..Package::default()
        };
        match member.deriver.as_ref().and_then(|d| facts.get(d)) {
            // The deriver of a fixed-output path may be another than the one that made this path.
            Some(facts) if name == facts.name => facts.apply(&mut package),
            _ => {
                (package.pname, package.version) = split_name(&name);
                package.name = name;
            }
        }
        packages.push(package);
    }
    contents.packages = merge(packages);
    Ok(())
}

/// Reads the derivations that are there, each once.
fn read_derivers(
    named: &[(Member, String)],
    folder: &Path,
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> FxHashMap<StorePath, Facts> {
    let mut derivers: Vec<&StorePath> = named.iter().filter_map(|(m, _)| m.deriver.as_ref()).collect();
    derivers.sort_unstable();
    derivers.dedup();
    let read = parallel(&derivers, options.threads, |deriver| {
        derivation::facts(folder, &options.store_dir, deriver)
    });
    let mut facts = FxHashMap::default();
    for (deriver, result) in derivers.into_iter().zip(read) {
        match result {
            Ok(Some(found)) => drop(facts.insert(deriver.clone(), found)),
            Ok(None) => {}
            Err(error) => {
                contents.warn(options.store_dir.display(deriver).to_string(), with_causes(&error));
            }
        }
    }
    facts
}

/// Finds the closure by reading files: what a path mentions of what the store folder holds.
fn from_folder(
    path: &StorePath,
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> Result<Vec<Member>, TargetError> {
    let folder = options.folder()?;
    let fail = |source| TargetError::Io { path: folder.clone(), source };
    let mut there: Vec<StorePath> = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        // `.links`, locks and the like are no store paths.
        there.extend(name.to_str().and_then(|n| StorePath::from_base_name(n).ok()));
        if there.len() > MAXIMUM_PACKAGES {
            return Err(TargetError::TooManyPaths { folder });
        }
    }
    there.sort_unstable();
    let Ok(start) = there.binary_search(path) else {
        let path = folder.join(path.as_str());
        return Err(TargetError::Io { path, source: std::io::ErrorKind::NotFound.into() });
    };
    let candidates = Candidates::new(there.iter().map(StorePath::digest));
    let mut reached = vec![false; there.len()];
    let mut layer = vec![start];
    let mut members = Vec::new();
    while !layer.is_empty() {
        let paths: Vec<&StorePath> = layer.iter().filter_map(|&i| there.get(i)).collect();
        let scans: Vec<PathScan> =
            parallel(&paths, options.threads, |p| scan_path(&folder.join(p.as_str()), &candidates));
        for &index in &layer {
            if let Some(slot) = reached.get_mut(index) {
                *slot = true;
            }
        }
        let mut next = Vec::new();
        for (path, scan) in paths.into_iter().zip(scans) {
            for unread in &scan.unread {
                // Sockets and devices mention nothing.
                if unread.error.kind() != std::io::ErrorKind::Unsupported {
                    contents
                        .warn(unread.path.display().to_string(), format!("cannot be read: {}", unread.error));
                }
            }
            members.push(Member { path: path.clone(), deriver: None });
            for index in scan.found.iter().map(|&number| number as usize) {
                if let Some(slot) = reached.get_mut(index)
                    && !std::mem::replace(slot, true)
                {
                    next.push(index);
                }
            }
        }
        layer = next;
    }
    Ok(members)
}
