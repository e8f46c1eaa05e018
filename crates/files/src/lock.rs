//! Keeping other processes away.

use crate::FileError;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is locked by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A file that at most one process holds at a time, as long as all of them ask for it. It is free
/// again when this is dropped or the process ends, however it ends. The file itself stays: removing
/// it would let two processes in.
///
/// Whoever may read a lock can take it, also one that another user has made: what it guards may
/// well be writable where the lock itself is not.
#[derive(Debug)]
pub struct LockFile {
    // Closing it frees the lock.
    _file: File,
}

impl LockFile {
    /// Takes the lock, or fails at once with [`LockError::Busy`]. The file is made if there is
    /// none.
    pub fn try_acquire(path: &Path) -> Result<Self, LockError> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(FileError::new("lock", path, error).into()),
        }
    }

    /// Takes the lock, and waits until it is free.
    pub fn acquire(path: &Path) -> Result<Self, LockError> {
        let file = open(path)?;
        file.lock().map_err(FileError::on("lock", path))?;
        Ok(Self { _file: file })
    }
}

/// Opens the file, or makes it. Reading is enough to lock it; only network file systems, which lock
/// by ranges of bytes, want one that is open for writing.
fn open(path: &Path) -> Result<File, FileError> {
    let opened = File::options().create(true).truncate(false).read(true).write(true).open(path);
    let opened = opened.or_else(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            // Why it cannot be made says more than that it is not there.
            File::open(path).map_err(|_| error)
        }
        _ => Err(error),
    });
    opened.map_err(FileError::on("open", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = LockFile::try_acquire(&path).unwrap();
        assert!(matches!(LockFile::try_acquire(&path), Err(LockError::Busy { path: busy }) if busy == path));
        drop(held);
        let _again = LockFile::acquire(&path).unwrap();
        assert!(path.exists());
        let nowhere = LockFile::try_acquire(Path::new("/nowhere/lock")).unwrap_err();
        assert_eq!(nowhere.to_string(), "cannot open /nowhere/lock");
    }
}
