//! The store that a target is read from: where its files and its database are on this machine.

use super::{TargetError, TargetKind, detect};
use crate::threads::available_threads;
use nix_formats::profile::SystemRoot;
use nix_formats::store_db::{self, StoreDb, StoreDbOptions};
use nix_formats::{StoreDir, StorePath};
use std::num::NonZero;
use std::path::{Path, PathBuf};

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
    File(TargetKind),
}

impl ReadOptions {
    pub(super) fn root(&self) -> SystemRoot {
        SystemRoot::new(&self.root)
    }

    /// Where the store's folder is on this machine.
    pub(super) fn folder(&self) -> Result<PathBuf, TargetError> {
        Ok(self.root().physical_folder(Path::new(self.store_dir.as_str()))?)
    }

    /// The database, if there is one and it is to be used.
    pub(super) fn database(&self) -> Result<Option<StoreDb>, TargetError> {
        if !self.use_database {
            return Ok(None);
        }
        // The state folder is next to the store: `/nix/store`, `/nix/var/nix`.
        let logical = Path::new("/").join(store_db::DATABASE);
        let file = logical.file_name().unwrap_or_default();
        let folder = self.root().physical_folder(logical.parent().unwrap_or(Path::new("/")))?;
        let path = folder.join(file);
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(source) => return Err(TargetError::Io { path, source }),
        }
        Ok(Some(StoreDb::open_with(&path, StoreDbOptions::new(self.store_dir.clone()))?))
    }

    /// Finds out where a target is: in the store, or a file of its own.
    pub(super) fn locate(&self, target: &Path) -> Result<Place, TargetError> {
        let absolute = if target.is_absolute() || self.root != Path::new("/") {
            target.to_owned()
        } else {
            std::path::absolute(target)
                .map_err(|source| TargetError::Io { path: target.to_owned(), source })?
        };
        let outside = match self.root().resolve(&self.store_dir, &absolute) {
            // A build's result can be an SBOM or a packages.json in the store.
            Ok(found)
                if is_document(found.store_path.name()) || is_document(&found.inside.to_string_lossy()) =>
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
            Err(TargetError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(outside.map_or_else(|| TargetError::Io { path: target.to_owned(), source }, Into::into))
            }
            Err(error) => Err(error),
        }
    }
}

fn is_document(name: &str) -> bool {
    let name =
        name.strip_suffix(".br").or(name.strip_suffix(".gz")).or(name.strip_suffix(".zst")).unwrap_or(name);
    [".json", ".jsonl", ".jsonld", ".spdx"].iter().any(|e| name.ends_with(e))
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
