//! Why an image cannot be read.

use crate::targets::MAXIMUM_PACKAGES;
use nix_formats::StoreDir;
use std::io;
use vulnerability::json::JsonError;

/// Why a container image cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Its archive is damaged, cut off, or too large.
    #[error("the archive cannot be read")]
    Archive {
        /// What is wrong.
        source: io::Error,
    },
    /// A layer or manifest is damaged, cut off, or too large.
    #[error("{name} cannot be read")]
    Part {
        /// Its path in the image.
        name: String,
        /// What is wrong.
        source: io::Error,
    },
    /// It has more bytes than any real one of its kind.
    #[error("{name}: more than {maximum} bytes of manifests")]
    TooLarge {
        /// Where the limit is passed.
        name: String,
        /// The limit.
        maximum: u64,
    },
    /// It has neither manifest.
    #[error("neither manifest.json nor index.json is in it")]
    NoManifest,
    /// A manifest is wrong.
    #[error("{name}")]
    Manifest {
        /// Its path in the image.
        name: String,
        /// What is wrong, and where.
        source: JsonError,
    },
    /// A manifest names a part in a way that is not allowed.
    #[error("{name}: `{digest}` is no digest")]
    Digest {
        /// The manifest.
        name: String,
        /// What should be a digest.
        digest: String,
    },
    /// Indexes lead to each other, or there are too many.
    #[error("{name}: more than {limit} manifests")]
    TooManyManifests {
        /// Where the limit is passed.
        name: String,
        /// The limit.
        limit: usize,
    },
    /// A layer that a manifest names is not there.
    #[error("the layer {name} is not in it")]
    NoLayer {
        /// Its path in the image.
        name: String,
    },
    /// No layer has a path of the store.
    #[error("there is nothing of {store} in its layers")]
    NoStore {
        /// The store.
        store: StoreDir,
    },
    /// It has more store paths than any real one.
    #[error("more than {MAXIMUM_PACKAGES} store paths")]
    TooManyPaths,
}

impl ImageError {
    pub(super) const fn archive(source: io::Error) -> Self {
        Self::Archive { source }
    }

    /// The same of a part, for an error that is kept until it matters.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Part { name, source } => {
                let source = io::Error::new(source.kind(), source.to_string());
                Self::Part { name: name.clone(), source }
            }
            _ => Self::NoManifest,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoStore { .. } => Some(
                "only what Nix put into an image is scanned; --store names another store, such as /gnu/store",
            ),
            Self::NoManifest => Some("of another archive, scan the store paths or an SBOM"),
            _ => None,
        }
    }
}
