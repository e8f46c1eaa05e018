//! The store that a target is read from: where its files and its database are on this machine.

use super::{TargetError, TargetKind, detect};
use crate::threads::available_threads;
use nix_formats::profile::{ResolveError, SystemRoot};
use nix_formats::store_db::{self, StoreDb, StoreDbOptions};
use nix_formats::{StoreDir, StorePath};
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::path::{Component, Path, PathBuf};

/// How targets are read. Made as `ReadOptions { root, ..ReadOptions::default() }`, since it may get
/// more fields.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The root of the system, on this machine: `/`, or where another system is mounted.
    pub root: PathBuf,
    /// The store, as its paths are written.
    pub store_dir: StoreDir,
    /// Whether to use the store database. Without it references are found by reading the files.
    pub use_database: bool,
    /// Whether to read derivations for versions, patches and sources.
    pub use_derivations: bool,
    /// How many threads may read.
    pub threads: NonZero<usize>,
}

impl Default for ReadOptions {
    /// The running system, read as thoroughly and quickly as can be.
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            store_dir: StoreDir::default(),
            use_database: true,
            use_derivations: true,
            threads: available_threads(),
        }
    }
}

/// A target in a store, or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Store(StorePath),
    /// The folder of the store itself.
    WholeStore,
    File(TargetKind),
}

impl ReadOptions {
    pub(super) fn root(&self) -> SystemRoot {
        SystemRoot::new(&self.root)
    }

    /// Where the store's folder is on this machine.
    pub(super) fn folder(&self) -> Result<PathBuf, TargetError> {
        let absent = || TargetError::NoStore { store: self.store_dir.clone(), root: self.root.clone() };
        match self.root().physical_folder(Path::new(self.store_dir.as_str())) {
            Ok(folder) if folder.is_dir() => Ok(folder),
            Ok(_) => Err(absent()),
            Err(ResolveError::Io { source, .. }) if is_absence(&source) => Err(absent()),
            Err(error) => Err(error.into()),
        }
    }

    /// The same where nothing needs the store, and what is found in it only adds to the rest.
    pub(super) fn folder_if_any(&self) -> Option<PathBuf> {
        self.folder().ok()
    }

    /// The same, or where it would be.
    pub(super) fn folder_or_absent(&self) -> PathBuf {
        let absent = || self.root.join(self.store_dir.as_str().trim_start_matches('/'));
        self.folder().unwrap_or_else(|_| absent())
    }

    /// The database, if there is one and it is to be used.
    pub(super) fn database(&self) -> Result<Option<StoreDb>, TargetError> {
        if !self.use_database {
            return Ok(None);
        }
        for logical in self.databases() {
            let file = logical.file_name().unwrap_or_default();
            let folder = match self.root().physical_folder(logical.parent().unwrap_or(Path::new("/"))) {
                Ok(folder) => folder,
                // Container images and unpacked archives have a store, and nothing next to it.
                Err(ResolveError::Io { source, .. }) if is_absence(&source) => continue,
                Err(error) => return Err(error.into()),
            };
            let path = folder.join(file);
            match path.try_exists() {
                Ok(true) => {
                    return Ok(Some(StoreDb::open_with(&path, StoreDbOptions::new(self.store_dir.clone()))?));
                }
                Ok(false) => {}
                Err(source) if is_absence(&source) => {}
                Err(source) => return Err(TargetError::Io { path, source }),
            }
        }
        Ok(None)
    }

    /// Where the database of the store can be, below the root: in the state folder next to the
    /// store (`/nix/store`, `/nix/var/nix`), as Nix is built for another prefix, or where it always
    /// is, as with `NIX_STORE_DIR`.
    fn databases(&self) -> Vec<PathBuf> {
        let usual = Path::new("/").join(store_db::DATABASE);
        let store = Path::new(self.store_dir.as_str());
        let state = store.parent().map(|prefix| prefix.join("var/nix/db/db.sqlite"));
        let mut places: Vec<PathBuf> = state.into_iter().collect();
        // Guix has its own, in a form of its own, and no other program's is about its store.
        if store != Path::new("/gnu/store") && !places.contains(&usual) {
            places.push(usual);
        }
        places
    }

    /// Finds out where a target is: in the store, or a file of its own.
    pub(super) fn locate(&self, target: &Path) -> Result<Place, TargetError> {
        let absolute = if target.is_absolute() || self.root != Path::new("/") {
            target.to_owned()
        } else {
            std::path::absolute(target)
                .map_err(|source| TargetError::Io { path: target.to_owned(), source })?
        };
        if self.is_store(&absolute) {
            return Ok(Place::WholeStore);
        }
        let outside = match self.root().resolve(&self.store_dir, &absolute) {
            // A build's result can be an SBOM or a packages.json in the store.
            Ok(found)
                if is_document(found.store_path.name()) || is_document(&found.inside.to_string_lossy()) =>
            {
                None
            }
            // So can an image. Other archives are sources.
            Ok(found)
                if is_tar(found.store_path.name()) && matches!(detect(target), Ok(TargetKind::Image)) =>
            {
                None
            }
            Ok(found) => return Ok(Place::Store(found.store_path)),
            Err(error) => Some(error),
        };
        match detect(target) {
            Ok(TargetKind::Closure | TargetKind::Derivation) if target.is_file() && outside.is_some() => {
                Ok(Place::File(TargetKind::Derivation))
            }
            Ok(TargetKind::Closure) => match outside {
                // It is a folder, but not of this store: what went wrong on the way there is the
                // better message.
                Some(error) => Err(error.into()),
                None => Ok(Place::File(TargetKind::Closure)),
            },
            Ok(kind) => Ok(Place::File(kind)),
            Err(TargetError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Err(outside.map_or_else(|| TargetError::Io { path: target.to_owned(), source }, Into::into))
            }
            Err(error) => Err(error),
        }
    }
}

impl ReadOptions {
    /// Whether a path, as seen below the root, is that of the store's folder.
    fn is_store(&self, path: &Path) -> bool {
        let names = |path: &Path| -> Vec<String> {
            let parts = path.components().filter(|part| *part != Component::RootDir);
            parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
        };
        names(path) == names(Path::new(self.store_dir.as_str()))
    }
}

/// Whether an error says that something is not there.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_document(name: &str) -> bool {
    let name =
        name.strip_suffix(".br").or(name.strip_suffix(".gz")).or(name.strip_suffix(".zst")).unwrap_or(name);
    [".json", ".jsonl", ".jsonld", ".spdx"].iter().any(|e| name.ends_with(e))
}

fn is_tar(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|e| name.ends_with(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_by_name() {
        assert!(is_document("packages.json.br") && is_document("sbom.spdx"));
        assert!(!is_document("hello-2.12"));
    }
}
