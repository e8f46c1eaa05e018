//! Store paths that a list, a document or an image names.

use super::closure::{self, Member};
use super::derivation;
use super::names::{PathName, classify, split_name};
use super::nix_json::Written;
use super::store::ReadOptions;
use super::{MAXIMUM_PACKAGES, TargetContents, TargetError};
use crate::document::with_causes;
use matching::Package;
use nix_formats::store_db::StoreDbError;
use nix_formats::{StoreDir, StorePath};
use std::collections::BTreeSet;

/// Adds what is listed, as it is: what it needs is listed too, or not known.
pub(super) fn add(members: Vec<Member>, options: &ReadOptions, contents: &mut TargetContents) {
    let (derivations, paths): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.path.is_derivation());
    let folder = options.folder_or_absent();
    for Member { path, .. } in derivations {
        let facts = if options.use_derivations {
            derivation::facts(&folder, &options.store_dir, &path)
        } else {
            Ok(None)
        };
        match facts {
            Ok(Some(facts)) => derivation::add(Some(&path), &facts, options, contents),
            Ok(None) => add_by_name(&path, options, contents),
            Err(error) => {
                contents.warn(options.store_dir.display(&path).to_string(), with_causes(&error));
                add_by_name(&path, options, contents);
            }
        }
    }
    contents.looked_at += paths.len();
    closure::packages(paths, options, contents);
}

/// A derivation of which nothing is known but its name.
fn add_by_name(path: &StorePath, options: &ReadOptions, contents: &mut TargetContents) {
    contents.looked_at += 1;
    let name = derivation::name_of(path);
    if matches!(classify(name, None), PathName::Other(_)) {
        contents.not_packages += 1;
        return;
    }
    let (pname, version) = split_name(name);
    let derivation = Some(options.store_dir.display(path).to_string().into());
    contents.packages.push(Package {
        name: name.into(),
        pname: pname.into(),
        version: version.into(),
        derivation,
        ..Package::default()
    });
}

/// What a path of a list stands for if it is not in this machine's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// The list was made elsewhere, and is complete as it is.
    Listed,
    /// It was built here, so that what it needs should be here.
    Reported,
}

/// Adds store paths with all that they need, as far as this machine's store has them.
pub(super) fn add_closures(
    roots: &BTreeSet<StorePath>,
    absent: Absent,
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> Result<(), TargetError> {
    let (derivations, paths): (Vec<StorePath>, Vec<StorePath>) =
        roots.iter().cloned().partition(StorePath::is_derivation);
    let folder = options.folder_or_absent();
    let (here, gone): (Vec<_>, Vec<_>) =
        derivations.into_iter().partition(|path| folder.join(path.as_str()).is_file());
    *contents = derivation::build_closure(here, &folder, options, std::mem::take(contents));
    for path in gone {
        if absent == Absent::Reported {
            contents.warn(options.store_dir.display(&path).to_string(), NOT_HERE);
        }
        add_by_name(&path, options, contents);
    }
    let members = match options.database()? {
        Some(database) => match closure::registered(&database, &paths) {
            Ok(members) => members,
            Err(StoreDbError::NotValid { .. }) => {
                let (mut valid, mut others) = (Vec::new(), Vec::new());
                for path in paths {
                    if database.is_valid(&path)? { valid.push(path) } else { others.push(path) }
                }
                let mut members = closure::registered(&database, &valid)?;
                members.extend(elsewhere(others, absent, options, contents)?);
                members
            }
            Err(error) => return Err(error.into()),
        },
        None => elsewhere(paths, absent, options, contents)?,
    };
    contents.looked_at += members.len();
    closure::packages(members, options, contents);
    Ok(())
}

const NOT_HERE: &str = "is not in the store of this machine; only its name is used, and not what it needs";

/// Paths that no database knows.
fn elsewhere(
    paths: Vec<StorePath>,
    absent: Absent,
    options: &ReadOptions,
    contents: &mut TargetContents,
) -> Result<Vec<Member>, TargetError> {
    let known = |path: StorePath| Member { path, deriver: None };
    if absent == Absent::Listed {
        return Ok(paths.into_iter().map(known).collect());
    }
    let folder = options.folder_or_absent();
    let (here, gone): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|path| folder.join(path.as_str()).symlink_metadata().is_ok());
    let mut members =
        if here.is_empty() { Vec::new() } else { closure::from_folder(&here, options, contents)? };
    for path in gone {
        contents.warn(options.store_dir.display(&path).to_string(), NOT_HERE);
        members.push(known(path));
    }
    Ok(members)
}

/// Reads a list of store paths, one a line, as `nix-store --query --requisites` prints it. Empty
/// lines and comments (`#`) are skipped.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let mut contents = TargetContents::default();
    let mut roots = BTreeSet::new();
    let mut store = StoreOfDocument::new(options);
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let place = format!("line {}", number + 1);
        match super::nix_json::store_path(text, &options.store_dir) {
            Some(written) if written.folder.is_some() => {
                if let Some(path) = store.same(written, &place, &mut contents) {
                    roots.insert(path);
                }
            }
            _ => contents.warn(place, format!("`{}` is no store path", super::cut(text))),
        }
        if roots.len() > MAXIMUM_PACKAGES {
            return Err(TargetError::TooManyPaths { folder: options.store_dir.as_str().into() });
        }
    }
    let options = store.options();
    add_closures(&roots, Absent::Listed, &options, &mut contents)?;
    Ok(contents)
}

/// The store that a document is about: the one of its first path. It need not be the one of the
/// options, for documents come from other machines too.
pub(super) struct StoreOfDocument<'o> {
    options: &'o ReadOptions,
    found: Option<String>,
}

impl<'o> StoreOfDocument<'o> {
    pub(super) fn new(options: &'o ReadOptions) -> Self {
        Self { options, found: None }
    }

    /// The path, if it is of the document's store. Others are noted.
    pub(super) fn same(
        &mut self,
        written: Written,
        place: &str,
        contents: &mut TargetContents,
    ) -> Option<StorePath> {
        if let Some(folder) = written.folder {
            let found = self.found.get_or_insert_with(|| folder.clone());
            if *found != folder {
                contents
                    .warn(place, format!("is in {}, not in {found}; it is not scanned", super::cut(&folder)));
                return None;
            }
        }
        Some(written.path)
    }

    /// The options for reading more of that store.
    pub(super) fn options(&self) -> ReadOptions {
        let mut options = self.options.clone();
        if let Some(store) = self.found.as_deref().and_then(StoreDir::new) {
            options.store_dir = store;
        }
        options
    }
}
