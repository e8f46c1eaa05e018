//! `snowguard keys apply`

use super::{entries, inspect};
use crate::exit;
use anyhow::{anyhow, bail};
use authenticode::lists::SignatureDatabase;
use clap::Args;
use secure_boot::{Consequences, EFIVARS, Efivars, Update, UpdateEffect, machine_policy};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::clean;

/// Give the firmware a change that somebody else signed, such as an update of dbx.
///
/// First it says who signed it, what is new in it, and with --esp which programs would not start
/// any more. If there are such programs, or no key of this machine authorises the change, nothing
/// is written without --yes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys apply --dry-run --esp /boot dbxupdate_x64.auth
  snowguard keys apply --esp /boot dbxupdate_x64.auth
  snowguard keys apply keys/PK-remove.auth     # back to setup mode, with a change that was signed before")]
pub(crate) struct Options {
    /// The authorised change (`.auth`)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Look for programs that would not start any more in this folder
    #[arg(long, value_name = "DIR")]
    esp: Vec<PathBuf>,
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// Only report what would happen
    #[arg(long)]
    dry_run: bool,
    /// Do it although programs would not start any more, or no key of this machine authorises it
    #[arg(long)]
    yes: bool,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, exit::Failure> {
    act(options).map_err(exit::Failure::failed)
}

fn act(options: &Options) -> anyhow::Result<ExitCode> {
    let update = Update::read(&options.file)?;
    let variables = Efivars::open(&options.efivars)?;
    let mut current = SignatureDatabase::default();
    variables.add_to(update.signed_for.variable, &mut current)?;
    let effect = update.effect(&current);
    let authority = update.authority(&variables)?;
    let consequences = consequences(options, &update, &variables)?;
    let untaken = authority.and_then(Result::err);
    let refused: usize = consequences.iter().map(|found| found.refused.len()).sum();
    let unreadable: usize = consequences.iter().map(|found| found.unreadable.len()).sum();
    let obstacle = if let Some(error) = untaken {
        Some(anyhow!("{error}; --yes lets the firmware decide"))
    } else if refused > 0 {
        Some(anyhow!("{refused} programs would not start any more; --yes does it nevertheless"))
    } else if unreadable > 0 {
        Some(anyhow!("{unreadable} programs cannot be judged; --yes does it nevertheless"))
    } else {
        None
    };
    let nothing = effect.is_nothing() && !update.entries.entries.is_empty();
    let write = !nothing && !options.dry_run && (options.yes || obstacle.is_none());
    if !options.json {
        report(options, &update, &effect, &consequences)?;
    }
    if write {
        update.apply(&variables)?;
    }
    let mut out = terminal::stdout();
    if options.json {
        let mut value = inspect::describe(&options.file, &update);
        let refused = consequences.iter().flat_map(|found| &found.refused);
        let unreadable = consequences.iter().flat_map(|found| &found.unreadable);
        value["added"] = effect.added.iter().map(entries::describe).collect();
        value["present"] = effect.present.into();
        value["removed"] = effect.removed.iter().map(entries::describe).collect();
        value["judged"] = consequences.iter().map(|found| found.judged).sum::<usize>().into();
        value["wouldNotStart"] = refused
            .map(|program| json!({ "file": program.path.to_string_lossy(), "reason": program.reason.to_string() }))
            .collect();
        value["unreadable"] = unreadable.map(ToString::to_string).collect();
        value["applied"] = write.into();
        writeln!(out, "{value}")?;
    } else if nothing {
        writeln!(out, "nothing to do: all of it is there already")?;
    } else if write {
        writeln!(out, "applied")?;
    } else if options.dry_run {
        writeln!(out, "nothing was written (--dry-run)")?;
    }
    match obstacle {
        Some(obstacle) if !nothing && !write && !options.dry_run => bail!("nothing was written: {obstacle}"),
        Some(_) if refused > 0 && options.dry_run => Ok(ExitCode::from(exit::FOUND)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// What the change means for the programs that are to be looked at.
fn consequences(
    options: &Options,
    update: &Update,
    variables: &Efivars,
) -> anyhow::Result<Vec<Consequences>> {
    if options.esp.is_empty() {
        return Ok(Vec::new());
    }
    let before = machine_policy(variables)?;
    let after = update.policy_after(&before);
    Ok(options.esp.iter().map(|esp| Consequences::below(esp, &before, &after)).collect())
}

fn report(
    options: &Options,
    update: &Update,
    effect: &UpdateEffect,
    consequences: &[Consequences],
) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    inspect::print_head(&mut out, &options.file, update)?;
    inspect::print_effect(&mut out, effect)?;
    for (esp, found) in options.esp.iter().zip(consequences) {
        let name = esp.to_string_lossy();
        writeln!(
            out,
            "  {}: {} programs judged, {} would not start any more",
            clean(&name),
            found.judged,
            found.refused.len()
        )?;
        for program in &found.refused {
            let (name, reason) = (program.path.to_string_lossy(), program.reason.to_string());
            writeln!(out, "    {}: {}", clean(&name), clean(&reason))?;
        }
        for error in &found.unreadable {
            exit::warn(error);
        }
    }
    if options.esp.is_empty() && !effect.is_nothing() {
        exit::hint("--esp /boot says before whether a program there would not start any more");
    }
    Ok(())
}
