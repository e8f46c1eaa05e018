//! Whitelists of vulnix, as its `whitelist.py` reads them.
//!
//! TOML: a table for each package, named `"PNAME"`, `"PNAME-VERSION"` or `"*"`, with `cve`,
//! `until`, `issue_url` and `comment`. YAML, the older form: a list of the same with `name` and
//! `version`. There a rule without a comment is valid, so the reason says where it stands; and
//! `until` is the first day on which it does *not* count.

use super::{Pattern, Rule, RuleError, RuleProblem, own, reason, yaml};
use jiff::civil::Date;
use nix_formats::DrvName;
use std::collections::BTreeSet;
use vulnerability::CveId;

/// Values of one rule, whatever the form.
#[derive(Debug, Default)]
struct Values {
    name: Option<String>,
    version: Option<String>,
    cve: Vec<String>,
    until: Option<Date>,
    issue_url: Vec<String>,
    comment: Vec<String>,
}

impl Values {
    fn rule(self, origin: String) -> Result<Rule, RuleProblem> {
        let cves: BTreeSet<CveId> = self
            .cve
            .iter()
            .map(|t| t.parse::<CveId>().map_err(|_| RuleProblem::NotACve(t.clone())))
            .collect::<Result<_, _>>()?;
        let package = self.name.filter(|n| n != "*" && !n.is_empty());
        if package.is_none() && cves.is_empty() {
            return Err(RuleProblem::Boundless);
        }
        let until = self.until.map(|d| d.yesterday().map_err(|_| RuleProblem::DateOutOfRange)).transpose()?;
        let texts: Vec<String> = self.comment.into_iter().chain(self.issue_url).collect();
        let text =
            if texts.is_empty() { "whitelisted without a comment".to_owned() } else { texts.join("; ") };
        Ok(Rule {
            cves,
            package: package.as_deref().map(Pattern::exact),
            version: self.version.filter(|v| v != "*" && !v.is_empty()).as_deref().map(Pattern::exact),
            until,
            reason: reason(&text),
            origin,
            ..Rule::default()
        })
    }
}

/// Reads the TOML form.
pub(super) fn parse_toml(table: &toml::Table, name: &str) -> Result<Vec<Rule>, RuleError> {
    table
        .iter()
        .map(|(key, value)| {
            let wrong = |problem: RuleProblem| problem.at(format!("[\"{key}\"]"));
            let entry = value.as_table().ok_or_else(|| wrong(RuleProblem::NotATable))?;
            let split = DrvName::parse(key);
            let mut values = Values {
                name: Some(split.name.to_owned()),
                version: Some(split.version.to_owned()),
                ..Values::default()
            };
            for (field, value) in entry {
                match field.as_str() {
                    "cve" => values.cve = texts(field, value).map_err(wrong)?,
                    "issue_url" => values.issue_url = texts(field, value).map_err(wrong)?,
                    "comment" => values.comment = texts(field, value).map_err(wrong)?,
                    "until" => values.until = Some(own::date(value).map_err(wrong)?),
                    "status" => {}
                    _ if value.is_table() => return Err(wrong(RuleProblem::TableWithin)),
                    _ => return Err(wrong(RuleProblem::UnknownField(field.clone()))),
                }
            }
            values.rule(format!("{name}, [\"{key}\"]")).map_err(wrong)
        })
        .collect()
}

fn texts(field: &str, value: &toml::Value) -> Result<Vec<String>, RuleProblem> {
    let wrong = || RuleProblem::NotTexts(field.to_owned());
    match value {
        toml::Value::String(text) => Ok(vec![text.clone()]),
        toml::Value::Array(values) => {
            values.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// Reads the YAML form.
pub(super) fn parse_yaml(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    yaml::entries(text)?
        .into_iter()
        .map(|entry| {
            let wrong = |problem: RuleProblem| problem.at(format!("rule at line {}", entry.line));
            let mut values = Values::default();
            for (field, mut texts) in entry.fields {
                match field.as_str() {
                    "name" => values.name = texts.pop(),
                    "version" => values.version = texts.pop(),
                    "cve" => values.cve = texts,
                    "issue_url" => values.issue_url = texts,
                    "comment" => values.comment = texts,
                    "until" => {
                        let text = texts.pop().unwrap_or_default();
                        let date = text.parse();
                        values.until = Some(date.map_err(|_| wrong(RuleProblem::NotADate(text)))?);
                    }
                    "status" => {}
                    _ => return Err(wrong(RuleProblem::UnknownField(field))),
                }
            }
            values.rule(format!("{name}, rule at line {}", entry.line)).map_err(wrong)
        })
        .collect()
}
