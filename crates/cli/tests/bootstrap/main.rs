//! `snowguard bootstrap`: the chain, its sandbox, and what happens when it is killed or tampered
//! with.

#![allow(clippy::unwrap_used)]

mod chain;
mod ddc;
mod escapes;
mod kill;
mod left;
mod machines;
mod reports;
mod sandbox;
mod tamper;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use test_support::{Outcome, project, snowguard};

/// A command of `snowguard bootstrap`.
fn bootstrap_command(arguments: &[&str]) -> Command {
    snowguard!().command([&["bootstrap"], arguments].concat())
}

/// Runs a command, which must succeed, and gives what it prints.
#[track_caller]
fn run(command: &mut Command) -> String {
    Outcome::of(command).success()
}

/// Runs a command, which cannot do what it should, and gives what it reports.
#[track_caller]
fn refused(command: &mut Command) -> String {
    Outcome::of(command).failure(3)
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
        let mut fetch = snowguard!().with_network().command("bootstrap fetch --folder");
        let list = run(fetch.arg(&chain).arg("--store").arg(&store));
        let plan: serde_json::Value =
            serde_json::from_str(&run(bootstrap_command(&["plan", "--json", "--folder"]).arg(&chain)))
                .unwrap();
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
    let mut command = bootstrap_command(&["build", "--from=mirror", "--folder"]);
    command.arg(chain()).arg("--mirror").arg(mirror()).arg("--store").arg(store);
    command
}
