//! What is wrong with a document that is made of lines.

use std::error::Error;

/// What is wrong with a line: displayed as its number, with the problem as its source.
#[derive(Debug, thiserror::Error)]
#[error("line {number}")]
pub struct LineError {
    number: usize,
    source: Box<dyn Error + Send + Sync>,
}

impl LineError {
    /// Lines are counted from 1.
    pub(crate) fn new(number: usize, problem: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { number, source: problem.into() }
    }
}
