//! Python environments under `target/`, made from requirement files with exact versions.

use crate::{debian, process, workspace};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the peers are: `target/peers/bin/vulnix` and so on.
pub(crate) fn peers_folder() -> PathBuf {
    workspace::target().join("peers")
}

/// Installs the peers and oracles of `xtask/python-peers.txt` (once) and gives the folder of the
/// environment.
pub(crate) fn peers() -> anyhow::Result<PathBuf> {
    let folder = peers_folder();
    environment(&folder, &workspace::root().join("xtask/python-peers.txt"), &[])?;
    Ok(folder)
}

/// Installs what a requirement file lists into the environment at `folder`, unless that was already
/// done.
///
/// An environment holds absolute paths and cannot be renamed into place; its stamp is written last
/// instead, and one without the right stamp is made again from nothing.
///
/// # Errors
/// When Python cannot make environments or pip fails.
pub(crate) fn environment(folder: &Path, requirements: &Path, pip_arguments: &[&str]) -> anyhow::Result<()> {
    let wanted = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let usable = Command::new("python3").args(["-c", "import ensurepip, venv"]).output();
    if !usable.is_ok_and(|output| output.status.success()) {
        debian::install("python", &["python3-venv"])?;
    }
    eprintln!("python: installing {} into {}", requirements.display(), folder.display());
    process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    process::run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=5"])
            .args(pip_arguments)
            .arg("--requirement")
            .arg(requirements),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
