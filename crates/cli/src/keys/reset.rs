//! `snowguard keys reset`

use super::change::{Planned, now};
use crate::pe::signer::passphrase;
use anyhow::bail;
use authenticode::variable::Variable;
use clap::Args;
use secure_boot::{EFIVARS, Efivars, KeyFolder, SecureBootState, SignedEnrolment, VariableChange};
use serde_json::json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Take the platform key out of the machine: back to setup mode, where everything starts and new
/// keys can be enrolled.
///
/// The change is signed with PK. KEK, db and dbx stay as they are. `snowguard keys apply
/// PK-remove.auth` does the same without the private key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys reset --dir keys --dry-run
  snowguard keys reset --dir keys")]
pub(crate) struct Options {
    /// The folder with the keys that are enrolled
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only print what would be written
    #[arg(long)]
    dry_run: bool,
    /// A file with the passphrase of the key; without it, the variable SNOWGUARD_KEY_PASSPHRASE is
    /// used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let folder = KeyFolder::open(&options.dir)?;
    let variables = Efivars::open(&options.efivars)?;
    let state = SecureBootState::read(|variable| variables.read(variable))?;
    let mut out = terminal::stdout();
    if state.setup_mode == Some(true) {
        let text = if options.json {
            json!({ "changes": [], "written": false }).to_string()
        } else {
            "nothing to do: the machine is in setup mode".to_owned()
        };
        writeln!(out, "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut enrolled = authenticode::lists::SignatureDatabase::default();
    variables.add_to(Variable::PK, &mut enrolled)?;
    if !enrolled.certificates().any(|(_, certificate)| *certificate == folder.keys().pk) {
        bail!("the platform key of the machine is not the one in {}", options.dir.display());
    }
    let changes = [VariableChange::removal()];
    let planned = Planned::new(&changes[0], &variables)?;
    if !options.json {
        planned.print(&mut out)?;
    }
    if !options.dry_run {
        let passphrase = passphrase(options.passphrase_file.as_deref());
        SignedEnrolment::sign(&changes, &folder, &passphrase, now()?)?.apply(&folder, &variables)?;
    }
    if options.json {
        writeln!(out, "{}", json!({ "changes": [planned.describe()], "written": !options.dry_run }))?;
    } else if options.dry_run {
        writeln!(out, "nothing was written (--dry-run)")?;
    } else {
        writeln!(out, "the machine is in setup mode; it starts everything until keys are enrolled")?;
    }
    Ok(ExitCode::SUCCESS)
}
