//! Development tools that are no crates of ours: found in `PATH`, installed as prebuilt packages
//! (`xtask/tools.txt`), or built from source where none fits.

use crate::{process, python, workspace};
use std::path::PathBuf;

/// A program that one of our commands needs.
pub(crate) struct Tool {
    /// The program, and the crate that it comes from.
    pub(crate) name: &'static str,
    /// The version that is built from source; the same as in `xtask/tools.txt`.
    pub(crate) version: &'static str,
}

impl Tool {
    /// Gives its path: that of `PATH`, or one under `target/tools`.
    pub(crate) fn ensure(&self) -> anyhow::Result<PathBuf> {
        let Self { name, version } = self;
        if let Some(program) = process::find_in_path(name) {
            return Ok(program);
        }
        let folder = workspace::target().join("tools");
        let program = folder.join("bin").join(name);
        // Seconds instead of minutes, for the machine that CI is.
        if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
            let requirements = workspace::root().join("xtask/tools.txt");
            python::environment(&folder, &requirements, &["--require-hashes", "--no-deps"])?;
        } else if !program.is_file() {
            eprintln!("tools: building {name} {version} (some minutes, once)");
            process::run(
                workspace::cargo()
                    .args(["install", "--locked", "--version", version, name, "--root"])
                    .arg(&folder),
            )?;
        }
        Ok(program)
    }
}
