//! One vulnerability for people: what each source says, and where it says so.

use super::Appearance;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use terminal::{clean, paragraph, wrapped};
use vulnerability::model::{
    Level, RecordSource, SourceRecord, State, Statement, Status, VersionRange, Vulnerability,
};
use vulnerability::names;

/// How many statements or links of a record are shown if not all are asked for.
const FIRST_FEW: usize = 20;

/// Writes what each source says of a vulnerability, and where it says so.
pub fn write(out: &mut dyn Write, vulnerability: &Vulnerability, appearance: Appearance) -> io::Result<()> {
    let mut page = Page { out, appearance };
    page.head(vulnerability)?;
    for record in &vulnerability.records {
        page.record(record)?;
    }
    Ok(())
}

struct Page<'a> {
    out: &'a mut dyn Write,
    appearance: Appearance,
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.appearance.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn head(&mut self, vulnerability: &Vulnerability) -> io::Result<()> {
        let id = self.bold(&vulnerability.id.to_string());
        let summary = clean(vulnerability.summary());
        self.line("", &format!("{id}{}{summary}", if summary.is_empty() { "" } else { ": " }))?;
        if vulnerability.rejected() {
            let text = self.paint(AnsiColor::Yellow.on_default().bold(), "Withdrawn: it matches nothing.");
            writeln!(self.out, "{text}")?;
        }
        if let Some(advisory) = vulnerability.advisory() {
            self.line("", &format!("Also known as {}", clean(&advisory)))?;
        }
        if let Some(known) = &vulnerability.known_exploited {
            let word = self.paint(AnsiColor::Red.on_default().bold(), "Known to be exploited");
            let ransomware = if known.ransomware { ", also by ransomware" } else { "" };
            let due = known.due_date.map(|d| format!(", due {d}")).unwrap_or_default();
            let action = clean(&known.required_action);
            self.line("", &format!("{word}{ransomware} (CISA, added {}{due}): {action}", known.date_added))?;
        }
        if let Some(epss) = vulnerability.epss {
            self.line(
                "",
                &format!(
                    "Probability of exploitation within 30 days: {:.2} %, higher than that of {:.1} % of all (FIRST, EPSS)",
                    epss.probability * 100.0,
                    epss.percentile * 100.0
                ),
            )?;
        }
        Ok(())
    }

    fn record(&mut self, record: &SourceRecord) -> io::Result<()> {
        let name = match record.source {
            RecordSource::Cve => "CVE list",
            RecordSource::Nvd => "National Vulnerability Database",
        };
        let mut facts = Vec::new();
        if record.state == State::Rejected {
            facts.push("rejected".to_owned());
        }
        let day = |t: jiff::Timestamp| t.strftime("%Y-%m-%d").to_string();
        facts.extend(record.published.map(|t| format!("published {}", day(t))));
        facts.extend(record.updated.map(|t| format!("changed {}", day(t))));
        let head = self.bold(name);
        writeln!(
            self.out,
            "\n{head}: {}",
            if facts.is_empty() { "no dates".to_owned() } else { facts.join(", ") }
        )?;
        if !record.details.description.is_empty() {
            self.wrapped(&clean(&record.details.description), "  ")?;
        }
        for severity in &record.details.severities {
            let style = match severity.level {
                Level::Critical | Level::High => AnsiColor::Red.on_default(),
                Level::Medium => AnsiColor::Yellow.on_default(),
                Level::Low | Level::None => Style::new(),
            };
            let level = self.paint(style, &format!("{:?}", severity.level).to_lowercase());
            let score = severity.score.map(|s| format!(" {s:.1}")).unwrap_or_default();
            let vector = severity.vector.as_deref().map(|v| format!(" {}", clean(v))).unwrap_or_default();
            let origin = clean(&severity.origin.to_string());
            self.line("  ", &format!("Severity: {level}{score}{vector} [{origin}]"))?;
        }
        if !record.details.weaknesses.is_empty() {
            let weaknesses = clean(&record.details.weaknesses.join(", "));
            self.line("  ", &format!("Weaknesses: {weaknesses}"))?;
        }
        if !record.tags.is_empty() {
            self.line("  ", &format!("Tags: {}", clean(&record.tags.join(", "))))?;
        }
        let limit = if self.appearance.all { usize::MAX } else { FIRST_FEW };
        for statement in record.statements.iter().take(limit) {
            self.statement(statement)?;
        }
        self.more(record.statements.len(), limit, "statements")?;
        if record.state != State::Rejected && record.statements.iter().all(|s| names::is_nameless(&s.product))
        {
            let text = "It names no product: only the text says what is affected. Packages whose repository it links \
                        to match with low confidence.";
            self.line("  ", text)?;
        }
        if !record.details.references.is_empty() {
            writeln!(self.out, "  References:")?;
        }
        for reference in record.details.references.iter().take(limit) {
            let tags = if reference.tags.is_empty() {
                String::new()
            } else {
                format!(" ({})", reference.tags.join(", "))
            };
            writeln!(self.out, "    {}{}", clean(&reference.url), clean(&tags))?;
        }
        self.more(record.details.references.len(), limit, "references")
    }

    fn more(&mut self, total: usize, limit: usize, what: &str) -> io::Result<()> {
        match total.checked_sub(limit).filter(|m| *m > 0) {
            Some(more) => writeln!(self.out, "    … and {more} more {what}; --all shows them"),
            None => Ok(()),
        }
    }

    fn statement(&mut self, statement: &Statement) -> io::Result<()> {
        let product = &statement.product;
        let mut names = Vec::new();
        match (&product.vendor, &product.product) {
            (Some(vendor), Some(product)) => names.push(format!("{vendor} / {product}")),
            (Some(name), None) | (None, Some(name)) => names.push(name.clone()),
            (None, None) => {}
        }
        match (&product.package_name, &product.collection_url) {
            (Some(name), Some(collection)) => names.push(format!("package {name} of {collection}")),
            (Some(name), None) => names.push(format!("package {name}")),
            (None, Some(collection)) => names.push(format!("a package of {collection}")),
            (None, None) => {}
        }
        names.extend(product.repo.as_ref().map(|r| format!("repository {r}")));
        names.extend(product.purl.clone().map(String::from));
        if names.is_empty() {
            names.extend(product.cpes.first().cloned().map(String::from));
        }
        let name = if names.is_empty() { "unnamed product".to_owned() } else { names.join("; ") };
        let name = self.bold(&clean(&name));
        self.line("  ", &format!("{name} [{}]", clean(&statement.origin.to_string())))?;
        for range in &statement.ranges {
            self.line("    ", &clean(&text_of(range)))?;
        }
        let otherwise = if statement.ranges.is_empty() { "All versions" } else { "Other versions" };
        writeln!(self.out, "    {otherwise}: {}", status_name(statement.default_status))?;
        if !statement.platforms.is_empty() {
            self.line("    ", &format!("Only on {}", clean(&statement.platforms.join(", "))))?;
        }
        for condition in &statement.conditions {
            self.line("    ", &format!("Only together with {}", clean(&condition.join(" or "))))?;
        }
        Ok(())
    }

    /// Prose, all lines below each other.
    fn wrapped(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for line in wrapped(text, self.appearance.width.saturating_sub(indent.len()).max(40)) {
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }

    /// One thing, which may take more than a line.
    fn line(&mut self, indent: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", paragraph(text, indent, self.appearance.width))
    }
}

fn text_of(range: &VersionRange) -> String {
    let mut text = format!("{}: {}", range.text(), status_name(range.status));
    for change in &range.changes {
        text.extend([", from ", &change.at, " on ", status_name(change.status)]);
    }
    text
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Affected => "affected",
        Status::Unaffected => "not affected",
        Status::Unknown => "unknown",
    }
}
