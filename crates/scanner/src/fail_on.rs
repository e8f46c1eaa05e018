//! From which findings on a scan counts as failed.

use crate::UnknownName;
use crate::result::{FindingEntry, Records, Scan};
use matching::{Confidence, FindingStatus};
use std::fmt;
use std::str::FromStr;
use vulnerability::model::{Level, Vulnerability};
use vulnerability_db::database::{Database, DatabaseError};

/// A bar. Findings at or above it make a scan fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailOn {
    /// Any rating, or none.
    Low,
    /// Medium or worse. What nobody has rated yet counts too: it may be anything.
    Medium,
    /// High or worse, or known to be exploited.
    High,
    /// Critical, or known to be exploited.
    Critical,
    /// Known to be exploited.
    KnownExploited,
}

impl FailOn {
    /// All bars, lowest first.
    pub const ALL: &'static [Self] =
        &[Self::Low, Self::Medium, Self::High, Self::Critical, Self::KnownExploited];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::KnownExploited => "known-exploited",
        }
    }

    /// Whether a finding is at or above the bar: it counts, and is severe enough. What is known to
    /// be exploited is above every bar, whatever its rating.
    pub fn fails(self, entry: &FindingEntry<'_>, counted: Counted) -> bool {
        let counts = entry.suppression.is_none()
            && match entry.finding.status {
                FindingStatus::Affected => true,
                FindingStatus::Unknown => counted.unknown,
                FindingStatus::Fixed | FindingStatus::NotAffected => false,
            }
            && entry.finding.confidence >= counted.min_confidence;
        counts && self.is_at(entry.level(), entry.known_exploited())
    }

    /// Whether a severity is at or above the bar.
    pub(crate) fn is_at(self, level: Option<Level>, known_exploited: bool) -> bool {
        known_exploited
            || match self {
                Self::Low => true,
                Self::Medium => level.is_none_or(|l| l >= Level::Medium),
                Self::High => level >= Some(Level::High),
                Self::Critical => level >= Some(Level::Critical),
                Self::KnownExploited => false,
            }
    }

    /// Whether a scan has a finding at or above the bar.
    pub fn is_reached(self, scan: &Scan, counted: Counted) -> bool {
        scan.groups().any(|group| self.fails(&group.entry, counted))
    }

    /// What the database would need to have so that this bar means anything. A scan that finds
    /// nothing with it says nothing.
    pub fn lacks(self, scan: &Scan, database: &Database) -> Result<Option<Lacks>, DatabaseError> {
        let Records { cve, nvd, known_exploited, .. } = scan.records;
        Ok(match self {
            _ if cve + nvd == 0 => Some(Lacks::Records),
            Self::KnownExploited if known_exploited == 0 => Some(Lacks::Catalogue),
            Self::Medium | Self::High | Self::Critical if !any_rating(scan, database)? => {
                Some(Lacks::Ratings)
            }
            _ => None,
        })
    }
}

/// Which findings are held against a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Those of at least this confidence.
    pub min_confidence: Confidence,
    /// Those that the records do not decide, too.
    pub unknown: bool,
}

/// What a database lacks: no bar of that kind can be decided with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lacks {
    /// Records of vulnerabilities.
    #[error("the database has no record of the CVE list or of NVD")]
    Records,
    /// CISA's catalogue of known exploited vulnerabilities.
    #[error("the database has no catalogue of known exploited vulnerabilities")]
    Catalogue,
    /// Severities.
    #[error("no record of the database has a severity")]
    Ratings,
}

impl Lacks {
    /// What may help.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Records => "`snowguard db update --cve SOURCE` imports records",
            Self::Catalogue => "`snowguard db update --kev SOURCE` imports CISA's catalogue",
            Self::Ratings => {
                "`snowguard db update --nvd SOURCE` imports NVD's; the bar `low` needs no severities"
            }
        }
    }
}

/// Loaded at once in the search for a rating.
const PART: usize = 128;

/// Whether any record has a severity. With usual records the first that is looked at has.
fn any_rating(scan: &Scan, database: &Database) -> Result<bool, DatabaseError> {
    let rated = |v: &Vulnerability| v.severity().is_some();
    if scan.vulnerabilities.values().any(rated) {
        return Ok(true);
    }
    // The newest first: in old years of the CVE list few are rated.
    for part in database.ids()?.rchunks(PART) {
        if database.load(part)?.iter().any(rated) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FailOn {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.iter().find(|bar| bar.name() == name);
        found.copied().ok_or_else(|| UnknownName::new("bar", name, Self::ALL.iter().map(|b| b.name())))
    }
}
