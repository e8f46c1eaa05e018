//! The hash of a derivation *modulo* how its fixed-output inputs are fetched
//! (`hashDerivationModulo` of Nix), and the paths of outputs that follow from it.
//!
//! The outputs of an input-addressed derivation have a path that depends on the hash of everything
//! that goes into the build. Of an input with fixed outputs only the contents count: a tarball from
//! another mirror must not rebuild the world. So in the text that is hashed, input derivations are
//! replaced by their own hashes, all the way down, and those with fixed outputs by a hash of these.
//!
//! The closure of a system has thousands of derivations that share most of their inputs:
//! [`HashModulo`] remembers what it knows, and walks without recursion, since chains of inputs are
//! long.
//!
//! Followed is `src/libstore/derivations.cc` of Nix. Where an input is an output of an output,
//! there is no hash, as in Nix 2.36; Nix 2.34 overlooks such an input if the derivation that makes
//! it is itself fixed or input-addressed.

mod outputs;
mod resolve;

use crate::derivation::{Derivation, DerivationError, DerivationOutput, Inputs};
use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::{MakePathError, StoreDir, StorePath, StorePathError};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use outputs::OutputPathError;

/// What stands for a derivation where it is an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputHash {
    /// One hash for all outputs.
    Derivation(Hash),
    /// A hash for each fixed output, by its name.
    Outputs(BTreeMap<String, Hash>),
    /// Some path is not known before a build, so there is no hash.
    Deferred,
}

/// Why a hash cannot be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashModuloError {
    /// A derivation cannot be read.
    #[error("cannot read the derivation {path}")]
    Read {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A derivation is not one.
    #[error("{path}")]
    Parse {
        /// Its path.
        path: String,
        /// Why.
        source: Box<DerivationError>,
    },
    /// An input is not a derivation by its name.
    #[error("the input {0} is not a derivation")]
    NotADerivation(String),
    /// Derivations need each other in a cycle, so some of them are not what their paths name.
    #[error("the derivation {0} needs itself")]
    Cycle(String),
    /// An output that is needed does not exist.
    #[error("derivation `{derivation}` needs the output `{output}`, which {input} does not have")]
    NoSuchOutput {
        /// Who needs it.
        derivation: String,
        /// The output.
        output: String,
        /// Whose it should be.
        input: String,
    },
    /// The outputs are not ones that go together.
    #[error("derivation `{derivation}`: {problem}")]
    Outputs {
        /// Its path.
        derivation: String,
        /// What is wrong.
        problem: OutputsProblem,
    },
    /// A path cannot be computed.
    #[error("derivation `{derivation}`")]
    Make {
        /// Its path.
        derivation: String,
        /// Why.
        source: MakePathError,
    },
}

/// Why the outputs of a derivation do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputsProblem {
    /// There are none.
    #[error("it has no outputs")]
    None,
    /// Outputs of several kinds.
    #[error("its outputs are of several kinds")]
    Mixed,
    /// Two fixed outputs, or one that is not `out`.
    #[error("a fixed output must be the only one and be named `out`")]
    Fixed,
    /// Floating outputs that are hashed differently.
    #[error("its floating outputs have several hash algorithms")]
    Algorithms,
}

/// The kind of all outputs of a derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerivationKind {
    /// Known before the build, from the inputs.
    InputAddressed,
    /// Known before the build, from the contents.
    Fixed,
    /// From the contents.
    Floating,
    /// From the inputs, once these are known.
    Deferred,
    /// Rebuilt every time.
    Impure,
}

impl Derivation<'_> {
    /// The kind of the outputs, which must all be of one kind.
    pub fn kind(&self) -> Result<DerivationKind, OutputsProblem> {
        let kind_of = |output: &DerivationOutput| match output {
            DerivationOutput::InputAddressed(_) => DerivationKind::InputAddressed,
            DerivationOutput::Fixed { .. } => DerivationKind::Fixed,
            DerivationOutput::Floating { .. } => DerivationKind::Floating,
            DerivationOutput::Deferred => DerivationKind::Deferred,
            DerivationOutput::Impure { .. } => DerivationKind::Impure,
        };
        let algorithm_of = |output: &DerivationOutput| match output {
            DerivationOutput::Floating { algorithm, .. } => Some(*algorithm),
            _ => None,
        };
        let (name, first) = self.outputs.first().ok_or(OutputsProblem::None)?;
        let kind = kind_of(first);
        if self.outputs.iter().any(|(_, output)| kind_of(output) != kind) {
            return Err(OutputsProblem::Mixed);
        }
        if kind == DerivationKind::Fixed && (self.outputs.len() > 1 || name != "out") {
            return Err(OutputsProblem::Fixed);
        }
        if self.outputs.iter().any(|(_, output)| algorithm_of(output) != algorithm_of(first)) {
            return Err(OutputsProblem::Algorithms);
        }
        Ok(kind)
    }
}

/// Computes hashes, and remembers those of inputs.
///
/// `read` gives the contents of a `.drv` file.
#[derive(Debug)]
pub struct HashModulo<R> {
    store: StoreDir,
    read: R,
    known: FxHashMap<StorePath, Arc<InputHash>>,
}

/// A derivation whose inputs are looked at first.
struct Waiting {
    path: StorePath,
    derivation: Option<Derivation<'static>>,
}

impl<R: FnMut(&StorePath) -> std::io::Result<Vec<u8>>> HashModulo<R> {
    /// Nothing is known at first.
    pub fn new(store: StoreDir, read: R) -> Self {
        Self { store, read, known: FxHashMap::default() }
    }

    /// The store folder.
    pub const fn store(&self) -> &StoreDir {
        &self.store
    }

    /// Sets what stands for a derivation, so that its file is not read.
    pub fn insert(&mut self, path: StorePath, hash: InputHash) {
        self.known.insert(path, Arc::new(hash));
    }

    /// What stands for a derivation in the store where it is an input.
    pub fn input_hash(&mut self, path: &StorePath) -> Result<Arc<InputHash>, HashModuloError> {
        self.learn([path])?;
        self.known.get(path).cloned().ok_or_else(|| HashModuloError::Cycle(self.show(path)))
    }

    /// What stands for a derivation that need not be in the store where it is an input.
    pub fn input_hash_of(&mut self, derivation: &Derivation<'_>) -> Result<InputHash, HashModuloError> {
        if !needs_inputs(derivation)? {
            return self.compute(derivation);
        }
        self.learn(derivation.input_derivations.iter().map(|(path, _)| path))?;
        self.compute(derivation)
    }

    /// The hash that the paths of a derivation's own outputs are computed from; `None` if it is not
    /// known before a build.
    ///
    /// Only for derivations that are input-addressed or deferred.
    pub fn own_hash(&mut self, derivation: &Derivation<'_>) -> Result<Option<Hash>, HashModuloError> {
        Ok(self.own_text(derivation)?.map(|text| HashAlgorithm::Sha256.hash(&text)))
    }

    /// The text that [`HashModulo::own_hash`] is the hash of.
    pub fn own_text(&mut self, derivation: &Derivation<'_>) -> Result<Option<Vec<u8>>, HashModuloError> {
        self.learn(derivation.input_derivations.iter().map(|(path, _)| path))?;
        self.text(derivation, true)
    }

    /// Learns about some derivations and all that these need.
    fn learn<'p>(&mut self, paths: impl IntoIterator<Item = &'p StorePath>) -> Result<(), HashModuloError> {
        let mut stack: Vec<Waiting> = paths
            .into_iter()
            .filter(|path| !self.known.contains_key(*path))
            .map(|path| Waiting { path: path.clone(), derivation: None })
            .collect();
        let mut open: FxHashSet<StorePath> = FxHashSet::default();
        while let Some(Waiting { path, derivation }) = stack.pop() {
            if self.known.contains_key(&path) {
                continue;
            }
            if let Some(derivation) = derivation {
                let hash = self.compute(&derivation)?;
                open.remove(&path);
                self.known.insert(path, Arc::new(hash));
                continue;
            }
            if !open.insert(path.clone()) {
                return Err(HashModuloError::Cycle(self.show(&path)));
            }
            let Some(name) = path.derivation_name() else {
                return Err(HashModuloError::NotADerivation(self.show(&path)));
            };
            let file = (self.read)(&path)
                .map_err(|source| HashModuloError::Read { path: self.show(&path), source })?;
            let derivation = Derivation::parse_in(&file, name, &self.store).map_err(|source| {
                HashModuloError::Parse { path: self.show(&path), source: Box::new(source) }
            })?;
            let mut inputs = Vec::new();
            if needs_inputs(&derivation)? {
                for (input, _) in &derivation.input_derivations {
                    if !self.known.contains_key(input) {
                        inputs.push(Waiting { path: input.clone(), derivation: None });
                    }
                }
            }
            if inputs.is_empty() {
                let hash = self.compute(&derivation)?;
                open.remove(&path);
                self.known.insert(path, Arc::new(hash));
            } else {
                let derivation = Some(derivation.into_owned());
                stack.push(Waiting { path, derivation });
                stack.append(&mut inputs);
            }
        }
        Ok(())
    }

    /// What stands for a derivation whose inputs are known.
    fn compute(&self, derivation: &Derivation<'_>) -> Result<InputHash, HashModuloError> {
        match kind(derivation)? {
            DerivationKind::Fixed => {
                let make = |source| HashModuloError::Make { derivation: derivation.name.to_string(), source };
                let mut hashes = BTreeMap::new();
                for (name, output) in &derivation.outputs {
                    let DerivationOutput::Fixed { method, hash } = output else { continue };
                    let path = output.path(&self.store, &derivation.name, name).map_err(make)?;
                    let path = path.map(|path| self.show(&path)).unwrap_or_default();
                    let text = format!("fixed:out:{}{}:{path}", method.prefix(), hash.prefixed_base16());
                    hashes.insert(name.to_string(), HashAlgorithm::Sha256.hash(text.as_bytes()));
                }
                Ok(InputHash::Outputs(hashes))
            }
            DerivationKind::InputAddressed => Ok(match self.text(derivation, false)? {
                Some(text) => InputHash::Derivation(HashAlgorithm::Sha256.hash(&text)),
                None => InputHash::Deferred,
            }),
            DerivationKind::Floating | DerivationKind::Deferred | DerivationKind::Impure => {
                Ok(InputHash::Deferred)
            }
        }
    }

    /// The derivation with hashes instead of input derivations, which must be known; `None` if one
    /// of these has none.
    fn text(&self, derivation: &Derivation<'_>, mask: bool) -> Result<Option<Vec<u8>>, HashModuloError> {
        if !derivation.is_sorted() {
            let mut sorted = derivation.clone();
            sorted.sort();
            return self.text(&sorted, mask);
        }
        let mut hashes: BTreeMap<String, BTreeSet<Cow<'_, str>>> = BTreeMap::new();
        for (path, needed) in &derivation.input_derivations {
            if !needed.dynamic.is_empty() {
                return Ok(None);
            }
            let known = self.known.get(path).ok_or_else(|| HashModuloError::Cycle(self.show(path)))?;
            match known.as_ref() {
                InputHash::Deferred => return Ok(None),
                InputHash::Derivation(hash) => {
                    hashes.entry(hash.base16()).or_default().extend(needed.outputs.iter().cloned());
                }
                InputHash::Outputs(outputs) => {
                    for output in &needed.outputs {
                        let hash =
                            outputs.get(output.as_ref()).ok_or_else(|| HashModuloError::NoSuchOutput {
                                derivation: derivation.name.to_string(),
                                output: output.to_string(),
                                input: self.show(path),
                            })?;
                        hashes.entry(hash.base16()).or_default().insert(Cow::Borrowed("out"));
                    }
                }
            }
        }
        let inputs = Inputs::Hashes { hashes: &hashes, mask };
        let make = |source| HashModuloError::Make { derivation: derivation.name.to_string(), source };
        derivation.write(&self.store, &inputs).map(Some).map_err(make)
    }

    fn show(&self, path: &StorePath) -> String {
        self.store.display(path).to_string()
    }
}

/// Whether the hashes of inputs matter to what stands for a derivation.
fn needs_inputs(derivation: &Derivation<'_>) -> Result<bool, HashModuloError> {
    Ok(kind(derivation)? == DerivationKind::InputAddressed && !derivation.is_dynamic())
}

fn kind(derivation: &Derivation<'_>) -> Result<DerivationKind, HashModuloError> {
    let fail = |problem| HashModuloError::Outputs { derivation: derivation.name.to_string(), problem };
    derivation.kind().map_err(fail)
}

impl From<StorePathError> for OutputPathError {
    fn from(error: StorePathError) -> Self {
        Self::Make(error.into())
    }
}
