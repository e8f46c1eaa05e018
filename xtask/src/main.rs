//! `cargo xtask`: everything the project automates, in Rust and without shell scripts.
//!
//! One file per command. Helper programs are started with argument vectors; nothing is ever handed to a shell.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod debian;
mod process;
mod toolbox;
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
    /// Make (once) the Debian sid root with the real peers and oracles that tests compare with
    Toolbox(toolbox::Options),
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
        Command::Toolbox(options) => toolbox::run(&options),
    }
}
