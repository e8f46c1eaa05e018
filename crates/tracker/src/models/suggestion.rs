//! Suggestions: one package, and the CVEs that are decided together.
//!
//! The matcher raises them ([`plan`]), people decide ([`decide`](decision)), and the queue lists
//! them. What a person decided, the matcher never undoes: where it no longer agrees, it says so.

pub mod decision;
pub mod plan;
pub mod queue;
pub mod raise;
pub mod risk;
pub mod row;
pub mod rule;

use super::ids::{AccountId, AdvisoryId, PackageId, RuleId, SuggestionId};
use crate::database::{Connection, DatabaseError, FromColumn, Row, Value};
use crate::params;
use jiff::Timestamp;
use matching::Confidence;
use serde::{Deserialize, Serialize};
use vulnerability::CveId;
use vulnerability::model::Level;

/// What became of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has decided.
    Open,
    /// It is part of an advisory.
    Accepted,
    /// It does not concern the package, or not us.
    Dismissed,
    /// A person's rule closed it.
    ClosedByRule,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Dismissed, Self::ClosedByRule];

    /// Its name in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
            Self::ClosedByRule => "closed-by-rule",
        }
    }

    /// The state of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why a suggestion was dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The record is about other software.
    NotInNixpkgs,
    /// It concerns a hosted service only.
    HostedService,
    /// It concerns hardware only.
    HardwareOnly,
    /// `meta.knownVulnerabilities` names it already.
    KnownVulnerability,
    /// It concerns systems that nixpkgs does not build the package for.
    Platform,
    /// The package is unfree: nobody here can fix it.
    Unfree,
    /// No version that nixpkgs has is affected.
    VersionNotAffected,
    /// What is vulnerable is not built, or cannot be reached; the note says where that stands.
    NotApplicable,
    /// The record is disputed, or wrong.
    Disputed,
    /// Another suggestion or advisory covers it.
    Duplicate,
    /// Something else; the note says what.
    Other,
}

impl Reason {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 11] = [
        Self::NotInNixpkgs,
        Self::VersionNotAffected,
        Self::NotApplicable,
        Self::Platform,
        Self::HostedService,
        Self::HardwareOnly,
        Self::KnownVulnerability,
        Self::Unfree,
        Self::Disputed,
        Self::Duplicate,
        Self::Other,
    ];

    /// Its name in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotInNixpkgs => "not-in-nixpkgs",
            Self::HostedService => "hosted-service",
            Self::HardwareOnly => "hardware-only",
            Self::KnownVulnerability => "known-vulnerability",
            Self::Platform => "platform",
            Self::Unfree => "unfree",
            Self::VersionNotAffected => "version-not-affected",
            Self::NotApplicable => "not-applicable",
            Self::Disputed => "disputed",
            Self::Duplicate => "duplicate",
            Self::Other => "other",
        }
    }

    /// What people read.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotInNixpkgs => "Other software, not in nixpkgs",
            Self::HostedService => "Only a hosted service",
            Self::HardwareOnly => "Only hardware",
            Self::KnownVulnerability => "Already in meta.knownVulnerabilities",
            Self::Platform => "Only systems that the package is not built for",
            Self::Unfree => "Unfree: cannot be fixed here",
            Self::VersionNotAffected => "No version that we have is affected",
            Self::NotApplicable => "Vulnerable code not built or not reachable",
            Self::Disputed => "Disputed or wrong record",
            Self::Duplicate => "Duplicate",
            Self::Other => "Other",
        }
    }

    /// Whether a note must say more.
    pub const fn needs_note(self) -> bool {
        matches!(self, Self::NotApplicable | Self::Duplicate | Self::Other)
    }

    /// The reason of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Its number.
    pub id: SuggestionId,
    /// The package.
    pub package: PackageId,
    /// What became of it.
    pub state: State,
    /// Why it was dismissed.
    pub reason: Option<Reason>,
    /// More on that.
    pub note: Option<String>,
    /// The rule that closed it.
    pub rule: Option<RuleId>,
    /// Who looks at it.
    pub assignee: Option<AccountId>,
    /// The advisory that it is part of.
    pub advisory: Option<AdvisoryId>,
    /// What its CVEs have in common.
    pub together: String,
    /// The severity of its worst CVE.
    pub level: Option<Level>,
    /// The score of its worst CVE.
    pub score: Option<f64>,
    /// The highest probability of exploitation.
    pub epss: Option<f64>,
    /// Whether one of its CVEs is known to be exploited.
    pub exploited: bool,
    /// How sure the matcher is.
    pub confidence: Confidence,
    /// Where it stands in the queue: higher first.
    pub risk: f64,
    /// Whether the matcher still says so.
    pub agrees: bool,
    /// When it was raised.
    pub created_at: Timestamp,
    /// When anything about it changed.
    pub changed_at: Timestamp,
    /// When it was decided, and by whom.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<AccountId>,
    /// Counts up with each change.
    pub version: i64,
}

/// The columns of a suggestion, in the order in which [`read`] wants them.
pub(crate) const COLUMNS: &str = "s.id, s.package, s.state, s.reason, s.note, s.rule, s.assignee, s.advisory, \
     s.together, s.level, s.score, s.epss, s.exploited, s.confidence, s.risk, s.agrees, s.created_at, \
     s.changed_at, s.decided_at, s.decided_by, s.version";

/// Reads the [columns](COLUMNS).
pub(crate) fn read(row: &Row<'_>) -> Result<Suggestion, DatabaseError> {
    let wrong = |column, expected| DatabaseError::Column { column, expected };
    let (state, reason): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    Ok(Suggestion {
        id: row.get(0)?,
        package: row.get(1)?,
        state: State::of_name(&state).ok_or_else(|| wrong(2, "state"))?,
        reason: reason.map(|name| Reason::of_name(&name).ok_or_else(|| wrong(3, "reason"))).transpose()?,
        note: row.get(4)?,
        rule: row.get(5)?,
        assignee: row.get(6)?,
        advisory: row.get(7)?,
        together: row.get(8)?,
        level: row.get::<Option<LevelColumn>>(9)?.map(|level| level.0),
        score: row.get(10)?,
        epss: row.get(11)?,
        exploited: row.get(12)?,
        confidence: super::finding::confidence_of(row.get(13)?).ok_or_else(|| wrong(13, "confidence"))?,
        risk: row.get(14)?,
        agrees: row.get(15)?,
        created_at: row.get(16)?,
        changed_at: row.get(17)?,
        decided_at: row.get(18)?,
        decided_by: row.get(19)?,
        version: row.get(20)?,
    })
}

/// A severity as it is kept: 0 none to 4 critical, so that queries can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelColumn(pub Level);

const LEVELS: [Level; 5] = [Level::None, Level::Low, Level::Medium, Level::High, Level::Critical];

impl LevelColumn {
    /// Its number.
    pub fn number(self) -> i64 {
        let place = LEVELS.iter().position(|known| *known == self.0).unwrap_or_default();
        i64::try_from(place).unwrap_or_default()
    }
}

impl From<LevelColumn> for Value<'_> {
    fn from(level: LevelColumn) -> Self {
        Self::Integer(level.number())
    }
}

impl FromColumn for Option<LevelColumn> {
    fn from_column(row: &Row<'_>, column: usize) -> Result<Self, DatabaseError> {
        let Some(number) = row.get::<Option<i64>>(column)? else { return Ok(None) };
        let level = usize::try_from(number).ok().and_then(|number| LEVELS.get(number));
        let expected = "severity from 0 to 4";
        level.map(|level| Some(LevelColumn(*level))).ok_or(DatabaseError::Column { column, expected })
    }
}

/// A suggestion, by its number.
///
/// # Errors
/// Those of the database.
pub fn load(connection: &mut Connection, id: SuggestionId) -> Result<Option<Suggestion>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM suggestion s WHERE s.id = $1");
    connection.query_optional(&sql, params![id], read)
}

/// The CVEs of a suggestion, in order.
///
/// # Errors
/// Those of the database.
pub fn cves(connection: &mut Connection, id: SuggestionId) -> Result<Vec<CveId>, DatabaseError> {
    let mut cves: Vec<CveId> =
        connection
            .query("SELECT cve FROM suggestion_cve WHERE suggestion = $1", params![id], |row| row.get(0))?;
    cves.sort_unstable();
    Ok(cves)
}

/// The suggestions that a CVE is part of.
///
/// # Errors
/// Those of the database.
pub fn of_cve(connection: &mut Connection, cve: CveId) -> Result<Vec<Suggestion>, DatabaseError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM suggestion_cve c JOIN suggestion s ON s.id = c.suggestion
         WHERE c.cve = $1 ORDER BY s.id"
    );
    connection.query(&sql, params![cve], read)
}
