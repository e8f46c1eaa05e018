//! What can be wrong with a derivation.

use crate::hash::HashError;
use crate::store_path::{MakeError, StorePathError, check_name};

/// Why a `.drv` file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("derivation `{name}`, byte {offset}: {problem}")]
pub struct DerivationError {
    /// The name of the derivation.
    pub name: String,
    /// Where in the file.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong in a `.drv` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More than [`super::MAX_SIZE`] bytes.
    #[error("the file has {0} bytes, more than {limit}", limit = super::MAX_SIZE)]
    TooLarge(usize),
    /// The lists have more than [`super::MAX_ITEMS`] items.
    #[error("the lists have more than {limit} items", limit = super::MAX_ITEMS)]
    TooMany,
    /// Something else should stand here.
    #[error("expected `{0}`")]
    Expected(&'static str),
    /// A text does not end.
    #[error("the text that begins here does not end")]
    Unterminated,
    /// A text that must be UTF-8 is not.
    #[error("this text is not UTF-8")]
    NotUtf8,
    /// The version of the format is not known.
    #[error("the version `{0}` of the format is not known")]
    Version(String),
    /// Outputs of outputs are nested deeper than [`super::MAX_DEPTH`].
    #[error("outputs of outputs are nested deeper than {limit}", limit = super::MAX_DEPTH)]
    TooDeep,
    /// Outputs of outputs need the newer version of the format.
    #[error("outputs of outputs need the version `xp-dyn-drv` of the format")]
    DynamicInOldVersion,
    /// Something follows the derivation.
    #[error("the derivation ends here, but the file does not")]
    Trailing,
    /// The same twice.
    #[error("{what} `{name}` stands here twice")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        name: String,
    },
    /// An input of which nothing is needed.
    #[error("no output of the input derivation `{0}` is named")]
    NothingNeeded(String),
    /// An output's name would not do in a store path.
    #[error("`{name}` is not a name for an output: {problem}")]
    OutputName {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: crate::store_path::NameError,
    },
    /// A store path is none.
    #[error(transparent)]
    Path(#[from] StorePathError),
    /// A hash is none.
    #[error("output `{output}`: {source}")]
    Hash {
        /// The output.
        output: String,
        /// What is wrong with the hash.
        source: HashError,
    },
    /// The path of a fixed output cannot be computed.
    #[error("output `{output}`: {source}")]
    Make {
        /// The output.
        output: String,
        /// Why.
        source: MakeError,
    },
    /// A fixed output states another path than its hash leads to.
    #[error("output `{output}` says `{stated}`, but its hash leads to `{computed}`")]
    FixedPath {
        /// The output.
        output: String,
        /// The path in the file.
        stated: String,
        /// The right one.
        computed: String,
    },
    /// An output whose path only the build will tell states one.
    #[error("output `{0}` states a path, but only the build can tell it")]
    UnknowablePath(String),
    /// An output has a hash, but does not say of which kind.
    #[error("output `{0}` has a hash without an algorithm")]
    HashWithoutAlgorithm(String),
}

/// Why a JSON document is not a derivation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct JsonError {
    /// Where, such as `outputs.out.hash`; `derivation` for the whole.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl JsonError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// Checks the name of an output: it becomes part of the name of a store path.
pub(super) fn check_output_name(name: &str) -> Result<(), Problem> {
    check_name(name).map_err(|problem| Problem::OutputName { name: shorten(name), problem })
}

/// Enough of a text to recognise it in a message.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(160).collect()
}
