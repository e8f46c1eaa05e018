//! Debian packages of the machine itself.

use crate::process;
use anyhow::{Context, bail};
use std::process::{Command, Stdio};

/// Those of these packages that are not installed.
pub(crate) fn missing<'a>(packages: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
    let mut missing = Vec::new();
    for &package in packages {
        let output = Command::new("dpkg-query")
            .args(["--show", "--showformat=${db:Status-Status}", package])
            .stderr(Stdio::null())
            .output()
            .context("cannot start dpkg-query: this needs Debian or a system made from it")?;
        if !output.status.success() || output.stdout != b"installed" {
            missing.push(package);
        }
    }
    Ok(missing)
}

/// Installs those of these packages that are missing, or names them when this process may not
/// install any.
///
/// # Errors
/// When packages are missing and this process is not root, or apt-get fails.
pub(crate) fn install(what_for: &str, packages: &[&str]) -> anyhow::Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !process::is_root() {
        bail!("{what_for} needs Debian packages that only root may install: apt-get install {list}");
    }
    eprintln!("{what_for}: installing Debian packages: {list}");
    let install = || {
        process::run(
            Command::new("apt-get")
                .args(["install", "--yes", "--quiet", "--no-install-recommends"])
                .args(&missing)
                .env("DEBIAN_FRONTEND", "noninteractive")
                // Only results belong on our standard output.
                .stdout(std::io::stderr()),
        )
    };
    // The package lists may be missing or old: update them only then, it takes longer than the
    // installation.
    if install().is_err() {
        process::run(Command::new("apt-get").args(["update", "--quiet"]).stdout(std::io::stderr()))?;
        install()?;
    }
    Ok(())
}
