//! What is in a store, for those who only read.

use super::error::StoreError;
use crate::object::{Digest, Object};
use files::ReadError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The largest result of a step, in bytes: it names a few outputs.
const LARGEST_RESULT: u64 = 16 << 20;

/// What the one output of unpacking is called.
pub(super) const PART: &str = "part";

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepResult {
    /// Its outputs by name.
    pub outputs: BTreeMap<String, Object>,
    /// How long it ran, in milliseconds.
    pub milliseconds: u64,
}

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

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
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
        let found = Object::at(&path)?;
        if found != *object {
            return Err(StoreError::Changed { path, found });
        }
        Ok(Some(path))
    }

    /// What the step with this key gave, if all of it is there. A result that cannot be understood
    /// counts as none, so that the step is run again and the result written anew: a full disk or a
    /// power cut may have left half of it.
    pub fn result(&self, key: Digest) -> Result<Option<StepResult>, StoreError> {
        let path = self.result_path(key);
        let bytes = match files::read_regular(&path, LARGEST_RESULT) {
            Ok(bytes) => bytes,
            Err(ReadError::File(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(ReadError::TooLarge { .. }) => return Ok(None),
            Err(error) => return Err(StoreError::Result { path, source: error.into() }),
        };
        let Ok(result) = serde_json::from_slice::<StepResult>(&bytes) else { return Ok(None) };
        for object in result.outputs.values() {
            if self.get(object)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(result))
    }

    /// What an unpacked part of a source is, if the store has it. The key is that of
    /// `key::of_unpacked`.
    pub(crate) fn unpacked(&self, key: Digest) -> Result<Option<Object>, StoreError> {
        Ok(self.result(key)?.and_then(|result| result.outputs.get(PART).copied()))
    }

    pub(super) fn result_path(&self, key: Digest) -> PathBuf {
        self.folder.join("results").join(format!("{key}.json"))
    }
}
