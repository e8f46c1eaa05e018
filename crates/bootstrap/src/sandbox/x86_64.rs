//! The sandbox of Linux on x86-64.

mod answers;
mod behind;
mod calls;
mod cgroup;
mod clock;
mod error;
mod filter;
mod helper;
mod init;
mod rights;
mod root;
mod trace;
mod tree;
mod user;

use super::{Answer, SandboxError, SandboxTask, TIME};
use crate::causes::Causes;
use error::SetupError;
use std::path::{Path, PathBuf};

/// Whether there is a sandbox here.
#[expect(clippy::unnecessary_wraps, reason = "it is an error on other machines")]
pub(super) fn check() -> Result<(), SandboxError> {
    Ok(())
}

/// Makes the namespaces and runs the task in them.
pub(super) fn enter(task: &SandboxTask) -> Answer {
    let root = nix::unistd::geteuid().is_root();
    helper::enter(task).unwrap_or_else(|error| broken(&error, root))
}

/// What the driver is told of an error. `root` is whether root started the sandbox.
fn broken(error: &SetupError, root: bool) -> Answer {
    Answer::Broken { problem: Causes(error).to_string(), obstacle: error.obstacle(root) }
}

/// `path`, which must be absolute, below `root`.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
