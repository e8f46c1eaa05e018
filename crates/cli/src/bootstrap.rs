//! `snowguard bootstrap`: a C compiler, from a seed that people can read.

mod audit;
mod build;
mod ddc;
mod export;
mod fetch;
mod graph;
mod output;
mod plan;
mod provenance;
mod shell;
mod verify;

use crate::exit::Failure;
use crate::update::certificates;
use anyhow::Context as _;
use bootstrap::sandbox::SandboxHelper;
use bootstrap::sources::SourceOrigin;
use bootstrap::{BuildOptions, Contents, Plan, Store};
use clap::{Args, Subcommand, ValueEnum};
use rustix::fs::Mode;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(plan::Options),
    Fetch(fetch::Options),
    Build(build::Options),
    Verify(verify::Options),
    Ddc(ddc::Options),
    Shell(shell::Options),
    Audit(audit::Options),
    Graph(graph::Options),
    Export(export::Options),
    Provenance(provenance::Options),
    /// Run one step; the other commands start this one.
    #[command(hide = true)]
    Sandbox {
        /// The task; otherwise standard input has it
        task: Option<PathBuf>,
    },
}

/// Which chain.
#[derive(Debug, Args)]
pub(crate) struct ChainOptions {
    /// The folder of the chain: its steps are in steps/*.toml
    #[arg(long, value_name = "DIR", default_value = "bootstrap")]
    folder: PathBuf,
}

impl ChainOptions {
    /// The plan for some steps and what they need, or for all.
    fn plan(&self, steps: &[String]) -> anyhow::Result<Plan> {
        Ok(Plan::read(&self.folder)?.only(steps)?)
    }
}

/// Which steps of which chain.
#[derive(Debug, Args)]
pub(crate) struct StepOptions {
    /// Only these steps, and those that they need
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    #[command(flatten)]
    chain: ChainOptions,
}

impl StepOptions {
    fn plan(&self) -> anyhow::Result<Plan> {
        self.chain.plan(&self.steps)
    }
}

/// Where outputs are kept.
#[derive(Debug, Args)]
pub(crate) struct StoreOptions {
    /// Where outputs are kept [default: $SNOWGUARD_BOOTSTRAP, or snowguard/bootstrap in the user's
    /// cache folder]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl StoreOptions {
    /// What the user says, else `SNOWGUARD_BOOTSTRAP`, else the user's cache folder.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let absolute = |name| variable(name).filter(|path| path.is_absolute());
        let given = self.store.clone();
        let given =
            given.or_else(|| variable("SNOWGUARD_BOOTSTRAP").filter(|path| !path.as_os_str().is_empty()));
        let cache = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        given
            .or_else(|| Some(cache()?.join("snowguard/bootstrap")))
            .context("there is no home folder to keep outputs in; say where with --store")
    }

    /// To read what is in it, also while somebody builds.
    fn contents(&self) -> anyhow::Result<Contents> {
        Ok(Contents::of(&self.folder()?))
    }

    /// To build in it.
    fn open(&self) -> Result<Store, Failure> {
        keep_own_rights();
        Store::open(&self.folder().map_err(Failure::usage)?).map_err(Failure::failed)
    }
}

/// Whatever the umask is: what is made in a store can be used by its owner, and written by nobody
/// else. The process has one thread yet.
fn keep_own_rights() {
    let caller = rustix::process::umask(Mode::RWXU);
    rustix::process::umask((caller | Mode::WGRP | Mode::WOTH) - Mode::RWXU);
}

/// Where sources may come from.
#[derive(Debug, Args)]
pub(crate) struct SourceOptions {
    /// Where to look for sources that are not in the store, in this order
    #[arg(long, value_name = "PLACES", value_delimiter = ',',
        default_values_t = [From::Mirror, From::Debian, From::Upstream, From::Crate])]
    from: Vec<From>,
    /// A folder that has sources under their names; may be given several times
    #[arg(long, value_name = "DIR")]
    mirror: Vec<PathBuf>,
}

/// A kind of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// The folders of --mirror
    Mirror,
    /// Debian's archive, through apt-get of this machine
    Debian,
    /// The addresses of those who publish them
    Upstream,
    /// The registry of Rust's crates, through cargo of this machine
    Crate,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mirror => "mirror",
            Self::Debian => "debian",
            Self::Upstream => "upstream",
            Self::Crate => "crate",
        })
    }
}

impl SourceOptions {
    fn origins(&self) -> Vec<SourceOrigin> {
        let origins = self.from.iter().flat_map(|from| match from {
            From::Mirror => self.mirror.iter().cloned().map(SourceOrigin::Mirror).collect(),
            From::Debian => vec![SourceOrigin::Debian],
            From::Upstream => vec![SourceOrigin::Upstream { certificates: certificates() }],
            From::Crate => vec![SourceOrigin::Crates],
        });
        origins.collect()
    }
}

/// How steps are run: that many at a time, or as many as there are processors.
fn how(sources: &SourceOptions, jobs: Option<usize>, unpinned: bool) -> Result<BuildOptions, Failure> {
    // The sandbox is this program, started again.
    let program = std::env::current_exe()
        .context("cannot find this program: /proc is not there")
        .map_err(Failure::failed)?;
    Ok(BuildOptions {
        helper: SandboxHelper { program, arguments: ["bootstrap", "sandbox"].map(str::to_owned).into() },
        origins: sources.origins(),
        jobs: jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        unpinned,
    })
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Plan(options) => plan::run(options).map_err(Failure::failed),
        Command::Fetch(options) => fetch::run(options),
        Command::Build(options) => build::run(options),
        Command::Verify(options) => verify::run(options),
        Command::Ddc(options) => ddc::run(options),
        Command::Shell(options) => shell::run(options),
        Command::Export(options) => export::run(options).map_err(Failure::failed),
        Command::Provenance(options) => provenance::run(options).map_err(Failure::failed),
        Command::Audit(options) => audit::run(options).map_err(Failure::failed),
        Command::Graph(options) => graph::run(options).map_err(Failure::failed),
        Command::Sandbox { task } => {
            let served = bootstrap::sandbox::serve(task.as_deref()).context("cannot serve a sandbox");
            served.map(|()| ExitCode::SUCCESS).map_err(Failure::failed)
        }
    }
}
