//! From which findings on a scan counts as failed.

use crate::UnknownName;
use crate::result::FindingEntry;
use matching::{Confidence, FindingStatus};
use std::fmt;
use std::str::FromStr;
use vulnerability::model::Level;

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

    /// Whether a finding is at or above the bar: affected, not suppressed, of at least this
    /// confidence, and severe enough. What is known to be exploited is above every bar, whatever
    /// its rating.
    pub fn fails(self, entry: &FindingEntry<'_>, min_confidence: Confidence) -> bool {
        let counts = entry.suppression.is_none()
            && entry.finding.status == FindingStatus::Affected
            && entry.finding.confidence >= min_confidence;
        let level = entry.level();
        counts
            && (entry.known_exploited()
                || match self {
                    Self::Low => true,
                    Self::Medium => level.is_none_or(|l| l >= Level::Medium),
                    Self::High => level >= Some(Level::High),
                    Self::Critical => level >= Some(Level::Critical),
                    Self::KnownExploited => false,
                })
    }
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
