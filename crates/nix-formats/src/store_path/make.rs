//! How store paths are computed (`store-dir-config.cc` of Nix).
//!
//! A path's digest is the first 160 bits, folded, of SHA-256 over `<type>:sha256:<inner
//! digest>:<store>:<name>`. The type names what the inner digest is of.

use super::{StoreDir, StorePath, StorePathError};
use crate::hash::{Hash, HashAlgorithm};

/// What a path mentions, as far as its name depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathReferences {
    /// Other paths; order and repetition do not matter.
    pub others: Vec<StorePath>,
    /// Whether it mentions itself.
    pub itself: bool,
}

/// How the contents of a fixed-output path are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedMethod {
    /// The bytes of one file.
    Flat,
    /// The archive (NAR) of a tree.
    Recursive,
    /// A git tree or blob object.
    Git,
    /// A text file that may mention paths.
    Text,
}

impl FixedMethod {
    /// How Nix writes it in front of an algorithm, as in `r:sha256`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Flat => "",
            Self::Recursive => "r:",
            Self::Git => "git:",
            Self::Text => "text:",
        }
    }
}

/// Why a path cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MakePathError {
    /// The name is not allowed.
    #[error(transparent)]
    Path(#[from] StorePathError),
    /// Only paths hashed as SHA-256 of their archive, and texts, may mention others.
    #[error("a fixed output `{0}` that is hashed this way cannot have references")]
    References(String),
    /// A text cannot mention itself, and is hashed with SHA-256.
    #[error("the text `{0}` mentions itself or is not hashed with sha256")]
    Text(String),
}

impl StoreDir {
    /// The general rule; `kind` is the type text, such as `source` or `output:out`.
    pub fn make_path(&self, kind: &str, inner: &Hash, name: &str) -> Result<StorePath, StorePathError> {
        let text = format!("{kind}:{}:{self}:{name}", inner.prefixed_base16());
        StorePath::from_parts(&fold(HashAlgorithm::Sha256.hash(text.as_bytes()).digest()), name)
    }

    /// An output of an input-addressed derivation, from the derivation's hash modulo. The output
    /// `out` has the derivation's name, others a suffix.
    pub fn make_output_path(
        &self,
        output: &str,
        modulo: &Hash,
        name: &str,
    ) -> Result<StorePath, StorePathError> {
        self.make_path(&format!("output:{output}"), modulo, &output_name(name, output))
    }

    /// A text file in the store (`builtins.toFile`, derivations), from SHA-256 of its contents.
    pub fn make_text_path(
        &self,
        name: &str,
        contents: &Hash,
        references: &PathReferences,
    ) -> Result<StorePath, MakePathError> {
        if references.itself || contents.algorithm() != HashAlgorithm::Sha256 {
            return Err(MakePathError::Text(name.to_owned()));
        }
        Ok(self.make_path(&self.kind("text", references), contents, name)?)
    }

    /// A path whose contents are known: sources, and the outputs of fixed-output derivations.
    pub fn make_fixed_path(
        &self,
        name: &str,
        method: FixedMethod,
        contents: &Hash,
        references: &PathReferences,
    ) -> Result<StorePath, MakePathError> {
        let prefix = match method {
            FixedMethod::Text => return self.make_text_path(name, contents, references),
            FixedMethod::Recursive if contents.algorithm() == HashAlgorithm::Sha256 => {
                return Ok(self.make_path(&self.kind("source", references), contents, name)?);
            }
            FixedMethod::Recursive => "r:",
            FixedMethod::Git => "git:",
            FixedMethod::Flat => "",
        };
        if references.itself || !references.others.is_empty() {
            return Err(MakePathError::References(name.to_owned()));
        }
        let inner = format!("fixed:out:{prefix}{}:", contents.prefixed_base16());
        Ok(self.make_path("output:out", &HashAlgorithm::Sha256.hash(inner.as_bytes()), name)?)
    }

    /// A type with the references behind it, sorted, each once.
    fn kind(&self, kind: &str, references: &PathReferences) -> String {
        let mut others: Vec<&StorePath> = references.others.iter().collect();
        others.sort_unstable();
        others.dedup();
        let mut text = kind.to_owned();
        for other in others {
            text.push(':');
            text.push_str(&self.display(other).to_string());
        }
        if references.itself {
            text.push_str(":self");
        }
        text
    }
}

/// The name of an output's path.
pub(crate) fn output_name(name: &str, output: &str) -> String {
    if output == "out" { name.to_owned() } else { format!("{name}-{output}") }
}

/// Folds a digest to 20 bytes by exclusive or (`compressHash`).
pub(crate) fn fold(digest: &[u8]) -> [u8; 20] {
    let mut folded = [0; 20];
    for (i, byte) in digest.iter().enumerate() {
        folded[i % 20] ^= byte;
    }
    folded
}
