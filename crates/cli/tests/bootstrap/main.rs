//! `snowguard bootstrap`: the chain, its sandbox, and what happens when it is killed or tampered with.

#![allow(clippy::unwrap_used)]

mod chain;
mod ddc;
mod kill;
mod reports;
mod sandbox;
mod tamper;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use test_support::project;

/// The program with a command of `bootstrap`.
fn snowguard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard"));
    command.arg("bootstrap").args(arguments).env_remove("SNOWGUARD_BOOTSTRAP");
    command
}

/// Runs a command, which must succeed, and gives what it prints.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", complaint(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command, which must fail, and gives what it complains.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{command:?}: {}", complaint(&output));
    complaint(&output)
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The chain of the project.
fn chain() -> PathBuf {
    project().join("bootstrap").canonicalize().unwrap()
}

/// A folder with the sources of others, fetched once, each under its own name: a mirror.
fn mirror() -> &'static Path {
    static MIRROR: OnceLock<PathBuf> = OnceLock::new();
    MIRROR.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-sources");
        let store = folder.join("store");
        let chain = chain();
        let list = run(snowguard(&["fetch", "--folder"]).arg(&chain).arg("--store").arg(&store));
        let plan: serde_json::Value =
            serde_json::from_str(&run(snowguard(&["plan", "--json", "--folder"]).arg(&chain))).unwrap();
        for source in plan["sources"].as_array().unwrap() {
            let sha256 = source["sha256"].as_str().unwrap();
            assert!(list.contains(sha256), "{list}");
            std::fs::copy(store.join("sources").join(sha256), folder.join(source["file"].as_str().unwrap()))
                .unwrap();
        }
        folder
    })
}

/// `build` of the project's chain in a store, from the mirror.
fn build(store: &Path) -> Command {
    let mut command = snowguard(&["build", "--from=mirror", "--folder"]);
    command.arg(chain()).arg("--mirror").arg(mirror()).arg("--store").arg(store);
    command
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
