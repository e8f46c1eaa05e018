//! Removing trees that anybody may have made.

use crate::tree::names;
use crate::{FileError, folder_of};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, chmodat, openat, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Removes the file or tree at `path`, if there is one: however deep it is, whatever its paths are
/// long, and also if folders in it are closed to their owner. A link is removed, not followed.
///
/// A folder in a folder is moved up into the topmost one before it is looked at, so three open
/// files and no recursion are enough for any depth. What a kill leaves is a tree that can be
/// removed.
///
/// Nobody may be changing the tree meanwhile.
pub fn remove_tree(path: &Path) -> Result<(), FileError> {
    let failed = |error: Errno| FileError::new("remove", path, error.into());
    let Some(name) = path.file_name() else { return Err(failed(Errno::INVAL)) };
    let name = CString::new(name.as_bytes()).map_err(|_| failed(Errno::INVAL))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent = match openat(CWD, folder_of(path), flags, Mode::empty()) {
        Ok(parent) => parent,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    match unlinkat(&parent, &name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // What the kernel answers for a folder, and what POSIX says.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(failed(error)),
    }
    let top = open_folder(&parent, &name).map_err(failed)?;
    let mut moved = 0;
    loop {
        let inside = names(&top).map_err(failed)?;
        if inside.is_empty() {
            break;
        }
        for name in inside {
            if !remove_if_easy(&top, &name).map_err(failed)? {
                flatten(&top, &name, &mut moved).map_err(failed)?;
            }
        }
    }
    unlinkat(&parent, &name, AtFlags::REMOVEDIR).map_err(failed)
}

/// Empties a folder of `top` by moving the folders in it to `top`, and removes it.
fn flatten(top: &OwnedFd, name: &CStr, moved: &mut u64) -> Result<(), Errno> {
    let folder = open_folder(top, name)?;
    for inner in names(&folder)? {
        if remove_if_easy(&folder, &inner)? {
            continue;
        }
        // To move a folder elsewhere one must be allowed to write to it: its `..` changes.
        open_folder(&folder, &inner)?;
        move_up(&folder, &inner, top, moved)?;
    }
    unlinkat(top, name, AtFlags::REMOVEDIR)
}

/// Removes what is no folder, or an empty one. Whether that was enough.
fn remove_if_easy(folder: &OwnedFd, name: &CStr) -> Result<bool, Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(true),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    match unlinkat(folder, name, AtFlags::REMOVEDIR) {
        Ok(()) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        // It was a file after all, and may not be removed.
        Err(Errno::NOTDIR) => Err(Errno::PERM),
        Err(error) => Err(error),
    }
}

/// Opens a folder that may be closed to its owner. A link is not followed.
fn open_folder(parent: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    let found = Mode::from_raw_mode(statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode);
    if !found.contains(Mode::RWXU) {
        chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// Moves a folder to `top`, under a name that nothing has there.
fn move_up(from: &OwnedFd, name: &CStr, top: &OwnedFd, moved: &mut u64) -> Result<(), Errno> {
    loop {
        let free = CString::new(format!("{moved}")).map_err(|_| Errno::INVAL)?;
        *moved += 1;
        match renameat_with(from, name, top, &free, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST | Errno::NOTEMPTY) => {}
            // This file system cannot be told not to replace anything: look, as nobody else is
            // changing the tree.
            Err(Errno::INVAL | Errno::NOSYS) => {
                if matches!(statat(top, &free, AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT)) {
                    return rustix::fs::renameat(from, name, top, &free);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    /// `count` folders in each other, with a file in the last one. No path is longer than a name.
    pub(crate) fn deep(root: &Path, name: &str, count: usize) {
        fs::create_dir(root).unwrap();
        let mut here: OwnedFd = File::open(root).unwrap().into();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        for _ in 0..count {
            rustix::fs::mkdirat(&here, name, Mode::RWXU).unwrap();
            here = openat(&here, name, flags, Mode::empty()).unwrap();
        }
        let flags = OFlags::WRONLY | OFlags::CREATE;
        openat(&here, "file", flags, Mode::RWXU).unwrap();
    }

    #[test]
    fn any_tree_goes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();

        // Deep: more than the descriptors of a process, than a path holds, than a small stack.
        deep(&root, "d", 3_000);
        let removed = root.clone();
        let small = std::thread::Builder::new().stack_size(64 * 1024);
        small.spawn(move || remove_tree(&removed)).unwrap().join().unwrap().unwrap();
        assert!(!root.exists());
        // Names that the removal itself uses, closed folders, links to what has to stay.
        fs::create_dir_all(root.join("0/1/2/0")).unwrap();
        fs::create_dir_all(root.join("1/2/0/1")).unwrap();
        fs::write(root.join("2"), "").unwrap();
        symlink(&kept, root.join("0/1/link")).unwrap();
        symlink(&kept, root.join("1/2/0/link")).unwrap();
        for closed in ["1/2/0", "1/2", "0/1", "0", ""] {
            fs::set_permissions(root.join(closed), Permissions::from_mode(0o0)).unwrap();
        }
        remove_tree(&root).unwrap();
        // Wide.
        for number in 0..300 {
            fs::create_dir_all(root.join(format!("{number}/{number}"))).unwrap();
            fs::write(root.join(format!("{number}/{number}/{number}")), "").unwrap();
        }
        remove_tree(&root).unwrap();
        // A link, and nothing at all.
        symlink(&kept, &root).unwrap();
        remove_tree(&root).unwrap();
        remove_tree(&root).unwrap();
        remove_tree(&root.join("nothing/here")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(kept.join("file").exists());
    }
}
