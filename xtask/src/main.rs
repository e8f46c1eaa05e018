//! `cargo xtask`: everything the project automates, in Rust and without shell scripts.
//!
//! One file per command. Helper programs are started with argument vectors; nothing is ever handed
//! to a shell.

use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod aarch64;
mod bench;
mod crates;
mod debian;
mod deny;
mod deps;
mod fuzz;
mod metadata;
mod modules;
mod process;
mod python;
mod quality;
mod site;
mod test;
mod toolbox;
mod tools;
mod workspace;

/// Everything the project automates.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that a change must pass; installs what it needs
    Test(test::Options),
    /// Make (once) the Debian sid root with the real peers and oracles that tests compare with
    Toolbox(toolbox::Options),
    /// Install (once) the Python peers and oracles, and print where they are
    Peers,
    /// Print how large each crate is, how much it shows, and what it brings along
    Crates(crates::Options),
    /// Check licences, duplicate versions and sources of the dependencies
    Deny(deny::Options),
    /// Build the manual as a site with a search, and check where its links lead
    Site,
    /// Fuzz the parsers of untrusted bytes
    Fuzz(fuzz::Options),
    /// Draw, show and check the pairs that matching is judged with
    Quality(quality::Options),
    /// Measure speed and quality, next to the peers and in one run
    Bench(bench::Options),
}

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Toolbox(options) => toolbox::run(&options),
        Command::Peers => {
            println!("{}", python::peers()?.display());
            Ok(())
        }
        Command::Crates(options) => crates::run(&options),
        Command::Deny(options) => deny::run(&options),
        Command::Site => site::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Quality(options) => quality::run(&options),
        Command::Bench(options) => bench::run(&options),
    }
}
