//! Where an output goes: a file that is replaced, or something that is written to.

use crate::{FileError, folder_of};
use rustix::fs::{PROC_SUPER_MAGIC, statfs};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

/// So many links may lead from one to the next.
const MAX_LINKS: usize = 40;

/// What a path leads to.
pub(crate) enum Target {
    /// A regular file, or nothing yet.
    File {
        /// Where it is, links followed.
        path: PathBuf,
        /// What is there.
        old: Option<Metadata>,
    },
    /// A terminal, a device, a pipe, or what this process has open: open for writing.
    Open(File),
}

impl Target {
    /// Follows links and opens what cannot be replaced.
    pub(crate) fn of(path: &Path) -> Result<Self, FileError> {
        let mut target = path.to_owned();
        for _ in 0..MAX_LINKS {
            let Ok(to) = fs::read_link(&target) else {
                // It is no link, or not there.
                return Self::behind_links(target, path);
            };
            // Links of /proc lead to open files, which may have no name or another file's.
            if statfs(folder_of(&target)).is_ok_and(|found| found.f_type == PROC_SUPER_MAGIC) {
                return open(&target).map(Self::Open).map_err(FileError::on("write", path));
            }
            target = folder_of(&target).join(to);
        }
        Err(FileError::new("follow the link", path, io::Error::other("too many levels of symbolic links")))
    }

    fn behind_links(target: PathBuf, path: &Path) -> Result<Self, FileError> {
        match fs::metadata(&target) {
            Ok(found) if found.is_file() => Ok(Self::File { path: target, old: Some(found) }),
            Ok(_) => {
                let opened = File::options().write(true).open(&target);
                opened.map(Self::Open).map_err(FileError::on("write", path))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::File { path: target, old: None })
            }
            Err(error) => Err(FileError::new("write", path, error)),
        }
    }
}

/// What a link of /proc leads to. Standard output and error are shared with whoever started this
/// process, place in the file included.
fn open(link: &Path) -> io::Result<File> {
    match link.to_str() {
        Some("/proc/self/fd/1") => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
        Some("/proc/self/fd/2") => Ok(io::stderr().as_fd().try_clone_to_owned()?.into()),
        // A file that somebody else has begun.
        _ => File::options().append(true).open(link),
    }
}
