//! Errors of knowledge files.

use std::fmt;
use std::ops::Range;

/// Why a knowledge file could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeError {
    /// It is not TOML, or not of the expected form.
    #[error("{file}: {problem}")]
    Toml {
        /// The file as the caller calls it.
        file: String,
        /// What is wrong, and the line and column.
        problem: TomlProblem,
    },
    /// A rule that would do nothing or everything.
    #[error("{file}: [[{table}]] number {index}: {problem}")]
    Rule {
        /// The file as the caller calls it.
        file: String,
        /// The table that the rule is an entry of.
        table: &'static str,
        /// The number of the entry, from 1.
        index: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// What is wrong with a TOML text and where, on one line: the text itself, which TOML's own errors
/// show, may be endless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TomlProblem {
    /// Line and column, from 1, if the problem has a place.
    place: Option<(usize, usize)>,
    message: String,
}

impl TomlProblem {
    /// From the text, and the message and span (in bytes) of the error that reading it gave.
    pub fn new(text: &str, message: &str, span: Option<Range<usize>>) -> Self {
        let before = span.and_then(|span| text.as_bytes().get(..span.start));
        let place = before.map(|before| {
            let line = before.split(|byte| *byte == b'\n').count();
            let column = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().len() + 1;
            (line, column)
        });
        Self { place, message: message.chars().take(300).collect() }
    }
}

impl fmt::Display for TomlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}
