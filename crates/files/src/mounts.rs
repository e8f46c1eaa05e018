//! What the file system below a path forbids.

use crate::FileError;
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::path::Path;

/// Whether no program can be started from the file system that `path` is on (mount option noexec).
pub fn forbids_programs(path: &Path) -> Result<bool, FileError> {
    let found = statvfs(path).map_err(|error| FileError::new("read", path, error.into()))?;
    Ok(found.f_flag.contains(StatVfsMountFlags::NOEXEC))
}
