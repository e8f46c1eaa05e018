//! Comma-separated values, RFC 4180, a line a finding.
//!
//! Spreadsheet programs run cells that begin like a formula. Package names and record texts come
//! from anybody, so such a cell gets an apostrophe in front, which these programs take for "this is
//! text".

use super::json::rounded;
use super::text::{confidence_name, level_name, status_name};
use super::{Scan, Shown, cve_url};
use std::io;
use terminal::clean;

const COLUMNS: [&str; 17] = [
    "package",
    "version",
    "cve",
    "status",
    "confidence",
    "severity",
    "score",
    "epss",
    "known exploited",
    "fixed in",
    "action",
    "suppressed",
    "summary",
    "attribute",
    "store path",
    "position",
    "url",
];

/// Writes the findings.
pub(super) fn write(out: &mut dyn io::Write, scan: &Scan, shown: &Shown<'_>) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    // A last column, where findings can be of several targets.
    let several = (scan.targets.len() > 1).then_some("target");
    writer.write_record(COLUMNS.into_iter().chain(several))?;
    for entry in shown.iter() {
        let package = entry.package;
        let finding = entry.finding;
        let known = entry.vulnerability.and_then(|v| v.known_exploited.as_ref());
        let cells = [
            package.pname.to_string(),
            package.version.to_string(),
            finding.cve.to_string(),
            status_name(finding.status).to_owned(),
            confidence_name(finding.confidence).to_owned(),
            level_name(entry.level()).to_owned(),
            entry.score().map(|s| rounded(s).to_string()).unwrap_or_default(),
            entry.epss().map(|e| rounded(e).to_string()).unwrap_or_default(),
            known.map(|k| k.date_added.to_string()).unwrap_or_default(),
            finding.fixed_in.as_deref().unwrap_or_default().to_owned(),
            entry.action().to_string(),
            entry.suppression.map(|s| s.reason.clone()).unwrap_or_default(),
            entry.summary().to_owned(),
            package.attribute.clone().unwrap_or_default().to_string(),
            package.store_paths.join(" "),
            package.position.clone().unwrap_or_default().to_string(),
            cve_url(finding.cve),
        ];
        let target = scan.target_of(entry.index).map(|(_, target)| target.name.clone());
        writer.write_record(cells.into_iter().chain(target).map(|cell| harmless(&cell)))?;
    }
    writer.flush()
}

/// A cell that no spreadsheet program takes for a formula.
fn harmless(cell: &str) -> String {
    let cell = clean(cell);
    // A number with a sign is none of ours; all of these begin formulas in some program, also after
    // spaces.
    if cell
        .trim_start()
        .starts_with(['=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
    {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn formulas_become_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =cmd|'/c calc'!A0", "\t=1", "\r=1"] {
            assert!(harmless(formula).starts_with('\''), "{formula:?}");
        }
        assert_eq!(harmless("1.2-3"), "1.2-3");
    }
}
