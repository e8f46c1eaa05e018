//! Python programs and libraries that others wrote.

use crate::project;
use std::path::PathBuf;
use std::process::Command;

/// The Python environment that `cargo xtask peers` makes.
pub fn peers() -> PathBuf {
    let folder =
        std::env::var_os("SNOWGUARD_PEERS").map_or_else(|| project().join("target/peers"), PathBuf::from);
    assert!(folder.join("bin/python").exists(), "no peers at {}: run `cargo xtask peers`", folder.display());
    folder
}

/// A Python program with the peers at hand.
pub fn python(script: &str) -> Command {
    let mut command = Command::new(peers().join("bin/python"));
    command.args(["-I", "-c", script]);
    command
}

/// A file that one of their packages ships.
pub fn peer_file(file: &str) -> PathBuf {
    let library = peers().join("lib");
    let folders = std::fs::read_dir(&library).unwrap().map(|entry| entry.unwrap().path());
    let mut found = folders.map(|folder| folder.join("site-packages").join(file));
    found.find(|path| path.exists()).unwrap_or_else(|| panic!("{file} is not below {}", library.display()))
}
