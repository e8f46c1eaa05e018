//! A finding with everything that a report says about it.

use crate::suppress::Suppression;
use matching::{Confidence, Evidence, Finding, FindingStatus, Package};
use std::cmp::Reverse;
use std::fmt;
use vulnerability::model::{Level, Severity, Vulnerability};

/// A finding with its package, vulnerability and suppression.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FindingEntry<'a> {
    /// The finding. Other packages may have it too, so its `package` is not always this one's.
    pub finding: &'a Finding,
    /// The package's index in the scan.
    pub index: usize,
    /// Its package.
    pub package: &'a Package,
    /// Its vulnerability; `None` if only the package's own list of vulnerabilities names it.
    pub vulnerability: Option<&'a Vulnerability>,
    /// The rule that suppresses it.
    pub suppression: Option<&'a Suppression>,
    /// The severity to show: the vulnerability's, chosen once, for a record can have many.
    pub severity: Option<&'a Severity>,
}

/// See [`FindingEntry::urgency`].
pub(super) type Urgency = (bool, FindingStatus, Reverse<(bool, bool, u32, u32, Confidence)>);

/// A finding that several packages have: the entry of the first, and all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupEntry<'a> {
    /// For the first package.
    pub(crate) entry: FindingEntry<'a>,
    /// The packages' indices, by name and then by index.
    pub(crate) packages: &'a [usize],
}

/// EPSS probabilities from which on a vulnerability counts as likely to be exploited soon. Some 4 %
/// of all CVEs are above.
pub(crate) const EPSS_LIKELY: f32 = 0.1;

impl<'a> FindingEntry<'a> {
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

    /// The vulnerability in one line.
    pub fn summary(&self) -> &'a str {
        self.vulnerability.map_or("", Vulnerability::summary)
    }

    /// The most urgent first: not suppressed, affected, known exploited, likely to be exploited,
    /// severe, probable, of high confidence.
    pub(super) fn urgency(&self) -> Urgency {
        // No score and no probability is negative, so the bits are in the order of the numbers.
        let bits = |number: f32| number.max(0.0).to_bits();
        let score = self.score().unwrap_or_else(|| lowest(self.level()));
        let epss = self.epss().unwrap_or(0.0);
        (
            self.suppression.is_some(),
            self.finding.status,
            Reverse((
                self.known_exploited(),
                epss >= EPSS_LIKELY,
                bits(score),
                bits(epss),
                self.finding.confidence,
            )),
        )
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
#[non_exhaustive]
pub enum Action<'a> {
    /// Update to this version or a later one.
    Update(&'a str),
    /// No record names a fixed version.
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
