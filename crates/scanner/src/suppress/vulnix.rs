//! Whitelists of vulnix, as its `whitelist.py` reads them.
//!
//! TOML: a table for each package, named `"PNAME"`, `"PNAME-VERSION"` or `"*"`, with `cve`, `until`, `issue_url` and
//! `comment`. YAML, the older form: a list of the same with `name` and `version`. There a rule without a comment is
//! valid, so the reason says where it stands; and `until` is the first day on which it does *not* count.

use super::{Rule, own, reason, yaml};
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
    fn rule(self, origin: String) -> Result<Rule, String> {
        let cves: BTreeSet<CveId> = self
            .cve
            .iter()
            .map(|t| t.parse::<CveId>().map_err(|_| format!("`{t}` is not a CVE identifier")))
            .collect::<Result<_, _>>()?;
        let package = self.name.filter(|n| n != "*" && !n.is_empty());
        if package.is_none() && cves.is_empty() {
            return Err("needs a package or `cve`".to_owned());
        }
        let until = self.until.map(|d| d.yesterday().map_err(|_| "`until` is out of range")).transpose()?;
        let words: Vec<String> = self.comment.into_iter().chain(self.issue_url).collect();
        let words =
            if words.is_empty() { "whitelisted without a comment".to_owned() } else { words.join("; ") };
        Ok(Rule {
            cves,
            package,
            version: self.version.filter(|v| v != "*" && !v.is_empty()),
            until,
            reason: reason(&words),
            origin,
        })
    }
}

/// Reads the TOML form.
pub fn parse_toml(table: &toml::Table, name: &str) -> Result<Vec<Rule>, String> {
    table
        .iter()
        .map(|(key, value)| {
            let wrong = |problem: String| format!("[\"{key}\"]: {problem}");
            let entry = value.as_table().ok_or_else(|| {
                wrong(
                    "neither `[[suppress]]` rules nor a whitelist of vulnix, where every entry is a table"
                        .to_owned(),
                )
            })?;
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
                    _ if value.is_table() => {
                        return Err(wrong(
                            "a table within: the name must stand in quotation marks".to_owned(),
                        ));
                    }
                    _ => return Err(wrong(format!("there is no field `{field}`"))),
                }
            }
            values.rule(format!("{name}, [\"{key}\"]")).map_err(wrong)
        })
        .collect()
}

fn texts(field: &str, value: &toml::Value) -> Result<Vec<String>, String> {
    let wrong = || format!("`{field}` must be a text or a list of texts");
    match value {
        toml::Value::String(text) => Ok(vec![text.clone()]),
        toml::Value::Array(values) => {
            values.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// Reads the YAML form.
pub fn parse_yaml(text: &str, name: &str) -> Result<Vec<Rule>, String> {
    yaml::entries(text)?
        .into_iter()
        .map(|entry| {
            let wrong = |problem: String| format!("rule at line {}: {problem}", entry.line);
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
                        let date =
                            text.parse().map_err(|_| wrong(format!("`until`: `{text}` is not a date")))?;
                        values.until = Some(date);
                    }
                    "status" => {}
                    _ => return Err(wrong(format!("there is no field `{field}`"))),
                }
            }
            values.rule(format!("{name}, rule at line {}", entry.line)).map_err(wrong)
        })
        .collect()
}
