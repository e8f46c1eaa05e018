//! What the tests of several crates need.
//!
//! | for | begin with |
//! |---|---|
//! | our program, as a user calls it | [`snowguard!`], [`Snowguard`], [`Outcome`] |
//! | files of a test's own | [`Scratch`], [`copy_tree`] |
//! | real data next to the project | [`data()`], [`files`] |
//! | programs of the toolbox | [`ToolboxFolder`], [`sandbox`], [`NixStore`], [`Browser`] |
//! | servers on the loopback device | [`FileServer`], [`serve`], [`serve_in_turn`]; with the feature `tls`, `TlsIdentity` |
//! | PostgreSQL | [`postgres_database`], [`Postgres`] |
//! | Python programs and libraries | [`python`], [`peers()`] |
//!
//! What is missing is a panic that names the command to get it, so that a test fails; none is
//! skipped.

#![allow(clippy::unwrap_used)]

mod browser;
mod data;
mod file_server;
mod nix;
mod outcome;
mod peers;
mod postgres;
mod program;
mod scratch;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod toolbox;

pub use browser::Browser;
pub use data::{data, files};
pub use file_server::{Fault, FileServer};
pub use nix::{Nix, NixStore};
pub use outcome::{Outcome, run_with_input};
pub use peers::{peer_file, peers, python};
pub use postgres::{Postgres, postgres_database};
pub use program::{Arguments, Snowguard};
pub use scratch::{Scratch, copy_tree};
pub use server::{HttpRequest, http_ok, http_response, nobody, serve, serve_in_turn};
#[cfg(feature = "tls")]
pub use tls::{TlsEnd, TlsIdentity};
pub use toolbox::{ToolboxFolder, efi_files, sandbox, toolbox};

use std::path::{Path, PathBuf};

/// The folder of the project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
