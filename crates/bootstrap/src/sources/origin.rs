//! Where sources may come from.

use super::error::OriginError;
use crate::object::Digest;
use crate::steps::SourceArchive;
use files::FileError;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a source may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceOrigin {
    /// A folder that has the file under its name.
    Mirror(PathBuf),
    /// Debian's archive, through the host's apt.
    Debian,
    /// The addresses at which its authors publish it.
    Upstream {
        /// A file with the certificates to trust, in PEM, instead of Mozilla's.
        certificates: Option<PathBuf>,
    },
    /// The registry of Rust's crates, through the host's cargo.
    Crates,
}

impl fmt::Display for SourceOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(folder) => write!(f, "{}", folder.display()),
            Self::Debian => f.write_str("Debian"),
            Self::Upstream { .. } => f.write_str("upstream"),
            Self::Crates => f.write_str("crates"),
        }
    }
}

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
