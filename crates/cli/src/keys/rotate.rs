//! `snowguard keys rotate`

use super::change::{Planned, now};
use super::create::{KeyOptions, create_folder};
use crate::exit;
use crate::pe::image::each_at_once;
use crate::pe::signer::passphrase;
use anyhow::anyhow;
use authenticode::sign::SecretSource;
use clap::Args;
use secure_boot::{
    EFIVARS, Efivars, EfivarsError, KeyFolder, MachineRotation, ProgramError, RotateError, Rotation,
    RotationEnd, RotationRequest, RotationStep,
};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::clean;

/// Replace the keys of a machine by new ones: PK, KEK and db.
///
/// The machine starts wherever this is stopped: the new db key is added first, then programs are
/// signed with it (they keep the old signature), then KEK and PK are replaced, and the old db key
/// goes last. It goes only if every program of --esp and of the lists starts without it. Called
/// again, it does what is left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys rotate --dir keys --new keys.2027 --esp /boot --dry-run
  snowguard keys rotate --dir keys --new keys.2027 --esp /boot
  snowguard keys rotate --dir keys --new keys.2027 --files-from list.txt --esp /boot")]
pub(crate) struct Options {
    /// The folder with the keys that are enrolled
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The folder with the new keys; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    new: PathBuf,
    #[command(flatten)]
    keys: KeyOptions,
    /// Programs to sign with the new key: a path a line, or what `find -print0` prints, or sbctl's
    /// files.json. The file `files` of the old folder is read without being named
    #[arg(long, value_name = "LIST")]
    files_from: Vec<PathBuf>,
    /// Sign all programs in this folder that start by the old key
    #[arg(long, value_name = "DIR")]
    esp: Vec<PathBuf>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only print what would be done; the new keys are not made either
    #[arg(long)]
    dry_run: bool,
    /// A file with the passphrase of the old keys, and of the new ones unless --new-passphrase-file
    /// names another; without it, the variable SNOWGUARD_KEY_PASSPHRASE is used
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Encrypt the new private keys with the passphrase in this file
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let old = KeyFolder::open(&options.dir).map_err(exit::Failure::failed)?;
    let variables = Efivars::open(&options.efivars).map_err(exit::Failure::failed)?;
    let old_secret = passphrase(options.passphrase_file.as_deref());
    let new_secret = match &options.new_passphrase_file {
        Some(path) => SecretSource::File(path.clone()),
        None => old_secret.clone(),
    };
    let scratch = tempfile::tempdir().map_err(exit::Failure::failed)?;
    let (new, made) = match options.new.exists() {
        true => (options.new.clone(), false),
        // The plan needs certificates; these are for looking only.
        false if options.dry_run => (scratch.path().join("new"), true),
        false => (options.new.clone(), true),
    };
    if made {
        let secret = new_secret.read().map_err(exit::Failure::failed)?;
        // Nothing is changed before the new keys are on disk.
        create_folder(&new, &options.keys, Some(old.keys().guid), secret.as_ref())?;
    }
    let new = KeyFolder::open(&new).map_err(exit::Failure::failed)?;
    let request = RotationRequest {
        variables: &variables,
        old: &old,
        new: &new,
        lists: &options.files_from,
        folders: &options.esp,
    };
    let rotation = MachineRotation::plan(request).map_err(exit::Failure::failed)?;
    // Against what the machine holds before anything is written.
    let planned = planned(&rotation, &variables).map_err(exit::Failure::failed)?;
    let changes: Vec<Value> = planned.iter().flatten().map(Planned::describe).collect();
    if !options.json {
        print(&planned, &rotation.programs).map_err(exit::Failure::failed)?;
    }
    let end = if options.dry_run {
        None
    } else {
        let each = |programs: &[PathBuf], act: &(dyn Fn(&Path) -> Result<(), ProgramError> + Sync)| {
            each_at_once(programs, |path| Ok(act(path)?)).is_ok()
        };
        let time = now().map_err(exit::Failure::failed)?;
        match rotation.apply([&old_secret, &new_secret], time, &each) {
            Ok(end) => Some(end),
            Err(RotateError::Programs) => return Err(exit::Failure::reported()),
            Err(error) => return Err(exit::Failure::failed(error)),
        }
    };
    finish(options, &changes, &rotation.programs, end.as_ref()).map_err(exit::Failure::failed)
}

/// The changes before programs are signed, and those behind that.
fn planned<'a>(
    rotation: &'a MachineRotation<'_>,
    variables: &Efivars,
) -> Result<[Vec<Planned<'a>>; 2], EfivarsError> {
    let Rotation { before, owner, end, .. } = &rotation.changes;
    let planned = |step: &'a RotationStep| Planned::new(&step.change, variables);
    let behind = owner.iter().chain(end).map(planned).collect::<Result<_, _>>()?;
    Ok([before.iter().map(planned).collect::<Result<_, _>>()?, behind])
}

fn print([before, behind]: &[Vec<Planned<'_>>; 2], programs: &[PathBuf]) -> std::io::Result<()> {
    let mut out = terminal::stdout();
    before.iter().try_for_each(|change| change.print(&mut out))?;
    for program in programs {
        writeln!(out, "sign {}", clean(&program.to_string_lossy()))?;
    }
    behind.iter().try_for_each(|change| change.print(&mut out))
}

/// Says how far it came; without an end nothing was to be done.
fn finish(
    options: &Options,
    changes: &[Value],
    programs: &[PathBuf],
    end: Option<&RotationEnd>,
) -> anyhow::Result<ExitCode> {
    if let Some(RotationEnd::Needed(found)) = end {
        for program in found.iter().flat_map(|found| &found.refused) {
            exit::warn(format_args!("{} still needs the old key", program.path.display()));
        }
        for error in found.iter().flat_map(|found| &found.unreadable) {
            exit::report(&anyhow!("cannot judge: {error}"));
        }
    }
    let mut out = terminal::stdout();
    if options.json {
        let value = json!({
            "changes": changes,
            "files": programs.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
            "written": end.is_some(),
            "done": matches!(end, Some(RotationEnd::Done)),
        });
        writeln!(out, "{value}")?;
    } else {
        let text = match end {
            None => "nothing was written (--dry-run)",
            Some(RotationEnd::Done) => {
                "done: the machine has the new keys, and starts nothing by the old ones"
            }
            Some(RotationEnd::Unknown) => {
                "db keeps the old key: name the programs with --esp or --files-from, and call this again"
            }
            Some(RotationEnd::Needed(_)) => {
                "db keeps the old key until these start without it: call this again then"
            }
        };
        writeln!(out, "{text}")?;
    }
    let open = matches!(end, Some(RotationEnd::Unknown | RotationEnd::Needed(_)));
    Ok(if open { ExitCode::from(exit::FOUND) } else { ExitCode::SUCCESS })
}
