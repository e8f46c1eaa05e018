//! Arguments of steps in parts: text, and paths of the sandbox, which are others where a step is
//! run without it.

use crate::steps::{Step, paths};

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArgumentPart<'a> {
    /// Text that means the same everywhere.
    Text(&'a str),
    /// `/in/NAME`.
    Input(&'a str),
    /// `/out/NAME`.
    Output(&'a str),
    /// `/build/`, or `/build` at the end: where the step begins.
    Build,
}

/// The parts of an argument of a step.
pub(crate) fn parts<'a>(step: &Step, argument: &'a str) -> Vec<ArgumentPart<'a>> {
    let mut parts = Vec::new();
    let mut done = 0;
    for (at, path) in paths(argument) {
        if at < done {
            continue;
        }
        let Some((part, length)) = beginning(step, path) else { continue };
        if at > done {
            parts.push(ArgumentPart::Text(argument.get(done..at).unwrap_or_default()));
        }
        parts.push(part);
        done = at + length;
    }
    if done < argument.len() || parts.is_empty() {
        parts.push(ArgumentPart::Text(argument.get(done..).unwrap_or_default()));
    }
    parts
}

/// What a path of the sandbox begins with, and how many bytes name it.
fn beginning<'a>(step: &Step, path: &'a str) -> Option<(ArgumentPart<'a>, usize)> {
    if path == "/build" {
        return Some((ArgumentPart::Build, path.len()));
    }
    if path.starts_with("/build/") {
        return Some((ArgumentPart::Build, "/build/".len()));
    }
    for (folder, input) in [("/in/", true), ("/out/", false)] {
        let Some(rest) = path.strip_prefix(folder) else { continue };
        let name = rest.split(['/', '=', ':', ',']).next().unwrap_or_default();
        let length = folder.len() + name.len();
        if input && step.inputs.contains_key(name) {
            return Some((ArgumentPart::Input(name), length));
        }
        if !input && step.outputs.contains_key(name) {
            return Some((ArgumentPart::Output(name), length));
        }
    }
    None
}
