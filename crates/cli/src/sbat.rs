//! `snowguard sbat`: which generation of which component an EFI program is, and whether a level
//! revokes it.

use crate::exit;
use crate::pe::image::each;
use anyhow::{Context, bail};
use authenticode::file::ImageFile;
use authenticode::pe::is_linux_kernel;
use authenticode::sbat::{FORMAT_URL, Sbat, SbatEntry, SbatLevel};
use clap::{Args, Subcommand};
use files::replace_bytes;
use secure_boot::{read_level, read_sbat, read_shim_levels};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use terminal::clean;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Make(MakeOptions),
    Show(ShowOptions),
    Check(CheckOptions),
}

/// Write the text of a section .sbat.
///
/// The first line, about the format itself, is added. `snowguard pe sections` puts the text into a
/// program.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard sbat make snowguard-stub,1,Snowguard,snowguard,0.1,https://example.org --output sbat.csv
  snowguard pe sections stub.efi --add .sbat=sbat.csv --output stub.sbat.efi")]
pub(crate) struct MakeOptions {
    /// Components, each as COMPONENT,GENERATION,VENDOR,PACKAGE,VERSION,URL
    #[arg(required = true, value_name = "COMPONENT")]
    components: Vec<String>,
    /// Write to a file instead of printing
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Print the components that EFI programs, or files of text, name.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  snowguard sbat show shimx64.efi grubx64.efi\n  snowguard sbat show --json sbat.csv"
)]
pub(crate) struct ShowOptions {
    /// EFI programs, or text as `snowguard sbat make` writes it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

/// Report whether a level revokes EFI programs.
///
/// Signatures are not looked at: `snowguard pe verify --sbat-level` does both. Exit code 0: none is
/// revoked; 1: one is, or has no section .sbat, which shim refuses too. Linux kernels need none:
/// boot loaders load them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard sbat check --level shimx64.efi grubx64.efi
  snowguard sbat check --level /sys/firmware/efi/efivars/SbatLevelRT-605dab50-e046-4300-abb6-3dd810dd8b23 grubx64.efi")]
pub(crate) struct CheckOptions {
    /// The level: a file of text, the variable SbatLevelRT, or shim, whose latest level counts
    #[arg(long, value_name = "FILE")]
    level: PathBuf,
    /// EFI programs, or text as `snowguard sbat make` writes it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON: one object a line
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Make(options) => make(options).map_err(exit::Failure::failed),
        Command::Show(options) => show(options),
        Command::Check(options) => check(options),
    }
}

fn make(options: &MakeOptions) -> anyhow::Result<ExitCode> {
    let mut entries = vec![SbatEntry::new("sbat", 1, "SBAT Version", "sbat", "1", FORMAT_URL)?];
    for component in &options.components {
        let read = Sbat::read(component.as_bytes());
        let read = read.with_context(|| format!("{component:?} is no component"))?;
        let [entry] = read.entries.as_slice() else { bail!("{component:?} is more than one component") };
        if entries.iter().any(|other| other.component == entry.component) {
            bail!("the component {} is given twice, or is the first line, which is added", entry.component);
        }
        entries.push(entry.clone());
    }
    let text = Sbat { entries }.to_string();
    match &options.output {
        Some(path) => replace_bytes(path, text.as_bytes())?,
        None => terminal::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(options: &ShowOptions) -> Result<ExitCode, exit::Failure> {
    let mut out = terminal::stdout();
    each(&options.files, |path| {
        let found = read_sbat(path)?;
        let levels = read_shim_levels(path).ok();
        let levels = levels.iter().flatten().collect::<Vec<_>>();
        if found.is_none() && levels.is_empty() {
            bail!("{}: it has no .sbat section", path.display());
        }
        if options.json {
            writeln!(out, "{}", describe(path, found.as_ref(), &levels))?;
            return Ok(());
        }
        writeln!(out, "{}", clean(&path.to_string_lossy()))?;
        for entry in found.iter().flat_map(|sbat| &sbat.entries) {
            let SbatEntry { component, generation, vendor, package, version, url } = entry;
            let line = format!("{component:<24} {generation:>5}  {vendor}, {package} {version}, {url}");
            writeln!(out, "  {}", clean(&line))?;
        }
        for (level, when) in levels.iter().zip(["sets by itself", "sets on demand"]) {
            let least = level.entries.iter().map(|(component, least)| format!("{component} {least}"));
            let date = level.date.as_deref().unwrap_or("no date");
            let least = least.collect::<Vec<_>>().join(", ");
            writeln!(out, "  level that it {when} ({}): {}", clean(date), clean(&least))?;
        }
        Ok(())
    })
}

fn describe(path: &Path, found: Option<&Sbat>, levels: &[&SbatLevel]) -> Value {
    let entry = |entry: &SbatEntry| {
        json!({
            "component": entry.component,
            "generation": entry.generation,
            "vendor": entry.vendor,
            "package": entry.package,
            "version": entry.version,
            "url": entry.url,
        })
    };
    let level = |level: &&SbatLevel| {
        let least = level
            .entries
            .iter()
            .map(|(component, least)| json!({ "component": component, "generation": least }));
        json!({ "date": level.date, "components": least.collect::<Vec<_>>() })
    };
    json!({
        "file": path.to_string_lossy(),
        "sbat": found.map(|sbat| sbat.entries.iter().map(entry).collect::<Vec<_>>()),
        "levels": levels.iter().map(level).collect::<Vec<_>>(),
    })
}

/// Whether a file is a bare Linux kernel.
fn is_kernel(path: &Path) -> anyhow::Result<bool> {
    let ImageFile { source, .. } = ImageFile::open(path)?;
    is_linux_kernel(&source).with_context(|| format!("cannot read {}", path.display()))
}

fn check(options: &CheckOptions) -> Result<ExitCode, exit::Failure> {
    let level = read_level(&options.level).map_err(exit::Failure::failed)?;
    let mut out = terminal::stdout();
    let mut all = true;
    let code = each(&options.files, |path| {
        let problem = match read_sbat(path)? {
            // What a boot loader loads, for which shim does not want the section.
            None if is_kernel(path)? => None,
            None => Some("it has no .sbat section".to_owned()),
            Some(sbat) => level.revokes(&sbat).map(|revoked| revoked.to_string()),
        };
        all &= problem.is_none();
        let name = path.to_string_lossy();
        if options.json {
            writeln!(out, "{}", json!({ "file": name, "revoked": problem.is_some(), "reason": problem }))?;
        } else {
            let verdict =
                problem.map_or_else(|| "not revoked".to_owned(), |problem| format!("revoked: {problem}"));
            writeln!(out, "{}: {}", clean(&name), clean(&verdict))?;
        }
        Ok(())
    })?;
    Ok(if all { code } else { ExitCode::from(exit::FOUND) })
}
