//! One HTML file for everybody: it loads nothing, runs only its own little script, and prints well.
//!
//! All texts are escaped by the template engine (its mode for `.html`). On top of that a content
//! security policy in the page allows no more than the page's own style and script, by their
//! hashes: even a hole in the escaping could load and run nothing.

use super::json::{description, references, rounded};
use super::packages::groups;
use super::text::{confidence_name, count, is_web_link, level_name, number, status_name};
use super::{BUFFER, FindingEntry, Scan, Shown, Summary, TOOL, TOOL_VERSION, cve_url};
use askama::Template;
use base64::Engine;
use matching::Package;
use sha2::{Digest, Sha256};
use std::io::{self, BufWriter, Write as _};
use terminal::clean;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The longest description in the page, in characters.
const DESCRIPTION: usize = 1500;

/// How many links of a record.
const LINKS: usize = 12;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a, 's> {
    style: &'static str,
    script: &'static str,
    policy: String,
    tool: String,
    time: String,
    id: &'a str,
    database: String,
    targets: Vec<String>,
    verdict: String,
    urgent: bool,
    summary: Vec<(&'static str, String)>,
    bars: Vec<Bar>,
    plot_height: usize,
    packages: Vec<Row>,
    /// The findings, made one at a time while the page is written.
    shown: &'s Shown<'a>,
    scan: &'a Scan,
    /// Whether there is any exploit probability: a column of nothing helps nobody.
    any_epss: bool,
    warnings: Vec<String>,
    hidden: String,
}

impl Page<'_, '_> {
    fn findings(&self) -> impl Iterator<Item = Cells> {
        self.shown.iter().map(|entry| cells(self.scan, &entry))
    }

    /// Whether findings name their targets.
    fn several_targets(&self) -> bool {
        self.targets.len() > 1
    }
}

/// A bar of the plot.
struct Bar {
    name: &'static str,
    count: usize,
    /// Place and size in the plot's units.
    y: usize,
    width: usize,
}

/// A package in the list of what to do.
struct Row {
    name: String,
    packages: usize,
    worst: &'static str,
    exploited: bool,
    count: usize,
    advice: String,
    /// The targets, if there are several.
    targets: String,
}

/// A finding.
struct Cells {
    package: String,
    /// Its target, if there are several.
    target: String,
    cve: String,
    url: String,
    level: &'static str,
    /// For sorting: higher first.
    rank: String,
    score: String,
    epss: String,
    epss_rank: String,
    exploited: bool,
    status: &'static str,
    confidence: &'static str,
    suppressed: bool,
    action: String,
    summary: String,
    description: String,
    reasons: Vec<String>,
    paths: Vec<String>,
    links: Vec<String>,
}

/// Writes the page.
pub(super) fn write(out: &mut dyn io::Write, scan: &Scan, shown: &Shown<'_>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let summary = Summary::of(scan);
    let total = scan.findings.len();
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        policy: policy(),
        tool: format!("{TOOL} {TOOL_VERSION}"),
        time: scan.time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        id: &scan.id,
        database: clean(&scan.records.to_string()),
        targets: scan
            .targets
            .iter()
            .map(|t| format!("{} ({}, {})", clean(&t.name), t.kind, count(t.packages, "package", "packages")))
            .collect(),
        verdict: verdict(&summary, scan.only_news),
        urgent: summary.known_exploited > 0 || summary.critical > 0,
        summary: tiles(&summary),
        bars: bars(&summary),
        plot_height: 6 * BAR_PITCH,
        packages: rows(scan, shown),
        shown,
        scan,
        any_epss: shown.groups().any(|group| group.entry.epss().is_some()),
        warnings: scan
            .targets
            .iter()
            .flat_map(|t| &t.warnings)
            .chain(&scan.rule_problems)
            .chain(&scan.vex_problems)
            .map(|w| clean(&w.to_string()))
            .collect(),
        hidden: if total == shown.len() {
            String::new()
        } else {
            format!(
                "Not in this report: {}, as not affected, fixed, undecided, suppressed or of lower confidence.",
                count(total - shown.len(), "finding", "findings")
            )
        },
    };
    page.write_into(&mut out).map_err(io::Error::other)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Only the page's own style and script, by hash.
fn policy() -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn verdict(summary: &Summary, only_news: bool) -> String {
    if summary.packages == 0 {
        return "There is no package in what was looked at: nothing was checked.".to_owned();
    }
    if summary.affected == 0 && only_news {
        return "Nothing new is affected.".to_owned();
    }
    if summary.affected == 0 {
        return format!(
            "None of {} is known to be affected.",
            count(summary.packages, "package", "packages")
        );
    }
    let mut text = format!(
        "{} of {} {} affected by known vulnerabilities.",
        number(summary.affected_packages),
        count(summary.packages, "package", "packages"),
        if summary.affected_packages == 1 { "is" } else { "are" },
    );
    if summary.known_exploited > 0 {
        text.push(' ');
        text.push_str(&count(summary.known_exploited, "vulnerability is", "vulnerabilities are"));
        text.push_str(" known to be exploited by attackers: begin there.");
    }
    text
}

fn tiles(summary: &Summary) -> Vec<(&'static str, String)> {
    [
        ("packages looked at", summary.packages),
        ("packages affected", summary.affected_packages),
        ("open findings", summary.affected),
        ("known exploited", summary.known_exploited),
        ("undecided", summary.unknown),
        ("fixed here", summary.fixed),
        ("not affected", summary.not_affected),
        ("suppressed", summary.suppressed),
    ]
    .map(|(name, value)| (name, number(value)))
    .to_vec()
}

const BAR_PITCH: usize = 26;
const BAR_LENGTH: usize = 420;

fn bars(summary: &Summary) -> Vec<Bar> {
    let values = [
        ("critical", summary.critical),
        ("high", summary.high),
        ("medium", summary.medium),
        ("low", summary.low),
        ("unrated", summary.unrated),
    ];
    let most = values.iter().map(|(_, v)| *v).max().unwrap_or(0).max(1);
    values
        .into_iter()
        .enumerate()
        .map(|(i, (name, count))| Bar {
            name,
            count,
            y: i * BAR_PITCH,
            // One finding next to thousands must still be seen.
            width: (count * BAR_LENGTH / most).max(if count > 0 { 2 } else { 0 }),
        })
        .collect()
}

fn name_of(package: &Package) -> String {
    clean(format!("{} {}", package.pname, package.version).trim_end())
}

fn rows(scan: &Scan, shown: &Shown<'_>) -> Vec<Row> {
    let open = |e: &FindingEntry<'_>| {
        e.finding.status == matching::FindingStatus::Affected && e.suppression.is_none()
    };
    groups(scan, shown, 0, open)
        .into_iter()
        .map(|group| Row {
            packages: group.packages(),
            worst: level_name(group.worst),
            exploited: group.exploited,
            count: group.count,
            advice: group.advice(),
            targets: group.targets(scan).join(", "),
            name: group.name,
        })
        .collect()
}

fn cells(scan: &Scan, entry: &FindingEntry<'_>) -> Cells {
    let finding = entry.finding;
    let percent = |p: f32| if p < 0.001 { "< 0.1 %".to_owned() } else { format!("{:.1} %", p * 100.0) };
    Cells {
        package: name_of(entry.package),
        target: scan.target_of(entry.index).map(|(_, target)| clean(&target.name)).unwrap_or_default(),
        cve: finding.cve.to_string(),
        url: cve_url(finding.cve),
        level: level_name(entry.level()),
        rank: format!("{:.1}", entry.score().unwrap_or(0.0)),
        score: entry.score().map(|s| format!("{:.1}", rounded(s))).unwrap_or_default(),
        epss: entry.epss().map(percent).unwrap_or_default(),
        epss_rank: format!("{:.5}", entry.epss().unwrap_or(0.0)),
        exploited: entry.known_exploited(),
        status: status_name(finding.status),
        confidence: confidence_name(finding.confidence),
        suppressed: entry.suppression.is_some(),
        action: clean(&entry.action().to_string()),
        summary: clean(entry.summary()),
        description: entry
            .vulnerability
            .and_then(description)
            .map(clean)
            .map(|d| cut(&d))
            .unwrap_or_default(),
        reasons: entry.reasons().iter().map(|r| clean(r)).collect(),
        paths: entry.package.store_paths.iter().chain(&entry.package.attribute).map(|p| clean(p)).collect(),
        links: entry
            .vulnerability
            .map(references)
            .unwrap_or_default()
            .into_iter()
            .map(|(url, _)| url.to_owned())
            .filter(|url| is_web_link(url))
            .take(LINKS)
            .collect(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
