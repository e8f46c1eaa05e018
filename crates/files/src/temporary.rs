//! Files and folders that are removed when they are dropped.

use crate::{FileError, folder_of, left_over, put_in_place};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A file with a name of its own, open for reading and writing, removed when it is dropped. Only
/// its owner may read it until [`put_in_place`](Self::put_in_place) gives it other permissions.
#[derive(Debug)]
pub struct TemporaryFile(tempfile::NamedTempFile);

impl TemporaryFile {
    /// A new file in `folder`, whose name begins with `prefix`.
    pub fn new_in(folder: &Path, prefix: &str) -> Result<Self, FileError> {
        let made = tempfile::Builder::new().prefix(prefix).suffix(".new").tempfile_in(folder);
        made.map(Self).map_err(FileError::on("make a temporary file in", folder))
    }

    /// A new file in the system's folder for such files (`TMPDIR`, `/tmp`).
    pub fn new(prefix: &str) -> Result<Self, FileError> {
        Self::new_in(&std::env::temp_dir(), prefix)
    }

    /// A hidden file in the same folder as `target`, to become it. `mode` is what the umask takes
    /// bits from. What a kill leaves of it, the next one in that folder removes.
    pub(crate) fn next_to(target: &Path, mode: u32) -> Result<Self, FileError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let folder = folder_of(target);
        left_over::file(folder, &name, mode)
            .map(Self)
            .map_err(FileError::on("make a temporary file in", folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.0.as_file()
    }

    /// The open file, to be written.
    pub fn file_mut(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    /// Brings it to disk and renames it to `target`, in one step for whoever looks. Its permissions
    /// stay as they are.
    pub fn put_in_place(self, target: &Path) -> Result<(), FileError> {
        put_in_place(self.path(), target)?;
        // There is no file of this name any more that could be removed.
        self.0.into_temp_path().keep().map(drop).map_err(|error| FileError::new("keep", target, error.error))
    }

    /// Keeps the file and gives its path.
    pub fn keep(self) -> Result<PathBuf, FileError> {
        let path = self.path().to_owned();
        self.0.keep().map_err(|error| FileError::new("keep", &path, error.error))?;
        Ok(path)
    }
}

/// A folder with a name of its own, removed with all that is in it when it is dropped. Only its
/// owner may enter it.
#[derive(Debug)]
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// A new folder in `folder`, whose name begins with `prefix`.
    pub fn new_in(folder: &Path, prefix: &str) -> Result<Self, FileError> {
        let only_owner = Permissions::from_mode(0o700);
        let made = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(only_owner.clone())
            .tempdir_in(folder)
            // The umask may have taken something away.
            .and_then(|made| fs::set_permissions(made.path(), only_owner).map(|()| made));
        made.map(Self).map_err(FileError::on("make a temporary folder in", folder))
    }

    /// A new folder in the system's folder for such folders (`TMPDIR`, `/tmp`).
    pub fn new(prefix: &str) -> Result<Self, FileError> {
        Self::new_in(&std::env::temp_dir(), prefix)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Keeps the folder and gives its path.
    pub fn keep(self) -> PathBuf {
        self.0.keep()
    }
}

/// A file without a name in the file system of `folder`: gone when it is closed, whatever happens
/// to this process.
pub fn unnamed_file(folder: &Path) -> Result<File, FileError> {
    tempfile::tempfile_in(folder).map_err(FileError::on("make a temporary file in", folder))
}

/// Removes the files in `folder` whose names begin with `prefix`: what killed processes have left.
/// Nobody else may be using them, which a [`LockFile`](crate::LockFile) sees to. What cannot be
/// removed stays: it only takes space.
pub fn remove_left_over(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Seek as _, Write as _};

    #[test]
    fn temporary_things_are_gone_and_kept_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = TemporaryFile::new_in(folder.path(), ".taken-").unwrap();
        file.file_mut().write_all(b"text").unwrap();
        file.file_mut().rewind().unwrap();
        let mut text = String::new();
        file.file().read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        assert_eq!(file.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let path = file.path().to_owned();
        drop(file);
        assert!(!path.exists());

        let inside = TemporaryFolder::new_in(folder.path(), "work-").unwrap();
        assert_eq!(fs::metadata(inside.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(inside.path().join("a"), "").unwrap();
        let path = inside.path().to_owned();
        drop(inside);
        assert!(!path.exists());

        TemporaryFile::new_in(folder.path(), ".taken-").unwrap().keep().unwrap();
        fs::write(folder.path().join("other"), "").unwrap();
        remove_left_over(folder.path(), ".taken-");
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["other"]);
    }

    #[test]
    fn errors_name_the_folder() {
        let error = TemporaryFile::new_in(Path::new("/nowhere/at/all"), "x").unwrap_err();
        assert_eq!(error.to_string(), "cannot make a temporary file in /nowhere/at/all");
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    }
}
