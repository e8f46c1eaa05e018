//! Curated knowledge as a file: what `matching` and `snowguard scan --knowledge` read.
//!
//! Beside the entries it has what follows from decisions: a suggestion that was dismissed because
//! the record is about other software, or because nothing here is affected, says so for its package
//! and CVEs.

use super::{Kind, list};
use crate::database::{Connection, DatabaseError};
use crate::models::suggestion::{Reason, State};
use crate::params;
use matching::{Knowledge, KnowledgeError};
use serde::Serialize;
use vulnerability::CveId;

/// What the file is called in messages.
const NAME: &str = "the tracker\u{2019}s knowledge";

/// Why the service's knowledge cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// `matching` does not take what was written here.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
}

/// The tables of the file, in the form that `matching` reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct File {
    software: Vec<Software>,
    never: Vec<Never>,
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Software {
    packages: Vec<String>,
    products: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vendors: Vec<String>,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Never {
    packages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cve: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    products: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vendors: Vec<String>,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Statement {
    cve: String,
    packages: Vec<String>,
    status: &'static str,
    reason: String,
}

/// Reads the knowledge that stands.
///
/// # Errors
/// Those of the database.
pub fn read(connection: &mut Connection) -> Result<File, DatabaseError> {
    let mut file = File::default();
    let mut entries = list(connection)?;
    // The oldest first: a file that grows at its end is easier to compare.
    entries.reverse();
    for entry in entries {
        let packages = vec![entry.package_name];
        let (products, vendors) = (vec![entry.product], entry.vendor.into_iter().collect());
        match entry.kind {
            Kind::Same => file.software.push(Software { packages, products, vendors, reason: entry.note }),
            Kind::Never => {
                file.never.push(Never { packages, cve: None, products, vendors, reason: entry.note });
            }
        }
    }
    connection.for_each(
        "SELECT c.cve, p.name, s.reason, s.note FROM suggestion s
         JOIN suggestion_cve c ON c.suggestion = s.id JOIN package p ON p.id = s.package
         WHERE s.state = $1 ORDER BY s.decided_at, s.id, c.cve",
        params![State::Dismissed.name()],
        |row| {
            let (cve, package): (CveId, String) = (row.get(0)?, row.get(1)?);
            let (reason, note): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            if let Some(reason) = reason.as_deref().and_then(Reason::of_name) {
                file.add_dismissal(cve, package, reason, note);
            }
            Ok::<_, DatabaseError>(())
        },
    )?;
    Ok(file)
}

impl File {
    fn add_dismissal(&mut self, cve: CveId, package: String, reason: Reason, note: Option<String>) {
        let packages = vec![package];
        let text = match note {
            Some(note) => format!("{}: {note}", reason.text()),
            None => reason.text().to_owned(),
        };
        match reason {
            Reason::NotInNixpkgs | Reason::HostedService | Reason::HardwareOnly => {
                let cve = Some(cve.to_string());
                self.never.push(Never { packages, cve, products: vec![], vendors: vec![], reason: text });
            }
            Reason::Platform | Reason::VersionNotAffected | Reason::NotApplicable => {
                let cve = cve.to_string();
                self.statement.push(Statement { cve, packages, status: "not_affected", reason: text });
            }
            // These say that nothing will be done, not that nothing is affected.
            Reason::KnownVulnerability
            | Reason::Unfree
            | Reason::Disputed
            | Reason::Duplicate
            | Reason::Other => {}
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        // Texts and lists of texts have no form that TOML lacks.
        toml::to_string(self).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// The built-in knowledge and this file together.
    ///
    /// # Errors
    /// Where `matching` does not take it.
    pub fn knowledge(&self) -> Result<Knowledge, KnowledgeError> {
        let mut knowledge = Knowledge::built_in()?;
        knowledge.add(NAME, &self.text())?;
        Ok(knowledge)
    }
}
