//! What a step has left: how much it is, and whose.

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, fstatat};
use nix::unistd::{Gid, Uid, fchownat};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

/// How deep folders are followed, each with an open file.
const DEPTH: usize = 512;

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Bytes on disk.
    pub(super) bytes: u64,
    /// Files and folders.
    pub(super) files: u64,
}

/// How much is in some folders, which may change meanwhile: what is gone already does not count.
/// Folders deeper than 512 are not looked into.
pub(super) fn usage(folders: &[&Path]) -> Usage {
    let mut usage = Usage::default();
    let mut linked = HashSet::new();
    for folder in folders {
        let _ = walk(folder, &mut |_, _, found| {
            usage.files += 1;
            if found.st_nlink < 2 || linked.insert((found.st_dev, found.st_ino)) {
                usage.bytes += u64::try_from(found.st_blocks).unwrap_or(0).saturating_mul(512);
            }
            Ok(())
        });
    }
    usage
}

/// Gives everything in a folder to a user.
///
/// # Errors
/// The system's; folders deeper than 512 are one.
pub(super) fn give(folder: &Path, user: Uid, group: Gid) -> nix::Result<()> {
    walk(folder, &mut |place, name, _| {
        fchownat(place, name, Some(user), Some(group), AtFlags::AT_SYMLINK_NOFOLLOW)
    })
}

type Visit<'a> = dyn FnMut(BorrowedFd<'_>, &CStr, &FileStat) -> nix::Result<()> + 'a;

/// A folder, and what of it has not been visited.
struct Level {
    folder: Dir,
    left: Vec<CString>,
}

impl Level {
    fn of(mut folder: Dir) -> nix::Result<Self> {
        let names = folder.iter().map(|entry| Ok(entry?.file_name().to_owned()));
        let mut left = names.collect::<nix::Result<Vec<_>>>()?;
        left.retain(|name| name.as_c_str() != c"." && name.as_c_str() != c"..");
        Ok(Self { folder, left })
    }
}

/// Visits everything in a folder, and never what links lead to.
fn walk(folder: &Path, visit: &mut Visit<'_>) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut open = vec![Level::of(Dir::open(folder, flags, Mode::empty())?)?];
    let mut whole = Ok(());
    while let depth = open.len()
        && let Some(last) = open.last_mut()
    {
        let Some(name) = last.left.pop() else {
            open.pop();
            continue;
        };
        let place = last.folder.as_fd();
        let found = match fstatat(place, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => continue,
            found => found?,
        };
        visit(place, &name, &found)?;
        if found.st_mode & libc::S_IFMT != libc::S_IFDIR {
            continue;
        }
        if depth >= DEPTH {
            whole = Err(Errno::ELOOP);
            continue;
        }
        match Dir::openat(place, name.as_c_str(), flags, Mode::empty()) {
            Ok(inner) => open.push(Level::of(inner)?),
            // Gone, or closed even to its owner.
            Err(Errno::ENOENT | Errno::EACCES | Errno::ENOTDIR | Errno::ELOOP) => {}
            Err(error) => return Err(error),
        }
    }
    whole
}
