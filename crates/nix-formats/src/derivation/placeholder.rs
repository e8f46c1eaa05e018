//! Placeholders: what stands in a derivation for a store path that only a build decides.
//!
//! They are as long as a path is likely to be, begin with a slash, and are exchanged for the path
//! before the build. Followed are `hashPlaceholder` of `src/libstore/derivations.cc` and
//! `src/libstore/downstream-placeholder.cc` of Nix.

use crate::base32;
use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::{StorePath, fold, output_name};

/// Bytes of a placeholder: a slash and a digest.
pub(crate) const PLACEHOLDER_LEN: usize = 1 + base32::encoded_len(32);

/// For an output of the derivation itself (`builtins.placeholder`).
pub fn own_placeholder(output: &str) -> String {
    render(&HashAlgorithm::Sha256.hash(format!("nix-output:{output}").as_bytes()))
}

/// For an output of another derivation, or for an output of an output of it and so on: `outputs` is
/// the way there.
///
/// `None` if `derivation` is not a derivation, or there are no outputs.
pub fn upstream_placeholder<S: AsRef<str>>(derivation: &StorePath, outputs: &[S]) -> Option<String> {
    let (first, more) = outputs.split_first()?;
    let name = output_name(derivation.derivation_name()?, first.as_ref());
    let text = format!("nix-upstream-output:{}:{name}", derivation.digest());
    let mut hash = HashAlgorithm::Sha256.hash(text.as_bytes());
    for output in more {
        let inner = base32::encode(&fold(hash.digest()));
        let text = format!("nix-computed-output:{inner}:{}", output.as_ref());
        hash = HashAlgorithm::Sha256.hash(text.as_bytes());
    }
    Some(render(&hash))
}

fn render(hash: &Hash) -> String {
    format!("/{}", hash.base32())
}
