//! Findings that somebody decided to accept, with a reason and, better, a date until when.
//!
//! The own form is TOML:
//!
//! ```toml
//! [[suppress]]
//! cve = ["CVE-2023-0001"]     # one or several; or leave out for every CVE of the package
//! package = "curl"            # pname; `*` for any (then `cve` is needed)
//! version = "8.3.0"           # leave out for any
//! until = 2026-12-31          # the last day on which the rule counts; leave out for ever
//! reason = "the affected protocol is not built in"
//! ```
//!
//! In `package`, `*` and `?` are wildcards; `version` may have them too, or be a range such as `">=
//! 8.0, < 8.4"`. In `cve`, advisories of GitHub (`GHSA-…`) may stand for their CVEs.
//!
//! Whitelists of vulnix are read too, its TOML form and the older YAML form, and the ignore files
//! of Trivy, Grype and OSV-Scanner.

mod error;
mod others;
mod own;
mod pattern;
mod vulnix;
mod yaml;

pub use error::{RuleError, RuleProblem};
pub use pattern::Pattern;

use crate::targets::{MAXIMUM_TEXT, Warning};
use jiff::civil::Date;
use matching::{FindingStatus, Findings, Package, TomlProblem, VexProduct};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use vulnerability::CveId;
use vulnerability::model::Vulnerability;

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The CVEs; empty, and without `ids`, means all of the package.
    pub cves: BTreeSet<CveId>,
    /// Other identifiers, in capital letters; those of GitHub's advisories stand for their CVEs.
    pub ids: BTreeSet<String>,
    /// The package by pname; `None` means any.
    pub package: Option<Pattern>,
    /// The package's version; `None` means any.
    pub version: Option<Pattern>,
    /// The package, by any of these; empty means any.
    pub products: Vec<VexProduct>,
    /// What narrows the rule and cannot be compared here. It hides nothing then.
    pub unusable: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
    /// Where it stands, such as `rules.toml, suppress[2]`.
    pub origin: String,
}

/// Why a finding is suppressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The rule's reason.
    pub reason: String,
    /// Where the rule stands.
    pub origin: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
}

/// Reads rules; `name` is the file's, for origins; its extension decides between the forms where it
/// can.
pub fn parse(text: &str, name: &str, extension: Option<&str>) -> Result<Vec<Rule>, RuleError> {
    let starts = |c: char| text.lines().any(|l| l.starts_with(c));
    match extension {
        Some("yaml" | "yml") => parse_yaml(text, name),
        Some("toml") => parse_toml(text, name),
        _ if others::is_trivy(text) || name.ends_with(".trivyignore") => others::parse_trivy(text, name),
        _ if starts('[') => parse_toml(text, name),
        _ if starts('-') => vulnix::parse_yaml(text, name),
        _ => parse_toml(text, name),
    }
}

/// In vulnix' form a document is a list; in those of others an object.
fn parse_yaml(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let is_key = |line: &str| {
        let key = line.split_once(':').map(|(key, _)| key);
        key.is_some_and(|key| {
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
    };
    if text.lines().any(is_key) { others::parse_yaml(text, name) } else { vulnix::parse_yaml(text, name) }
}

fn parse_toml(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let table: toml::Table =
        toml::from_str(text).map_err(|e| RuleError::Toml(TomlProblem::new(text, e.message(), e.span())))?;
    if table.is_empty() {
        return Ok(Vec::new());
    }
    if table.contains_key("IgnoredVulns") || table.contains_key("PackageOverrides") {
        return others::parse_osv(&table, name);
    }
    // In vulnix' form every value is a table named after a package; in ours there is one list.
    if table.get("suppress").is_some_and(toml::Value::is_array) {
        own::parse(text, name)
    } else {
        vulnix::parse_toml(&table, name)
    }
}

impl Rule {
    /// Whether it is about this pair, leaving its date aside.
    pub fn covers(&self, package: &Package, cve: CveId) -> bool {
        self.unusable.is_none()
            && self.package.as_ref().is_none_or(|p| p.fits(&package.pname))
            && self.version.as_ref().is_none_or(|v| v.fits(&package.version))
            && (self.cves.is_empty() && self.ids.is_empty() || self.cves.contains(&cve))
            && (self.products.is_empty() || self.products.iter().any(|product| product.names(package)))
    }

    fn expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// How narrow it is: of several rules the narrowest gives the reason.
    fn narrowness(&self) -> (bool, bool, bool) {
        (!self.cves.is_empty(), self.version.is_some(), self.package.is_some())
    }
}

/// Adds to each rule the CVEs of the advisories that it names.
pub(crate) fn with_advisories(rules: &[Rule], vulnerabilities: &BTreeMap<CveId, Vulnerability>) -> Vec<Rule> {
    let mut rules = rules.to_vec();
    if rules.iter().any(|rule| !rule.ids.is_empty()) {
        for vulnerability in vulnerabilities.values() {
            let Some(advisory) = vulnerability.advisory() else { continue };
            for rule in rules.iter_mut().filter(|rule| rule.ids.contains(&advisory)) {
                rule.cves.insert(vulnerability.id);
            }
        }
    }
    rules
}

/// What a rule does, or did before it expired. Of several the last says most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hides {
    /// It is about no finding.
    Nothing,
    /// Only about findings that nobody needs to hide.
    Closed,
    /// About findings that it, or another rule, hides.
    Open,
    /// About one that no rule hides any more.
    Shown,
}

/// Applies rules: which findings are suppressed, by the index of their group, and what is wrong
/// with the rules (expired, or about nothing that was found). The packages of a group have one name
/// and version, so a rule is about all of them or none.
pub fn apply(
    rules: &[Rule],
    packages: &[Package],
    findings: &Findings,
    today: Date,
) -> (BTreeMap<usize, Suppression>, Vec<Warning>) {
    let mut suppressed = BTreeMap::new();
    let mut hides = vec![Hides::Nothing; rules.len()];
    let mut by_package: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (index, rule) in rules.iter().enumerate() {
        by_package
            .entry(rule.package.as_ref().and_then(Pattern::alone).unwrap_or("*"))
            .or_default()
            .push(index);
    }
    let mut covering: Vec<usize> = Vec::new();
    for (place, group) in findings.groups().iter().enumerate() {
        let finding = group.finding();
        let Some(package) = packages.get(finding.package) else { continue };
        let candidates =
            [package.pname.as_str(), "*"].into_iter().filter_map(|k| by_package.get(k)).flatten();
        let mut best: Option<&Rule> = None;
        covering.clear();
        for &index in candidates {
            let Some(rule) = rules.get(index).filter(|r| r.covers(package, finding.cve)) else { continue };
            covering.push(index);
            if !rule.expired(today) && best.is_none_or(|b| rule.narrowness() > b.narrowness()) {
                best = Some(rule);
            }
        }
        let open = matches!(finding.status, FindingStatus::Affected | FindingStatus::Unknown);
        for &index in &covering {
            if let Some(slot) = hides.get_mut(index) {
                *slot = (*slot).max(match (open, best) {
                    (false, _) => Hides::Closed,
                    (true, Some(_)) => Hides::Open,
                    (true, None) => Hides::Shown,
                });
            }
        }
        if let Some(rule) = best {
            let suppression =
                Suppression { reason: rule.reason.clone(), origin: rule.origin.clone(), until: rule.until };
            suppressed.insert(place, suppression);
        }
    }
    let mut problems = Vec::new();
    for (rule, hides) in rules.iter().zip(hides) {
        let problem = if let Some(what) = &rule.unusable {
            format!(
                "hides nothing: `{what}` cannot be compared here, and without it the rule would hide too much"
            )
        } else if let Some(until) = rule.until.filter(|_| rule.expired(today)) {
            let and = match hides {
                Hides::Nothing | Hides::Closed => "",
                Hides::Open => "; another rule still hides what it hid",
                Hides::Shown => ", and what it hid is shown again",
            };
            format!("expired on {until}{and}")
        } else {
            match hides {
                Hides::Nothing => {
                    "suppresses nothing: no finding is of this package, version and CVE".to_owned()
                }
                Hides::Closed => "suppresses nothing: what it is about is not affected".to_owned(),
                Hides::Open | Hides::Shown => continue,
            }
        };
        problems.push(Warning { place: rule.origin.clone(), problem });
    }
    (suppressed, problems)
}

/// Cuts a reason to a length that can be dealt with.
fn reason(text: &str) -> String {
    text.trim().chars().take(MAXIMUM_TEXT).collect()
}
