//! The table for people: grouped by package, what to do first first.

use super::packages::{Group, groups};
use super::text::{confidence_name, count, level_name, number, status_name};
use super::{Action, Appearance, FindingEntry, GroupEntry, Scan, Selection, Shown, Summary};
use crate::result::EPSS_LIKELY;
use anstyle::{AnsiColor, Style};
use matching::{Confidence, FindingStatus};
use std::collections::BTreeMap;
use std::io::{self, Write};
use terminal::{clean, wrapped};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use vulnerability::model::Level;

/// How many vulnerabilities of a package are shown if not all are asked for.
const FIRST_FEW: usize = 5;

/// How many warnings.
const FIRST_WARNINGS: usize = 5;

/// Widths below this are taken for it: the columns need that much.
const MINIMUM_WIDTH: usize = 60;

struct Table<'a> {
    out: &'a mut dyn Write,
    scan: &'a Scan,
    colour: bool,
    width: usize,
    /// Columns for what makes a finding urgent; none if nothing shown is.
    signs: usize,
}

/// Writes the table.
pub(super) fn write(
    out: &mut dyn Write,
    scan: &Scan,
    shown: &Shown<'_>,
    selection: &Selection,
    appearance: Appearance,
) -> io::Result<()> {
    let width = appearance.width.max(MINIMUM_WIDTH);
    let signs = shown.groups().map(|group| signs(&group.entry).width()).max().unwrap_or(0);
    let mut table = Table { out, scan, colour: appearance.colour, width, signs };
    table.head()?;
    // One line for a single one more would be of no use.
    let keep = if appearance.all { usize::MAX } else { FIRST_FEW + 1 };
    for group in groups(scan, shown, keep, |_| true) {
        table.group(&group, shown)?;
    }
    table.foot(&Summary::of(scan), shown, selection)?;
    table.problems()
}

const EXPLOITED: &str = "EXPLOITED";

/// The exploit probability where it is high.
fn likely(entry: &FindingEntry<'_>) -> Option<String> {
    entry.epss().filter(|e| *e >= EPSS_LIKELY).map(|epss| format!("EPSS {:.0}%", epss * 100.0))
}

/// What makes a finding urgent.
fn signs(entry: &FindingEntry<'_>) -> String {
    let exploited = entry.known_exploited().then(|| EXPLOITED.to_owned());
    exploited.into_iter().chain(likely(entry)).collect::<Vec<_>>().join(" ")
}

/// What else is to be said about a finding. The version that the whole package should be updated to
/// stands above.
fn notes(entry: &FindingEntry<'_>, update_to: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    if entry.suppression.is_some() {
        notes.push("suppressed".to_owned());
    } else if entry.finding.status != FindingStatus::Affected {
        notes.push(status_name(entry.finding.status).to_owned());
    }
    if entry.finding.confidence == Confidence::Low {
        notes.push(format!("{} confidence", confidence_name(entry.finding.confidence)));
    }
    if let Action::Update(version) = entry.action()
        && update_to != Some(version)
    {
        notes.push(format!("fixed in {}", clean(version)));
    }
    notes
}

impl Table<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn head(&mut self) -> io::Result<()> {
        for target in &self.scan.targets {
            let mut parts = vec![count(target.packages, "package", "packages")];
            if target.not_packages > 0 {
                parts.push(count(
                    target.not_packages,
                    "entry that is no package",
                    "entries that are no packages",
                ));
            }
            if target.failed_evaluations > 0 {
                parts.push(format!("{} that did not evaluate", number(target.failed_evaluations)));
            }
            let name = self.paint(Style::new().bold(), &clean(&target.name));
            writeln!(self.out, "{name} ({}): {}", target.kind, parts.join(", "))?;
        }
        let text = self.paint(Style::new().dimmed(), &format!("against {}", self.scan.records));
        writeln!(self.out, "{text}")
    }

    fn group(&mut self, group: &Group<'_>, shown: &Shown<'_>) -> io::Result<()> {
        let advice = group.advice();
        let mut several = match group.packages() {
            1 => String::new(),
            n => format!(" ({n} packages)"),
        };
        let targets = group.targets(self.scan);
        if !targets.is_empty() {
            several.extend([" in ", &fit(&targets.join(", "), self.width / 2)]);
        }
        let name = fit(&group.name, self.width.saturating_sub(several.width() + 1));
        let space = self.width.saturating_sub(name.width() + several.width() + 2);
        let advice = if space >= 12 { format!(" {}", fit(&advice, space)) } else { String::new() };
        writeln!(self.out, "\n{}{several}:{advice}", self.paint(Style::new().bold(), &name))?;
        let lines = if group.count > group.first.len() { FIRST_FEW } else { group.count };
        for entry in group.first.iter().take(lines).filter_map(|place| shown.entry(*place)) {
            self.line(&entry, group)?;
        }
        if let Some(more) = group.count.checked_sub(lines).filter(|m| *m > 0) {
            let text = format!("  … and {}", count(more, "more", "more"));
            writeln!(self.out, "{}", self.paint(Style::new().dimmed(), &text))?;
        }
        Ok(())
    }

    /// `  CRITICAL  9.8  CVE-2024-3094     EXPLOITED EPSS 83%  title (fixed in 5.6.2)`
    fn line(&mut self, entry: &FindingEntry<'_>, group: &Group<'_>) -> io::Result<()> {
        let level = level_name(entry.level());
        let score = entry.score().map_or_else(|| "   ".to_owned(), |s| format!("{s:>4.1}"));
        let plain = format!("{:<8} {score:>4}", level.to_ascii_uppercase());
        let cve = format!("{:<16}", entry.finding.cve.to_string());
        let mut line = format!("  {}  {cve}", self.paint(style_of(entry.level()), &plain));
        let mut width = 2 + plain.width() + 2 + cve.width();
        if self.signs > 0 {
            let mut painted = Vec::new();
            if entry.known_exploited() {
                painted.push(self.paint(AnsiColor::Red.on_default().bold().invert(), EXPLOITED));
            }
            painted.extend(likely(entry).map(|text| self.paint(AnsiColor::Red.on_default(), &text)));
            let padding = " ".repeat(self.signs.saturating_sub(signs(entry).width()));
            line = format!("{line} {}{padding}", painted.join(" "));
            width += 1 + self.signs;
        }
        let mut notes = notes(entry, group.update_to);
        let only_in = group.only_in(self.scan, entry);
        if !only_in.is_empty() {
            notes.push(format!("only in {}", only_in.join(", ")));
        }
        let notes = notes.join(", ");
        let space = self.width.saturating_sub(width + 2);
        let mut note = String::new();
        if !notes.is_empty() && space >= 8 {
            note = format!("({})", fit(&notes, space.min(42) - 2));
        }
        let space = space.saturating_sub(if note.is_empty() { 0 } else { note.width() + 1 });
        // A title cut to a few letters helps nobody.
        let title = if space >= 12 { fit(&clean(entry.summary()), space) } else { String::new() };
        let note = if note.is_empty() { note } else { self.paint(Style::new().dimmed(), &note) };
        let rest = [title, note].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
        writeln!(self.out, "{}", format!("{line}  {rest}").trim_end())
    }

    fn foot(&mut self, summary: &Summary, shown: &Shown<'_>, selection: &Selection) -> io::Result<()> {
        writeln!(self.out)?;
        let text = if summary.packages == 0 {
            // Not the same as being clean.
            self.paint(
                AnsiColor::Yellow.on_default().bold(),
                "There is no package in it: nothing was checked.",
            )
        } else if summary.affected == 0 {
            let text = if self.scan.only_news {
                "Nothing new is affected."
            } else {
                "No package is known to be affected."
            };
            self.paint(AnsiColor::Green.on_default().bold(), text)
        } else {
            let mut levels = Vec::new();
            for (name, value) in [
                ("known to be exploited", summary.known_exploited),
                ("critical", summary.critical),
                ("high", summary.high),
                ("medium", summary.medium),
                ("low", summary.low),
                ("unrated", summary.unrated),
            ] {
                if value > 0 {
                    levels.push(format!("{} {name}", number(value)));
                }
            }
            let text = format!(
                "{} of {} {} affected: {} ({}).",
                number(summary.affected_packages),
                count(summary.packages, "package", "packages"),
                if summary.affected_packages == 1 { "is" } else { "are" },
                count(summary.affected, "finding", "findings"),
                levels.join(", "),
            );
            let lines = wrapped(&text, self.width);
            lines.iter().map(|line| self.paint(Style::new().bold(), line)).collect::<Vec<_>>().join("\n")
        };
        writeln!(self.out, "{text}")?;
        self.hidden(shown, selection)
    }

    /// What is not shown and how to see it.
    fn hidden(&mut self, shown: &Shown<'_>, selection: &Selection) -> io::Result<()> {
        if shown.len() == self.scan.findings.len() {
            return Ok(());
        }
        let mut hidden: BTreeMap<&str, usize> = BTreeMap::new();
        for GroupEntry { entry, packages } in
            self.scan.groups().filter(|group| !selection.shows(&group.entry))
        {
            let why = if entry.suppression.is_some() {
                "suppressed"
            } else if entry.finding.confidence < selection.min_confidence {
                "of lower confidence"
            } else {
                match entry.finding.status {
                    FindingStatus::Affected => "affected",
                    FindingStatus::Unknown => "undecided",
                    FindingStatus::Fixed => "fixed by patches or statements",
                    FindingStatus::NotAffected => "not affected",
                }
            };
            *hidden.entry(why).or_default() += packages.len();
        }
        let parts: Vec<String> = hidden.iter().map(|(why, n)| format!("{} {why}", number(*n))).collect();
        let text = format!("Not shown: {}; --all shows everything.", parts.join(", "));
        for line in wrapped(&text, self.width) {
            writeln!(self.out, "{}", self.paint(Style::new().dimmed(), &line))?;
        }
        Ok(())
    }

    fn problems(&mut self) -> io::Result<()> {
        let scan = self.scan;
        let warnings = scan
            .targets
            .iter()
            .flat_map(|t| &t.warnings)
            .chain(&scan.rule_problems)
            .chain(&scan.vex_problems);
        let total = warnings.clone().count() + scan.targets.iter().map(|t| t.more_warnings).sum::<usize>();
        let word = self.paint(AnsiColor::Yellow.on_default().bold(), "warning:");
        for warning in warnings.take(FIRST_WARNINGS) {
            writeln!(self.out, "{word} {}", clean(&warning.to_string()))?;
        }
        if let Some(more) = total.checked_sub(FIRST_WARNINGS).filter(|m| *m > 0) {
            writeln!(self.out, "{word} {} (all in the JSON report)", count(more, "more", "more"))?;
        }
        Ok(())
    }
}

pub(crate) fn style_of(level: Option<Level>) -> Style {
    match level {
        Some(Level::Critical) => AnsiColor::Red.on_default().bold(),
        Some(Level::High) => AnsiColor::Red.on_default(),
        Some(Level::Medium) => AnsiColor::Yellow.on_default(),
        Some(Level::Low) => AnsiColor::Cyan.on_default(),
        Some(Level::None) | None => Style::new().dimmed(),
    }
}

/// Cuts a text to a width in columns, with an ellipsis.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit() {
        assert_eq!(fit("hello world", 11), "hello world");
        assert_eq!(fit("hello world", 7), "hello…");
        // Wide characters take two columns.
        assert_eq!(fit("日本語日本語", 7).width(), 7);
        assert_eq!(wrapped("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
    }
}
