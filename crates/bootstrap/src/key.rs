//! What a step's outputs depend on.
//!
//! The key of a step is the SHA-256 of a JSON text: an object with the members `sandbox` (the
//! number of the rules that steps run under), `inputs` (name to object), `run`, `environment`,
//! `proc`, `arch` and `outputs` (names), members of inner objects sorted, no blanks. What something
//! is called, where it came from, and which pins it has changes no output, and no key. Inputs are
//! named by their content, so a step whose inputs come out the same is not run again, however they
//! were made.

use crate::object::{Digest, Object};
use crate::steps::Step;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The rules that steps run under: raise it when the sandbox shows a step something else.
pub(crate) const SANDBOX: u32 = 2;

/// The key of a step with these inputs.
pub(crate) fn of(step: &Step, inputs: &BTreeMap<String, Object>) -> Digest {
    let inputs: BTreeMap<_, _> = inputs.iter().map(|(name, object)| (name, object.to_string())).collect();
    let text = json!({
        "sandbox": SANDBOX,
        "inputs": inputs,
        "run": step.run,
        "environment": step.environment,
        "proc": step.proc,
        "arch": step.arch,
        "outputs": step.outputs.keys().collect::<Vec<_>>(),
    });
    Digest::of(text.to_string().as_bytes())
}

/// The key under which it is remembered what a part of an unpacked source is.
pub(crate) fn of_unpacked(source: Digest, part: &Path) -> Digest {
    let text = json!({ "unpacked": source, "part": part.to_string_lossy() });
    Digest::of(text.to_string().as_bytes())
}
