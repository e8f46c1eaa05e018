//! A comparison for people.

use super::compare::{Change, Diff, DiffEntry};
use super::snapshot::Snapshot;
use crate::report::{Appearance, count, fit, level_name, style_of};
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use terminal::clean;
use unicode_width::UnicodeWidthStr as _;

/// Widths below this are taken for it.
const MINIMUM_WIDTH: usize = 60;

/// Writes it: what is new, what changed, what is gone; what stays only if all is to be shown.
pub fn write(
    out: &mut dyn Write,
    diff: &Diff,
    old: &Snapshot,
    new: &Snapshot,
    appearance: Appearance,
) -> io::Result<()> {
    let paint = |style: Style, text: &str| {
        if appearance.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let bold = Style::new().bold();
    for (label, snapshot) in [("old", old), ("new", new)] {
        let name = paint(bold, &clean(&snapshot.name()));
        writeln!(out, "{label}: {name}: {}", count(snapshot.packages(), "package", "packages"))?;
    }
    for change in [Change::New, Change::Changed, Change::Gone, Change::Same] {
        let entries: Vec<&DiffEntry> = diff.entries.iter().filter(|entry| entry.change == change).collect();
        if entries.is_empty() || change == Change::Same && !appearance.all {
            continue;
        }
        let heading = match change {
            Change::New => "New:",
            Change::Changed => "Changed:",
            Change::Gone => "Gone:",
            Change::Same => "The same:",
        };
        writeln!(out, "\n{}", paint(bold, heading))?;
        for entry in entries {
            line(out, entry, appearance, paint)?;
        }
    }
    let counted = |change, what: &str| format!("{} {what}", diff.count(change));
    let style = match diff.count(Change::New) + diff.count(Change::Changed) {
        0 => AnsiColor::Green.on_default().bold(),
        _ => bold,
    };
    let text = format!(
        "{}, {}, {}, {}.",
        counted(Change::New, "new"),
        counted(Change::Changed, "changed"),
        counted(Change::Gone, "gone"),
        counted(Change::Same, "the same"),
    );
    writeln!(out, "\n{}", paint(style, &text))
}

/// `  CRITICAL  9.8  CVE-2024-3094     xz 5.6.0 EXPLOITED (5.4.6 → 5.6.0)  title`
fn line(
    out: &mut dyn Write,
    entry: &DiffEntry,
    appearance: Appearance,
    paint: impl Fn(Style, &str) -> String,
) -> io::Result<()> {
    let Some(open) = entry.new.as_ref().or(entry.old.as_ref()) else { return Ok(()) };
    let score = open.score.map_or_else(|| "   ".to_owned(), |score| format!("{score:>4.1}"));
    let rating = format!("{:<8} {score:>4}", level_name(open.level).to_ascii_uppercase());
    let versions = open.versions.join(", ");
    let target = entry.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
    let name = clean(format!("{target}{} {versions}", entry.software).trim_end());
    let cve = format!("{:<16}", entry.cve.to_string());
    let reasons: Vec<String> = entry.reasons.iter().map(ToString::to_string).collect();
    let mut plain = format!("  {rating}  {cve}  {name}");
    let mut painted = format!("  {}  {cve}  {name}", paint(style_of(open.level), &rating));
    if open.known_exploited {
        plain.push_str(" EXPLOITED");
        painted = format!("{painted} {}", paint(AnsiColor::Red.on_default().bold().invert(), "EXPLOITED"));
    }
    if !reasons.is_empty() {
        let reasons = format!(" ({})", clean(&reasons.join(", ")));
        plain.push_str(&reasons);
        painted.push_str(&paint(Style::new().dimmed(), &reasons));
    }
    let space = appearance.width.max(MINIMUM_WIDTH).saturating_sub(plain.width() + 2);
    let title = if space >= 12 { fit(&clean(&entry.summary), space) } else { String::new() };
    writeln!(out, "{}", format!("{painted}  {title}").trim_end())
}
