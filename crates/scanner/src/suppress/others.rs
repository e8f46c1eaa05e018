//! Ignore files of other scanners: `.trivyignore` and `.trivyignore.yaml` of Trivy, `.grype.yaml`
//! of Grype, `osv-scanner.toml` of OSV-Scanner.
//!
//! Each keeps its meaning. A rule that is narrower than what can be compared here (a place in an
//! image, the state of a fix) would hide too much if that were left out, so it hides nothing, and
//! that is reported.

use super::{Rule, RuleError, RuleProblem, own, pattern::Pattern, reason};
use crate::document::yaml;
use crate::vex;
use jiff::civil::Date;
use serde_json::Value;

/// The reason of a rule that states none.
const WITHOUT_REASON: &str = "ignored without a reason";

/// Whether a text consists of lines such as Trivy's: identifiers and comments.
pub(super) fn is_trivy(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let id = line.split_whitespace().next().unwrap_or_default();
        ["CVE-", "GHSA-"].iter().any(|start| id.starts_with(start))
    })
}

/// Reads `.trivyignore`: an identifier a line, with `exp:` and the first day on which it does not
/// count any more.
pub(super) fn parse_trivy(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    let mut comment = String::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("line {}", number + 1);
        let (line, beside) = line.split_once('#').unwrap_or((line, ""));
        let mut words = line.split_whitespace();
        let Some(id) = words.next() else {
            beside.trim().clone_into(&mut comment);
            continue;
        };
        let mut rule = Rule { origin: format!("{name}, {place}"), ..Rule::default() };
        add_id(&mut rule, id);
        for word in words {
            match word.strip_prefix("exp:") {
                Some(date) => rule.until = Some(day_before(date).map_err(|p| p.at(place.clone()))?),
                None => return Err(RuleProblem::UnknownField(word.to_owned()).at(place)),
            }
        }
        let why = if beside.trim().is_empty() { &comment } else { beside };
        rule.reason = or_none(why);
        rules.push(rule);
    }
    Ok(rules)
}

/// Reads a YAML document that is an object: `.trivyignore.yaml` or `.grype.yaml`.
pub(super) fn parse_yaml(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let document = yaml::read(text)?;
    let lists = ["vulnerabilities", "misconfigurations", "secrets", "licenses"];
    if lists.iter().any(|list| document.get(list).is_some()) {
        return each(&document, "vulnerabilities", name, trivy_entry);
    }
    each(&document, "ignore", name, grype_entry)
}

/// Makes a rule of each element of a list.
fn each(
    document: &Value,
    key: &str,
    name: &str,
    make: impl Fn(&Value, &mut Rule) -> Result<(), RuleProblem>,
) -> Result<Vec<Rule>, RuleError> {
    let entries = match document.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(RuleProblem::MustBe("a list").at(key)),
    };
    let rule = |(index, entry): (usize, &Value)| {
        let place = format!("{key}[{index}]");
        let mut rule = Rule { origin: format!("{name}, {place}"), ..Rule::default() };
        if !entry.is_object() {
            return Err(RuleProblem::MustBe("an object").at(place));
        }
        make(entry, &mut rule).map_err(|problem| problem.at(place.clone()))?;
        if rule.cves.is_empty() && rule.ids.is_empty() && rule.package.is_none() && rule.unusable.is_none() {
            return Err(RuleProblem::Boundless.at(place));
        }
        Ok(rule)
    };
    entries.iter().enumerate().map(rule).collect()
}

fn trivy_entry(entry: &Value, rule: &mut Rule) -> Result<(), RuleProblem> {
    let id = text(entry, "id")?.ok_or(RuleProblem::NoCve)?;
    add_id(rule, id);
    rule.reason = or_none(text(entry, "statement")?.unwrap_or_default());
    rule.until = text(entry, "expired_at")?.map(day_before).transpose()?;
    for purl in texts(entry, "purls")? {
        let product = vex::product_of_purl(purl).ok_or_else(|| RuleProblem::NotAPurl(purl.to_owned()))?;
        rule.products.push(product);
    }
    if !texts(entry, "paths")?.is_empty() {
        rule.unusable = Some("paths".to_owned());
    }
    Ok(())
}

/// Fields of Grype's rules that narrow them by what is not known here.
const GRYPE_NARROWER: [&str; 5] = ["fix-state", "namespace", "vex-status", "vex-justification", "match-type"];
const GRYPE_NARROWER_PACKAGE: [&str; 4] = ["type", "language", "location", "upstream-name"];

fn grype_entry(entry: &Value, rule: &mut Rule) -> Result<(), RuleProblem> {
    if let Some(id) = text(entry, "vulnerability")?.filter(|id| !id.is_empty()) {
        add_id(rule, id);
    }
    rule.reason = or_none(text(entry, "reason")?.unwrap_or_default());
    let narrower = |value: &Value, fields: &[&str]| {
        let stated = |field: &&&str| {
            !matches!(value.get(**field), None | Some(Value::Null))
                && value.get(**field) != Some(&Value::String(String::new()))
        };
        fields.iter().find(stated).map(|field| (*field).to_owned())
    };
    rule.unusable = narrower(entry, &GRYPE_NARROWER);
    if let Some(package) = entry.get("package").filter(|package| !package.is_null()) {
        if !package.is_object() {
            return Err(RuleProblem::MustBe("an object"));
        }
        rule.unusable = rule.unusable.take().or_else(|| narrower(package, &GRYPE_NARROWER_PACKAGE));
        if let Some(name) = text(package, "name")?.filter(|name| !name.is_empty()) {
            match Pattern::of_expression(name) {
                Some(pattern) => rule.package = Some(pattern),
                None => rule.unusable = Some(format!("name: {name}")),
            }
        }
        rule.version = text(package, "version")?.filter(|v| !v.is_empty()).map(Pattern::exact);
    }
    Ok(())
}

/// Reads `osv-scanner.toml`.
pub(super) fn parse_osv(table: &toml::Table, name: &str) -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    for (key, what) in [("IgnoredVulns", true), ("PackageOverrides", false)] {
        let entries = match table.get(key) {
            None => continue,
            Some(toml::Value::Array(entries)) => entries,
            Some(_) => return Err(RuleProblem::MustBe("a list").at(key)),
        };
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("{key}[{index}]");
            let mut rule = Rule { origin: format!("{name}, {place}"), ..Rule::default() };
            if what {
                osv_entry(entry, &mut rule).map_err(|problem| problem.at(place))?;
            } else {
                // They are about ecosystems and licences.
                rule.unusable = Some(key.to_owned());
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn osv_entry(entry: &toml::Value, rule: &mut Rule) -> Result<(), RuleProblem> {
    let id = entry.get("id").and_then(toml::Value::as_str).ok_or(RuleProblem::NoCve)?;
    add_id(rule, id);
    rule.reason = or_none(entry.get("reason").and_then(toml::Value::as_str).unwrap_or_default());
    // From this time on it does not count.
    let until = entry.get("ignoreUntil").map(own::date_of_time).transpose()?;
    rule.until = until.map(|day| day.yesterday().map_err(|_| RuleProblem::DateOutOfRange)).transpose()?;
    Ok(())
}

/// Adds an identifier: that of a CVE, or one under which an advisory goes.
fn add_id(rule: &mut Rule, id: &str) {
    match id.trim().parse() {
        Ok(cve) => drop(rule.cves.insert(cve)),
        Err(_) => drop(rule.ids.insert(id.trim().to_ascii_uppercase())),
    }
}

fn or_none(text: &str) -> String {
    Some(reason(text)).filter(|text| !text.is_empty()).unwrap_or_else(|| WITHOUT_REASON.to_owned())
}

/// The last day on which something counts that does not from a day on, which may have a time.
fn day_before(text: &str) -> Result<Date, RuleProblem> {
    let wrong = || RuleProblem::NotADate(text.to_owned());
    let day: Date = text.get(..10).unwrap_or(text).parse().map_err(|_| wrong())?;
    day.yesterday().map_err(|_| RuleProblem::DateOutOfRange)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<Option<&'a str>, RuleProblem> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RuleProblem::NotTexts(key.to_owned())),
    }
}

fn texts<'a>(value: &'a Value, key: &str) -> Result<Vec<&'a str>, RuleProblem> {
    let wrong = || RuleProblem::NotTexts(key.to_owned());
    match value.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|text| text.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}
