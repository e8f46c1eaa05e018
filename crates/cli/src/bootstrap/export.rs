//! `snowguard bootstrap export`

use super::{ChainOptions, StoreOptions};
use bootstrap::{Built, export};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the chain as Nix derivations, which Nix builds to the same bytes: on its remote builders,
/// into its binary caches.
///
/// The folder holds default.nix, all files, and the unpacked sources with their hashes; nothing of
/// it is needed from the network, and no package of Nix takes part.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap export nix-chain && nix-build nix-chain -A tcc2
  nix-build nix-chain -A tcc2 --arg pinned true    Nix refuses other bytes than those built here")]
pub(crate) struct Options {
    /// The folder to write, which is made or empty
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    chain: ChainOptions,
    #[command(flatten)]
    store: StoreOptions,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = options.chain.plan(&[])?;
    let store = options.store.contents()?;
    let built = Built::read(&plan, &store)?;
    export::nix(&plan, &built, &store, &options.to)?;
    let known = plan.steps.iter().filter(|step| built.steps.contains_key(&step.name)).count();
    if known < plan.steps.len() {
        crate::exit::warn(format_args!(
            "{} of {} steps are not built here, so `--arg pinned true` does not check them",
            plan.steps.len() - known,
            plan.steps.len()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
