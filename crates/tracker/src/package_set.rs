//! What an evaluation of a package set says of its attributes, read from outside: `packages.json`
//! of a channel, and lines as nix-eval-jobs prints them.
//!
//! `scanner` reads the same files to match them; here more of each attribute is kept, and never all
//! of them at once.

mod lines;
mod meta;
mod packages_json;
mod stream;

pub use meta::{Maintainers, Meta, Person, Team};
pub use stream::{Attributes, read};

use std::io;

/// The longest path of an attribute, in bytes.
const MAXIMUM_PATH: usize = 1 << 10;
/// The longest name of a derivation, as Nix allows it.
const MAXIMUM_NAME: usize = 211;
/// The longest text of another kind that is kept, in bytes.
const MAXIMUM_TEXT: usize = 4 << 10;
/// The most entries of a list that are kept.
const MAXIMUM_LIST: usize = 200;

/// The form of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `packages.json` of a channel: no derivations, no patches, no errors.
    PackagesJson,
    /// Lines of nix-eval-jobs.
    Full,
}

impl Kind {
    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PackagesJson => "packages.json",
            Self::Full => "full",
        }
    }
}

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its path, parts joined by dots.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What an attribute is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A derivation.
    Derivation(Box<Derivation>),
    /// It cannot be evaluated.
    Error(String),
}

/// What is said of a derivation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Derivation {
    /// Its name, with the version.
    pub name: String,
    /// The package's name.
    pub pname: String,
    /// The version.
    pub version: String,
    /// The store path of the `.drv`.
    pub derivation: Option<String>,
    /// The outputs' names, each with its store path where that is known.
    pub outputs: Vec<(String, Option<String>)>,
    /// File names of its patches, where they are known.
    pub patches: Option<Vec<String>>,
    /// What `meta` says.
    pub meta: Meta,
    /// Who maintains it.
    pub maintainers: Maintainers,
}

/// Why an evaluation cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageSetError {
    /// What gives it failed.
    #[error("cannot read the evaluation")]
    Io(#[from] io::Error),
    /// It is not JSON of the right shape, or it is cut off.
    #[error("not a packages.json")]
    Document(#[source] serde_json::Error),
    /// A line is longer than any real one.
    #[error("line {0} has more than {maximum} bytes", maximum = lines::MAXIMUM_LINE)]
    LongLine(u64),
    /// There are more attributes than any real package set has.
    #[error("more than {} attributes", stream::MAXIMUM_ATTRIBUTES)]
    TooMany,
}

/// As much of a text as is kept.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
