//! Files and trees of a store: what steps leave, made alike, copied and removed.

use files::FileError;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is in a folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>();
    list().map_err(FileError::on("list", folder))
}

/// Permissions that a step's user, umask and mood cannot change: read-only, executable or not;
/// folders 0755 inside; one time.
pub(super) fn normalise(path: &Path) -> Result<(), FileError> {
    let found = path.symlink_metadata().map_err(FileError::on("read", path))?;
    if found.is_symlink() {
        return Ok(());
    }
    if found.is_dir() {
        // It may be closed even to its owner.
        fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(FileError::on("open", path))?;
        return entries(path)?.iter().try_for_each(|inside| normalise(inside));
    }
    let mode = if found.permissions().mode() & 0o100 == 0 { 0o444 } else { 0o555 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(FileError::on("make read-only", path))?;
    if found.is_file() {
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let set = File::open(path).and_then(|file| file.set_modified(second));
        set.map_err(FileError::on("set the time of", path))?;
    }
    Ok(())
}

/// Copies a file or a tree; links stay links.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let found = from.symlink_metadata().map_err(FileError::on("read", from))?;
    if found.is_symlink() {
        let target = fs::read_link(from).map_err(FileError::on("read", from))?;
        return symlink(target, to).map_err(FileError::on("make", to));
    }
    if found.is_dir() {
        fs::create_dir(to).map_err(FileError::on("make", to))?;
        for inside in entries(from)? {
            copy(&inside, &to.join(inside.file_name().unwrap_or_default()))?;
        }
        return Ok(());
    }
    fs::copy(from, to).map(drop).map_err(FileError::on("copy", from))
}

/// Removes a file or a tree, also where a step has closed folders.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if !found.is_dir() {
        return fs::remove_file(path).map_err(FileError::on("remove", path));
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    open_folders(path)?;
    fs::remove_dir_all(path).map_err(FileError::on("remove", path))
}

fn open_folders(path: &Path) -> Result<(), FileError> {
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(FileError::on("open", path))?;
    for inside in entries(path)? {
        if inside.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            open_folders(&inside)?;
        }
    }
    Ok(())
}
