//! Reports: what a scan found, in the format that was asked for.
//!
//! | format | for whom | module |
//! |---|---|---|
//! | table | people at a terminal | [`table`] |
//! | json | programs; the schema is `docs/schema/scan-report-1.json` | [`json`] |
//! | sarif | code review tools (SARIF 2.1.0) | [`sarif`] |
//! | cyclonedx | SBOM tools (CycloneDX 1.6 with vulnerabilities) | [`cyclonedx`] |
//! | spdx | SBOM tools (SPDX 2.3) | [`spdx`] |
//! | csv | spreadsheets | [`csv`] |
//! | html | everybody; one file that loads nothing | [`html`] |
//! | openvex | VEX tools (OpenVEX 0.2.0) | [`openvex`] |
//!
//! Nothing here asks the clock: time and identity of a report come with the [`Scan`], so that the same scan gives
//! the same bytes.

mod elements;
mod entry;
mod layout;
mod text;

pub mod csv;
pub mod cyclonedx;
pub mod html;
pub mod json;
pub mod openvex;
pub mod sarif;
pub mod spdx;
pub mod table;

pub use entry::{Action, Entry, Summary};
pub use text::{clean, paragraph, wrapped};

use crate::suppress::Suppression;
use crate::targets::Warning;
use elements::{elements, list};
use jiff::Timestamp;
use layout::Lines;
use matching::{Confidence, Finding, FindingStatus, Package};
use rustc_hash::FxHashMap;
use serde::ser::{SerializeMap, Serializer};
use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;
use vulnerability::CveId;
use vulnerability::model::{Severity, Vulnerability};

/// Everything that a report is made of.
#[derive(Debug, Clone)]
pub struct Scan {
    /// What was scanned.
    pub targets: Vec<ScannedTarget>,
    /// The packages of all targets.
    pub packages: Vec<Package>,
    /// The vulnerabilities that findings speak of, if those were asked for. What their records say about products may
    /// be left out: it stands in the findings' evidence.
    pub vulnerabilities: FxHashMap<CveId, Vulnerability>,
    /// The findings; `package` is an index into `packages`.
    pub findings: Vec<Finding>,
    /// Which findings are suppressed and by which rule, by place in `findings`.
    pub suppressed: FxHashMap<usize, Suppression>,
    /// Suppression rules that did nothing, and why.
    pub rule_problems: Vec<Warning>,
    /// When the scan was made.
    pub time: Timestamp,
    /// The report's identity: a random UUID (version 4) in lower case. SARIF accepts no later version.
    pub id: String,
    /// Where the records come from, in words, such as `29,379 records, newest of 2026-08-30`.
    pub database: String,
}

/// A target, without its packages.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedTarget {
    /// As the user named it.
    pub name: String,
    /// What it is, such as `closure`.
    pub kind: String,
    /// How many packages it gave.
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

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It cannot be written.
    #[error("cannot write the report")]
    Io(#[from] io::Error),
    /// The format has no way to say "nothing".
    #[error("there is no finding to state, and OpenVEX has no empty documents")]
    NothingToState,
}

/// Formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// For people.
    Table,
    /// Our own.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// CycloneDX 1.6.
    CycloneDx,
    /// SPDX 2.3.
    Spdx,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// One HTML file.
    Html,
    /// OpenVEX 0.2.0.
    OpenVex,
}

impl ReportFormat {
    /// All formats.
    pub const ALL: [Self; 8] = [
        Self::Table,
        Self::Json,
        Self::Sarif,
        Self::CycloneDx,
        Self::Spdx,
        Self::Csv,
        Self::Html,
        Self::OpenVex,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::OpenVex => "openvex",
        }
    }

    /// The statuses it shows if the user does not say: formats for people and for alarms show what is affected, those
    /// that exchange knowledge show all.
    pub const fn default_statuses(self) -> &'static [FindingStatus] {
        match self {
            Self::Table | Self::Sarif | Self::Csv | Self::Html => &[FindingStatus::Affected],
            Self::Json | Self::CycloneDx | Self::Spdx | Self::OpenVex => &FindingStatus::ALL,
        }
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ReportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|k| k.name()).collect();
            format!("there is no format `{text}`; there are {}", names.join(", "))
        })
    }
}

/// Which findings a report shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Only these statuses.
    pub statuses: Vec<FindingStatus>,
    /// Only this confidence or more.
    pub min_confidence: Confidence,
    /// Suppressed ones too. Formats that can mark them as such always have them.
    pub suppressed: bool,
}

impl Selection {
    /// What a format shows if the user does not say.
    pub fn default_of(format: ReportFormat) -> Self {
        Self {
            statuses: format.default_statuses().to_vec(),
            min_confidence: Confidence::Medium,
            suppressed: !matches!(format, ReportFormat::Table | ReportFormat::Csv | ReportFormat::Html),
        }
    }

    /// Whether a finding is shown.
    pub fn shows(&self, entry: &Entry<'_>) -> bool {
        self.statuses.contains(&entry.finding.status)
            && entry.finding.confidence >= self.min_confidence
            && (self.suppressed || entry.suppression.is_none())
    }
}

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    /// With ANSI colours.
    pub colour: bool,
    /// The terminal's width in columns.
    pub width: usize,
    /// All vulnerabilities of a package instead of the first few.
    pub all: bool,
}

impl Scan {
    /// The findings, what to do first first.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = self.unordered();
        entries.sort_by_cached_key(Entry::order);
        entries
    }

    /// The findings in their own order.
    fn unordered(&self) -> Vec<Entry<'_>> {
        let mut severities: FxHashMap<CveId, Option<&Severity>> = FxHashMap::default();
        self.findings
            .iter()
            .enumerate()
            .filter_map(|(index, finding)| {
                let vulnerability = self.vulnerabilities.get(&finding.cve);
                let severity = severities.entry(finding.cve).or_insert_with(|| vulnerability?.severity());
                Some(Entry {
                    finding,
                    package: self.packages.get(finding.package)?,
                    vulnerability,
                    suppression: self.suppressed.get(&index),
                    severity: *severity,
                })
            })
            .collect()
    }

    /// Writes the report.
    pub fn write(
        &self,
        out: &mut dyn io::Write,
        format: ReportFormat,
        selection: &Selection,
        appearance: Appearance,
    ) -> Result<(), ReportError> {
        // Most findings are counted and not shown: those need no order.
        let entries = self.unordered();
        let mut shown: Vec<&Entry<'_>> = entries.iter().filter(|e| selection.shows(e)).collect();
        shown.sort_by_cached_key(|e| e.order());
        let written = match format {
            ReportFormat::Table => table::write(out, self, &entries, &shown, selection, appearance),
            ReportFormat::Json => json::write(out, self, &entries, &shown),
            ReportFormat::Sarif => sarif::write(out, self, &shown),
            ReportFormat::CycloneDx => cyclonedx::write(out, self, &shown),
            ReportFormat::Spdx => spdx::write(out, self, &shown),
            ReportFormat::Csv => csv::write(out, &shown),
            ReportFormat::Html => html::write(out, self, &entries, &shown),
            ReportFormat::OpenVex => return openvex::write(out, self, &shown),
        };
        Ok(written?)
    }
}

/// An object that is being written.
type Object<'a, 'b> = serde_json::ser::Compound<'a, io::BufWriter<&'b mut dyn io::Write>, Lines>;

/// JSON is written in pieces of a few bytes, which should not each be a call through a pointer.
const BUFFER: usize = 1 << 16;

/// Writes a JSON object member by member, so that a report of hundreds of thousands of findings never has to be in
/// memory, and a line end.
fn write_object(
    out: &mut dyn io::Write,
    lines: usize,
    fill: impl FnOnce(&mut Object<'_, '_>) -> serde_json::Result<()>,
) -> io::Result<()> {
    let out = io::BufWriter::with_capacity(BUFFER, out);
    let mut serializer = serde_json::Serializer::with_formatter(out, Lines::new(lines));
    let mut object = serializer.serialize_map(None)?;
    fill(&mut object)?;
    object.end()?;
    let mut out = serializer.into_inner();
    out.write_all(b"\n")?;
    out.flush()
}

/// The name and version of this program.
const TOOL: &str = "snowguard";
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where a person reads about a CVE.
fn cve_url(cve: CveId) -> String {
    format!("https://www.cve.org/CVERecord?id={cve}")
}
