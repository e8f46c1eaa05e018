//! Rules to begin with: what is open today, accepted for a while, so that from tomorrow on only new
//! findings are reported.

use crate::result::FindingEntry;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use terminal::clean;

/// How long such rules count: long enough to look at each, too short to forget them.
const DAYS: i64 = 90;

/// Writes rules that suppress exactly these findings, one rule for a version of a package.
pub fn begin_rules(entries: &[&FindingEntry<'_>], today: Date) -> String {
    let until = today.checked_add(DAYS.days()).unwrap_or(today);
    let mut groups: BTreeMap<(&str, &str), Vec<&FindingEntry<'_>>> = BTreeMap::new();
    for entry in entries {
        groups.entry((&entry.package.pname, &entry.package.version)).or_default().push(entry);
    }
    let mut out = format!(
        "# What was open on {today}. Look at each before {until}: update, or give the real reason.\n"
    );
    for ((pname, version), mut entries) in groups {
        entries.sort_unstable_by_key(|e| e.finding.cve);
        entries.dedup_by_key(|e| e.finding.cve);
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        // Writing to a String cannot fail.
        let _ =
            write!(out, "\n[[suppress]]\npackage = {}\nversion = {}\ncve = [\n", text(pname), text(version));
        for entry in entries {
            let exploited = if entry.known_exploited() { "KNOWN EXPLOITED " } else { "" };
            let _ =
                writeln!(out, "  \"{}\", # {exploited}{}", entry.finding.cve, clean(entry.summary()).trim());
        }
        let _ = write!(out, "]\nuntil = {until}\nreason = \"open when these rules were begun, {today}\"\n");
    }
    out
}
