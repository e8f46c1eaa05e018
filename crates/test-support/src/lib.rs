//! What the tests of several crates need: real data, the toolbox's programs, the Python peers.
//!
//! What is missing is a panic that says how to get it, so that a test fails; none is skipped.

#![allow(clippy::unwrap_used)]

mod data;
mod peers;
mod process;
mod toolbox;

pub use data::{data, files};
pub use peers::{peers, python};
pub use process::ask;
pub use toolbox::{Room, efi_files, toolbox};

use std::path::{Path, PathBuf};

/// The folder of the project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
