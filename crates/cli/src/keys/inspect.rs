//! `snowguard keys inspect`

use super::entries;
use crate::exit;
use crate::pe::image::each;
use authenticode::lists::SignatureDatabase;
use clap::Args;
use secure_boot::{EFIVARS, Efivars, Update, UpdateError, read_database};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::clean;

/// Show what a file with keys or lists holds, and who signed it.
///
/// Of an authorised change (`.auth`): the variable that it is for, its time, its signer, its
/// entries, and with --efivars which of them are new to this machine and whether the machine takes
/// them. Of signature lists and certificates: their entries.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys inspect dbxupdate_x64.auth
  snowguard keys inspect --efivars dbxupdate_x64.auth
  snowguard keys inspect --json keys/db.auth keys/db.esl")]
pub(crate) struct Options {
    /// Authorised changes, signature lists, certificates
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Compare with the variables of this machine, or of a copy of them
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = EFIVARS)]
    efivars: Option<PathBuf>,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    let variables =
        options.efivars.as_deref().map(Efivars::open).transpose().map_err(exit::Failure::failed)?;
    let mut out = terminal::stdout();
    each(&options.files, |path| {
        match Update::read(path) {
            Ok(update) => change(&mut out, path, &update, variables.as_ref(), options.json),
            // It may be lists without a signature.
            Err(UpdateError::Form { .. }) => plain(&mut out, path, options.json),
            Err(error) => Err(error.into()),
        }
    })
}

fn change(
    out: &mut impl Write,
    path: &Path,
    update: &Update,
    variables: Option<&Efivars>,
    as_json: bool,
) -> anyhow::Result<()> {
    let against = variables.map(|variables| {
        let mut current = SignatureDatabase::default();
        variables.add_to(update.signed_for.variable, &mut current)?;
        Ok::<_, UpdateError>((update.effect(&current), update.authority(variables)?))
    });
    let against = against.transpose()?;
    if as_json {
        let mut value = describe(path, update);
        if let Some((effect, authority)) = &against {
            let list = |entries: &[_]| entries.iter().map(entries::describe).collect::<Vec<_>>();
            value["machine"] = json!({
                "added": list(&effect.added),
                "present": effect.present,
                "removed": list(&effect.removed),
                "taken": authority.as_ref().is_none_or(Result::is_ok),
                "by": authority.as_ref().and_then(|found| found.as_ref().ok()).map(entries::certificate),
                "problem": authority.as_ref().and_then(|found| found.as_ref().err()).map(ToString::to_string),
            });
        }
        writeln!(out, "{value}")?;
        return Ok(());
    }
    print_head(out, path, update)?;
    let Some((effect, authority)) = &against else {
        return Ok(entries::print_all(out, ' ', &update.entries)?);
    };
    print_effect(out, effect)?;
    match authority {
        None => writeln!(out, "  the machine is in setup mode: it takes every change")?,
        Some(Ok(by)) => writeln!(out, "  the machine takes it: {} authorises it", clean(&by.subject()))?,
        Some(Err(error)) => writeln!(out, "  the machine does not take it: {}", clean(&error.to_string()))?,
    }
    Ok(())
}

/// What a change is, in two lines.
pub(super) fn print_head(out: &mut impl Write, path: &Path, update: &Update) -> std::io::Result<()> {
    let signed_for = &update.signed_for;
    let what = match (update.entries.entries.is_empty(), signed_for.appends()) {
        (true, _) => "empties",
        (false, true) => "adds to",
        (false, false) => "replaces",
    };
    let name = path.to_string_lossy();
    writeln!(
        out,
        "{}: {what} {}, {} entries",
        clean(&name),
        signed_for.variable,
        update.entries.entries.len()
    )?;
    writeln!(out, "  signed    {} by {}", update.time, clean(&signed_for.signer.subject()))?;
    writeln!(out, "  issued by {}", clean(&signed_for.signer.issuer()))
}

/// What a change does to a machine.
pub(super) fn print_effect(out: &mut impl Write, effect: &secure_boot::UpdateEffect) -> std::io::Result<()> {
    writeln!(
        out,
        "  new: {}; there already: {}; removed: {}",
        effect.added.len(),
        effect.present,
        effect.removed.len()
    )?;
    entries::print(out, '+', &effect.added)?;
    entries::print(out, '-', &effect.removed)
}

pub(super) fn describe(path: &Path, update: &Update) -> Value {
    let signed_for = &update.signed_for;
    json!({
        "file": path.to_string_lossy(),
        "variable": signed_for.variable.name,
        "appends": signed_for.appends(),
        "time": update.time.to_string(),
        "signer": entries::certificate(&signed_for.signer),
        "certificates": signed_for.certificates.iter().map(entries::certificate).collect::<Vec<_>>(),
        "entries": update.entries.entries.iter().map(entries::describe).collect::<Vec<_>>(),
    })
}

fn plain(out: &mut impl Write, path: &Path, as_json: bool) -> anyhow::Result<()> {
    let database = read_database(&[path.to_owned()])?;
    let name = path.to_string_lossy();
    if as_json {
        let entries: Vec<_> = database.entries.iter().map(entries::describe).collect();
        writeln!(out, "{}", json!({ "file": name, "entries": entries }))?;
        return Ok(());
    }
    writeln!(out, "{}: not signed, {} entries", clean(&name), database.entries.len())?;
    Ok(entries::print_all(out, ' ', &database)?)
}
