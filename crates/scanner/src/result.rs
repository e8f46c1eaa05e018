//! The result of a scan. Reports, suppression files and `--fail-on` only read it.

mod entry;
mod shown;
mod summary;

pub(crate) use entry::EPSS_LIKELY;
pub(crate) use entry::GroupEntry;
pub use entry::{Action, FindingEntry};
pub(crate) use shown::{Place, Shown};
pub use summary::Summary;

use crate::run::Run;
use crate::suppress::Suppression;
use crate::targets::{TargetKind, Warning};
use jiff::Timestamp;
use matching::{Findings, Package};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::fmt;
use vulnerability::CveId;
use vulnerability::model::{Severity, Vulnerability};

/// The result of a scan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scan {
    /// What was scanned.
    pub targets: Vec<ScannedTarget>,
    /// The packages of all targets.
    pub packages: Vec<Package>,
    /// The vulnerabilities of the findings that are reported. Their statements may be left out: the
    /// findings' evidence quotes them.
    pub vulnerabilities: BTreeMap<CveId, Vulnerability>,
    /// The findings; their packages are indices into `packages`.
    pub findings: Findings,
    /// Which findings are suppressed and by which rule, by index into the groups of `findings`.
    pub suppressed: BTreeMap<usize, Suppression>,
    /// The severities to show, where they were chosen already: details are unpacked for that.
    pub(crate) severities: FxHashMap<CveId, Severity>,
    /// Suppression rules that did nothing, and why.
    pub rule_problems: Vec<Warning>,
    /// VEX statements that did nothing, and why.
    pub vex_problems: Vec<Warning>,
    /// Whether only what is new since an earlier scan is left of the findings.
    pub only_news: bool,
    /// When the scan was made.
    pub time: Timestamp,
    /// The scan's identity: a random UUID (version 4) in lower case. SARIF accepts no later
    /// version.
    pub id: String,
    /// What the packages were compared with.
    pub records: Records,
}

/// A target after the scan: its packages are those of the [`Scan`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScannedTarget {
    /// As the user named it.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// How many packages it has.
    pub packages: usize,
    /// See [`crate::targets::TargetContents::looked_at`].
    pub looked_at: usize,
    /// See [`crate::targets::TargetContents::not_packages`].
    pub not_packages: usize,
    /// See [`crate::targets::TargetContents::failed_evaluations`].
    pub failed_evaluations: usize,
    /// What was wrong with parts of it.
    pub warnings: Vec<Warning>,
    /// How many more warnings there were.
    pub more_warnings: usize,
}

/// How many records the packages were compared with, and from when they are. Displayed as in
/// `29379 CVE records, 1482 known exploited, of 2026-08-30`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Records {
    /// Records of the CVE list.
    pub cve: usize,
    /// Records of the NVD.
    pub nvd: usize,
    /// Entries of CISA's catalogue of known exploited vulnerabilities.
    pub known_exploited: usize,
    /// When the database last changed.
    pub changed: Option<Timestamp>,
    /// As of when the records are: the older of the newest record and of when its source last
    /// confirmed its state. Of the CVE list, or of the NVD where there is nothing of the list.
    pub of: Option<Timestamp>,
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} CVE records", self.cve)?;
        if self.nvd > 0 {
            write!(f, ", {} of NVD", self.nvd)?;
        }
        if self.known_exploited > 0 {
            write!(f, ", {} known exploited", self.known_exploited)?;
        }
        match self.of {
            Some(time) => write!(f, ", of {}", time.strftime("%Y-%m-%d")),
            None => Ok(()),
        }
    }
}

impl Scan {
    /// A scan of nothing.
    pub fn new(run: Run, records: Records) -> Self {
        Self {
            targets: Vec::new(),
            packages: Vec::new(),
            vulnerabilities: BTreeMap::new(),
            findings: Findings::default(),
            severities: FxHashMap::default(),
            suppressed: BTreeMap::new(),
            rule_problems: Vec::new(),
            vex_problems: Vec::new(),
            only_news: false,
            time: run.time,
            id: run.id,
            records,
        }
    }

    /// The target that a package is of, and its index, where there are several: of one, everything
    /// is.
    pub(crate) fn target_of(&self, package: usize) -> Option<(usize, &ScannedTarget)> {
        if self.targets.len() < 2 {
            return None;
        }
        let mut end = 0;
        self.targets.iter().enumerate().find(|(_, target)| {
            end += target.packages;
            package < end
        })
    }

    /// The findings, the most urgent first.
    pub fn entries(&self) -> Vec<FindingEntry<'_>> {
        Shown::of(self, self.groups()).iter().collect()
    }

    /// The findings in their own order, each with all the packages that have it. They are made one
    /// at a time: of most only the number is needed.
    pub(crate) fn groups(&self) -> impl Iterator<Item = GroupEntry<'_>> {
        // A vulnerability can have many packages: it is looked up, and its severity chosen, once.
        let mut known = FxHashMap::default();
        self.findings.groups().iter().enumerate().filter_map(move |(index, group)| {
            let finding = group.finding();
            let (vulnerability, severity) = *known.entry(finding.cve).or_insert_with(|| {
                let vulnerability = self.vulnerabilities.get(&finding.cve);
                let chosen = self.severities.get(&finding.cve);
                (vulnerability, chosen.or_else(|| vulnerability.and_then(Vulnerability::severity)))
            });
            let entry = FindingEntry {
                finding,
                index: finding.package,
                package: self.packages.get(finding.package)?,
                vulnerability,
                suppression: self.suppressed.get(&index),
                severity,
            };
            Some(GroupEntry { entry, packages: self.findings.packages(group) })
        })
    }
}
