//! `snowguard tracker`: the web service.

mod account;
mod history;
mod job;

use crate::exit::Failure;
use clap::{Args, Subcommand, ValueEnum};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tracker::app::Clock;
use tracker::config::{Config, Role};
use tracker::serve;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(ServeOptions),
    /// Make and list accounts, and give them roles.
    #[command(subcommand)]
    Account(account::Command),
    /// Show or run what the service does again and again.
    #[command(subcommand)]
    Job(job::Command),
    VerifyHistory(history::Options),
}

/// Run the service.
#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    place: Place,
    /// Listen at this address
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Serve pages, run jobs, or both
    #[arg(long, value_enum)]
    role: Option<RoleName>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Pages and jobs
    All,
    /// Pages only
    Web,
    /// Jobs only
    Worker,
}

/// Where the service's data is.
#[derive(Debug, Args)]
struct Place {
    /// Read the set-up from this file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep data in this folder
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Use this database: a `postgres://` URL, or a file for SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

const SERVE_HELP: &str = "\
Examples:
  snowguard tracker serve --data /var/lib/snowguard-tracker
  snowguard tracker serve --database postgres://tracker@localhost/tracker --listen 0.0.0.0:8080
  snowguard tracker serve --config /etc/snowguard/tracker.toml";

pub(crate) fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(options) => run_service(&options),
        Command::Account(command) => account::run(&command),
        Command::Job(command) => job::run(&command),
        Command::VerifyHistory(options) => history::verify(&options),
    }
}

impl Place {
    /// The set-up that the file and these options make together.
    fn config(&self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => Config::read(path).map_err(|error| Failure::usage(error.into()))?,
            None => Config::default(),
        };
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(database) = &self.database {
            config.database = Some(database.clone());
        }
        Ok(config)
    }
}

fn run_service(options: &ServeOptions) -> Result<ExitCode, Failure> {
    let mut config = options.place.config()?;
    if let Some(listen) = options.listen {
        config.listen = listen;
    }
    if let Some(role) = options.role {
        config.role = match role {
            RoleName::All => Role::All,
            RoleName::Web => Role::Web,
            RoleName::Worker => Role::Worker,
        };
    }
    tracker::log::begin();
    let app = serve::open(config, Clock::system()).map_err(Failure::failed)?;
    let ready = |address: Option<SocketAddr>| {
        // Nobody may be reading.
        let _ = match address {
            Some(address) => writeln!(terminal::stderr(), "listening at http://{address}/"),
            None => writeln!(terminal::stderr(), "running jobs"),
        };
    };
    serve::serve(app, ready, serve::asked_to_end()).map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}
