//! Compiling the fuzz targets with coverage instrumentation.

use crate::{debian, process, workspace};
use anyhow::bail;
use std::path::PathBuf;
use std::process::Command;

/// What cargo-fuzz passes too (`--sanitizer none`): edge coverage, comparison tracing, and checks
/// that a release build leaves out.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Coverflow-checks",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// A fuzz target, ready to run.
pub(super) struct Program {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Compiles these targets and gives their programs.
///
/// # Errors
/// When the C++ compiler for libFuzzer cannot be had or compilation fails.
pub(super) fn build(targets: &[String]) -> anyhow::Result<Vec<Program>> {
    if process::find_in_path("c++").is_none() {
        debian::install("fuzz", &["g++"])?;
    }
    let triple = host()?;
    let folder = workspace::cargo_target().join("fuzz");
    let mut command = workspace::cargo();
    command
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"])
        // With a target named, the flags do not apply to build scripts and procedural macros.
        .args(["--target", &triple, "--target-dir"])
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    for target in targets {
        command.args(["--bin", target]);
    }
    process::run(&mut command)?;
    let programs = folder.join(triple).join("release");
    Ok(targets.iter().map(|name| Program { name: name.clone(), path: programs.join(name) }).collect())
}

/// The triple that this machine's compiler compiles for.
fn host() -> anyhow::Result<String> {
    let text = process::output(Command::new(workspace::rustc()).arg("-vV"))?;
    match text.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(triple) => Ok(triple.to_owned()),
        None => bail!("`rustc -vV` names no host"),
    }
}
