//! Replacing a file so that a kill or a power cut leaves the old one or the new one.

use crate::target::Target;
use crate::{FileError, TemporaryFile, attributes, unnamed_file};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, BufWriter, Seek as _, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt as _};
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
/// file is as it was; what a kill leaves, the next write in that folder removes. A link is
/// followed, so that it stays a link. Owner, mode and extended attributes are those of the old
/// file, as far as this user may give them; a new one gets 0666 less the umask, unless something
/// else is asked for.
///
/// What is not a regular file (a terminal, `/dev/null`, a pipe, `/dev/stdout` wherever it leads)
/// cannot be replaced and is written to directly.
#[derive(Debug, Clone)]
pub struct Replacement<'a> {
    path: &'a Path,
    mode: u32,
    one_name: bool,
}

impl<'a> Replacement<'a> {
    /// Of the file at `path`, which need not exist.
    pub fn new(path: &'a Path) -> Self {
        Self { path, mode: 0o666, one_name: false }
    }

    /// The permissions if there is no old file, less the umask: those of the file that this one is
    /// made from.
    #[must_use]
    pub fn permissions_if_new(mut self, permissions: &Permissions) -> Self {
        self.mode = permissions.mode() & 0o777;
        self
    }

    /// Refuses to replace a file that has other names (hard links): they would keep the old
    /// content.
    #[must_use]
    pub fn refuse_other_names(mut self) -> Self {
        self.one_name = true;
        self
    }

    /// Writes what `write` gives to a buffered writer.
    pub fn write<E>(
        self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), ReplaceError<E>> {
        let path = self.path;
        let buffered = |file: &mut File| {
            let mut out = BufWriter::new(file);
            write(&mut out).map_err(|source| ReplaceError::Content { path: path.to_owned(), source })?;
            out.flush().map_err(FileError::on("write", path))?;
            Ok(())
        };
        match Target::of(path)? {
            Target::File { path, old } => self.put(&path, old.as_ref(), buffered),
            Target::Open(mut file) => buffered(&mut file),
        }
    }

    /// Lets `write` have the file itself, to write it in any order.
    pub fn write_file<E>(
        self,
        write: impl FnOnce(&mut File) -> Result<(), ReplaceError<E>>,
    ) -> Result<(), ReplaceError<E>> {
        match Target::of(self.path)? {
            Target::File { path, old } => self.put(&path, old.as_ref(), write),
            // A pipe takes bytes in their order only.
            Target::Open(mut file) => {
                let mut whole = unnamed_file(&std::env::temp_dir())?;
                write(&mut whole)?;
                let copied = whole.rewind().and_then(|()| io::copy(&mut whole, &mut file));
                copied.map(drop).map_err(|error| FileError::new("write", self.path, error).into())
            }
        }
    }

    fn put<E>(
        &self,
        target: &Path,
        old: Option<&Metadata>,
        write: impl FnOnce(&mut File) -> Result<(), ReplaceError<E>>,
    ) -> Result<(), ReplaceError<E>> {
        if let Some(names) = old.map(MetadataExt::nlink).filter(|names| self.one_name && *names > 1) {
            let problem = format!(
                "it has {names} names (hard links), and the others would keep the old content: write to another file, \
                 or make it a copy of its own first"
            );
            return Err(FileError::new("replace", self.path, io::Error::other(problem)).into());
        }
        // Until it has the rights of the old file nobody else reads it.
        let mut temporary = TemporaryFile::next_to(target, if old.is_some() { 0o600 } else { self.mode })?;
        write(temporary.file_mut())?;
        if let Some(old) = old {
            let kept = attributes::keep(old, target, temporary.file());
            kept.map_err(FileError::on("set the permissions of", temporary.path()))?;
        }
        Ok(temporary.put_in_place(target)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

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
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o751)).unwrap();
        replace_bytes(&old, b"x").unwrap();
        assert_eq!(mode(&old), 0o751);
        // As the system makes files, whatever the umask is.
        replace_bytes(&new, b"x").unwrap();
        fs::write(folder.path().join("plain"), "").unwrap();
        assert_eq!(mode(&new), mode(&folder.path().join("plain")));
        let copy = folder.path().join("copy");
        let like = fs::metadata(&old).unwrap().permissions();
        Replacement::new(&copy).permissions_if_new(&like).write(|out| out.write_all(b"x")).unwrap();
        let plain = mode(&folder.path().join("plain"));
        // The umask, as far as a file shows it that is not executable.
        assert_eq!(mode(&copy) & 0o666, 0o751 & plain);
    }

    #[test]
    fn other_names_are_kept_or_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "old").unwrap();
        fs::hard_link(&one, &other).unwrap();
        let refused = Replacement::new(&one).refuse_other_names().write(|out| out.write_all(b"new"));
        let text = std::error::Error::source(&refused.unwrap_err()).unwrap().to_string();
        assert!(text.contains("it has 2 names"), "{text}");
        assert_eq!((fs::read(&one).unwrap(), fs::read(&other).unwrap()), (b"old".to_vec(), b"old".to_vec()));
        replace_bytes(&one, b"new").unwrap();
        assert_eq!((fs::read(&one).unwrap(), fs::read(&other).unwrap()), (b"new".to_vec(), b"old".to_vec()));
    }

    #[test]
    fn extended_attributes_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        setxattr(&path, "user.note", b"mine", XattrFlags::empty()).unwrap();
        replace_bytes(&path, b"new").unwrap();
        let mut value = [0; 8];
        let length = getxattr(&path, "user.note", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"mine");
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
        let pipe = folder.path().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, rustix::fs::Mode::RWXU, 0).unwrap();
        // Written in any order, it arrives in its own.
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        let written = Replacement::new(&pipe).write_file::<io::Error>(|file| {
            file.write_all(b"12345").map_err(FileError::on("write", &pipe))?;
            file.rewind().and_then(|()| file.write_all(b"0")).map_err(FileError::on("write", &pipe))?;
            Ok(())
        });
        written.unwrap();
        assert_eq!(reader.join().unwrap(), b"02345");
        assert!(!pipe.metadata().unwrap().is_file());
        assert!(replace_bytes(folder.path(), b"x").unwrap_err().to_string().contains("cannot write"));
        let missing = replace_bytes(&folder.path().join("a/b"), b"x").unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
