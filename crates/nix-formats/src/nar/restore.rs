//! From an archive to a tree on disk.

use super::{NarError, NarEvent, NarLimits, NarReader};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fsync, mkdirat, openat, renameat_with, statat, symlinkat,
    syncfs, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How [`restore`] works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreOptions {
    /// How large the archive and its parts may be.
    pub limits: NarLimits,
    /// Whether the tree must survive a power cut once `restore` returned: the file system is synced
    /// before the tree gets its name, and the folder after it.
    pub durable: bool,
}

/// Unpacks the archive that `archive` begins with as `destination`, which must not exist yet, and
/// gives the number of bytes of the archive.
///
/// The tree grows under a hidden name next to `destination` and is renamed when it is complete;
/// when anything goes wrong it is removed. So `destination` appears whole or not at all, and a kill
/// leaves at most a `.NAME.restore-PID-N` behind.
///
/// Nothing outside is ever touched, whatever the archive holds: names cannot hold slashes or be
/// `..`, each file is made new (never opened through something that exists), and links that the
/// archive brings are not followed, because every step is taken relative to a folder that was made
/// and opened here.
pub fn restore<R: Read>(archive: R, destination: &Path, options: &RestoreOptions) -> Result<u64, NarError> {
    let (folder, name) = split(destination)?;
    let error = |action, error: Errno| NarError::File {
        action,
        path: destination.to_path_buf(),
        source: error.into(),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder_fd =
        openat(CWD, &folder, flags, Mode::empty()).map_err(|source| error("open the folder of", source))?;
    // Asked first only to fail early; the rename below is what decides.
    if statat(&folder_fd, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(error("create", Errno::EXIST));
    }

    let temporary = Temporary::new(&folder, &folder_fd, &name)?;
    let mut unpack = Unpack {
        reader: NarReader::new(archive, options.limits),
        buffer: vec![0; 128 * 1024],
        path: destination.to_path_buf(),
    };
    unpack.run(&folder_fd, &temporary.name)?;

    if options.durable {
        syncfs(&folder_fd).map_err(|source| error("sync", source))?;
    }
    match renameat_with(&folder_fd, &temporary.name, &folder_fd, &name, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(source) => return Err(error("create", source)),
    }
    temporary.keep();
    if options.durable {
        fsync(&folder_fd).map_err(|source| error("sync the folder of", source))?;
    }
    Ok(unpack.reader.offset())
}

/// The folder that `destination` is to appear in, and its name there.
fn split(destination: &Path) -> Result<(PathBuf, OsString), NarError> {
    let bad = || NarError::File {
        action: "create",
        path: destination.to_path_buf(),
        source: io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a name"),
    };
    let name = destination.file_name().ok_or_else(bad)?.to_os_string();
    let folder = match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    Ok((folder, name))
}

/// The unfinished tree; removed when dropped, unless kept.
struct Temporary {
    name: CString,
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn new(folder: &Path, folder_fd: &OwnedFd, name: &OsStr) -> Result<Self, NarError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        // A name of 255 bytes is allowed, so the hidden one may only quote its beginning.
        let quoted = name.as_bytes().get(..name.len().min(100)).unwrap_or_default();
        loop {
            let mut hidden = b".".to_vec();
            hidden.extend_from_slice(quoted);
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            hidden.extend_from_slice(format!(".restore-{}-{number}", std::process::id()).as_bytes());
            let path = folder.join(OsStr::from_bytes(&hidden));
            let Ok(name) = CString::new(hidden) else {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "the name holds NUL");
                return Err(NarError::File { action: "create", path, source });
            };
            match statat(folder_fd, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => return Ok(Self { name, path, kept: false }),
                Ok(_) => {}
                Err(error) => {
                    return Err(NarError::File { action: "create", path, source: error.into() });
                }
            }
        }
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Best effort: there is an error to report already, and this would only hide it.
        if unlinkat(CWD, &self.path, AtFlags::empty()).is_err() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

struct Unpack<R> {
    reader: NarReader<R>,
    buffer: Vec<u8>,
    /// Where the tree grows, for messages only.
    path: PathBuf,
}

impl<R: Read> Unpack<R> {
    fn run(&mut self, folder: &OwnedFd, root: &CString) -> Result<(), NarError> {
        let mut open: Vec<OwnedFd> = Vec::new();
        while let Some(event) = self.reader.next_event()? {
            let name = match (event.name(), open.is_empty()) {
                (None, _) => {
                    open.pop();
                    self.path.pop();
                    continue;
                }
                (Some(_), true) => root.clone(),
                (Some(name), false) => {
                    self.path.push(OsStr::from_bytes(name));
                    CString::new(name).map_err(|_| self.error("create", Errno::INVAL))?
                }
            };
            let parent = open.last().unwrap_or(folder);
            match event {
                NarEvent::Directory { .. } => {
                    mkdirat(parent, &name, Mode::from_raw_mode(0o777))
                        .map_err(|error| self.error("create", error))?;
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let fd = openat(parent, &name, flags, Mode::empty())
                        .map_err(|error| self.error("open", error))?;
                    open.push(fd);
                    // Popped at its `Leave`.
                    continue;
                }
                NarEvent::File { executable, size, .. } => {
                    let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
                    let flags =
                        OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let fd =
                        openat(parent, &name, flags, mode).map_err(|error| self.error("create", error))?;
                    self.contents(File::from(fd), size)?;
                }
                NarEvent::Symlink { target, .. } => {
                    symlinkat(OsStr::from_bytes(&target), parent, &name)
                        .map_err(|error| self.error("create", error))?;
                }
                NarEvent::Leave => {}
            }
            if !open.is_empty() {
                self.path.pop();
            }
        }
        Ok(())
    }

    fn contents(&mut self, mut file: File, size: u64) -> Result<(), NarError> {
        let mut remaining = size;
        while remaining > 0 {
            let offset = self.reader.offset();
            let count = match self.reader.contents().read(&mut self.buffer) {
                Ok(0) => return Err(NarError::Truncated { offset }),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(NarError::Truncated { offset });
                }
                // NarLimits come wrapped through `Read`; they are still limits.
                Err(error) => {
                    return Err(match error.downcast::<NarError>() {
                        Ok(inner) => inner,
                        Err(source) => NarError::Io { offset, source },
                    });
                }
            };
            file.write_all(self.buffer.get(..count).unwrap_or_default())
                .map_err(|source| NarError::File { action: "write", path: self.path.clone(), source })?;
            remaining = remaining.saturating_sub(count as u64);
        }
        Ok(())
    }

    fn error(&self, action: &'static str, error: Errno) -> NarError {
        NarError::File { action, path: self.path.clone(), source: error.into() }
    }
}
