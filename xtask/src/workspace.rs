//! Where things are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    // xtask always runs from the checkout it was compiled in: it is never installed.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// The workspace's own `target` folder.
///
/// Not cargo's: toolbox, Python peers and tools are large, independent of how the code is compiled,
/// and shared by every `CARGO_TARGET_DIR` that somebody may use.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Where cargo puts what it compiles: `CARGO_TARGET_DIR`, or [`target`].
pub(crate) fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(target, |folder| root().join(folder))
}

/// Real data for tests, fuzz seeds and benchmarks: `SNOWGUARD_SHARED_DATA`, or `../shared/data`
/// next to the checkout.
pub(crate) fn shared_data() -> PathBuf {
    std::env::var_os("SNOWGUARD_SHARED_DATA")
        .map_or_else(|| root().join("../shared/data"), |folder| root().join(folder))
}

/// The cargo that started us, in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The compiler that cargo uses.
pub(crate) fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}
