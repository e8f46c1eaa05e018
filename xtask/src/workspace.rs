//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    // xtask always runs from the checkout it was compiled in: it is never installed.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// The workspace's own `target` folder.
///
/// Not cargo's: toolbox, Python peers and tools are large, independent of how the code is compiled, and shared by every
/// `CARGO_TARGET_DIR` that somebody may use.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}
