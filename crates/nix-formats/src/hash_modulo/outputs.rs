//! Filling in and checking the paths of a derivation's outputs, in its outputs and in its
//! environment.
//!
//! Each output has an environment variable of its name, by which the builder learns where to put
//! it.

use super::{HashModulo, HashModuloError, kind};
use crate::derivation::{Derivation, DerivationOutput};
use crate::hash::Hash;
use crate::store_path::{MakePathError, StorePath};
use crate::text::shorten;
use std::borrow::Cow;

/// Why the paths of outputs are not right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputPathError {
    /// The right paths cannot be computed.
    #[error(transparent)]
    HashModulo(#[from] HashModuloError),
    /// A path cannot be made, as for a name that is too long.
    #[error(transparent)]
    Make(#[from] MakePathError),
    /// An output has another path.
    #[error("output `{output}` of derivation `{derivation}` is {stated}, but should be {right}")]
    Path {
        /// The derivation.
        derivation: String,
        /// The output.
        output: String,
        /// What stands there.
        stated: String,
        /// What should.
        right: String,
    },
    /// The environment has another path.
    #[error("variable `{output}` of derivation `{derivation}` is `{stated}`, but should be {right}")]
    Variable {
        /// The derivation.
        derivation: String,
        /// The output, and the variable.
        output: String,
        /// What stands there; empty also if nothing does.
        stated: String,
        /// What should.
        right: String,
    },
}

/// What to do with a path that is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Wrong,
    FillIn,
}

impl<R: FnMut(&StorePath) -> std::io::Result<Vec<u8>>> HashModulo<R> {
    /// Fills in the paths of deferred outputs that can be known, and empty or missing variables of
    /// the environment.
    ///
    /// What is there already must be right. Outputs that only a build decides stay as they are.
    pub fn fill_in(&mut self, derivation: &mut Derivation<'_>) -> Result<(), OutputPathError> {
        let filled = self.outputs(derivation, Missing::FillIn)?;
        for (name, path) in filled {
            let full = crate::derivation::text(self.store().display(&path).to_string());
            let mut variables = derivation.env.iter_mut();
            if let Some((_, value)) = variables.find(|(variable, _)| **variable == *name.as_bytes()) {
                *value = full;
            } else {
                let variable = crate::derivation::text(name.clone());
                let at = derivation.env.iter().position(|(v, _)| *v > variable);
                derivation.env.insert(at.unwrap_or(derivation.env.len()), (variable, full));
            }
            let output = derivation.outputs.iter_mut().find(|(n, _)| *n == name);
            if let Some((_, output @ DerivationOutput::Deferred)) = output {
                *output = DerivationOutput::InputAddressed(path);
            }
        }
        Ok(())
    }

    /// Checks that all paths of outputs are what they should be, in the outputs and in the
    /// environment.
    pub fn check(&mut self, derivation: &Derivation<'_>) -> Result<(), OutputPathError> {
        self.outputs(derivation, Missing::Wrong).map(drop)
    }

    /// The paths that must be known, by output, checked against what is there.
    fn outputs(
        &mut self,
        derivation: &Derivation<'_>,
        missing: Missing,
    ) -> Result<Vec<(String, StorePath)>, OutputPathError> {
        kind(derivation)?;
        let mut own_hash: Option<Option<Hash>> = None;
        let mut paths = Vec::new();
        for (name, output) in &derivation.outputs {
            let path = match output {
                DerivationOutput::Floating { .. } | DerivationOutput::Impure { .. } => continue,
                DerivationOutput::Fixed { .. } => output.path(self.store(), &derivation.name, name)?,
                DerivationOutput::InputAddressed(_) | DerivationOutput::Deferred => {
                    let hash = match &own_hash {
                        Some(hash) => hash.clone(),
                        None => own_hash.insert(self.own_hash(derivation)?).clone(),
                    };
                    let make = |hash: Hash| self.store().make_output_path(name, &hash, &derivation.name);
                    hash.map(make).transpose()?
                }
            };
            let stated = match output {
                DerivationOutput::InputAddressed(stated) => Some(stated),
                _ => None,
            };
            let right = path.as_ref().map_or_else(|| "left open".to_owned(), |p| self.full(p));
            let wrong = match (output, &path) {
                (DerivationOutput::InputAddressed(stated), right) => Some(stated) != right.as_ref(),
                (DerivationOutput::Deferred, Some(_)) => missing == Missing::Wrong,
                _ => false,
            };
            if wrong {
                let stated = stated.map_or_else(|| "left open".to_owned(), |p| self.full(p));
                let (derivation, output) = (derivation.name.to_string(), name.to_string());
                return Err(OutputPathError::Path { derivation, output, stated, right });
            }
            let Some(path) = path else { continue };
            let variable = derivation.env_bytes(name).unwrap_or_default();
            let empty = variable.is_empty() && missing == Missing::FillIn;
            if !empty && variable != right.as_bytes() {
                let (derivation, output) = (derivation.name.to_string(), name.to_string());
                let stated = shorten(&String::from_utf8_lossy(variable));
                return Err(OutputPathError::Variable { derivation, output, stated, right });
            }
            paths.push((Cow::clone(name).into_owned(), path));
        }
        Ok(paths)
    }

    fn full(&self, path: &StorePath) -> String {
        self.store().display(path).to_string()
    }
}
