//! Files on this machine: whether one is the source, and copies out of a mirror.

use super::error::OriginError;
use crate::object::Digest;
use crate::steps::SourceArchive;
use files::FileError;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether a file is the source.
pub(super) fn check(source: &SourceArchive, file: &Path) -> Result<(), OriginError> {
    check_size(source, file)?;
    match Digest::of_file(file)? {
        found if found == source.sha256 => Ok(()),
        found => Err(OriginError::Hash(found)),
    }
}

/// Takes a copy out of a mirror.
pub(super) fn copy_from_mirror(
    source: &SourceArchive,
    folder: &Path,
    work: &Path,
) -> Result<PathBuf, OriginError> {
    let from = folder.join(&source.file);
    check_size(source, &from)?;
    let to = work.join("mirror");
    fs::copy(&from, &to).map_err(FileError::on("copy", &from))?;
    Ok(to)
}

fn check_size(source: &SourceArchive, file: &Path) -> Result<(), OriginError> {
    let found = file.metadata().map_err(FileError::on("read", file))?.len();
    if found == source.size {
        return Ok(());
    }
    Err(OriginError::Size { file: source.file.clone(), found, expected: source.size })
}
