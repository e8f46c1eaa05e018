//! The plain text of an advisory, for mailing lists: 72 columns, nothing that a mail program would
//! take for something else.

use super::text::{line, prose, time, uri};
use super::{InChannel, Package, Published};
use crate::models::advisory::status::Range;
use std::collections::BTreeSet;
use terminal::{columns, wrapped};
use vulnerability::model::Level;

const WIDTH: usize = 72;

/// The text of an advisory.
pub fn text(published: &Published) -> String {
    let title = format!("{}: {}", published.code, published.clean_title());
    let mut out = Lines::default();
    out.heading(&title, '=');
    if let Some(at) = published.withdrawn {
        out.paragraph("", &format!("WITHDRAWN on {}. What it said is said no more.", day(at)));
        out.push("");
    }
    if let Some(level) = published.level {
        out.field("Severity", level_text(level));
    }
    out.field("Published", &day(published.published_at()));
    if let Some(change) = published.changes.last().filter(|_| published.changes.len() > 1) {
        let summary = line(&change.summary).unwrap_or_default();
        out.field("Changed", format!("{} {summary}", day(change.at)).trim_end());
    }
    if !published.cves.is_empty() {
        let cves: Vec<String> = published.cves.iter().map(|cve| cve.id.to_string()).collect();
        out.field("CVE", &cves.join(" "));
    }
    out.field("Page", &published.publisher.page(&published.code));
    out.push("");
    if let Some(body) = published.clean_body() {
        out.prose(&body);
        out.push("");
    }
    out.heading("Packages", '-');
    for package in &published.packages {
        out.package(package);
    }
    let links: BTreeSet<String> = published.links.iter().filter_map(|link| uri(&link.url)).collect();
    if !links.is_empty() {
        out.heading("References", '-');
        for link in links {
            out.push(&link);
        }
        out.push("");
    }
    let publisher = &published.publisher;
    let contact = publisher.contact.as_deref().and_then(line);
    let names = line(&publisher.name).into_iter().chain(contact);
    out.paragraph("", &names.collect::<Vec<_>>().join(", "));
    out.0
}

/// The day of a time, in UTC.
fn day(at: jiff::Timestamp) -> String {
    time(at).chars().take(10).collect()
}

const fn level_text(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::Critical => "critical",
    }
}

/// Which versions are affected, in words.
fn range(range: &Range) -> String {
    let from = range.introduced.as_ref().map(|version| format!("from {version}"));
    let end = match (&range.fixed, &range.last_affected) {
        (Some(fixed), _) => Some(format!("before {fixed}")),
        (None, Some(last)) => Some(format!("up to {last}")),
        (None, None) => None,
    };
    let parts: Vec<String> = from.into_iter().chain(end).collect();
    if parts.is_empty() { "all versions".to_owned() } else { parts.join(" ") }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A line. "From " at its beginning would begin another mail in a mailbox, and two dashes a
    /// signature.
    fn push(&mut self, line: &str) {
        let line = line.trim_end();
        if line.starts_with("From ") || line == "--" {
            self.0.push(' ');
        }
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Lines behind an indentation.
    fn paragraph(&mut self, indent: &str, text: &str) {
        for line in wrapped(text, WIDTH - indent.len()) {
            self.push(&format!("{indent}{line}"));
        }
    }

    fn heading(&mut self, text: &str, rule: char) {
        let lines = wrapped(text, WIDTH);
        let width = lines.iter().map(|line| columns(line)).max().unwrap_or(0).min(WIDTH);
        self.paragraph("", text);
        self.push(&rule.to_string().repeat(width.max(3)));
        self.push("");
    }

    fn field(&mut self, name: &str, text: &str) {
        let label = format!("{name}:");
        for (index, line) in wrapped(text, WIDTH - 12).into_iter().enumerate() {
            let label = if index == 0 { label.as_str() } else { "" };
            self.push(&format!("{label:<12}{line}"));
        }
    }

    /// Markdown, as it stands: each line is wrapped for itself, because joining them could break
    /// lists and code.
    fn prose(&mut self, text: &str) {
        for line in prose(text).lines() {
            if columns(line) <= WIDTH {
                self.push(line);
            } else {
                let body = line.trim_start();
                let indent = line.len() - body.len();
                self.paragraph(&" ".repeat(indent.min(20)), body);
            }
        }
    }

    fn package(&mut self, package: &Package) {
        let name = line(&package.name).unwrap_or_else(|| "unnamed".to_owned());
        let ranges: Vec<String> = package.ranges.0.iter().map(range).collect();
        let ranges = if ranges.is_empty() { "not known".to_owned() } else { ranges.join("; ") };
        self.paragraph("", &format!("{name} (affected: {ranges})"));
        for channel in &package.channels {
            self.channel(channel);
        }
        self.push("");
    }

    fn channel(&mut self, channel: &InChannel) {
        let name = line(&channel.channel).unwrap_or_else(|| "unnamed".to_owned());
        self.paragraph("  ", &format!("{name}: {}", channel.status.text()));
        if let Some(why) = line(&channel.why) {
            self.paragraph("      ", &why);
        }
    }
}
