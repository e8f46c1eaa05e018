//! `snowguard keys status`

use super::entries::{self, digests, owner};
use anstyle::AnsiColor;
use authenticode::Time;
use authenticode::lists::SignatureDatabase;
use authenticode::variable::Variable;
use clap::Args;
use secure_boot::{EFIVARS, Efivars, SecureBootState};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use terminal::{Clean, clean};

/// Report whether Secure Boot is on, and which keys are enrolled.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  snowguard keys status\n  snowguard keys status --json --efivars copy-of-another-machine/"
)]
pub(crate) struct Options {
    /// The firmware's variables
    #[arg(long, value_name = "DIR", default_value = EFIVARS)]
    efivars: PathBuf,
    /// JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let variables = Efivars::open(&options.efivars)?;
    let state = SecureBootState::read(|variable| variables.read(variable))?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let now = Time::from_unix(seconds);
    let mut out = terminal::stdout();
    if options.json {
        writeln!(out, "{:#}", describe(&state))?;
    } else {
        print(&mut out, &state, now)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(state: &SecureBootState) -> Value {
    let certificates = |database: &SignatureDatabase| {
        let entries = database.entries.iter().filter(|entry| entry.certificate.is_some());
        entries.map(entries::describe).collect::<Vec<_>>()
    };
    let list = |(variable, database): &(Variable, Result<SignatureDatabase, _>)| {
        let value = match database {
            Ok(database) => json!({
                "certificates": certificates(database),
                "digests": digests(&database.entries).into_iter().map(|(kind, count)| json!({ "kind": kind, "count": count })).collect::<Vec<_>>(),
            }),
            Err::<_, authenticode::lists::ListError>(error) => json!({ "error": error.to_string() }),
        };
        (variable.name.to_owned(), value)
    };
    let level = state.sbat_level.as_ref().map(|level| match level {
        Ok(level) => json!({
            "date": level.date,
            "components": level.entries.iter().map(|(component, least)| json!({ "component": component, "generation": least })).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "error": error.to_string() }),
    });
    json!({
        "setupMode": state.setup_mode,
        "secureBoot": state.secure_boot,
        "auditMode": state.audit_mode,
        "deployedMode": state.deployed_mode,
        "vendorKeys": state.vendor_keys,
        "lists": state.lists.iter().map(list).collect::<serde_json::Map<_, _>>(),
        "sbatLevel": level,
    })
}

fn print(out: &mut impl Write, state: &SecureBootState, now: Option<Time>) -> std::io::Result<()> {
    let good = AnsiColor::Green.on_default();
    let bad = AnsiColor::Yellow.on_default().bold();
    let mut line = |name: &str, value: Option<bool>, [yes, no]: [&str; 2], wanted: bool| {
        let (text, style) = match value {
            Some(value) => (if value { yes } else { no }, if value == wanted { good } else { bad }),
            None => ("the firmware does not say", bad),
        };
        writeln!(out, "{name:<14}{style}{text}{style:#}")
    };
    line("Secure Boot", state.secure_boot, ["on", "off: everything starts"], true)?;
    line(
        "setup mode",
        state.setup_mode,
        ["yes: anybody may change keys", "no: only the owner may change keys"],
        false,
    )?;
    if state.audit_mode == Some(true) {
        line("audit mode", state.audit_mode, ["yes: everything starts, and is noted", "no"], false)?;
    }
    if state.deployed_mode.is_some() {
        line("deployed mode", state.deployed_mode, ["yes", "no"], true)?;
    }
    if let Some(vendor) = state.vendor_keys {
        writeln!(out, "{:<14}{}", "keys", if vendor { "the vendor's" } else { "changed by the owner" })?;
    }
    for (variable, database) in &state.lists {
        match database {
            Ok(database) => list(out, *variable, database, now)?,
            Err(error) => writeln!(out, "{variable}: {bad}{}{bad:#}", Clean(error))?,
        }
    }
    for wanted in [Variable::PK, Variable::KEK, Variable::DB] {
        if !state.lists.iter().any(|(variable, _)| *variable == wanted) {
            writeln!(out, "{wanted}: nothing is enrolled")?;
        }
    }
    match &state.sbat_level {
        Some(Ok(level)) => {
            let least = level.entries.iter().map(|(component, least)| format!("{component} {least}"));
            let date = level.date.as_deref().unwrap_or("no date");
            let least = least.collect::<Vec<_>>().join(", ");
            writeln!(out, "shim starts    {} and newer ({})", clean(&least), clean(date))?;
        }
        Some(Err(error)) => writeln!(out, "shim's level: {bad}{}{bad:#}", Clean(error))?,
        None => {}
    }
    Ok(())
}

fn list(
    out: &mut impl Write,
    variable: Variable,
    database: &SignatureDatabase,
    now: Option<Time>,
) -> std::io::Result<()> {
    let bad = AnsiColor::Yellow.on_default().bold();
    writeln!(out, "{variable}")?;
    for entry in &database.entries {
        match &entry.certificate {
            Some(Ok(certificate)) => {
                let until = certificate.not_after();
                let passed = now.is_some_and(|now| !certificate.is_valid_at(now));
                let note = if passed { format!(" {bad}(past its date){bad:#}") } else { String::new() };
                let date = format!("{:04}-{:02}-{:02}", until.year, until.month, until.day);
                writeln!(out, "  {}{note}", clean(&certificate.subject()))?;
                writeln!(out, "      of {}, until {date}", clean(&owner(entry)))?;
            }
            Some(Err(error)) => {
                writeln!(out, "  {bad}{}{bad:#}, of {}", clean(&error.to_string()), clean(&owner(entry)))?;
            }
            None => {}
        }
    }
    for (kind, count) in digests(&database.entries) {
        writeln!(out, "  {count} {} {kind}", if count == 1 { "entry" } else { "entries" })?;
    }
    if database.entries.is_empty() {
        writeln!(out, "  empty")?;
    }
    Ok(())
}
