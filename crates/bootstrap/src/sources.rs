//! What others wrote: found by its SHA-256, wherever it is, and unpacked.

mod crates;
mod debian;
mod error;
mod local;
mod origin;
mod packed;
mod probe;
mod unpack;
mod upstream;

pub use crate::steps::Certainty;
pub use error::{OriginError, SourceError};
pub use origin::SourceOrigin;
pub use probe::{ProbeAnswer, probe};
pub use unpack::{UnpackError, UnpackLimits, UnpackProblem, unpack, unpack_from};

use crate::object::Digest;
use crate::steps::SourceArchive;
use crate::store::{Contents, Store};
use std::path::PathBuf;
use terminal::{Progress, Unit};

/// The source's file, if the store has it.
///
/// # Errors
/// Also [`SourceError::Changed`], if it is another file by now.
pub fn present(store: &Contents, source: &SourceArchive) -> Result<Option<PathBuf>, SourceError> {
    let path = store.source(source.sha256);
    if !path.exists() {
        return Ok(None);
    }
    let found = Digest::of_file(&path)?;
    if found != source.sha256 {
        return Err(SourceError::Changed { path, expected: source.sha256, found });
    }
    Ok(Some(path))
}

/// Gives the source's file in the store. If it is not there it is fetched, from the first of the
/// origins that has it.
pub fn fetch(
    store: &Store,
    source: &SourceArchive,
    origins: &[SourceOrigin],
    progress: &dyn Progress,
) -> Result<PathBuf, SourceError> {
    if let Some(path) = present(store, source)? {
        return Ok(path);
    }
    let work = store.work(&source.name)?;
    let mut tried = Vec::new();
    for origin in origins {
        progress.start(&source.name, Some(source.size), Unit::Bytes);
        progress.status(&format!("{} from {origin}", source.name));
        let found = match origin {
            SourceOrigin::Mirror(folder) => local::copy_from_mirror(source, folder, &work),
            SourceOrigin::Debian => debian::fetch(source, &store.lists()?, &work),
            SourceOrigin::Upstream { certificates } => {
                upstream::fetch(source, certificates.as_deref(), &work, progress)
            }
            SourceOrigin::Crates => crates::fetch(source, &work),
        };
        progress.finish();
        // Whatever the origin says: the file that is wanted is the one with that hash.
        match found.and_then(|file| local::check(source, &file).map(|()| file)) {
            Ok(file) => {
                store.put_source(&file, source.sha256)?;
                files::remove_tree(&work)?;
                return Ok(store.source(source.sha256));
            }
            Err(problem) => tried.push((origin.clone(), problem)),
        }
    }
    files::remove_tree(&work)?;
    Err(SourceError::Nowhere { file: source.file.clone(), sha256: source.sha256, tried })
}
