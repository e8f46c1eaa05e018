//! Paths of the sandbox inside arguments: what else would have to stand there, if a step is run elsewhere.

use crate::steps::Step;

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text that means the same everywhere.
    Text(&'a str),
    /// `/in/NAME`.
    Input(&'a str),
    /// `/out/NAME`.
    Output(&'a str),
    /// `/build/`, or `/build` at the end: where the step begins.
    Build,
}

/// Where absolute paths begin in an argument: at its beginning, behind `=`, `:`, `,`, and behind an option of one letter
/// (`-I/in/include`).
pub(crate) fn paths(argument: &str) -> impl Iterator<Item = (usize, &str)> {
    argument.match_indices('/').filter_map(move |(at, _)| {
        let (before, path) = argument.split_at_checked(at)?;
        let begins = before.is_empty()
            || before.ends_with(['=', ':', ','])
            || (before.len() == 2 && before.starts_with('-'));
        begins.then_some((at, path))
    })
}

/// The parts of an argument of a step.
pub fn parts<'a>(step: &Step, argument: &'a str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut done = 0;
    for (at, path) in paths(argument) {
        if at < done {
            continue;
        }
        let Some((part, length)) = place(step, path) else { continue };
        if at > done {
            parts.push(Part::Text(argument.get(done..at).unwrap_or_default()));
        }
        parts.push(part);
        done = at + length;
    }
    if done < argument.len() || parts.is_empty() {
        parts.push(Part::Text(argument.get(done..).unwrap_or_default()));
    }
    parts
}

/// The place that a path begins with, and how many bytes name it.
fn place<'a>(step: &Step, path: &'a str) -> Option<(Part<'a>, usize)> {
    if path == "/build" {
        return Some((Part::Build, path.len()));
    }
    if path.starts_with("/build/") {
        return Some((Part::Build, "/build/".len()));
    }
    for (folder, input) in [("/in/", true), ("/out/", false)] {
        let Some(rest) = path.strip_prefix(folder) else { continue };
        let name = rest.split(['/', '=', ':', ',']).next().unwrap_or_default();
        let length = folder.len() + name.len();
        if input && step.inputs.contains_key(name) {
            return Some((Part::Input(name), length));
        }
        if !input && step.outputs.contains_key(name) {
            return Some((Part::Output(name), length));
        }
    }
    None
}
