//! `cargo xtask bench`: speed and quality, measured next to the peers and in one run.
//!
//! Absolute numbers say something about the machine; ratios between us and a peer, measured one
//! after the other on the same input, say something about the program. So every section prints
//! ratios, and none of them is a test: nothing here fails because a machine is slow.
//!
//! An ordinary build of xtask leaves the sections out, because they link the crates that they
//! measure and mean something only with optimisations. The command therefore starts itself again,
//! built as it has to be.

#[cfg(feature = "bench")]
mod chain;
#[cfg(feature = "bench")]
mod compare;
#[cfg(feature = "bench")]
mod environment;
#[cfg(feature = "bench")]
mod images;
#[cfg(feature = "bench")]
mod inputs;
#[cfg(feature = "bench")]
mod measure;
#[cfg(feature = "bench")]
mod ours;
#[cfg(feature = "bench")]
mod peers;
#[cfg(feature = "bench")]
mod sections;
#[cfg(feature = "bench")]
mod table;

use std::path::PathBuf;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Sections to run; without any, all of them
    sections: Vec<String>,
    /// Compare with another `snowguard`, such as one built from an older commit, instead of with
    /// the peers
    #[arg(long, value_name = "PROGRAM", conflicts_with = "sections")]
    with: Option<PathBuf>,
    /// How often each of the two programs is measured
    #[arg(long, value_name = "TIMES", requires = "with", default_value_t = 11)]
    rounds: usize,
    /// Count instructions too (minutes, under valgrind)
    #[arg(long, requires = "with")]
    instructions: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Only name the sections
    #[arg(long)]
    list: bool,
}

/// Builds the optimised program with the benchmarks and hands over to it.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut command = crate::workspace::cargo();
    command
        .args([
            "run",
            "--quiet",
            "--release",
            "--locked",
            "--package=xtask",
            "--features=bench",
            "--",
            "bench",
        ])
        .args(&options.sections);
    if let Some(program) = &options.with {
        command.arg("--with").arg(std::path::absolute(program)?);
        command.arg(format!("--rounds={}", options.rounds));
    }
    let flags =
        [(options.json, "--json"), (options.list, "--list"), (options.instructions, "--instructions")];
    command.args(flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag));
    crate::process::run(&mut command)
}

/// Runs the sections and prints their tables.
#[cfg(feature = "bench")]
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    use anyhow::{Context, bail};
    use table::Table;

    if options.list {
        for section in sections::ALL {
            println!("{:<10} {}", section.name, section.what);
        }
        return Ok(());
    }
    let known = |name: &String| sections::ALL.iter().any(|section| section.name == name);
    if let Some(unknown) = options.sections.iter().find(|name| !known(name)) {
        bail!("there is no section `{unknown}`; `cargo xtask bench --list` names them");
    }
    let environment = environment::Environment::read()?;
    if !options.json {
        println!("{environment}");
    }
    let mut tables = Vec::new();
    let mut add = |name: &'static str, table: Table| {
        if !options.json {
            println!("\n{table}");
        }
        tables.push((name, table));
    };
    if let Some(program) = &options.with {
        add("compare", compare::run(program, options.rounds, options.instructions)?);
    } else {
        let chosen = |section: &&sections::Section| {
            options.sections.is_empty() || options.sections.iter().any(|name| name == section.name)
        };
        for section in sections::ALL.iter().filter(chosen) {
            eprintln!("== {}: {}", section.name, section.what);
            let measured = (section.run)().with_context(|| format!("section {}", section.name))?;
            for table in measured {
                add(section.name, table);
            }
        }
    }
    if options.json {
        let tables: Vec<_> = tables.iter().map(|(section, table)| table.to_json(section)).collect();
        println!("{:#}", serde_json::json!({ "environment": environment.to_json(), "tables": tables }));
    }
    Ok(())
}
