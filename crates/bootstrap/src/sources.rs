//! What others wrote: found by its SHA-256, wherever it is, and unpacked.

mod crates;
mod debian;
pub mod packed;
pub mod probe;
pub mod unpack;
mod upstream;

use crate::object::Digest;
use crate::steps::Source;
use crate::store::{Contents, Store, StoreError};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where sources may come from. They are tried in the order in which they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(folder) => write!(f, "{}", folder.display()),
            Self::Debian => f.write_str("Debian"),
            Self::Upstream { .. } => f.write_str("upstream"),
            Self::Crates => f.write_str("crates"),
        }
    }
}

/// Why a source is not there.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No place has it.
    #[error("{file} (sha256 {sha256}) is nowhere to be had: {tried}")]
    Nowhere {
        /// The name of its file.
        file: String,
        /// What it should hold.
        sha256: Digest,
        /// What each place said.
        tried: String,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy in the store is another file by now.
    #[error(
        "{path} does not hold what it should (sha256 {expected}, found {found}): remove it, and it is fetched again"
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The pin.
        expected: Digest,
        /// What it holds.
        found: Digest,
    },
    /// The system refuses.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What happens, for those who watch.
pub trait Watch {
    /// A place is asked.
    fn asked(&self, _source: &Source, _place: &Place) {}
    /// So many more bytes came from upstream.
    fn received(&self, _bytes: u64) {}
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Gives the source's file in the store. It is fetched if it is not there.
pub fn fetch(store: &Store, source: &Source, places: &[Place]) -> Result<PathBuf, SourceError> {
    fetch_watched(store, source, places, &Unwatched)
}

/// The source's file, if the store has it.
///
/// # Errors
/// Also [`SourceError::Changed`], if it is another file by now.
pub fn present(store: &Contents, source: &Source) -> Result<Option<PathBuf>, SourceError> {
    let path = store.source(source.sha256);
    if !path.exists() {
        return Ok(None);
    }
    let found = digest(&path)?;
    if found != source.sha256 {
        return Err(SourceError::Changed { path, expected: source.sha256, found });
    }
    Ok(Some(path))
}

/// [`fetch`], and tells what happens.
pub fn fetch_watched(
    store: &Store,
    source: &Source,
    places: &[Place],
    watch: &dyn Watch,
) -> Result<PathBuf, SourceError> {
    if let Some(path) = present(store, source)? {
        return Ok(path);
    }
    let work = store.work(&source.name)?;
    let mut tried = Vec::new();
    for place in places {
        watch.asked(source, place);
        let found = match place {
            Place::Mirror(folder) => mirror(source, folder, &work),
            Place::Debian => debian::fetch(source, &store.lists()?, &work),
            Place::Upstream { certificates } => {
                upstream::fetch(source, certificates.as_deref(), &work, watch)
            }
            Place::Crates => crates::fetch(source, &work),
        };
        // Whatever the place said: the file that is wanted is the one with that hash.
        let problem = match found.and_then(|file| right(source, &file).map(|()| file)) {
            Ok(file) => {
                store.put_source(&file, source.sha256)?;
                crate::store::remove(&work)?;
                return Ok(store.source(source.sha256));
            }
            Err(problem) => problem,
        };
        tried.push(format!("{place}: {problem}"));
    }
    crate::store::remove(&work)?;
    let tried = if tried.is_empty() { "no place to look in was named".into() } else { tried.join("; ") };
    Err(SourceError::Nowhere { file: source.file.clone(), sha256: source.sha256, tried })
}

/// Whether a file is the source.
fn right(source: &Source, file: &Path) -> Result<(), String> {
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size != source.size {
        return Err(format!("{} has {size} bytes, not {}", source.file, source.size));
    }
    match digest(file) {
        Ok(found) if found == source.sha256 => Ok(()),
        Ok(found) => Err(format!("it has another file of that name, sha256 {found}")),
        Err(error) => Err(error.to_string()),
    }
}

fn digest(path: &Path) -> Result<Digest, SourceError> {
    let read = File::open(path).and_then(Digest::of_reader);
    read.map_err(|source| SourceError::Io { path: path.into(), source })
}

fn mirror(source: &Source, folder: &Path, work: &Path) -> Result<PathBuf, String> {
    let from = folder.join(&source.file);
    let found = from.metadata().map_err(|error| format!("{}: {error}", source.file))?;
    if found.len() != source.size {
        return Err(format!("{} has {} bytes, not {}", source.file, found.len(), source.size));
    }
    let to = work.join("mirror");
    fs::copy(&from, &to).map_err(|error| error.to_string())?;
    Ok(to)
}
