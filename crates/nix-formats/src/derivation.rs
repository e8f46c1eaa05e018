//! Derivations: the instructions for one build, as they stand in `.drv` files (ATerm) and as `nix
//! derivation show` prints them (JSON, version 4).
//!
//! | in this module | for |
//! |---|---|
//! | [`Derivation::parse`], [`Derivation::to_aterm`] | `.drv` files |
//! | [`Derivation::from_json`], [`Derivation::to_json`] | Nix's JSON |
//! | [`Derivation::attributes`] | `pname`, `version`, `patches`, …, structured or not |
//! | [`Derivation::store_path`] | where the derivation itself lies |
//! | [`HashModulo`](crate::HashModulo) | where its outputs will lie |
//!
//! Lists keep the order of the file, so a file that is read and written again is the same byte for
//! byte. Nix always writes them sorted, and [`Derivation::sort`] does that. Texts borrow from the
//! file where they hold no escapes: the closure of a system has thousands of these files, and most
//! of their texts are never looked at.
//!
//! Followed are `src/libstore/derivations.cc` and `doc/manual/source/protocols/derivation-aterm.md`
//! of Nix.

mod attributes;
mod error;
mod grisu;
mod json;
mod json_text;
mod placeholder;
mod read;
mod write;

use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::{FixedMethod, MakePathError, PathReferences, StoreDir, StorePath, output_name};
use std::borrow::Cow;

pub use attributes::{Attributes, AttributesError};
pub use error::{DerivationError, DerivationJsonError, DerivationJsonProblem, DerivationProblem};
pub(crate) use placeholder::PLACEHOLDER_LEN;
pub use placeholder::{own_placeholder, upstream_placeholder};
pub(crate) use write::Inputs;

/// A text of a derivation. Nix does not require UTF-8.
type Text<'a> = Cow<'a, [u8]>;

/// Instructions for one build. Texts that Nix keeps as bytes are bytes here too; they are nearly
/// always UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derivation<'a> {
    /// The name: that of the `.drv` file without the suffix. It stands in JSON, but not in the
    /// file.
    pub name: Cow<'a, str>,
    /// The outputs by their names.
    pub outputs: Vec<(Cow<'a, str>, DerivationOutput)>,
    /// Derivations whose outputs are needed.
    pub input_derivations: Vec<(StorePath, InputOutputs<'a>)>,
    /// Store paths that are needed as they are.
    pub input_sources: Vec<StorePath>,
    /// The system that can build it, such as `x86_64-linux`, or `builtin`.
    pub system: Text<'a>,
    /// The program to run.
    pub builder: Text<'a>,
    /// Its arguments.
    pub args: Vec<Text<'a>>,
    /// Its environment. Structured attributes are here too, as the text of
    /// [`Derivation::STRUCTURED`].
    pub env: Vec<(Text<'a>, Text<'a>)>,
}

/// How the path of an output comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerivationOutput {
    /// From the inputs: known before the build.
    InputAddressed(StorePath),
    /// From the contents, which are known before the build.
    Fixed {
        /// What is hashed.
        method: FixedMethod,
        /// The hash of the contents.
        hash: Hash,
    },
    /// From the contents, whatever they will be (experimental feature `ca-derivations`).
    Floating {
        /// What will be hashed.
        method: FixedMethod,
        /// With what.
        algorithm: HashAlgorithm,
    },
    /// From the inputs, some of which are not known before their build.
    Deferred,
    /// Like floating, but rebuilt every time (experimental feature `impure-derivations`).
    Impure {
        /// What will be hashed.
        method: FixedMethod,
        /// With what.
        algorithm: HashAlgorithm,
    },
}

/// Which outputs of a derivation are needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputOutputs<'a> {
    /// Its own outputs.
    pub outputs: Vec<Cow<'a, str>>,
    /// Outputs that are derivations themselves, and what is needed of them (experimental feature
    /// `dynamic-derivations`).
    pub dynamic: Vec<(Cow<'a, str>, Self)>,
}

impl Derivation<'_> {
    /// The environment variable that holds structured attributes.
    pub const STRUCTURED: &'static str = "__json";
    /// Largest `.drv` file that is read, in bytes. Those of nixpkgs stay below 1 MB.
    pub const MAX_SIZE: usize = 64 << 20;
    /// Most items that all lists of a `.drv` file may have together. An item takes some ten times
    /// the memory that it takes in the file.
    pub const MAX_ITEMS: usize = 1 << 20;
    /// How deep outputs of outputs may be nested in the inputs of a dynamic derivation.
    pub const MAX_DEPTH: usize = 32;

    /// The value of an environment variable, if it is there and UTF-8.
    ///
    /// Derivations with structured attributes have next to no environment;
    /// [`Derivation::attributes`] looks into both.
    pub fn env(&self, variable: &str) -> Option<&str> {
        std::str::from_utf8(self.env_bytes(variable)?).ok()
    }

    /// The value of an environment variable, if it is there.
    pub fn env_bytes(&self, variable: &str) -> Option<&[u8]> {
        self.env.iter().find(|(name, _)| **name == *variable.as_bytes()).map(|(_, value)| value.as_ref())
    }

    /// An output by its name.
    pub fn output(&self, name: &str) -> Option<&DerivationOutput> {
        self.outputs.iter().find(|(n, _)| n == name).map(|(_, output)| output)
    }

    /// The paths of the outputs; `None` for those that only the build decides.
    pub fn output_paths<'s>(
        &'s self,
        store: &'s StoreDir,
    ) -> impl Iterator<Item = Result<(&'s str, Option<StorePath>), MakePathError>> {
        self.outputs.iter().map(|(name, output)| Ok((name.as_ref(), output.path(store, &self.name, name)?)))
    }

    /// Where the derivation itself lies in the store. As in Nix, the order of lists does not
    /// matter.
    pub fn store_path(&self, store: &StoreDir) -> Result<StorePath, MakePathError> {
        if !self.is_sorted() {
            let mut sorted = self.clone();
            sorted.sort();
            return sorted.store_path(store);
        }
        let contents = HashAlgorithm::Sha256.hash(&self.to_aterm(store)?);
        store.make_text_path(&format!("{}.drv", self.name), &contents, &self.references())
    }

    /// What the `.drv` file mentions: its inputs, but not its outputs.
    pub fn references(&self) -> PathReferences {
        let derivations = self.input_derivations.iter().map(|(path, _)| path.clone());
        PathReferences {
            others: derivations.chain(self.input_sources.iter().cloned()).collect(),
            itself: false,
        }
    }

    /// Whether the contents of its outputs are fixed, so that it may use the network.
    pub fn is_fixed(&self) -> bool {
        self.outputs.iter().any(|(_, output)| matches!(output, DerivationOutput::Fixed { .. }))
    }

    /// Whether an input is an output of an output, which only the newer version of the format can
    /// express.
    pub fn is_dynamic(&self) -> bool {
        self.input_derivations.iter().any(|(_, needed)| !needed.dynamic.is_empty())
    }

    /// Whether all lists, but the arguments, are in the order in which Nix writes them.
    pub fn is_sorted(&self) -> bool {
        self.outputs.is_sorted_by(|a, b| a.0 < b.0)
            && self.input_derivations.is_sorted_by(|a, b| a.0 < b.0)
            && self.input_derivations.iter().all(|(_, needed)| needed.is_sorted())
            && self.input_sources.is_sorted_by(|a, b| a < b)
            && self.env.is_sorted_by(|a, b| a.0 < b.0)
    }

    /// Puts all lists, but the arguments, into the order in which Nix writes them.
    pub fn sort(&mut self) {
        self.outputs.sort_by(|a, b| a.0.cmp(&b.0));
        self.input_derivations.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, needed) in &mut self.input_derivations {
            needed.sort();
        }
        self.input_sources.sort_unstable();
        self.env.sort_by(|a, b| a.0.cmp(&b.0));
    }

    /// The same without borrowing from a file.
    pub fn into_owned(self) -> Derivation<'static> {
        Derivation {
            name: own(self.name),
            outputs: self.outputs.into_iter().map(|(name, output)| (own(name), output)).collect(),
            input_derivations: self
                .input_derivations
                .into_iter()
                .map(|(path, needed)| (path, needed.into_owned()))
                .collect(),
            input_sources: self.input_sources,
            system: own_text(self.system),
            builder: own_text(self.builder),
            args: self.args.into_iter().map(own_text).collect(),
            env: self.env.into_iter().map(|(name, value)| (own_text(name), own_text(value))).collect(),
        }
    }
}

impl DerivationOutput {
    /// The output's path, if it is known before the build. `derivation` is the name of the
    /// derivation.
    pub fn path(
        &self,
        store: &StoreDir,
        derivation: &str,
        output: &str,
    ) -> Result<Option<StorePath>, MakePathError> {
        Ok(match self {
            Self::InputAddressed(path) => Some(path.clone()),
            Self::Fixed { method, hash } => {
                let name = output_name(derivation, output);
                Some(store.make_fixed_path(&name, *method, hash, &PathReferences::default())?)
            }
            Self::Floating { .. } | Self::Deferred | Self::Impure { .. } => None,
        })
    }
}

impl InputOutputs<'_> {
    fn is_sorted(&self) -> bool {
        self.outputs.is_sorted_by(|a, b| a < b)
            && self.dynamic.is_sorted_by(|a, b| a.0 < b.0)
            && self.dynamic.iter().all(|(_, needed)| needed.is_sorted())
    }

    fn sort(&mut self) {
        self.outputs.sort_unstable();
        self.dynamic.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, needed) in &mut self.dynamic {
            needed.sort();
        }
    }

    /// The same without borrowing from a file.
    pub fn into_owned(self) -> InputOutputs<'static> {
        InputOutputs {
            outputs: self.outputs.into_iter().map(own).collect(),
            dynamic: self
                .dynamic
                .into_iter()
                .map(|(name, needed)| (own(name), needed.into_owned()))
                .collect(),
        }
    }
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn own_text(text: Text<'_>) -> Text<'static> {
    Cow::Owned(text.into_owned())
}

/// A text from what is UTF-8 anyway.
pub(crate) fn text(text: impl Into<String>) -> Text<'static> {
    Cow::Owned(text.into().into_bytes())
}
