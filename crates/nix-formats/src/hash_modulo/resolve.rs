//! Resolving: what a derivation becomes once everything that it needs is built.
//!
//! Instead of outputs of derivations it then names store paths, and where placeholders stood stand
//! these. So its own outputs can be input-addressed even where those of its inputs are not. Nix
//! builds such a derivation instead of the first one. Followed is `Derivation::tryResolve` of Nix.

use super::{HashModulo, OutputPathError};
use crate::derivation::{Derivation, InputOutputs, PLACEHOLDER_LEN, upstream_placeholder};
use crate::store_path::{StoreDir, StorePath};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::io;

/// Paths by the placeholders that stood for them.
type Rewrites = FxHashMap<Vec<u8>, String>;

impl Derivation<'_> {
    /// The derivation with paths instead of outputs. `None` if some output is not built.
    ///
    /// `built` gives the path of an output, or of an output of an output and so on, as it was
    /// built.
    pub fn resolve(
        &self,
        store: &StoreDir,
        mut built: impl FnMut(&StorePath, &[&str]) -> Option<StorePath>,
    ) -> Result<Option<Derivation<'static>>, OutputPathError> {
        let mut found = Found { store, sources: self.input_sources.clone(), rewrites: Rewrites::default() };
        for (path, needed) in &self.input_derivations {
            if !found.look(path, &mut Vec::new(), needed, &mut built) {
                return Ok(None);
            }
        }
        let Found { mut sources, rewrites, .. } = found;
        sources.sort_unstable();
        sources.dedup();
        let rewrite = |text: &Cow<'_, [u8]>| Cow::Owned(rewrite(text, &rewrites));
        let mut resolved = Derivation {
            name: Cow::Owned(self.name.to_string()),
            outputs: self.outputs.iter().map(|(name, o)| (Cow::Owned(name.to_string()), o.clone())).collect(),
            input_derivations: Vec::new(),
            input_sources: sources,
            system: Cow::Owned(self.system.to_vec()),
            builder: rewrite(&self.builder),
            args: self.args.iter().map(rewrite).collect(),
            env: self.env.iter().map(|(name, value)| (rewrite(name), rewrite(value))).collect(),
        };
        // Names of variables may have changed their places; of two that are one now, Nix too keeps
        // the first.
        resolved.sort();
        resolved.env.dedup_by(|a, b| a.0 == b.0);
        let no_inputs = |_: &StorePath| -> io::Result<Vec<u8>> { Err(io::ErrorKind::NotFound.into()) };
        HashModulo::new(store.clone(), no_inputs).fill_in(&mut resolved)?;
        Ok(Some(resolved))
    }
}

/// What was found out about the inputs.
struct Found<'s> {
    store: &'s StoreDir,
    sources: Vec<StorePath>,
    rewrites: Rewrites,
}

impl Found<'_> {
    /// Looks for all that is needed of an input; false if something is not built. The depth is
    /// limited where derivations are read.
    fn look<'n>(
        &mut self,
        path: &StorePath,
        way: &mut Vec<&'n str>,
        needed: &'n InputOutputs<'_>,
        built: &mut impl FnMut(&StorePath, &[&str]) -> Option<StorePath>,
    ) -> bool {
        for output in &needed.outputs {
            way.push(output);
            let found = built(path, way);
            let placeholder = upstream_placeholder(path, way);
            way.pop();
            let (Some(found), Some(placeholder)) = (found, placeholder) else { return false };
            self.rewrites.insert(placeholder.into_bytes(), self.store.display(&found).to_string());
            self.sources.push(found);
        }
        for (output, needed) in &needed.dynamic {
            way.push(output);
            let all = self.look(path, way, needed, built);
            way.pop();
            if !all {
                return false;
            }
        }
        true
    }
}

fn rewrite(text: &[u8], rewrites: &Rewrites) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'/', rest) {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let placeholder = from.get(..PLACEHOLDER_LEN);
        rest = if let Some(path) = placeholder.and_then(|p| rewrites.get(p)) {
            out.extend_from_slice(path.as_bytes());
            from.get(PLACEHOLDER_LEN..).unwrap_or_default()
        } else {
            out.push(b'/');
            from.get(1..).unwrap_or_default()
        };
    }
    out.extend_from_slice(rest);
    out
}
