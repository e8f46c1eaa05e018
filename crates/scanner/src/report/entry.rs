//! A finding with all that a report says about it.

use super::Scan;
use crate::suppress::Suppression;
use matching::{Evidence, Finding, FindingStatus, Package};
use std::cmp::Reverse;
use std::fmt;
use vulnerability::model::{Level, Severity, Vulnerability};

/// A finding with its package and vulnerability.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Its package.
    pub package: &'a Package,
    /// Its vulnerability; `None` if the package's own list is all that speaks of it.
    pub vulnerability: Option<&'a Vulnerability>,
    /// The rule that suppresses it.
    pub suppression: Option<&'a Suppression>,
    /// The severity to show: the vulnerability's, chosen once, for a record can have many.
    pub severity: Option<&'a Severity>,
}

/// EPSS probabilities from which on a vulnerability counts as likely to be exploited soon. Some 4 % of all CVEs are
/// above.
pub(super) const EPSS_LIKELY: f32 = 0.1;

impl<'a> Entry<'a> {
    /// The level to show.
    pub fn level(&self) -> Option<Level> {
        Some(self.severity?.level)
    }

    /// The score, 0.0 to 10.0.
    pub fn score(&self) -> Option<f32> {
        self.severity?.score
    }

    /// The probability of exploitation within 30 days.
    pub fn epss(&self) -> Option<f32> {
        Some(self.vulnerability?.epss?.probability)
    }

    /// Whether it is known to be exploited.
    pub fn known_exploited(&self) -> bool {
        self.vulnerability.is_some_and(|v| v.known_exploited.is_some())
    }

    /// What it is in a line.
    pub fn summary(&self) -> &'a str {
        self.vulnerability.map_or("", Vulnerability::summary)
    }

    /// The order of what to do first: not suppressed, affected, known exploited, likely to be exploited, severe,
    /// probable, sure. Then names, so that the order is the same each time.
    pub(super) fn order(&self) -> impl Ord + use<'a> {
        // No score and no probability is negative, so the bits are in the order of the numbers.
        let bits = |number: f32| number.max(0.0).to_bits();
        let score = self.score().unwrap_or_else(|| lowest(self.level()));
        let epss = self.epss().unwrap_or(0.0);
        let urgency = (
            self.suppression.is_some(),
            self.finding.status,
            Reverse((
                self.known_exploited(),
                epss >= EPSS_LIKELY,
                bits(score),
                bits(epss),
                self.finding.confidence,
            )),
        );
        (urgency, self.package.name.as_str(), self.finding.package, Reverse(self.finding.cve))
    }

    /// What to do about it.
    pub fn action(&self) -> Action<'a> {
        if let Some(suppression) = self.suppression {
            return Action::Suppressed(&suppression.reason);
        }
        let finding = self.finding;
        match finding.status {
            FindingStatus::Affected => match finding.fixed_in.as_deref() {
                Some(version) => Action::Update(version),
                None => Action::Watch,
            },
            FindingStatus::Unknown => Action::Check,
            FindingStatus::Fixed | FindingStatus::NotAffected => Action::Nothing(self.correction()),
        }
    }

    /// Why, in sentences, the conclusion first.
    pub fn reasons(&self) -> Vec<String> {
        matching::explain(self.finding, self.package, self.vulnerability)
    }

    /// The last correction, which decided: a patch's name, the reason of a statement.
    pub fn correction(&self) -> Option<&'a str> {
        let text = |e: &'a Evidence| match e {
            Evidence::Correction { text, .. } => Some(text.as_str()),
            _ => None,
        };
        self.finding.evidence.iter().rev().find_map(text)
    }
}

/// The lowest score of a level, for ratings without one.
const fn lowest(level: Option<Level>) -> f32 {
    match level {
        None | Some(Level::None) => 0.0,
        Some(Level::Low) => 0.1,
        Some(Level::Medium) => 4.0,
        Some(Level::High) => 7.0,
        Some(Level::Critical) => 9.0,
    }
}

/// What to do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Update to this version or a later one.
    Update(&'a str),
    /// No record tells a fixed version.
    Watch,
    /// The records do not decide for this version: a person has to.
    Check,
    /// Nothing; with the reason, if one was stated.
    Nothing(Option<&'a str>),
    /// Somebody decided to accept it, for this reason.
    Suppressed(&'a str),
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update(version) => write!(f, "Update to {version} or later."),
            Self::Watch => {
                f.write_str("No fixed version is known: look for a patch or a workaround in the references.")
            }
            Self::Check => {
                f.write_str("The records do not say whether this version is affected: check by hand.")
            }
            Self::Nothing(None) => f.write_str("Nothing to do: this version is not affected."),
            Self::Nothing(Some(reason)) => write!(f, "Nothing to do: {reason}."),
            Self::Suppressed(reason) => write!(f, "Suppressed: {reason}."),
        }
    }
}

/// Numbers of findings. Each finding is counted once, in the first of these that fits: suppressed, unsure, status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Packages that were looked at.
    pub packages: usize,
    /// Packages with at least one affected finding that is neither suppressed nor of low confidence.
    pub affected_packages: usize,
    /// Affected findings.
    pub affected: usize,
    /// Of these: known to be exploited.
    pub known_exploited: usize,
    /// Of the affected: critical.
    pub critical: usize,
    /// Of the affected: high.
    pub high: usize,
    /// Of the affected: medium.
    pub medium: usize,
    /// Of the affected: low.
    pub low: usize,
    /// Of the affected: without a rating, or rated "none".
    pub unrated: usize,
    /// Findings that the records do not decide.
    pub unknown: usize,
    /// Fixed by a patch or a statement.
    pub fixed: usize,
    /// Not affected.
    pub not_affected: usize,
    /// Of low confidence, whatever the status.
    pub low_confidence: usize,
    /// Suppressed.
    pub suppressed: usize,
}

impl Summary {
    /// Counts.
    pub fn of(scan: &Scan, entries: &[Entry<'_>]) -> Self {
        let mut summary = Self { packages: scan.packages.len(), ..Self::default() };
        let mut affected = vec![false; scan.packages.len()];
        for entry in entries {
            let counter = if entry.suppression.is_some() {
                &mut summary.suppressed
            } else if entry.finding.confidence == matching::Confidence::Low {
                &mut summary.low_confidence
            } else {
                match entry.finding.status {
                    FindingStatus::Unknown => &mut summary.unknown,
                    FindingStatus::Fixed => &mut summary.fixed,
                    FindingStatus::NotAffected => &mut summary.not_affected,
                    FindingStatus::Affected => {
                        if let Some(slot) = affected.get_mut(entry.finding.package) {
                            *slot = true;
                        }
                        summary.known_exploited += usize::from(entry.known_exploited());
                        *match entry.level() {
                            Some(Level::Critical) => &mut summary.critical,
                            Some(Level::High) => &mut summary.high,
                            Some(Level::Medium) => &mut summary.medium,
                            Some(Level::Low) => &mut summary.low,
                            None | Some(Level::None) => &mut summary.unrated,
                        } += 1;
                        &mut summary.affected
                    }
                }
            };
            *counter += 1;
        }
        summary.affected_packages = affected.into_iter().filter(|a| *a).count();
        summary
    }
}
