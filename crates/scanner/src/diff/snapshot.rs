//! One side of a comparison: what of a scan or of a stored report is compared.

use crate::result::Scan;
use crate::targets::open_document;
use matching::{Confidence, FindingStatus, Text};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use vulnerability::CveId;
use vulnerability::model::Level;

/// The most bytes of a report, after decompression.
const MAXIMUM: u64 = 4 << 30;

/// How far into a file the name of the format is looked for; it is our first member.
const LOOK: u64 = 512;

/// The findings of a scan, as far as they are compared.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The targets: name, and how many of the packages are its.
    pub(super) targets: Vec<(String, usize)>,
    pub(super) packages: Vec<Software>,
    pub(super) findings: Vec<Item>,
}

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Software {
    pub(super) pname: String,
    pub(super) version: String,
    pub(super) attribute: Option<String>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) package: usize,
    pub(super) cve: CveId,
    pub(super) status: FindingStatus,
    pub(super) confidence: Confidence,
    pub(super) level: Option<Level>,
    pub(super) score: Option<f64>,
    pub(super) known_exploited: bool,
    pub(super) summary: String,
    /// The reason of the rule that suppresses it.
    pub(super) suppressed: Option<String>,
    /// The correction that decided: a patch's name, the reason of a statement.
    pub(super) correction: Option<String>,
}

/// Why a stored report cannot be compared with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is none of our reports, or not one of a version that is known.
    #[error("{}: not a report that `snowguard scan --format json` wrote", path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// It is a report in another version of the format.
    #[error("{}: a report of version {found}, of which only 1 is known", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version.
        found: String,
    },
    /// A finding names a package that is not there.
    #[error("{}: findings[{index}].package: there is no such package", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// Which finding.
        index: usize,
    },
}

impl Snapshot {
    /// What a scan found. Of findings that its report leaves out, only the status is known.
    pub fn of_scan(scan: &Scan) -> Self {
        let packages = scan.packages.iter().map(|package| Software {
            pname: package.pname.to_string(),
            version: package.version.to_string(),
            attribute: package.attribute.as_ref().map(Text::to_string),
        });
        let each =
            scan.groups().flat_map(|group| group.packages.iter().map(move |index| (*index, group.entry)));
        let findings = each.map(|(package, entry)| Item {
            package,
            cve: entry.finding.cve,
            status: entry.finding.status,
            confidence: entry.finding.confidence,
            level: entry.level(),
            score: entry.score().map(crate::report::rounded),
            known_exploited: entry.known_exploited(),
            summary: entry.summary().to_owned(),
            suppressed: entry.suppression.map(|suppression| suppression.reason.clone()),
            correction: entry.correction().map(str::to_owned),
        });
        Self {
            targets: scan.targets.iter().map(|t| (t.name.clone(), t.packages)).collect(),
            packages: packages.collect(),
            findings: findings.collect(),
        }
    }

    /// Reads a stored report, plain or compressed. `None` if the file is something else.
    pub fn read(path: &Path) -> Result<Option<Self>, SnapshotError> {
        if !path.is_file() {
            return Ok(None);
        }
        let io_error = |source| SnapshotError::Io { path: path.to_owned(), source };
        let mut reader = open_document(path).map_err(io_error)?;
        let mut start = Vec::new();
        reader.by_ref().take(LOOK).read_to_end(&mut start).map_err(io_error)?;
        if !start.windows(NAME.len()).any(|window| window == NAME) {
            return Ok(None);
        }
        let whole = io::Cursor::new(start).chain(reader).take(MAXIMUM);
        let report: Report = serde_json::from_reader(BufReader::with_capacity(128 << 10, whole))
            .map_err(|source| SnapshotError::NotAReport { path: path.to_owned(), source })?;
        if report.format_version.split('.').next() != Some("1") {
            let found = crate::targets::cut(&report.format_version);
            return Err(SnapshotError::Version { path: path.to_owned(), found });
        }
        report.snapshot().map(Some).map_err(|index| SnapshotError::Package { path: path.to_owned(), index })
    }

    /// The target of each package, by its number.
    pub(super) fn target_of(&self, package: usize) -> usize {
        let mut end = 0;
        let within = |(_, count): &(String, usize)| {
            end += count;
            package < end
        };
        self.targets.iter().position(within).unwrap_or_default()
    }

    /// How its targets are called.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.targets.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    /// How many packages it has.
    pub fn packages(&self) -> usize {
        self.packages.len()
    }
}

/// How reports of ours name their format.
const NAME: &[u8] = b"\"snowguard-scan-report\"";

/// The report as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    format_version: String,
    targets: Vec<Target>,
    packages: Vec<Software>,
    vulnerabilities: Vec<About>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    packages: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    id: CveId,
    summary: String,
    #[serde(default)]
    severity: Option<Rated>,
    #[serde(default)]
    known_exploited: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Rated {
    level: Level,
    #[serde(default)]
    score: Option<f64>,
}

#[derive(Deserialize)]
struct Finding {
    package: usize,
    cve: CveId,
    status: Status,
    confidence: Sure,
    #[serde(default)]
    evidence: Vec<Step>,
    #[serde(default)]
    suppression: Option<Rule>,
}

#[derive(Deserialize)]
struct Step {
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Affected,
    Unknown,
    Fixed,
    NotAffected,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sure {
    Low,
    Medium,
    High,
}

impl Report {
    /// The number of a finding whose package is not there is the error.
    fn snapshot(self) -> Result<Snapshot, usize> {
        let about: BTreeMap<CveId, About> = self.vulnerabilities.into_iter().map(|v| (v.id, v)).collect();
        let mut findings = Vec::with_capacity(self.findings.len());
        for (index, finding) in self.findings.into_iter().enumerate() {
            if finding.package >= self.packages.len() {
                return Err(index);
            }
            let about = about.get(&finding.cve);
            let severity = about.and_then(|about| about.severity.as_ref());
            let correction = finding.evidence.into_iter().rev().find(|step| step.kind == "correction");
            findings.push(Item {
                package: finding.package,
                cve: finding.cve,
                status: match finding.status {
                    Status::Affected => FindingStatus::Affected,
                    Status::Unknown => FindingStatus::Unknown,
                    Status::Fixed => FindingStatus::Fixed,
                    Status::NotAffected => FindingStatus::NotAffected,
                },
                confidence: match finding.confidence {
                    Sure::Low => Confidence::Low,
                    Sure::Medium => Confidence::Medium,
                    Sure::High => Confidence::High,
                },
                level: severity.map(|severity| severity.level),
                score: severity.and_then(|severity| severity.score),
                known_exploited: about.is_some_and(|about| about.known_exploited.is_some()),
                summary: about.map(|about| about.summary.clone()).unwrap_or_default(),
                suppressed: finding.suppression.map(|rule| rule.reason),
                correction: correction.and_then(|step| step.text),
            });
        }
        let targets = self.targets.into_iter().map(|target| (target.name, target.packages)).collect();
        Ok(Snapshot { targets, packages: self.packages, findings })
    }
}
