//! `snowguard keys import`

use super::change::now;
use anyhow::bail;
use authenticode::certificate::Certificate;
use clap::Args;
use secure_boot::{Bundle, KeyFolder, SbctlFolder};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::{Clean, clean};

/// Take over the keys of sbctl: PK, KEK and db, their owner, and the list of files that sbctl
/// signs.
///
/// The new folder is one of `snowguard keys create`; nothing is enrolled again, because the keys
/// stay the same. What sbctl signs stands in the file `files` of the folder. For each bundle that
/// sbctl builds the call of `snowguard pe uki` is printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snowguard keys import --dir keys
  snowguard keys import --dir keys --from /usr/share/secureboot
  snowguard pe sign --key keys/db.key --cert keys/db.pem --files-from keys/files")]
pub(crate) struct Options {
    /// The new folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The folder of sbctl; before version 0.15, /usr/share/secureboot
    #[arg(long, value_name = "DIR", default_value = "/var/lib/sbctl")]
    from: PathBuf,
    /// JSON: one object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let found = SbctlFolder::read(&options.from)?;
    let mut list = Vec::new();
    for file in &found.files {
        let path = file.output.as_ref().unwrap_or(&file.path);
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        if bytes.contains(&b'\n') {
            bail!("{}: sbctl signs a file whose name has a line's end", options.from.display());
        }
        list.extend_from_slice(bytes);
        list.push(b'\n');
    }
    let more = [("files", list)];
    let more = if found.files.is_empty() { &[][..] } else { &more };
    KeyFolder::create_of(&options.dir, found.owner, &found.keys, now()?, more)?;
    let mut out = terminal::stdout();
    let calls: Vec<String> = found.bundles.iter().map(call).collect();
    if options.json {
        let subject = |certificate: &Certificate| certificate.subject();
        let value = json!({
            "folder": options.dir.to_string_lossy(),
            "owner": found.owner.to_string(),
            "keys": found.keys.iter().map(|key| json!({
                "variable": key.variable.name, "subject": subject(&key.certificate),
            })).collect::<Vec<_>>(),
            "files": found.files.iter().map(|file| file.path.to_string_lossy()).collect::<Vec<_>>(),
            "bundles": calls,
        });
        writeln!(out, "{value}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = Clean(options.dir.display());
    writeln!(out, "{folder}: keys of the owner {}", found.owner)?;
    for key in &found.keys {
        writeln!(out, "  {:<4} {}", key.variable, clean(&key.certificate.subject()))?;
    }
    if !found.files.is_empty() {
        writeln!(out, "  {} files that sbctl signs: {folder}/files", found.files.len())?;
    }
    for call in calls {
        writeln!(out, "  {}", clean(&call))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The call that builds a bundle, to be copied into a shell.
fn call(bundle: &Bundle) -> String {
    let mut call = String::from("snowguard pe uki");
    for (option, value) in bundle.arguments() {
        // Writing to a string cannot fail.
        let _ = write!(call, " {option} '{}'", value.to_string_lossy().replace('\'', "'\\''"));
    }
    call
}
