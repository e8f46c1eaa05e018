//! Changes of the firmware's variables: printing a plan, and its keys.

use super::entries;
use anyhow::Context;
use authenticode::Time;
use authenticode::lists::SignatureDatabase;
use secure_boot::{Efivars, EfivarsError, VariableChange};
use serde_json::{Value, json};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a change does.
pub(super) struct Planned<'a> {
    change: &'a VariableChange,
    /// What comes.
    added: SignatureDatabase,
    /// What goes.
    removed: SignatureDatabase,
}

impl<'a> Planned<'a> {
    /// Compares a change with what a machine holds. What cannot be read there goes unnamed.
    pub(super) fn new(change: &'a VariableChange, variables: &Efivars) -> Result<Self, EfivarsError> {
        let (mut added, mut removed) = (SignatureDatabase::default(), SignatureDatabase::default());
        added.add_lists(change.variable.name, &change.lists);
        if !change.append {
            match variables.add_to(change.variable, &mut removed) {
                Err(EfivarsError::Lists { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
            let stays = |data: &[u8]| added.entries.iter().any(|entry| entry.data == data);
            removed.entries.retain(|entry| !stays(&entry.data));
        }
        Ok(Self { change, added, removed })
    }

    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let how = match (self.change.lists.is_empty(), self.change.append) {
            (true, _) => " (emptied)",
            (false, true) => " (added to what is there)",
            (false, false) => "",
        };
        writeln!(out, "{}{how}", self.change.variable)?;
        let sign = if self.change.append { '+' } else { ' ' };
        entries::print_all(out, sign, &self.added)?;
        entries::print_all(out, '-', &self.removed)
    }

    pub(super) fn describe(&self) -> Value {
        let list =
            |database: &SignatureDatabase| database.entries.iter().map(entries::describe).collect::<Vec<_>>();
        json!({
            "variable": self.change.variable.name,
            "appends": self.change.append,
            "signedBy": self.change.by.name,
            "entries": list(&self.added),
            "removed": list(&self.removed),
        })
    }
}

/// The time of day.
pub(super) fn now() -> anyhow::Result<Time> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    Time::from_unix(now).context("the clock is after 9999")
}
