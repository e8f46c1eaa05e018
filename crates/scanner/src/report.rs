//! Reports: the result of a scan, in one of many formats.
//!
//! | format | for whom |
//! |---|---|
//! | table | people at a terminal |
//! | json | programs; the schema is `docs/schema/scan-report-1.json` |
//! | sarif | code review tools (SARIF 2.1.0) |
//! | cyclonedx | SBOM tools (CycloneDX 1.6 with vulnerabilities) |
//! | spdx | SBOM tools (SPDX 2.3) |
//! | csv | spreadsheets |
//! | html | everybody; one file that loads nothing |
//! | openvex | VEX tools (OpenVEX 0.2.0) |
//! | metrics | monitoring (Prometheus' text format) |
//!
//! A report may have far more findings than fit into memory: each format takes them one at a time.
//! Where several targets were scanned, each finding names its own.
//!
//! Nothing here asks the clock: time and identity of a report come with the [`Scan`], so that the
//! same scan gives the same bytes. [`write_record`] is the odd one out: it shows one vulnerability
//! instead of a scan.

mod begin_rules;
mod csv;
mod cyclonedx;
mod elements;
mod html;
mod json;
mod layout;
mod metrics;
mod openvex;
mod packages;
mod record;
mod sarif;
mod spdx;
mod table;
mod template;
mod text;
#[cfg(test)]
mod whole;

pub use begin_rules::begin_rules;
pub use json::FORMAT_VERSION;
pub(crate) use json::rounded;
pub use record::write as write_record;
pub(crate) use table::{fit, style_of};
pub use template::{TemplateError, fill_template};
pub(crate) use text::{count, level_name};

use crate::UnknownName;
use crate::result::{Action, FindingEntry, GroupEntry, Place, Scan, ScannedTarget, Shown, Summary};
use crate::threads::available_threads;
use elements::{elements, list, streamed};
use layout::Lines;
use matching::{Confidence, FindingStatus};
use serde::ser::{SerializeMap, Serializer};
use std::fmt;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::str::FromStr;
use vulnerability::CveId;

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
#[non_exhaustive]
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
    /// Metrics in Prometheus' text format.
    Metrics,
}

impl ReportFormat {
    /// All formats.
    pub const ALL: &'static [Self] = &[
        Self::Table,
        Self::Json,
        Self::Sarif,
        Self::CycloneDx,
        Self::Spdx,
        Self::Csv,
        Self::Html,
        Self::OpenVex,
        Self::Metrics,
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
            Self::Metrics => "metrics",
        }
    }

    /// The statuses it shows if the user does not say: formats for people and for alarms show what
    /// is affected, those that exchange knowledge show all.
    pub const fn default_statuses(self) -> &'static [FindingStatus] {
        match self {
            Self::Table | Self::Sarif | Self::Csv | Self::Html | Self::Metrics => &[FindingStatus::Affected],
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
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.iter().find(|format| format.name() == name);
        found.copied().ok_or_else(|| UnknownName::new("format", name, Self::ALL.iter().map(|f| f.name())))
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
            suppressed: !matches!(
                format,
                ReportFormat::Table | ReportFormat::Csv | ReportFormat::Html | ReportFormat::Metrics
            ),
        }
    }

    /// Whether a finding is shown.
    pub fn shows(&self, entry: &FindingEntry<'_>) -> bool {
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

impl Default for Appearance {
    /// For files: without colours, 100 columns wide.
    fn default() -> Self {
        Self { colour: false, width: 100, all: false }
    }
}

/// What report is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportOptions {
    /// The format.
    pub format: ReportFormat,
    /// Which findings it shows.
    pub selection: Selection,
    /// How a table looks; other formats have only one look.
    pub appearance: Appearance,
    /// How many threads may make it.
    pub threads: NonZero<usize>,
}

impl ReportOptions {
    /// A report in this format as it is if the user asks for nothing else.
    pub fn new(format: ReportFormat) -> Self {
        Self {
            format,
            selection: Selection::default_of(format),
            appearance: Appearance::default(),
            threads: available_threads(),
        }
    }
}

/// Writes the report of a scan.
pub fn write(out: &mut dyn io::Write, scan: &Scan, options: &ReportOptions) -> Result<(), ReportError> {
    write_and_note(out, scan, options, &mut Vec::new())
}

/// Writes the report of a scan, and adds to `notes` what whoever gives it to another program should
/// know: which of that program's limits it keeps, and how.
pub fn write_and_note(
    out: &mut dyn io::Write,
    scan: &Scan,
    options: &ReportOptions,
    notes: &mut Vec<String>,
) -> Result<(), ReportError> {
    let ReportOptions { format, selection, appearance, threads } = options;
    // Most findings are counted and not shown: those need no order.
    let shown = Shown::of(scan, scan.groups().filter(|group| selection.shows(&group.entry)));
    let written = match format {
        ReportFormat::Table => table::write(out, scan, &shown, selection, *appearance),
        ReportFormat::Json => json::write(out, scan, &shown, *threads),
        ReportFormat::Sarif => sarif::write(out, scan, &shown).map(|more| notes.extend(more)),
        ReportFormat::CycloneDx => cyclonedx::write(out, scan, &shown, *threads),
        ReportFormat::Spdx => spdx::write(out, scan, &shown, *threads),
        ReportFormat::Csv => csv::write(out, scan, &shown),
        ReportFormat::Html => html::write(out, scan, &shown),
        ReportFormat::OpenVex => return openvex::write(out, scan, &shown, *threads),
        ReportFormat::Metrics => metrics::write(out, scan, &shown, selection),
    };
    Ok(written?)
}

/// An object that is being written.
type Object<'a, 'b> = serde_json::ser::Compound<'a, io::BufWriter<&'b mut dyn io::Write>, Lines>;

/// JSON is written in pieces of a few bytes, which should not each be a call through a pointer.
const BUFFER: usize = 1 << 16;

/// Writes a JSON object member by member, so that a report of hundreds of thousands of findings
/// never has to be in memory, and a line end.
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
