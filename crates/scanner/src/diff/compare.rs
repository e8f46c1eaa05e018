//! Comparing two snapshots. Findings are the same if they are about the same vulnerability in the
//! same software, whatever its version: updating is how findings go.

use super::snapshot::{Item, Snapshot};
use crate::fail_on::FailOn;
use crate::report::level_name;
use crate::result::Scan;
use matching::{Confidence, Finding, FindingStatus, Findings};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use vulnerability::CveId;
use vulnerability::model::Level;

/// What changed.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// All findings that are open on either side, the most urgent first.
    pub entries: Vec<DiffEntry>,
}

/// A finding that is open on at least one side: affected, not suppressed, of enough confidence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DiffEntry {
    /// The vulnerability.
    pub cve: CveId,
    /// The vulnerability in one line.
    pub summary: String,
    /// The software: the attribute where both sides have one, else pname.
    pub software: String,
    /// The target, where both sides have the same several.
    pub target: Option<String>,
    /// What happened to it.
    pub change: Change,
    /// Why.
    pub reasons: Vec<Reason>,
    /// How it was, if it was open.
    pub old: Option<Open>,
    /// How it is, if it is open.
    pub new: Option<Open>,
}

impl DiffEntry {
    /// Whether somebody should hear of it: it is new, or has become worse.
    pub fn is_news(&self) -> bool {
        match (&self.old, &self.new) {
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new.known_exploited && !old.known_exploited || new.level > old.level,
            (_, None) => false,
        }
    }
}

/// An open finding on one side.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Open {
    /// The versions that are affected.
    pub versions: Vec<String>,
    /// The severity.
    pub level: Option<Level>,
    /// The score, 0.0 to 10.0.
    pub score: Option<f64>,
    /// Whether it is known to be exploited.
    pub known_exploited: bool,
}

/// What happened to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is open now, and was not.
    New,
    /// It is open on both sides, and something about it differs.
    Changed,
    /// It was open, and is not any more.
    Gone,
    /// It is open on both sides.
    Same,
}

impl Change {
    /// Its name in JSON and in headings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Same => "same",
        }
    }
}

/// Why a finding comes, goes or changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The software was not there before.
    PackageAdded,
    /// The software is not there any more.
    PackageRemoved,
    /// The software has another version.
    Version {
        /// The versions before.
        old: Vec<String>,
        /// The versions now.
        new: Vec<String>,
    },
    /// The same version, and records did not name it before.
    NewRecord,
    /// The same version, and records do not name it any more.
    RecordGone,
    /// Of the same version another status is known.
    Status {
        /// The status before.
        old: FindingStatus,
        /// The status now.
        new: FindingStatus,
        /// The correction that decided, such as a patch's name.
        by: Option<String>,
    },
    /// A rule suppresses it, for this reason.
    Suppressed(String),
    /// The rule that suppressed it does not any more.
    NotSuppressed,
    /// It is less sure, or surer, than what is asked for.
    Confidence,
    /// It has another severity.
    Severity {
        /// The severity before.
        old: Option<Level>,
        /// The severity now.
        new: Option<Level>,
    },
    /// It is known to be exploited now.
    Exploited,
    /// It is not known to be exploited any more.
    NotExploited,
}

impl Reason {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PackageAdded => "package-added",
            Self::PackageRemoved => "package-removed",
            Self::Version { .. } => "version",
            Self::NewRecord => "new-record",
            Self::RecordGone => "record-gone",
            Self::Status { .. } => "status",
            Self::Suppressed(_) => "suppressed",
            Self::NotSuppressed => "not-suppressed",
            Self::Confidence => "confidence",
            Self::Severity { .. } => "severity",
            Self::Exploited => "exploited",
            Self::NotExploited => "not-exploited",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions = |versions: &[String]| {
            if versions.iter().all(String::is_empty) {
                "no version".to_owned()
            } else {
                versions.join(" and ")
            }
        };
        match self {
            Self::PackageAdded => f.write_str("added"),
            Self::PackageRemoved => f.write_str("removed"),
            Self::Version { old, new } => write!(f, "{} → {}", versions(old), versions(new)),
            Self::NewRecord => f.write_str("the same version; now a record names it"),
            Self::RecordGone => f.write_str("the same version; no record names it any more"),
            Self::Status { old, new, by } => {
                write!(f, "was {}, is {}", status(*old), status(*new))?;
                by.as_ref().map_or(Ok(()), |by| write!(f, ": {by}"))
            }
            Self::Suppressed(reason) => write!(f, "suppressed: {reason}"),
            Self::NotSuppressed => f.write_str("not suppressed any more"),
            Self::Confidence => f.write_str("another confidence"),
            Self::Severity { old, new } => write!(f, "was {}, is {}", level_name(*old), level_name(*new)),
            Self::Exploited => f.write_str("known to be exploited now"),
            Self::NotExploited => f.write_str("not known to be exploited any more"),
        }
    }
}

const fn status(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Affected => "affected",
        FindingStatus::Unknown => "undecided",
        FindingStatus::Fixed => "fixed",
        FindingStatus::NotAffected => "not affected",
    }
}

impl Diff {
    /// How many findings had this happen to them.
    pub fn count(&self, change: Change) -> usize {
        self.entries.iter().filter(|entry| entry.change == change).count()
    }

    /// Whether a finding is at or above the bar that was not before: because it is new, or has
    /// become worse.
    pub fn fails(&self, bar: FailOn) -> bool {
        let reaches =
            |open: &Option<Open>| open.as_ref().is_some_and(|o| bar.is_at(o.level, o.known_exploited));
        self.entries.iter().any(|entry| reaches(&entry.new) && !reaches(&entry.old))
    }
}

/// Leaves of a scan only the findings that are new since a stored report, or have become worse, and
/// says how it differs from that report.
pub fn retain_news(scan: &mut Scan, old: &Snapshot, min_confidence: Confidence) -> Diff {
    let new = Snapshot::of_scan(scan);
    let by = Grouping::of(old, &new);
    let diff = compare(old, &new, min_confidence);
    let news: BTreeSet<(Option<&str>, &str, CveId)> = diff
        .entries
        .iter()
        .filter(|entry| entry.is_news())
        .map(|entry| (entry.target.as_deref(), entry.software.as_str(), entry.cve))
        .collect();
    let mut kept = Findings::default();
    let mut suppressed = BTreeMap::new();
    let all = std::mem::take(&mut scan.findings);
    for (index, group) in all.groups().iter().enumerate() {
        let finding = group.finding();
        if finding.status != FindingStatus::Affected {
            continue;
        }
        for &package in all.packages(group) {
            let is_news = by
                .key(&new, package)
                .is_some_and(|((target, software), _)| news.contains(&(target, software, finding.cve)));
            if is_news {
                if let Some(rule) = scan.suppressed.get(&index) {
                    suppressed.insert(kept.groups().len(), rule.clone());
                }
                kept.push(Finding { package, ..finding.clone() });
            }
        }
    }
    scan.only_news = true;
    scan.findings = kept;
    scan.suppressed = suppressed;
    diff
}

/// What one side knows about a piece of software.
#[derive(Default)]
struct Side<'a> {
    versions: BTreeSet<&'a str>,
    findings: BTreeMap<CveId, Vec<(&'a Item, &'a str)>>,
}

/// The software, and its target where both sides have the same several.
type Key<'a> = (Option<&'a str>, &'a str);

/// What findings are told apart by, besides the vulnerability.
#[derive(Clone, Copy)]
struct Grouping {
    by_target: bool,
    by_attribute: bool,
}

impl Grouping {
    /// The finest that both sides know.
    fn of(old: &Snapshot, new: &Snapshot) -> Self {
        let names = |snapshot: &Snapshot| -> Vec<String> {
            snapshot.targets.iter().map(|(name, _)| name.clone()).collect()
        };
        let has_attributes = |s: &Snapshot| s.packages.iter().all(|package| package.attribute.is_some());
        Self {
            by_target: names(old).len() > 1 && names(old) == names(new),
            by_attribute: has_attributes(old) && has_attributes(new),
        }
    }

    /// The key and version of a package.
    fn key(self, snapshot: &Snapshot, index: usize) -> Option<(Key<'_>, &str)> {
        let package = snapshot.packages.get(index)?;
        let attribute = package.attribute.as_deref().filter(|_| self.by_attribute);
        let target = self.by_target.then(|| snapshot.target_of(index));
        let target = target.and_then(|t| Some(snapshot.targets.get(t)?.0.as_str()));
        Some(((target, attribute.unwrap_or(&package.pname)), package.version.as_str()))
    }
}

fn sides(snapshot: &Snapshot, by: Grouping) -> BTreeMap<Key<'_>, Side<'_>> {
    let mut sides: BTreeMap<Key<'_>, Side<'_>> = BTreeMap::new();
    for (key, version) in (0..snapshot.packages.len()).filter_map(|index| by.key(snapshot, index)) {
        sides.entry(key).or_default().versions.insert(version);
    }
    for finding in &snapshot.findings {
        if let Some((key, version)) = by.key(snapshot, finding.package) {
            let side = sides.entry(key).or_default();
            side.findings.entry(finding.cve).or_default().push((finding, version));
        }
    }
    sides
}

/// Compares two snapshots. Findings of less than this confidence count as not open.
pub fn compare(old: &Snapshot, new: &Snapshot, min_confidence: Confidence) -> Diff {
    let by = Grouping::of(old, new);
    let (old, new) = (sides(old, by), sides(new, by));
    let nothing = Side::default();
    let mut entries = Vec::new();
    let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key).unwrap_or(&nothing), new.get(key).unwrap_or(&nothing));
        let cves: BTreeSet<CveId> = before.findings.keys().chain(after.findings.keys()).copied().collect();
        for cve in cves {
            entries.extend(entry(*key, cve, before, after, min_confidence));
        }
    }
    entries.sort_by_cached_key(order);
    Diff { entries }
}

/// The most urgent first, by what is new.
fn order(entry: &DiffEntry) -> impl Ord + use<> {
    let open = entry.new.as_ref().or(entry.old.as_ref());
    let score = open.and_then(|o| o.score).unwrap_or(0.0);
    let urgency = open.map(|o| (o.known_exploited, o.level, score.max(0.0).to_bits()));
    (entry.change, Reverse(urgency), entry.software.clone(), entry.target.clone(), Reverse(entry.cve))
}

fn entry(
    key: Key<'_>,
    cve: CveId,
    before: &Side<'_>,
    after: &Side<'_>,
    min_confidence: Confidence,
) -> Option<DiffEntry> {
    let (old, was) = split(before, cve, min_confidence);
    let (new, is) = split(after, cve, min_confidence);
    let (change, reasons) = match (&old, &new) {
        (None, None) => return None,
        (None, Some(_)) => (Change::New, vec![why_new(before, after, &was)]),
        (Some(_), None) => (Change::Gone, vec![why_gone(before, after, &is)]),
        (Some(old), Some(new)) => {
            let reasons = differences(old, new);
            (if reasons.is_empty() { Change::Same } else { Change::Changed }, reasons)
        }
    };
    let known = |side: &Side<'_>| Some(side.findings.get(&cve)?.first()?.0.summary.clone());
    Some(DiffEntry {
        cve,
        summary: known(after).filter(|s| !s.is_empty()).or_else(|| known(before)).unwrap_or_default(),
        software: key.1.to_owned(),
        target: key.0.map(str::to_owned),
        change,
        reasons,
        old,
        new,
    })
}

/// What is open of a vulnerability on one side, and what is known of it but not open.
fn split<'a>(side: &Side<'a>, cve: CveId, least: Confidence) -> (Option<Open>, Vec<&'a Item>) {
    let all = side.findings.get(&cve).map_or(&[][..], Vec::as_slice);
    let is_open = |known: &Item| {
        known.status == FindingStatus::Affected && known.suppressed.is_none() && known.confidence >= least
    };
    let closed = all.iter().map(|(known, _)| *known).filter(|known| !is_open(known)).collect();
    let open: Vec<_> = all.iter().filter(|(known, _)| is_open(known)).collect();
    let versions: BTreeSet<&str> = open.iter().map(|(_, version)| *version).collect();
    let worst = open.first().map(|(known, _)| Open {
        versions: versions.into_iter().map(str::to_owned).collect(),
        level: known.level,
        score: known.score,
        known_exploited: known.known_exploited,
    });
    (worst, closed)
}

fn owned(versions: &BTreeSet<&str>) -> Vec<String> {
    versions.iter().map(|version| (*version).to_owned()).collect()
}

fn other_version(before: &Side<'_>, after: &Side<'_>) -> Option<Reason> {
    let differ = before.versions != after.versions;
    differ.then(|| Reason::Version { old: owned(&before.versions), new: owned(&after.versions) })
}

fn why_gone(before: &Side<'_>, after: &Side<'_>, is: &[&Item]) -> Reason {
    if after.versions.is_empty() {
        return Reason::PackageRemoved;
    }
    let affected = |known: &&&Item| known.status == FindingStatus::Affected;
    if let Some(reason) = is.iter().filter(affected).find_map(|known| known.suppressed.clone()) {
        return Reason::Suppressed(reason);
    }
    let status = |known: &Item| Reason::Status {
        old: FindingStatus::Affected,
        new: known.status,
        by: known.correction.clone(),
    };
    // A patch says more than the version that it came with.
    if let Some(fixed) = is.iter().find(|known| known.status == FindingStatus::Fixed) {
        return status(fixed);
    }
    if let Some(version) = other_version(before, after) {
        return version;
    }
    match is.iter().find(|known| known.status != FindingStatus::Affected) {
        Some(other) => status(other),
        None if is.is_empty() => Reason::RecordGone,
        None => Reason::Confidence,
    }
}

fn why_new(before: &Side<'_>, after: &Side<'_>, was: &[&Item]) -> Reason {
    if before.versions.is_empty() {
        return Reason::PackageAdded;
    }
    if was.iter().any(|known| known.status == FindingStatus::Affected && known.suppressed.is_some()) {
        return Reason::NotSuppressed;
    }
    let status = |known: &Item| Reason::Status {
        old: known.status,
        new: FindingStatus::Affected,
        by: known.correction.clone(),
    };
    if let Some(fixed) = was.iter().find(|known| known.status == FindingStatus::Fixed) {
        return status(fixed);
    }
    if let Some(version) = other_version(before, after) {
        return version;
    }
    match was.iter().find(|known| known.status != FindingStatus::Affected) {
        Some(other) => status(other),
        None if was.is_empty() => Reason::NewRecord,
        None => Reason::Confidence,
    }
}

/// What differs between two open findings. Another version alone is no difference: it is affected
/// as the one before was.
fn differences(old: &Open, new: &Open) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if old.known_exploited != new.known_exploited {
        reasons.push(if new.known_exploited { Reason::Exploited } else { Reason::NotExploited });
    }
    if old.level != new.level {
        reasons.push(Reason::Severity { old: old.level, new: new.level });
    }
    reasons
}
