//! `snowguard keys enroll`

use crate::exit;
use crate::pe::signer::{passphrase, warn_of_open_key};
use anyhow::{Context, bail};
use authenticode::Time;
use authenticode::lists::SignatureDatabase;
use clap::Args;
use secure_boot::{
    EFIVARS, Efivars, KeyFolder, MICROSOFT, SecureBootState, SignedEnrolment, ThirdPartyKeys, describe,
    microsoft_of_machine, plan, read_database,
};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use terminal::clean;

/// Enrol the keys that `snowguard keys create` made. The machine must be in setup mode.
///
/// db and KEK are written first and PK last, which switches Secure Boot on: stopped before, the
/// machine starts as it did.
///
/// Cards with programs in option ROMs (graphics, network, storage) need Microsoft's certificates,
/// which sign them: without, the machine may not even show a picture. So `--microsoft` is taken for
/// granted, and leaving it out wants `--yes`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys enroll --dir keys --microsoft --dry-run
  snowguard keys enroll --dir keys --microsoft
  snowguard keys enroll --dir keys --yes     # option ROMs are known to be none, or signed by these keys")]
pub(crate) struct Options {
    /// The folder that `snowguard keys create` made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Microsoft's certificates too: those that the firmware brought (dbDefault, KEKDefault, db,
    /// KEK), or those in PATH
    #[arg(long, value_name = "PATH")]
    #[expect(clippy::option_option, reason = "how clap says that the value may be left out")]
    microsoft: Option<Option<PathBuf>>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only print what would be written
    #[arg(long)]
    dry_run: bool,
    /// Do it although option ROMs will not be let through
    #[arg(long)]
    yes: bool,
    /// A file with the passphrase of the keys; without it, the variable SNOWGUARD_KEY_PASSPHRASE is
    /// used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let folder = KeyFolder::open(&options.dir)?;
    let variables = Efivars::open(&options.efivars)?;
    let state = SecureBootState::read(|variable| variables.read(variable))?;
    let others = others(options, &variables)?;
    let changes = plan(&state, folder.keys(), &others)?;
    let mut out = terminal::stdout();
    for change in &changes {
        writeln!(out, "{}", change.variable)?;
        let mut database = SignatureDatabase::default();
        database.add_lists(change.variable.name, &change.lists);
        for (entry, certificate) in database.certificates() {
            writeln!(out, "  {}", clean(&describe(entry.owner, certificate)))?;
        }
    }
    if !others.let_option_roms_through() {
        let warning = "option ROMs of cards will not be let through: without Microsoft's certificates the machine may not \
                       even show a picture";
        if !options.yes && !options.dry_run {
            bail!("{warning}; add --microsoft, or --yes if you are sure");
        }
        exit::warn(warning);
    }
    if options.dry_run {
        writeln!(out, "nothing was written (--dry-run)")?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let now = Time::from_unix(now).context("the clock is after 9999")?;
    let passphrase = passphrase(options.passphrase_file.as_deref());
    for (path, mode) in folder.readable_by_all() {
        warn_of_open_key(&path, mode);
    }
    // Everything is signed before anything is written.
    SignedEnrolment::sign(&changes, &folder, &passphrase, now)?.apply(&folder, &variables)?;
    writeln!(
        out,
        "enrolled; Secure Boot is on from the next start. Sign what is to start: snowguard pe sign"
    )?;
    Ok(ExitCode::SUCCESS)
}

fn others(options: &Options, variables: &Efivars) -> anyhow::Result<ThirdPartyKeys> {
    let mut others = ThirdPartyKeys::default();
    match &options.microsoft {
        None => {}
        Some(None) => others = microsoft_of_machine(variables)?,
        Some(Some(path)) => {
            let database = read_database(std::slice::from_ref(path))?;
            others.add_certificates(MICROSOFT, database.certificates().map(|(_, certificate)| certificate));
        }
    }
    Ok(others)
}
