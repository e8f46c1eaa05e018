//! Targets: whatever a user points at, as packages.
//!
//! | kind | what | module |
//! |---|---|---|
//! | closure | a store path, or a link to one, with everything it needs at run time | [`closure`] |
//! | derivation | a `.drv` with everything that is needed to build it | [`derivation`] |
//! | packages-json | `packages.json` of a channel | [`packages_json`] |
//! | eval-jobs | lines of nix-eval-jobs | [`eval_jobs`] |
//! | cyclonedx | an SBOM in CycloneDX, JSON or XML | [`cyclonedx`] |
//! | spdx | an SBOM in SPDX: JSON, YAML, tag-value, XML or JSON-LD | [`spdx`] |
//!
//! What is found to be wrong in a part of a target is a [`Warning`], and the rest is scanned; a [`TargetError`] means
//! that nothing could be.

mod bytes;
mod collect;
mod detect;
mod document;
mod meta;
pub(crate) mod purl;
mod store;

pub mod closure;
pub mod cyclonedx;
pub mod derivation;
pub mod eval_jobs;
pub mod names;
pub mod packages_json;
pub mod spdx;

pub use detect::{TargetKind, detect};
pub use store::ReadOptions;

pub(crate) use meta::cut;

use matching::Package;
use nix_formats::profile::ResolveError;
use nix_formats::store_db::StoreDbError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use store::Place;

/// What a target holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetContents {
    /// The packages, one each however many outputs or mentions it has, ordered by name.
    pub packages: Vec<Package>,
    /// What was looked at: store paths, attributes, components.
    pub looked_at: usize,
    /// How many of these are no packages: sources, scripts, configuration files.
    pub not_packages: usize,
    /// How many could not be evaluated when the target was made.
    pub failed_evaluations: usize,
    /// What is wrong with parts of the target, at most [`MAXIMUM_WARNINGS`].
    pub warnings: Vec<Warning>,
    /// How many warnings there were beyond these.
    pub more_warnings: usize,
}

/// The most warnings that are kept for one target.
pub const MAXIMUM_WARNINGS: usize = 100;

/// The most packages of one target. All of nixpkgs has some 100,000.
pub const MAXIMUM_PACKAGES: usize = 2_000_000;

/// The longest name, version, URL or description that is taken over, in bytes.
pub(crate) const MAXIMUM_TEXT: usize = 16 << 10;

/// Something that is wrong with a part of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where: a store path, or a place in a file such as `components[3].version`.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl TargetContents {
    pub(crate) fn warn(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        if self.warnings.len() < MAXIMUM_WARNINGS {
            self.warnings.push(Warning { place: place.into(), problem: problem.into() });
        } else {
            self.more_warnings += 1;
        }
    }
}

/// Why a target could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has more bytes than any real one of its kind.
    #[error("{} has more than {maximum} bytes after decompression", path.display())]
    TooLarge {
        /// Which one.
        path: PathBuf,
        /// The limit.
        maximum: u64,
    },
    /// A file is not what its kind says.
    #[error("{}: not a valid {kind} file: {problem}", path.display())]
    Invalid {
        /// Which one.
        path: PathBuf,
        /// What it was read as.
        kind: TargetKind,
        /// What is wrong, with the place.
        problem: String,
    },
    /// A path does not lead into the store.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The store database cannot be used.
    #[error(transparent)]
    Database(#[from] StoreDbError),
    /// What a target is cannot be told.
    #[error("{}: {problem}", path.display())]
    Unrecognised {
        /// Which one.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
}

/// Reads a target. If its kind is not given it is told from the target itself; that which was read comes with the
/// packages.
pub fn read(
    path: &Path,
    kind: Option<TargetKind>,
    options: &ReadOptions,
) -> Result<(TargetKind, TargetContents), TargetError> {
    let place = match kind {
        None => options.locate(path)?,
        Some(TargetKind::Closure | TargetKind::Derivation) => match options.locate(path)? {
            Place::File(_) if kind == Some(TargetKind::Closure) => {
                return Err(TargetError::Unrecognised {
                    path: path.to_owned(),
                    problem: format!("not in the store {}", options.store_dir.as_str()),
                });
            }
            place => place,
        },
        Some(kind) => Place::File(kind),
    };
    match place {
        Place::Store(store_path)
            if kind == Some(TargetKind::Derivation) || kind.is_none() && store_path.is_derivation() =>
        {
            Ok((TargetKind::Derivation, derivation::read(&store_path, options)?))
        }
        Place::Store(store_path) => Ok((TargetKind::Closure, closure::read(&store_path, options)?)),
        Place::File(TargetKind::Derivation) => {
            Ok((TargetKind::Derivation, derivation::read_outside(path, options)?))
        }
        Place::File(kind) => Ok((kind, read_document(path, kind, options)?)),
    }
}

/// Reads a file of a kind that does not need a store.
fn read_document(
    path: &Path,
    kind: TargetKind,
    options: &ReadOptions,
) -> Result<TargetContents, TargetError> {
    match kind {
        TargetKind::PackagesJson => packages_json::read(path),
        TargetKind::EvalJobs => eval_jobs::read(path, options.threads),
        TargetKind::CycloneDx => cyclonedx::read(path),
        TargetKind::Spdx => spdx::read(path),
        TargetKind::Closure | TargetKind::Derivation => Err(TargetError::Unrecognised {
            path: path.to_owned(),
            problem: format!("a {kind} is read from a store"),
        }),
    }
}
