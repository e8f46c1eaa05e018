//! `snowguard bootstrap ddc`

use super::build::build;
use super::{ChainOptions, SourceOptions, StoreOptions, how};
use crate::exit::{FOUND, Failure};
use bootstrap::ddc::{self, DdcRecipe};
use bootstrap::{Builder, first_difference};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// Compile the chain's last compiler by compilers of this machine too, and compare.
///
/// Diverse double compiling: each compiler compiles tcc, and that tcc compiles tcc again, in the
/// sandbox, by the commands of the chain. All must reach the same bytes as the chain. Exit code 0:
/// they do; 1: one does not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard bootstrap ddc
  snowguard bootstrap ddc --compiler gcc-11 --compiler clang")]
pub(crate) struct Options {
    /// A compiler of this machine; may be given several times
    #[arg(long, value_name = "PROGRAM", default_values = ["gcc", "clang"])]
    compiler: Vec<String>,
    #[command(flatten)]
    chain: ChainOptions,
    #[command(flatten)]
    sources: SourceOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let plan = options.chain.plan(&[]).map_err(Failure::usage)?;
    let (recipe, step) = DdcRecipe::read(&plan).map_err(|error| Failure::usage(error.into()))?;
    let store = options.store.open()?;
    let how = how(&options.sources, None, false)?;
    let builder = Builder::new(&plan, &store, &how);
    let results = build(&builder)?;
    let chain = results.get(&recipe.step).map(|result| result.outputs.clone()).unwrap_or_default();
    let mut out = terminal::stdout();
    let failed = |error: std::io::Error| Failure::failed(error);
    let mut code = ExitCode::SUCCESS;
    for compiler in &options.compiler {
        let outcome =
            ddc::compile(&builder, &store, (&recipe, step), &results, compiler).map_err(Failure::failed)?;
        let same = outcome.outputs == chain;
        if !same {
            code = ExitCode::from(FOUND);
        }
        if options.json {
            let line = json!({
                "compiler": compiler,
                "version": outcome.version,
                "program": outcome.program,
                "step": recipe.step,
                "chain": chain,
                "outputs": outcome.outputs,
                "same": same,
            });
            writeln!(out, "{line}").map_err(failed)?;
            continue;
        }
        let version = terminal::clean(&outcome.version);
        writeln!(out, "{}: {version}", terminal::clean(compiler)).map_err(failed)?;
        writeln!(out, "  its {:<12} {}", recipe.input, outcome.program.sha256).map_err(failed)?;
        for (name, object) in &outcome.outputs {
            let own = chain.get(name);
            let verdict =
                if own == Some(object) { "same as the chain's" } else { "DIFFERENT from the chain's" };
            writeln!(out, "  {}/{name:<11} {} {verdict}", recipe.step, object.sha256).map_err(failed)?;
            if let Some(own) = own.filter(|own| *own != object)
                && let Some(difference) =
                    first_difference(&store.path(own), &store.path(object)).map_err(Failure::failed)?
            {
                writeln!(out, "{difference}").map_err(failed)?;
            }
        }
    }
    Ok(code)
}
