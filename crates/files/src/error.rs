//! The error of everything that the system refuses.

use std::io;
use std::path::{Path, PathBuf};

/// The system refuses something that was tried on a path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    /// `action` is a verb with what belongs to it, such that "cannot `action` `path`" is a
    /// sentence.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }

    /// The same, as the function that `map_err` wants.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::new(action, path, source)
    }

    /// What was tried on it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of error the system gave.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// For functions that give the errors of the standard library. The text keeps the path.
impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        Self::new(error.kind(), error)
    }
}
