//! The snowguard program: arguments in, exit codes and text out.

mod bootstrap;
mod db;
mod demo;
mod exit;
mod explain;
mod folder;
mod keys;
mod location;
mod manual;
mod pe;
mod progress;
mod sbat;
mod scan;
mod show;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A scan makes and frees millions of small texts on several threads; the system's allocator takes a quarter of the
/// time of a scan for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Finds known vulnerabilities in what Nix has built.
#[derive(Debug, Parser)]
#[command(name = "snowguard", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make, update and inspect the local database of vulnerability records.
    #[command(subcommand)]
    Db(db::Command),
    Scan(scan::Options),
    Explain(explain::Options),
    Show(show::Options),
    Demo(demo::Options),
    /// Look at EFI programs, change their sections and their signatures.
    #[command(subcommand)]
    Pe(pe::Command),
    /// Which generation of which component an EFI program is, and what is revoked.
    #[command(subcommand)]
    Sbat(sbat::Command),
    /// Make and enrol the keys of Secure Boot, and see whose are enrolled.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Build a C compiler from a seed of 255 bytes.
    #[command(subcommand)]
    Bootstrap(bootstrap::Command),
    Completions(manual::CompletionOptions),
    Man(manual::ManOptions),
}

const EXIT_CODES: &str = "\
Begin with:
  snowguard demo              a made-up system, nothing to install first
  snowguard db update --help  where the records come from
  snowguard scan              the running system

Exit codes: 0 done and clean, 1 findings, 2 wrong usage, 3 it could not be done.";

/// Exit code for what could not be done. Wrong usage gives 2, which clap sees to.
const COULD_NOT: u8 = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Db(command) => db::run(command),
        Command::Scan(options) => Ok(scan::run(&options)),
        Command::Explain(options) => Ok(explain::run(&options)),
        Command::Demo(options) => Ok(demo::run(&options)),
        Command::Pe(command) => Ok(pe::run(&command)),
        Command::Sbat(command) => Ok(sbat::run(&command)),
        Command::Keys(command) => Ok(keys::run(&command)),
        Command::Bootstrap(command) => Ok(bootstrap::run(&command)),
        Command::Show(options) => Ok(show::run(&options)),
        Command::Completions(options) => Ok(manual::completions::<Cli>(&options)),
        Command::Man(options) => Ok(manual::man::<Cli>(&options)),
    };
    done.unwrap_or_else(|error| {
        // The whole chain, once.
        anstream::eprintln!(
            "{}error:{} {error:#}",
            anstyle::AnsiColor::Red.on_default().bold(),
            anstyle::Reset
        );
        ExitCode::from(COULD_NOT)
    })
}
