//! `snowguard.toml`: what would otherwise be given as options each time.
//!
//! It is looked for upwards from the working directory, then in the user's and the system's
//! folders; the first one counts, and none is mixed with another. Its values become the defaults of
//! the options of the same names, so options override it, and help shows what is in force.

mod keys;
mod read;

use crate::exit::{self, Failure};
use crate::mirrors;
use anyhow::{Context as _, anyhow};
use clap::Command;
use keys::{KEYS, Key, Kind};
use read::Setting;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How the file is called.
const NAME: &str = "snowguard.toml";

/// The most bytes of it.
const MAXIMUM: u64 = 1 << 20;

/// The folders in which the system's is looked for, besides `XDG_CONFIG_DIRS`.
const SYSTEM: &str = "/etc/snowguard";

/// Options of all commands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "All commands")]
pub(crate) struct Global {
    /// Read this configuration instead of the first snowguard.toml upwards from here, in
    /// $XDG_CONFIG_HOME/snowguard or in /etc/snowguard
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, global = true)]
    no_config: bool,
    /// Print no warnings, hints and progress; errors and results remain
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more: which configuration and database are used, and how long things take
    #[arg(long, short, global = true)]
    verbose: bool,
}

/// The commands that it is for. Keys, programs and compilers are no matter of it.
const COMMANDS: &[&str] = &["scan", "diff", "explain", "show", "db", "config"];

/// The configuration in force.
#[derive(Debug, Default)]
pub(crate) struct Config {
    path: Option<PathBuf>,
    settings: Vec<Setting>,
}

impl Config {
    /// Finds and reads it.
    pub(crate) fn load(global: &Global, command: &str) -> anyhow::Result<Self> {
        if global.no_config || !COMMANDS.contains(&command) {
            return Ok(Self::default());
        }
        let Some(path) = global.config.clone().or_else(find) else { return Ok(Self::default()) };
        let text = files::read_text(&path, MAXIMUM)?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let settings =
            read::parse(&text, folder).map_err(|problem| anyhow!("{}: {problem}", path.display()))?;
        Ok(Self { path: Some(path), settings })
    }

    /// Whether nothing is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The command with other defaults.
    pub(crate) fn apply(&self, command: Command) -> Command {
        let names: Vec<&str> = COMMANDS.to_vec();
        names.into_iter().fold(command, |command, name| {
            if command.find_subcommand(name).is_none() {
                return command;
            }
            command.mut_subcommand(name, |command| self.apply_to(command))
        })
    }

    fn apply_to(&self, mut command: Command) -> Command {
        for setting in &self.settings {
            let Some(key) = KEYS.iter().find(|key| key.name == setting.key) else { continue };
            let has = command.get_arguments().any(|argument| argument.get_id() == key.id);
            // The environment is nearer than a file.
            if !has || key.name == "db" && database_of_environment().is_some() {
                continue;
            }
            // Clap keeps defaults for as long as the program runs.
            let values: Vec<&'static str> =
                setting.values.iter().map(|value| &*Box::leak(value.clone().into_boxed_str())).collect();
            command = command.mut_arg(key.id, |argument| argument.default_values(values));
        }
        let inner: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        inner
            .into_iter()
            .fold(command, |command, name| command.mut_subcommand(name, |command| self.apply_to(command)))
    }
}

/// Applies `--quiet`, `-v` and mirrors, and says which configuration is read.
pub(crate) fn set_up(global: &Global, config: &Config) {
    let mirror = |setting: &Setting| {
        let key = KEYS.iter().find(|key| key.name == setting.key)?;
        matches!(key.kind, Kind::Mirror(_)).then_some((key.name, setting.values.first()?.clone()))
    };
    mirrors::set(config.settings.iter().filter_map(mirror).collect());
    exit::set_verbosity(global.quiet, global.verbose);
    exit::detail(|| match &config.path {
        Some(path) => format!("configuration: {}", path.display()),
        None => "configuration: none".to_owned(),
    });
}

fn database_of_environment() -> Option<OsString> {
    of_environment("SNOWGUARD_DB")
}

fn of_environment(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The first file that there is.
fn find() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let folders = own.into_iter().map(|folder| folder.join("snowguard"));
    let folders = folders.chain([PathBuf::from(SYSTEM)]);
    upwards().or_else(|| folders.map(|folder| folder.join(NAME)).find(|path| path.is_file()))
}

/// The first file upwards from the working directory. One that somebody else could have put there,
/// such as into `/tmp`, is not used: it could hide findings.
fn upwards() -> Option<PathBuf> {
    let folder = env::current_dir().ok()?;
    let path = folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())?;
    let owner = |path: &Path| path.metadata().ok().map(|found: Metadata| found.uid());
    let of_file = owner(&path)?;
    // The owner of one's own process is oneself.
    let ours = [Some(0), owner(Path::new("/proc/self")), owner(&folder)];
    if ours.contains(&Some(of_file)) {
        return Some(path);
    }
    exit::warn(format!("{} belongs to somebody else and is not used; --config names it", path.display()));
    None
}

/// The configuration file
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the values that are in force, and where each comes from.
    Show,
}

/// Runs the command.
pub(crate) fn run(command: &ConfigCommand, config: &Config) -> Result<ExitCode, Failure> {
    let ConfigCommand::Show = command;
    let mut text = String::new();
    for key in KEYS {
        text.push_str(&line(key, config));
        text.push('\n');
    }
    let mut out = terminal::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written.context("cannot write to standard output")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A key as a line of TOML, with its origin.
fn line(key: &Key, config: &Config) -> String {
    let quoted = |text: &str| toml::Value::from(terminal::clean(text)).to_string();
    let variable = match key.kind {
        Kind::Mirror(variable) => variable,
        _ if key.name == "db" => "SNOWGUARD_DB",
        _ => "",
    };
    if let Some(value) = of_environment(variable) {
        return format!("{} = {}  # {variable}", key.name, quoted(&OsStr::to_string_lossy(&value)));
    }
    let path = config.path.as_ref().map(|path| terminal::clean(&path.display().to_string()));
    match (config.settings.iter().find(|setting| setting.key == key.name), path) {
        (Some(setting), Some(path)) => {
            let values: Vec<String> = setting.values.iter().map(|value| quoted(value)).collect();
            let value = if matches!(key.kind, Kind::Paths) {
                format!("[{}]", values.join(", "))
            } else {
                values.join("")
            };
            format!("{} = {value}  # {path}, line {}", key.name, setting.line)
        }
        _ if key.default.is_empty() => format!("# {}: not set", key.name),
        _ if matches!(key.kind, Kind::Path) => format!("# {}: {} (default)", key.name, key.default),
        _ => format!("{} = {}  # default", key.name, quoted(key.default)),
    }
}
