//! What is in a store, for those who only read.

use super::{StepResult, StoreError, cannot};
use crate::object::{Digest, Object};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the one output of unpacking is called.
pub(super) const PART: &str = "part";

/// A store's folder, without the right to change it. A folder that is not there holds nothing.
#[derive(Debug, Clone)]
pub struct Contents {
    pub(super) folder: PathBuf,
}

impl Contents {
    /// Of the store in that folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where a source is, or would be.
    pub fn source(&self, sha256: Digest) -> PathBuf {
        self.folder.join("sources").join(sha256.to_string())
    }

    /// Where an object is, or would be.
    pub fn path(&self, object: &Object) -> PathBuf {
        self.folder.join("objects").join(object.to_string())
    }

    /// The object's path, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if it is not what its name says.
    pub fn get(&self, object: &Object) -> Result<Option<PathBuf>, StoreError> {
        let path = self.path(object);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let found = Object::at(&path).map_err(cannot("read", &path))?;
        if found != *object {
            return Err(StoreError::Changed { path, found });
        }
        Ok(Some(path))
    }

    /// What the step with this key gave, if all of it is there.
    pub fn result(&self, key: Digest) -> Result<Option<StepResult>, StoreError> {
        let path = self.result_path(key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(cannot("read", &path)(source)),
        };
        let result: StepResult =
            serde_json::from_slice(&bytes).map_err(|error| cannot("read", &path)(io::Error::other(error)))?;
        for object in result.outputs.values() {
            if self.get(object)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(result))
    }

    /// What an unpacked part of a source is, if the store has it. The key is that of [`crate::key::of_unpacked`].
    pub fn unpacked(&self, key: Digest) -> Result<Option<Object>, StoreError> {
        Ok(self.result(key)?.and_then(|result| result.outputs.get(PART).copied()))
    }

    pub(super) fn result_path(&self, key: Digest) -> PathBuf {
        self.folder.join("results").join(format!("{key}.json"))
    }
}
