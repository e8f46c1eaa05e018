//! `cargo xtask fuzz`: libFuzzer on every parser of untrusted bytes.
//!
//! The folder `fuzz/` is laid out as cargo-fuzz wants it, so `cargo fuzz run TARGET` works for
//! whoever has it. This command needs neither cargo-fuzz nor a nightly compiler: the coverage
//! instrumentation is an LLVM pass that the stable compiler can run, and only AddressSanitizer is
//! missing (which finds little in code without `unsafe`).

mod build;
mod campaign;
mod seeds;

use crate::workspace;
use anyhow::{Context, bail};
use std::path::PathBuf;

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long to fuzz in all, divided over the targets
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only these targets (may be repeated); without it, all of them
    #[arg(long)]
    target: Vec<String>,
    /// Only name the targets
    #[arg(long)]
    list: bool,
    /// Run one target once on this file, such as the input of a crash
    #[arg(long, value_name = "FILE", requires = "target")]
    reproduce: Option<PathBuf>,
}

/// Builds the fuzz targets, gathers seeds and runs them.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let all = targets()?;
    if options.list {
        for target in &all {
            println!("{target}");
        }
        return Ok(());
    }
    let chosen = if options.target.is_empty() { all.clone() } else { options.target.clone() };
    if let Some(unknown) = chosen.iter().find(|target| !all.contains(target)) {
        bail!("there is no fuzz target `{unknown}`; `cargo xtask fuzz --list` names them");
    }
    let programs = build::build(&chosen)?;
    if let Some(file) = &options.reproduce {
        return programs.iter().try_for_each(|program| campaign::reproduce(program, file));
    }
    seeds::gather(&chosen)?;
    campaign::run(&programs, options.seconds)
}

/// The fuzz workspace.
fn folder() -> PathBuf {
    workspace::root().join("fuzz")
}

/// Fuzz targets by name: one file each in `fuzz/fuzz_targets`, sorted.
fn targets() -> anyhow::Result<Vec<String>> {
    let sources = folder().join("fuzz_targets");
    let entries =
        std::fs::read_dir(&sources).with_context(|| format!("cannot list {}", sources.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "rs")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The short run of `cargo xtask test`.
pub(crate) fn smoke() -> anyhow::Result<()> {
    run(&Options { seconds: 60, target: Vec::new(), list: false, reproduce: None })
}
