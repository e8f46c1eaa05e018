//! Rules in Snowguard's own form.

use super::{Rule, reason};
use jiff::civil::Date;
use matching::TomlProblem;
use serde::Deserialize;
use vulnerability::CveId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suppress: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    cve: Option<OneOrMany>,
    #[serde(default)]
    package: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    until: Option<toml::Value>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Rule>, String> {
    let file: File =
        toml::from_str(text).map_err(|e| TomlProblem::new(text, e.message(), e.span()).to_string())?;
    file.suppress
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let place = format!("suppress[{index}]");
            rule(entry, format!("{name}, {place}")).map_err(|problem| format!("{place}: {problem}"))
        })
        .collect()
}

fn rule(entry: Entry, origin: String) -> Result<Rule, String> {
    let texts = match entry.cve {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text],
        Some(OneOrMany::Many(texts)) if texts.is_empty() => return Err("`cve` is an empty list".to_owned()),
        Some(OneOrMany::Many(texts)) => texts,
    };
    let cves = texts
        .iter()
        .map(|t| t.parse::<CveId>().map_err(|_| format!("`{t}` is not a CVE identifier")))
        .collect::<Result<_, _>>()?;
    let package = entry.package.filter(|p| p != "*");
    if package.is_none() && texts.is_empty() {
        return Err("needs `cve`, `package`, or both".to_owned());
    }
    if package.is_none() && entry.version.is_some() {
        return Err("`version` needs `package`".to_owned());
    }
    let reason = entry.reason.as_deref().map(reason).filter(|r| !r.is_empty());
    Ok(Rule {
        cves,
        package,
        version: entry.version.filter(|v| v != "*"),
        until: entry.until.as_ref().map(date).transpose()?,
        reason: reason.ok_or("needs a `reason`")?,
        origin,
    })
}

/// A date, as TOML has it or as text.
pub(super) fn date(value: &toml::Value) -> Result<Date, String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(date) if date.time.is_none() => date.to_string(),
        other => return Err(format!("`until` must be a date such as 2026-12-31, not {other}")),
    };
    text.parse().map_err(|_| format!("`until`: `{text}` is not a date such as 2026-12-31"))
}
