//! Replacing a file so that a kill or a power cut leaves the old one or the new one.

use crate::{FileError, TemporaryFile, folder_of};
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a file was not replaced. It is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError<E> {
    /// The content could not be made, or not written.
    #[error("cannot write {}", path.display())]
    Content {
        /// The file that was to be replaced.
        path: PathBuf,
        /// What the function that writes the content gave.
        source: E,
    },
    /// Everything else.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<ReplaceError<io::Error>> for FileError {
    fn from(error: ReplaceError<io::Error>) -> Self {
        match error {
            ReplaceError::Content { path, source } => Self::new("write", &path, source),
            ReplaceError::File(error) => error,
        }
    }
}

impl From<ReplaceError<io::Error>> for io::Error {
    fn from(error: ReplaceError<io::Error>) -> Self {
        FileError::from(error).into()
    }
}

/// Replaces the file at `path` by what `write` writes, as [`Replacement`] does with its defaults.
pub fn replace<E>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), ReplaceError<E>> {
    Replacement::new(path).write(write)
}

/// Replaces the file at `path` by some bytes, as [`Replacement`] does with its defaults.
pub fn replace_bytes(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    Ok(Replacement::new(path).write(|out| out.write_all(bytes))?)
}

/// How a file is replaced.
///
/// The content goes into a temporary file in the same folder, which is brought to disk and renamed;
/// then the folder is brought to disk. If anything fails the temporary file is removed, and the old
/// file is as it was. A link is followed, so that it stays a link. The permissions are those of the
/// old file; a new one gets 0666 less the umask, unless something else is asked for.
///
/// What is not a regular file (a terminal, `/dev/null`, a pipe) cannot be replaced and is written
/// to directly.
#[derive(Debug, Clone)]
pub struct Replacement<'a> {
    path: &'a Path,
    private: bool,
    new: Option<Permissions>,
}

impl<'a> Replacement<'a> {
    /// Of the file at `path`, which need not exist.
    pub fn new(path: &'a Path) -> Self {
        Self { path, private: false, new: None }
    }

    /// Only the owner may read and write the file (0600), also if the old one was open to others.
    /// For secrets.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// The permissions if there is no old file: those of the file that this one is made from.
    #[must_use]
    pub fn permissions_if_new(mut self, permissions: Permissions) -> Self {
        self.new = Some(permissions);
        self
    }

    /// Writes what `write` gives to a buffered writer.
    pub fn write<E>(
        self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), ReplaceError<E>> {
        let path = self.path;
        self.write_file(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out).map_err(|source| ReplaceError::Content { path: path.to_owned(), source })?;
            out.flush().map_err(FileError::on("write", path))?;
            Ok(())
        })
    }

    /// Lets `write` have the file itself, to write it in any order.
    pub fn write_file<E>(
        self,
        write: impl FnOnce(&mut File) -> Result<(), ReplaceError<E>>,
    ) -> Result<(), ReplaceError<E>> {
        let target = followed(self.path)?;
        let old = match fs::metadata(&target) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(FileError::new("write", self.path, error).into()),
        };
        if old.as_ref().is_some_and(|found| !found.is_file()) {
            let opened = File::options().write(true).open(&target);
            return write(&mut opened.map_err(FileError::on("write", self.path))?);
        }
        let mut temporary = TemporaryFile::next_to(&target, if self.private { 0o600 } else { 0o666 })?;
        write(temporary.file_mut())?;
        let kept = old.map(|found| found.permissions()).or(self.new).filter(|_| !self.private);
        if let Some(permissions) = kept {
            let set = temporary.file().set_permissions(permissions);
            set.map_err(FileError::on("set the permissions of", temporary.path()))?;
        }
        Ok(temporary.put_in_place(&target)?)
    }
}

/// So many links may lead from one to the next.
const MAX_LINKS: usize = 40;

/// The path that a link leads to, which need not exist.
fn followed(path: &Path) -> Result<PathBuf, FileError> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(to) => target = folder_of(&target).join(to),
            // It is no link, or not there.
            Err(_) => return Ok(target),
        }
    }
    Err(FileError::new("follow the link", path, io::Error::other("too many levels of symbolic links")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_old_file_stays_if_writing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        fs::write(&path, "old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert_eq!(failed.unwrap_err().to_string(), format!("cannot write {}", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["report"]);
        replace_bytes(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report"]);
    }

    #[test]
    fn the_new_file_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let open = File::open(&path).unwrap();
        replace_bytes(&path, b"new").unwrap();
        // Whoever has the old one open still reads it whole.
        assert_eq!(io::read_to_string(open).unwrap(), "old");
    }

    #[test]
    fn permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new, secret) =
            (folder.path().join("old"), folder.path().join("new"), folder.path().join("secret"));
        fs::write(&old, "").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o751)).unwrap();
        replace_bytes(&old, b"x").unwrap();
        assert_eq!(mode(&old), 0o751);
        // As the system makes files, whatever the umask is.
        replace_bytes(&new, b"x").unwrap();
        fs::write(folder.path().join("plain"), "").unwrap();
        assert_eq!(mode(&new), mode(&folder.path().join("plain")));
        fs::write(&secret, "").unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
        Replacement::new(&secret).private().write(|out| out.write_all(b"x")).unwrap();
        assert_eq!(mode(&secret), 0o600);
        let copy = folder.path().join("copy");
        let like = fs::metadata(&old).unwrap().permissions();
        Replacement::new(&copy).permissions_if_new(like).write(|out| out.write_all(b"x")).unwrap();
        assert_eq!(mode(&copy), 0o751);
    }

    #[test]
    fn links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        let (file, link, first) = (inside.join("file"), inside.join("link"), folder.path().join("first"));
        symlink("file", &link).unwrap();
        symlink("inside/link", &first).unwrap();
        // Where a link leads nowhere the file is made there.
        for content in ["new", "newer"] {
            replace_bytes(&first, content.as_bytes()).unwrap();
            assert!(link.is_symlink() && first.is_symlink() && !file.is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
        }
        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(replace_bytes(&circle, b"x").unwrap_err().to_string().contains("circle"));
    }

    #[test]
    fn devices_and_pipes_are_written_to() {
        replace_bytes(Path::new("/dev/null"), b"x").unwrap();
        let before = fs::metadata("/dev/null").unwrap();
        assert_eq!((before.rdev() >> 8 & 0xfff, before.rdev() & 0xff), (1, 3));
        let folder = tempfile::tempdir().unwrap();
        assert!(replace_bytes(folder.path(), b"x").unwrap_err().to_string().contains("cannot write"));
        let missing = replace_bytes(&folder.path().join("a/b"), b"x").unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
