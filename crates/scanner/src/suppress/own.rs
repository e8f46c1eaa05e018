//! Rules in Snowguard's own form.

use super::{Pattern, Rule, RuleError, RuleProblem, reason};
use jiff::civil::Date;
use matching::TomlProblem;
use serde::Deserialize;
use vulnerability::CveId;
use vulnerability::model::is_advisory;

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

pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let file: File =
        toml::from_str(text).map_err(|e| RuleError::Toml(TomlProblem::new(text, e.message(), e.span())))?;
    file.suppress
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let place = format!("suppress[{index}]");
            rule(entry, format!("{name}, {place}")).map_err(|problem| problem.at(place))
        })
        .collect()
}

fn rule(entry: Entry, origin: String) -> Result<Rule, RuleProblem> {
    let texts = match entry.cve {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text],
        Some(OneOrMany::Many(texts)) if texts.is_empty() => return Err(RuleProblem::NoCve),
        Some(OneOrMany::Many(texts)) => texts,
    };
    let (advisories, cves): (Vec<&String>, Vec<&String>) = texts.iter().partition(|t| is_advisory(t));
    let ids = advisories.into_iter().map(|t| t.to_ascii_uppercase()).collect();
    let cves = cves
        .into_iter()
        .map(|t| t.parse::<CveId>().map_err(|_| RuleProblem::NotACve(t.clone())))
        .collect::<Result<_, _>>()?;
    let package = entry.package.filter(|p| p != "*");
    if package.is_none() && texts.is_empty() {
        return Err(RuleProblem::Boundless);
    }
    if package.is_none() && entry.version.is_some() {
        return Err(RuleProblem::VersionAlone);
    }
    let reason = entry.reason.as_deref().map(reason).filter(|r| !r.is_empty());
    let version = entry.version.filter(|v| v != "*");
    let version = version.as_deref().map(Pattern::version);
    Ok(Rule {
        cves,
        ids,
        package: package.as_deref().map(Pattern::name),
        version,
        until: entry.until.as_ref().map(date).transpose()?,
        reason: reason.ok_or(RuleProblem::NoReason)?,
        origin,
        ..Rule::default()
    })
}

/// The date of a date with or without a time, as TOML has it.
pub(super) fn date_of_time(value: &toml::Value) -> Result<Date, RuleProblem> {
    match value {
        toml::Value::Datetime(toml::value::Datetime { date: day @ Some(_), .. }) => {
            date(&toml::Value::Datetime(toml::value::Datetime { date: *day, time: None, offset: None }))
        }
        toml::Value::String(text) => date(&toml::Value::String(text.get(..10).unwrap_or(text).to_owned())),
        _ => date(value),
    }
}

/// A date, as TOML has it or as text.
pub(super) fn date(value: &toml::Value) -> Result<Date, RuleProblem> {
    let wrong = || RuleProblem::NotADate(value.to_string());
    match value {
        toml::Value::String(text) => text.parse().map_err(|_| RuleProblem::NotADate(text.clone())),
        toml::Value::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
            let year = i16::try_from(date.year).map_err(|_| wrong())?;
            let (month, day) = (i8::try_from(date.month), i8::try_from(date.day));
            let (Ok(month), Ok(day)) = (month, day) else { return Err(wrong()) };
            Date::new(year, month, day).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}
