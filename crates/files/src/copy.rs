//! Copies of trees that anybody may have made.

use crate::{FileError, NodeKind, TreeError, TreeLimits, folder_of, walk_tree};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, chmodat, fchmod, mkdirat, openat, symlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Copies a file or a tree to `to`, which must not exist. Links stay links, permissions stay as far
/// as a file may be executed; anything but files, folders and links is refused.
pub fn copy_tree(from: &Path, to: &Path, limits: TreeLimits) -> Result<(), TreeError> {
    let last = |path: &Path| CString::new(path.file_name().unwrap_or_default().as_bytes());
    let made = |path: &Path, action, error: Errno| FileError::new(action, path, error.into());
    let parent = folder_of(to);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let start = openat(CWD, parent, flags, Mode::empty()).map_err(|error| made(parent, "open", error))?;
    let mut folders = vec![start];
    walk_tree(from, limits, &mut |node| -> Result<(), TreeError> {
        if node.kind == NodeKind::FolderEnd {
            folders.pop();
            return Ok(());
        }
        let place = if node.path.as_os_str().is_empty() { to.to_owned() } else { to.join(node.path) };
        let name = last(&place).map_err(|error| FileError::new("make", &place, error.into()))?;
        let Some(folder) = folders.last() else { return Ok(()) };
        let failed = |error| made(&place, "make", error);
        match node.kind {
            NodeKind::Folder => {
                mkdirat(folder, &name, Mode::from_raw_mode(0o755)).map_err(failed)?;
                // Whatever the umask is.
                let mode = Mode::from_raw_mode(0o755);
                chmodat(folder, &name, mode, AtFlags::empty()).map_err(failed)?;
                let flags = flags | OFlags::NOFOLLOW;
                folders.push(openat(folder, &name, flags, Mode::empty()).map_err(failed)?);
            }
            NodeKind::File => {
                let mode = Mode::from_raw_mode(if node.mode & 0o100 == 0 { 0o644 } else { 0o755 });
                let mut read = node.open()?;
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let new = openat(folder, &name, flags, mode).map_err(failed)?;
                fchmod(&new, mode).map_err(failed)?;
                io::copy(&mut read, &mut File::from(new)).map_err(node.error("copy"))?;
            }
            NodeKind::Link => {
                symlinkat(node.target()?, folder, &name).map_err(failed)?;
            }
            _ => {
                let error = io::Error::other("it is neither a file nor a folder nor a link");
                return Err(node.error("copy")(error).into());
            }
        }
        Ok(())
    })
}
