//! Why a source is not there.

use super::origin::SourceOrigin;
use crate::causes::Causes;
use crate::object::Digest;
use crate::store::StoreError;
use files::FileError;
use http::HttpError;
use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

/// Why a source is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No origin has it.
    #[error("{file} (sha256 {sha256}) is nowhere to be had: {}", Tried(tried))]
    Nowhere {
        /// The name of its file.
        file: String,
        /// What it should hold.
        sha256: Digest,
        /// Where it was looked for, and why it was not found there.
        tried: Vec<(SourceOrigin, OriginError)>,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The copy in the store is another file by now.
    #[error("{} does not hold what it should (sha256 {expected}, found {found})", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The pin.
        expected: Digest,
        /// What it holds.
        found: Digest,
    },
}

impl SourceError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere { tried, .. } if tried.is_empty() => {
                Some("say with --from and --mirror where it may come from".into())
            }
            Self::Nowhere { tried, .. } => tried.iter().find_map(|(_, problem)| problem.hint()),
            Self::Changed { .. } => Some("remove the file, and it is fetched again".into()),
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::File(_) => None,
        }
    }
}

/// Why an origin does not give a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The chain names no package of Debian for it.
    #[error("no package of Debian is known to have it")]
    NoPackage,
    /// The chain names no crate for it.
    #[error("no crate is known to have it")]
    NoCrate,
    /// The chain names no address for it.
    #[error("no address is known")]
    NoAddress,
    /// A mirror does not have its file.
    #[error("there is no {0}")]
    NoFile(String),
    /// The file has another size.
    #[error("{file} has {found} bytes, not {expected}")]
    Size {
        /// The name of the file.
        file: String,
        /// Its bytes.
        found: u64,
        /// Those that it should have.
        expected: u64,
    },
    /// What is at an address has another size.
    #[error("it has {found} bytes there, not {expected}")]
    RemoteSize {
        /// Its bytes.
        found: u64,
        /// Those that it should have.
        expected: u64,
    },
    /// What is at an address goes on after the end of the source.
    #[error("it is larger than the {0} bytes that it should have")]
    TooLarge(u64),
    /// The file has another hash.
    #[error("it has another file of that name, sha256 {0}")]
    Hash(Digest),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A server does not give it.
    #[error("{}", Causes(.0.kind()))]
    Http(HttpError),
    /// None of several addresses has it.
    #[error("{}", Tried(.0))]
    Addresses(Vec<(String, OriginError)>),
    /// A program of the host is missing.
    #[error("{program} cannot be started")]
    Start {
        /// The program.
        program: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A program of the host failed.
    #[error("{program}: {message}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it printed.
        message: String,
    },
    /// cargo has fetched a crate, but not where it should be.
    #[error("cargo does not say where {name} {version} is")]
    CrateNotFound {
        /// The crate.
        name: String,
        /// Its version.
        version: String,
    },
    /// cargo has found a crate, but not its hash.
    #[error("cargo does not know the hash of {name} {version}")]
    CrateWithoutHash {
        /// The crate.
        name: String,
        /// Its version.
        version: String,
    },
    /// apt has no lists.
    #[error("this machine's apt knows no archive")]
    NoArchive,
}

impl OriginError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Addresses(tried) => tried.iter().find_map(|(_, problem)| problem.hint()),
            _ => None,
        }
    }
}

/// What each of several said.
struct Tried<'a, T>(&'a [(T, OriginError)]);

impl<T: Display> Display for Tried<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no origin was named");
        }
        for (number, (name, problem)) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: {}", Causes(problem))?;
        }
        Ok(())
    }
}
