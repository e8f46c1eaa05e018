//! The sandbox of Linux on x86-64.

mod error;
mod inside;
mod limits;
mod trace;

use super::{Answer, SandboxError, SandboxTask, TIME};
use crate::causes::Causes;
use std::path::{Path, PathBuf};

/// Whether there is a sandbox here.
#[expect(clippy::unnecessary_wraps, reason = "it is an error on other machines")]
pub(super) fn check() -> Result<(), SandboxError> {
    Ok(())
}

/// Makes the namespaces and runs the task in them.
pub(super) fn enter(task: &SandboxTask) -> Answer {
    inside::enter(task).unwrap_or_else(|error| Answer::Broken(Causes(&error).to_string()))
}

/// `path`, which must be absolute, below `root`.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
