//! Writing `.drv` files, and the variant of them that hash-modulo is computed from.

use super::{Derivation, DerivationOutput, InputOutputs};
use crate::store_path::{MakePathError, StoreDir, StorePath};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What is written for the input derivations.
pub(crate) enum Inputs<'m> {
    /// Their paths.
    Paths,
    /// Hashes instead of paths, and the outputs that are needed; `mask` leaves out where the
    /// outputs will lie.
    Hashes {
        /// By hash in base-16.
        hashes: &'m BTreeMap<String, BTreeSet<Cow<'m, str>>>,
        /// Whether the paths of the outputs are left out.
        mask: bool,
    },
}

impl Derivation<'_> {
    /// The `.drv` file, in the order of the lists.
    ///
    /// Fails where the path of a fixed output cannot be computed.
    pub fn to_aterm(&self, store: &StoreDir) -> Result<Vec<u8>, MakePathError> {
        self.write(store, &Inputs::Paths)
    }

    pub(crate) fn write(&self, store: &StoreDir, inputs: &Inputs<'_>) -> Result<Vec<u8>, MakePathError> {
        let masked = matches!(inputs, Inputs::Hashes { mask: true, .. });
        let mut out = Vec::with_capacity(self.size());
        if self.is_dynamic() && matches!(inputs, Inputs::Paths) {
            out.extend_from_slice(b"DrvWithVersion(\"xp-dyn-drv\",");
        } else {
            out.extend_from_slice(b"Derive(");
        }
        list(&mut out, &self.outputs, |out, (name, output)| {
            let texts =
                if masked { Default::default() } else { output_texts(output, store, &self.name, name)? };
            out.push(b'(');
            quote(out, name.as_bytes());
            for text in texts {
                out.push(b',');
                quote(out, text.as_bytes());
            }
            out.push(b')');
            Ok(())
        })?;
        out.push(b',');
        match inputs {
            Inputs::Paths => list(&mut out, &self.input_derivations, |out, (path, needed)| {
                out.push(b'(');
                quote_path(out, store, path);
                out.push(b',');
                write_needed(out, needed);
                out.push(b')');
                Ok(())
            })?,
            Inputs::Hashes { hashes, .. } => list(&mut out, hashes.iter(), |out, (hash, outputs)| {
                out.push(b'(');
                quote(out, hash.as_bytes());
                out.push(b',');
                names(out, outputs);
                out.push(b')');
                Ok(())
            })?,
        }
        out.push(b',');
        list(&mut out, &self.input_sources, |out, path| {
            quote_path(out, store, path);
            Ok(())
        })?;
        out.push(b',');
        quote(&mut out, &self.system);
        out.push(b',');
        quote(&mut out, &self.builder);
        out.push(b',');
        list(&mut out, &self.args, |out, arg| {
            quote(out, arg);
            Ok(())
        })?;
        out.push(b',');
        list(&mut out, &self.env, |out, (name, value)| {
            let hidden = masked && self.outputs.iter().any(|(output, _)| *output.as_bytes() == **name);
            out.push(b'(');
            quote(out, name);
            out.push(b',');
            quote(out, if hidden { b"" } else { value });
            out.push(b')');
            Ok(())
        })?;
        out.push(b')');
        Ok(out)
    }

    /// About how large the file is.
    fn size(&self) -> usize {
        let texts = self.args.iter().chain(self.env.iter().flat_map(|(name, value)| [name, value]));
        texts.map(|text| text.len() + 8).sum::<usize>()
            + 100 * (4 + self.input_derivations.len() + self.input_sources.len() + self.outputs.len())
    }
}

/// `[item,item]`.
fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T) -> Result<(), MakePathError>,
) -> Result<(), MakePathError> {
    out.push(b'[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item)?;
    }
    out.push(b']');
    Ok(())
}

/// `["out","dev"]`.
fn names<'n>(out: &mut Vec<u8>, items: impl IntoIterator<Item = &'n Cow<'n, str>>) {
    out.push(b'[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        quote(out, item.as_bytes());
    }
    out.push(b']');
}

/// The newer form only where it is needed.
fn write_needed(out: &mut Vec<u8>, needed: &InputOutputs<'_>) {
    if needed.dynamic.is_empty() {
        return names(out, &needed.outputs);
    }
    out.push(b'(');
    names(out, &needed.outputs);
    out.extend_from_slice(b",[");
    for (i, (name, needed)) in needed.dynamic.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",(" } else { b"(" });
        quote(out, name.as_bytes());
        out.push(b',');
        write_needed(out, needed);
        out.push(b')');
    }
    out.extend_from_slice(b"])");
}

/// Path, algorithm and hash of an output.
fn output_texts(
    output: &DerivationOutput,
    store: &StoreDir,
    derivation: &str,
    name: &str,
) -> Result<[String; 3], MakePathError> {
    let path = output.path(store, derivation, name)?;
    let path = path.map(|p| store.display(&p).to_string()).unwrap_or_default();
    let [algorithm, hash] = match output {
        DerivationOutput::InputAddressed(_) | DerivationOutput::Deferred => Default::default(),
        DerivationOutput::Fixed { method, hash } => {
            [format!("{}{}", method.prefix(), hash.algorithm()), hash.base16()]
        }
        DerivationOutput::Floating { method, algorithm } => {
            [format!("{}{algorithm}", method.prefix()), String::new()]
        }
        DerivationOutput::Impure { method, algorithm } => {
            [format!("{}{algorithm}", method.prefix()), "impure".to_owned()]
        }
    };
    Ok([path, algorithm, hash])
}

fn quote_path(out: &mut Vec<u8>, store: &StoreDir, path: &StorePath) {
    out.push(b'"');
    // A store folder can have characters that want an escape; `quote` would need the path in one
    // piece.
    escape(out, store.as_str().as_bytes());
    out.push(b'/');
    out.extend_from_slice(path.as_str().as_bytes());
    out.push(b'"');
}

fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t')) {
        let (plain, special) = rest.split_at(at);
        let Some((&byte, behind)) = special.split_first() else { break };
        out.extend_from_slice(plain);
        out.push(b'\\');
        out.push(match byte {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            other => other,
        });
        rest = behind;
    }
    out.extend_from_slice(rest);
}
