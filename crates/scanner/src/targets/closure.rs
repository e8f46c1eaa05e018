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
use nix_formats::store_db::{ClosurePath, StoreDb, StoreDbError};
use rustc_hash::FxHashMap;
use std::path::Path;

/// A path of the closure, and what built it, if that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) path: StorePath,
    pub(super) deriver: Option<StorePath>,
}

/// Reads the closure of a store path.
pub(super) fn read(path: &StorePath, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let mut contents = TargetContents::default();
    let roots = std::slice::from_ref(path);
    let members = match options.database()? {
        Some(database) => match registered(&database, roots) {
            Ok(members) => members,
            // Built in a folder of its own, or not registered any more, but perhaps there.
            Err(StoreDbError::NotValid { .. }) => {
                contents.warn(
                    options.store_dir.display(path).to_string(),
                    "not registered in the store database; its references are found by reading its files",
                );
                from_folder(roots, options, &mut contents)?
            }
            Err(error) => return Err(error.into()),
        },
        None => from_folder(roots, options, &mut contents)?,
    };
    contents.looked_at = members.len();
    packages(members, options, &mut contents);
    Ok(contents)
}

/// Reads all that the folder of the store holds, whatever needs it.
pub(super) fn read_whole_store(options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let mut contents = TargetContents::default();
    let there = in_folder(&options.folder()?)?;
    let mut members: Vec<Member> = Vec::with_capacity(there.len());
    let database = options.database()?;
    for path in there.into_iter().filter(|path| !path.is_derivation()) {
        let known = database.as_ref().map(|database| database.query_path(&path)).transpose()?.flatten();
        members.push(Member { path, deriver: known.and_then(|info| info.deriver) });
    }
    contents.looked_at = members.len();
    packages(members, options, &mut contents);
    Ok(contents)
}

/// The closure of paths that are all registered in the database.
pub(super) fn registered(database: &StoreDb, roots: &[StorePath]) -> Result<Vec<Member>, StoreDbError> {
    let closure = database.closure(roots)?;
    let member = |entry: ClosurePath| Member { path: entry.path, deriver: entry.deriver };
    Ok(closure.into_paths().into_iter().map(member).collect())
}

/// Turns the paths into packages.
pub(super) fn packages(members: Vec<Member>, options: &ReadOptions, contents: &mut TargetContents) {
    let mut named = Vec::with_capacity(members.len());
    for member in members {
        let deriver = member.deriver.as_ref().map(derivation::name_of);
        match classify(member.path.name(), deriver) {
            PathName::Package { name, .. } => named.push((member, name)),
            PathName::Other(_) => contents.not_packages += 1,
        }
    }
    let facts = match options.folder_if_any().filter(|_| options.use_derivations) {
        Some(folder) => read_derivers(&named, &folder, options, contents),
        None => FxHashMap::default(),
    };
    let mut packages = Vec::with_capacity(named.len());
    for (member, name) in named {
        let mut package = Package {
            store_paths: vec![options.store_dir.display(&member.path).to_string().into()],
            derivation: member.deriver.as_ref().map(|d| options.store_dir.display(d).to_string().into()),
            ..Package::default()
        };
        match member.deriver.as_ref().and_then(|d| facts.get(d)) {
            // The deriver of a fixed-output path may be another than the one that made this path.
            Some(facts) if name == facts.name => facts.apply(&mut package),
            _ => {
                let (pname, version) = split_name(&name);
                (package.pname, package.version) = (pname.into(), version.into());
                package.name = name.into();
            }
        }
        packages.push(package);
    }
    packages.append(&mut contents.packages);
    contents.packages = merge(packages);
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

/// The store paths that a folder holds, ascending.
fn in_folder(folder: &Path) -> Result<Vec<StorePath>, TargetError> {
    let fail = |source| TargetError::Io { path: folder.to_owned(), source };
    let mut there: Vec<StorePath> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        // `.links`, locks and the like are no store paths.
        there.extend(name.to_str().and_then(|n| StorePath::from_base_name(n).ok()));
        if there.len() > MAXIMUM_PACKAGES {
            return Err(TargetError::TooManyPaths { folder: folder.to_owned() });
        }
    }
    there.sort_unstable();
    Ok(there)
}

/// Finds the closure by reading files: what a path mentions of what the store folder holds.
pub(super) fn from_folder(
    roots: &[StorePath],
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> Result<Vec<Member>, TargetError> {
    let folder = options.folder()?;
    let there = in_folder(&folder)?;
    let mut layer = Vec::with_capacity(roots.len());
    for path in roots {
        match there.binary_search(path) {
            Ok(place) => layer.push(place),
            Err(_) => return Err(TargetError::NotInFolder { path: folder.join(path.as_str()) }),
        }
    }
    layer.sort_unstable();
    layer.dedup();
    let candidates = Candidates::new(there.iter().map(StorePath::digest));
    let mut reached = vec![false; there.len()];
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
