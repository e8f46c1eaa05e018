//! `cargo xtask deny`: licences, duplicate versions and sources of the dependencies, by cargo-deny
//! and `deny.toml`.
//!
//! The database of advisories is a git repository that CI does not reach, so advisories are checked
//! only on request.

use crate::tools::Tool;
use crate::{process, workspace};
use std::process::Command;

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Arguments of `cargo xtask deny`.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Check advisories too: fetches the RustSec database
    #[arg(long)]
    advisories: bool,
}

/// Runs cargo-deny, and installs it first where it is missing.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let program = CARGO_DENY.ensure()?;
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let mut command = Command::new(&program);
        command
            .current_dir(workspace::root())
            .args(["--manifest-path", manifest, "--config", "deny.toml", "--workspace"])
            .args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
        if options.advisories {
            command.arg("advisories");
        }
        process::run(&mut command)?;
    }
    Ok(())
}
