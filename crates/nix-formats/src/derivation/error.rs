//! What can be wrong with a derivation.

use super::Derivation;
use crate::hash::HashError;
use crate::store_path::{MakePathError, StoreNameError, StorePathError, check_name};
use crate::text::shorten;

/// Why a `.drv` file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("derivation `{name}`, byte {offset}: {problem}")]
pub struct DerivationError {
    /// The name of the derivation.
    pub name: String,
    /// Where in the file.
    pub offset: usize,
    /// What is wrong there.
    pub problem: DerivationProblem,
}

/// What is wrong in a `.drv` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationProblem {
    /// More than [`Derivation::MAX_SIZE`] bytes.
    #[error("the file has {0} bytes, more than {limit}", limit = Derivation::MAX_SIZE)]
    TooLarge(usize),
    /// The lists have more than [`Derivation::MAX_ITEMS`] items.
    #[error("the lists have more than {limit} items", limit = Derivation::MAX_ITEMS)]
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
    /// Outputs of outputs are nested deeper than [`Derivation::MAX_DEPTH`].
    #[error("outputs of outputs are nested deeper than {limit}", limit = Derivation::MAX_DEPTH)]
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
        problem: StoreNameError,
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
        source: MakePathError,
    },
    /// A fixed output states another path than its hash leads to.
    #[error("output `{output}` states `{stated}`, but its hash leads to `{computed}`")]
    FixedPath {
        /// The output.
        output: String,
        /// The path in the file.
        stated: String,
        /// The right one.
        computed: String,
    },
    /// An output whose path only the build decides states one.
    #[error("output `{0}` states a path, but only the build can decide it")]
    UnknowablePath(String),
    /// An output has a hash, but no algorithm.
    #[error("output `{0}` has a hash without an algorithm")]
    HashWithoutAlgorithm(String),
}

/// Why a JSON document is not a derivation, or a derivation cannot be written as one.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct DerivationJsonError {
    /// Where, such as `outputs.out.hash`; `derivation` for the whole.
    pub place: String,
    /// What is wrong there.
    pub problem: DerivationJsonProblem,
}

impl DerivationJsonError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<DerivationJsonProblem>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// What is wrong in a derivation's JSON document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationJsonProblem {
    /// The version of the form is not the one that is known.
    #[error("version {found} of the form is not {expected}")]
    Version {
        /// What the document has.
        found: String,
        /// The one version that is known.
        expected: u64,
    },
    /// A member that must be there is missing.
    #[error("is missing")]
    Missing,
    /// A member that derivations do not have.
    #[error("a derivation has no such member")]
    Unknown,
    /// The value has another type.
    #[error("is not {0}")]
    Type(&'static str),
    /// A text of the derivation is not UTF-8.
    #[error("is not UTF-8, which JSON cannot hold")]
    NotUtf8,
    /// The text of the structured attributes is not JSON.
    #[error(transparent)]
    Attributes(serde_json::Error),
    /// `env.__json` and `structuredAttrs` differ.
    #[error("is not what `structuredAttrs` says")]
    OtherAttributes,
    /// There is no such way of hashing.
    #[error("`{0}` is not a method")]
    Method(String),
    /// An output has members that do not belong together.
    #[error("these members do not make an output")]
    Output,
    /// An output's name would not do in a store path.
    #[error(transparent)]
    OutputName(DerivationProblem),
    /// An input of which nothing is needed.
    #[error("no output of it is named")]
    NothingNeeded,
    /// Outputs of outputs are nested deeper than [`Derivation::MAX_DEPTH`].
    #[error("outputs of outputs are nested deeper than {limit}", limit = Derivation::MAX_DEPTH)]
    TooDeep,
    /// A store path is none.
    #[error(transparent)]
    Path(#[from] StorePathError),
    /// A hash or its algorithm is none.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// Checks the name of an output: it becomes part of the name of a store path.
pub(super) fn check_output_name(name: &str) -> Result<(), DerivationProblem> {
    check_name(name).map_err(|problem| DerivationProblem::OutputName { name: shorten(name), problem })
}
