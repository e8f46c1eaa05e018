//! A whole new folder, which appears at once with everything in it.

use crate::{FileError, ReplaceError, folder_of, left_over, sync_folder, sync_tree};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Makes the folder `target`, which must not exist. `fill` gets another path, to which nobody but
/// the owner has access, and puts everything there; then all of it is brought to disk and renamed.
/// If anything fails nothing is left; what a kill leaves, the next one in the same parent removes.
///
/// `mode` is that of the new folder, less the umask.
pub fn create_folder<E>(
    target: &Path,
    mode: u32,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), ReplaceError<E>> {
    if target.symlink_metadata().is_ok() {
        return Err(FileError::new("make", target, io::ErrorKind::AlreadyExists.into()).into());
    }
    let parent = folder_of(target);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let (temporary, _held) = left_over::folder(parent, &name)?;
    let inside = temporary.path().join("folder");
    DirBuilder::new().mode(mode).create(&inside).map_err(FileError::on("make", &inside))?;
    fill(&inside).map_err(|source| ReplaceError::Content { path: target.to_owned(), source })?;
    sync_tree(&inside)?;
    rename_new(&inside, target).map_err(FileError::on("make", target))?;
    Ok(sync_folder(parent)?)
}

/// Renames, and fails if somebody has made `to` meanwhile.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // This file system cannot do that. A folder with something in it is still not replaced.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => fs::rename(from, to),
        other => Ok(other?),
    }
}

/// Writes a file that must not exist and brings it to disk. `mode` is its mode, less the umask.
pub fn create_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), FileError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(FileError::on("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_folder_appears_whole_or_not() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("keys");
        let half = create_folder(&target, 0o700, |inside| {
            create_new(&inside.join("a"), 0o600, b"x")?;
            create_new(&inside.join("a"), 0o600, b"y")
        });
        assert!(matches!(half, Err(ReplaceError::Content { .. })));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);

        create_folder(&target, 0o700, |inside| {
            assert!(!target.exists());
            create_new(&inside.join("a"), 0o600, b"x")
        })
        .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&target), mode(&target.join("a"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);

        let again = create_folder(&target, 0o700, |_| Ok::<(), io::Error>(()));
        assert!(
            matches!(again, Err(ReplaceError::File(error)) if error.kind() == io::ErrorKind::AlreadyExists)
        );
    }

    #[test]
    fn somebody_else_was_faster() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("keys");
        // An empty folder is what a plain rename would replace.
        let raced = create_folder(&target, 0o700, |_| fs::create_dir(&target));
        assert!(
            matches!(raced, Err(ReplaceError::File(error)) if error.kind() == io::ErrorKind::AlreadyExists)
        );
    }
}
