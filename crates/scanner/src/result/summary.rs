//! How many findings there are, by what matters about them.

use super::{GroupEntry, Scan};
use matching::{Confidence, FindingStatus};
use serde::Serialize;
use vulnerability::model::Level;

/// Numbers of findings. Each finding is counted once, in the first of these that fits: suppressed,
/// of low confidence, its status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// Packages that were looked at.
    pub packages: usize,
    /// Packages with at least one affected finding that is neither suppressed nor of low
    /// confidence.
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
    /// Counts the findings of a scan.
    pub(crate) fn of(scan: &Scan) -> Self {
        let mut summary = Self { packages: scan.packages.len(), ..Self::default() };
        let mut affected = vec![false; scan.packages.len()];
        for GroupEntry { entry, packages } in scan.groups() {
            let many = packages.len();
            let counter = if entry.suppression.is_some() {
                &mut summary.suppressed
            } else if entry.finding.confidence == Confidence::Low {
                &mut summary.low_confidence
            } else {
                match entry.finding.status {
                    FindingStatus::Unknown => &mut summary.unknown,
                    FindingStatus::Fixed => &mut summary.fixed,
                    FindingStatus::NotAffected => &mut summary.not_affected,
                    FindingStatus::Affected => {
                        for package in packages {
                            if let Some(slot) = affected.get_mut(*package) {
                                *slot = true;
                            }
                        }
                        summary.known_exploited += if entry.known_exploited() { many } else { 0 };
                        *match entry.level() {
                            Some(Level::Critical) => &mut summary.critical,
                            Some(Level::High) => &mut summary.high,
                            Some(Level::Medium) => &mut summary.medium,
                            Some(Level::Low) => &mut summary.low,
                            None | Some(Level::None) => &mut summary.unrated,
                        } += many;
                        &mut summary.affected
                    }
                }
            };
            *counter += many;
        }
        summary.affected_packages = affected.into_iter().filter(|a| *a).count();
        summary
    }
}
