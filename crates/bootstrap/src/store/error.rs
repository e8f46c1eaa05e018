//! Why a store cannot be used.

use crate::object::{Object, ObjectError};
use files::{FileError, LockError};
use std::error::Error;
use std::path::PathBuf;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file or folder cannot be an object.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// Somebody else builds.
    #[error("{} is in use: another bootstrap runs with this store", .0.display())]
    Locked(PathBuf),
    /// An object does not hold what its name says.
    #[error(
        "the object {} holds something else than its name says ({found}): it was changed after it was made",
        path.display()
    )]
    Changed {
        /// The object.
        path: PathBuf,
        /// What it holds.
        found: Object,
    },
    /// A file is not the result of a step.
    #[error("{} cannot be read as the result of a step", path.display())]
    Result {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked(_) => Some("wait for it, or use another folder with --store"),
            Self::Changed { .. } => Some("remove the object, and it is rebuilt"),
            Self::Result { .. } => Some("remove the file, and the step is run again"),
            _ => None,
        }
    }
}

impl From<LockError> for StoreError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy { path } => Self::Locked(files::folder_of(&path).to_owned()),
            LockError::File(error) => Self::File(error),
            // The crate may get other kinds.
            other => Self::File(FileError::new(
                "lock",
                std::path::Path::new("the store"),
                std::io::Error::other(other),
            )),
        }
    }
}
