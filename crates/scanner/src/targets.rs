//! Targets: whatever a user points at, as packages.
//!
//! | kind | what |
//! |---|---|
//! | closure | a store path, or a link to one, with everything it needs at run time |
//! | derivation | a `.drv` with everything that is needed to build it |
//! | store-paths | a list of store paths, or all that a store holds |
//! | path-info | what `nix path-info --json` prints |
//! | build-result | what `nix build --json` prints: the closures of what was built |
//! | derivation-json | what `nix derivation show` prints |
//! | image | a container image: archives of Docker and OCI, and the layout of OCI |
//! | packages-json | `packages.json` of a channel |
//! | eval-jobs | lines of nix-eval-jobs |
//! | cyclonedx | an SBOM in CycloneDX, JSON or XML |
//! | spdx | an SBOM in SPDX: JSON, YAML, tag-value, XML or JSON-LD |
//!
//! What is found to be wrong in a part of a target is a [`Warning`], and the rest is scanned; a
//! [`TargetError`] means that nothing could be.

mod build_result;
mod bytes;
mod closure;
mod collect;
mod compression;
mod cyclonedx;
mod derivation;
mod derivation_json;
mod detect;
mod eval_jobs;
mod image;
mod image_signs;
mod installable;
mod listed;
mod meta;
mod names;
mod nix_json;
mod node;
mod packages_json;
mod path_info;
pub(crate) mod purl;
mod spdx;
mod store;
mod tar_stream;

pub use cyclonedx::parse as parse_cyclonedx;
pub use derivation_json::parse as parse_derivation_json;
pub use detect::{TargetKind, detect};
pub use image::{ImageError, read_from as read_image};
pub use installable::{NixError, is_installable, is_store_url, read_installable};
pub(crate) use meta::cut;
pub use packages_json::parse as parse_packages_json;
pub use path_info::parse as parse_path_info;
pub use spdx::parse as parse_spdx;
pub use store::ReadOptions;

use crate::document::DocumentError;
use eval_jobs::EvalJobsError;
use matching::Package;
use nix_formats::StoreDir;
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
#[non_exhaustive]
pub enum TargetError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file has more bytes than any real one of its kind.
    #[error("{} has more than {maximum} bytes after decompression", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        maximum: u64,
    },
    /// A file is not what its kind says.
    #[error("{}: not a valid {kind} file", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What it was read as.
        kind: TargetKind,
        /// What is wrong, and where in the file.
        source: DocumentError,
    },
    /// A path does not lead into the store.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The store database cannot be used.
    #[error(transparent)]
    Database(#[from] StoreDbError),
    /// A file is of no known kind.
    #[error(
        "{}: none of: a store path or a list of them, a .drv file, JSON of nix, a container image, packages.json, lines of nix-eval-jobs, a CycloneDX or SPDX SBOM",
        path.display()
    )]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// A container image cannot be read.
    #[error("{}: cannot read this container image", path.display())]
    Image {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and where.
        source: ImageError,
    },
    /// What only Nix can find, and did not.
    #[error(transparent)]
    Nix(#[from] NixError),
    /// A file outside of the store was to be read as a store path.
    #[error("{}: not in the store {store}", path.display())]
    NotInStore {
        /// The file.
        path: PathBuf,
        /// The store, as its paths are written.
        store: StoreDir,
    },
    /// Something in the store that is a document by its name is none.
    #[error("{}: a {kind} is read from a store", path.display())]
    NeedsStore {
        /// What was to be read.
        path: PathBuf,
        /// What it is.
        kind: TargetKind,
    },
    /// There is no store where the options say.
    #[error("there is no store {store} below {}", root.display())]
    NoStore {
        /// The store, as its paths are written.
        store: StoreDir,
        /// The root of the system.
        root: PathBuf,
    },
    /// A store path is not in the folder of the store.
    #[error("{} is not there", path.display())]
    NotInFolder {
        /// Where it would be on this machine.
        path: PathBuf,
    },
    /// A store has more paths than any real one.
    #[error("{}: more than {MAXIMUM_PACKAGES} store paths", folder.display())]
    TooManyPaths {
        /// The folder of the store.
        folder: PathBuf,
    },
}

impl TargetError {
    /// What may help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unrecognised { .. } => Some("--type names the kind, if you know it"),
            Self::Database(error) => Some(
                error
                    .hint()
                    .unwrap_or("--no-store-database finds references by reading the files of the store"),
            ),
            Self::Invalid { source, .. } => source.hint(),
            Self::Image { source, .. } => source.hint(),
            Self::Nix(error) => error.hint(),
            Self::Resolve(ResolveError::Outside { .. } | ResolveError::NotAStorePath { .. }) => {
                Some("--store names another store, such as /gnu/store; --root says where a system's / is")
            }
            Self::Resolve(ResolveError::Io { .. }) => Some(
                "name a store path or a link to one, as seen below --root; the folder of the store itself, such as /nix/store, stands for all that it holds",
            ),
            Self::NoStore { .. } => Some(
                "--root says where a system's / is on this machine, --store what its store is called there: /nix/store, /gnu/store",
            ),
            Self::NotInFolder { .. } => {
                Some("has it been collected as garbage? Build it, or scan its derivation (.drv)")
            }
            _ => None,
        }
    }
}

/// Reads a target. If its kind is not given it is detected; the kind that was read comes with the
/// contents.
pub fn read(
    path: &Path,
    kind: Option<TargetKind>,
    options: &ReadOptions,
) -> Result<(TargetKind, TargetContents), TargetError> {
    let place = match kind {
        None => options.locate(path)?,
        Some(TargetKind::Closure | TargetKind::Derivation) => match options.locate(path)? {
            Place::File(_) if kind == Some(TargetKind::Closure) => {
                return Err(TargetError::NotInStore {
                    path: path.to_owned(),
                    store: options.store_dir.clone(),
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
        Place::WholeStore => Ok((TargetKind::StorePaths, closure::read_whole_store(options)?)),
        Place::File(TargetKind::Derivation) => {
            Ok((TargetKind::Derivation, derivation::read_outside(path, options)?))
        }
        Place::File(kind) => Ok((kind, read_document(path, kind, options)?)),
    }
}

/// Opens a file that may be compressed.
pub fn open_document(path: &Path) -> io::Result<Box<dyn io::Read>> {
    bytes::open(path).map_err(|error| match error {
        TargetError::Io { source, .. } => source,
        other => io::Error::other(other),
    })
}

/// The most bytes of an SBOM.
const MAXIMUM_SBOM: u64 = 256 << 20;

/// Reads a file of a kind that is no store path itself, plain or compressed.
fn read_document(
    path: &Path,
    kind: TargetKind,
    options: &ReadOptions,
) -> Result<TargetContents, TargetError> {
    let invalid = |source| TargetError::Invalid { path: path.to_owned(), kind, source };
    let maximum = match kind {
        TargetKind::Closure | TargetKind::Derivation => {
            return Err(TargetError::NeedsStore { path: path.to_owned(), kind });
        }
        TargetKind::EvalJobs => {
            return eval_jobs::parse(bytes::open(path)?, options.threads).map_err(|error| match error {
                EvalJobsError::Io(source) => TargetError::Io { path: path.to_owned(), source },
                EvalJobsError::TooLarge => {
                    TargetError::TooLarge { path: path.to_owned(), maximum: eval_jobs::MAXIMUM_FILE }
                }
                EvalJobsError::Line(error) => invalid(error.into()),
            });
        }
        TargetKind::Image => return image::read(path, options),
        TargetKind::CycloneDx | TargetKind::Spdx => MAXIMUM_SBOM,
        _ => bytes::MAXIMUM,
    };
    let bytes = bytes::read_all(path, maximum)?;
    match kind {
        TargetKind::StorePaths => return listed::read(&bytes, options),
        TargetKind::BuildResult => return build_result::read(&bytes, path, options),
        TargetKind::PathInfo => path_info::parse(&bytes, options),
        TargetKind::DerivationJson => derivation_json::parse(&bytes, options),
        TargetKind::PackagesJson => packages_json::parse(&bytes),
        TargetKind::CycloneDx => cyclonedx::parse(&bytes),
        _ => spdx::parse(&bytes),
    }
    .map_err(invalid)
}
