//! How right is the matching? Scored against labels that people made by hand.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use matching::{Confidence, FindingStatus, Knowledge};
use serde_json::Value;
use vulnerability::model::Vulnerability;

use crate::bench::table::{Cell, Table};
use crate::quality::data::{self, Data, Package};
use crate::quality::labels::{self, Identity, Label, Status};
use crate::quality::sample::STRATA;

/// What a rule says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prediction {
    /// It takes record and package for the same software.
    same: bool,
    /// It reports the package as affected.
    affected: bool,
}

/// Scores our matching and the substring rule.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let labels = labels::read(&crate::quality::labels_file())?;
    let data = Data::read()?;
    let knowledge = Knowledge::built_in()?;
    let mut ours = Vec::with_capacity(labels.len());
    let mut substring = Vec::with_capacity(labels.len());
    for label in &labels {
        let record = data.records.get(&label.cve).with_context(|| format!("no record {}", label.cve))?;
        let package =
            data.packages.get(&label.package).with_context(|| format!("no package {}", label.package))?;
        ours.push(matched(record, package, &knowledge)?);
        substring.push(substring_rule(record, package));
    }

    let mut summary = Table::new(
        format!("matching: {} pairs labelled by hand", labels.len()),
        &["question", "rule", "precision", "95 %", "recall", "95 %", "right", "wrong", "missed"],
    );
    for (question, truth, says) in [
        ("the same software?", is_same as fn(&Label) -> bool, says_same as fn(&Prediction) -> bool),
        ("this version affected?", is_affected, says_affected),
    ] {
        for (rule, predictions) in [("snowguard", &ours), ("substring", &substring)] {
            let counts = Counts::of(labels.iter().map(truth), predictions.iter().map(says));
            summary.row(counts.row(question, rule));
        }
    }
    summary.note("A pair counts as predicted if the finding has at least medium confidence, which is what reports show.");
    summary.note("The substring rule: product or packageName anywhere in the derivation's name, versions compared as texts.");
    summary.note("Intervals are Wilson's. How pairs were drawn and labelled: quality/README.md.");

    let mut strata = Table::new(
        "matching: by stratum, the same software?",
        &["stratum", "pairs", "same", "precision", "recall", "substring precision", "substring recall"],
    );
    for (stratum, _) in STRATA {
        let chosen: Vec<usize> = (0..labels.len()).filter(|i| labels[*i].stratum == stratum).collect();
        let count = |predictions: &[Prediction]| {
            Counts::of(
                chosen.iter().map(|i| is_same(&labels[*i])),
                chosen.iter().map(|i| predictions[*i].same),
            )
        };
        let (us, them) = (count(&ours), count(&substring));
        strata.row(vec![
            stratum.into(),
            Cell::Number(chosen.len() as f64, ""),
            Cell::Number((us.right + us.missed) as f64, ""),
            share(us.right, us.right + us.wrong),
            share(us.right, us.right + us.missed),
            share(them.right, them.right + them.wrong),
            share(them.right, them.right + them.missed),
        ]);
    }

    let mut mistakes = Table::new(
        "matching: every mistake",
        &["record", "package", "label", "we say", "the labeller's reason"],
    );
    for (label, prediction) in labels.iter().zip(&ours) {
        if prediction.same == is_same(label) && prediction.affected == is_affected(label) {
            continue;
        }
        let truth = if is_same(label) { format!("same, {:?}", label.status) } else { "other".to_owned() };
        let said = match (prediction.same, prediction.affected) {
            (false, _) => "other",
            (true, true) => "same, affected",
            (true, false) => "same, not affected or unknown",
        };
        mistakes.row(vec![
            label.cve.clone().into(),
            label.package.clone().into(),
            truth.to_lowercase().into(),
            said.into(),
            label.reason.clone().into(),
        ]);
    }
    Ok(vec![summary, strata, mistakes])
}

fn is_same(label: &Label) -> bool {
    label.identity == Identity::Same
}

fn is_affected(label: &Label) -> bool {
    label.status == Status::Affected
}

fn says_same(prediction: &Prediction) -> bool {
    prediction.same
}

fn says_affected(prediction: &Prediction) -> bool {
    prediction.affected
}

/// What our matching says.
fn matched(record: &Value, package: &Package, knowledge: &Knowledge) -> anyhow::Result<Prediction> {
    let text = serde_json::to_vec(record)?;
    let parsed = vulnerability::cve::Record::parse(&text, usize::MAX).map_err(|e| anyhow!("{e}"))?;
    let record = parsed.to_source_record();
    let vulnerability =
        Vulnerability { id: record.id, records: vec![record], known_exploited: None, epss: None };
    let meta = &package.line["meta"];
    let texts = |value: &Value| -> Vec<String> {
        let one = value.as_str().map(str::to_owned);
        one.into_iter().chain(data::list(value).filter_map(|v| v.as_str().map(str::to_owned))).collect()
    };
    let package = matching::Package {
        name: package.name.clone(),
        pname: package.pname.clone(),
        version: package.version.clone(),
        attribute: Some(package.attribute.clone()),
        homepages: texts(&meta["homepage"]),
        description: meta["description"].as_str().map(str::to_owned),
        position: meta["position"].as_str().map(str::to_owned),
        patches: texts(&package.line["patches"]),
        known_vulnerabilities: texts(&meta["knownVulnerabilities"]),
        ..matching::Package::default()
    };
    let findings = matching::find(&[package], &[vulnerability], knowledge, &[]);
    let shown = findings.iter().find(|f| f.confidence >= Confidence::Medium);
    Ok(Prediction {
        same: shown.is_some(),
        affected: shown.is_some_and(|f| f.status == FindingStatus::Affected),
    })
}

/// What the substring rule says: a name of the record anywhere in the derivation's name, and the version below any upper end of
/// any product's range, as texts.
fn substring_rule(record: &Value, package: &Package) -> Prediction {
    let name = package.name.to_ascii_lowercase();
    let mut same = false;
    let mut affected = false;
    for (_, container) in data::containers(record) {
        for entry in data::list(&container["affected"]) {
            same |= ["product", "packageName"].iter().filter_map(|key| entry[*key].as_str()).any(|text| {
                let text = text.trim().to_ascii_lowercase();
                !text.is_empty() && text != "n/a" && name.contains(&text)
            });
            for range in data::list(&entry["versions"]).filter(|v| v["status"] == "affected") {
                let version = package.version.as_str();
                affected |= match (range["lessThan"].as_str(), range["lessThanOrEqual"].as_str()) {
                    (Some(end), _) => version < end,
                    (None, Some(end)) => version <= end,
                    (None, None) => range["version"].as_str() == Some(version),
                };
            }
        }
    }
    Prediction { same, affected: same && affected }
}

/// Right and wrong answers.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Counts {
    fn of(truth: impl Iterator<Item = bool>, said: impl Iterator<Item = bool>) -> Self {
        let mut counts = BTreeMap::new();
        for pair in truth.zip(said) {
            *counts.entry(pair).or_insert(0) += 1;
        }
        let get = |pair| counts.get(&pair).copied().unwrap_or(0);
        Self { right: get((true, true)), wrong: get((false, true)), missed: get((true, false)) }
    }

    fn row(self, question: &str, rule: &str) -> Vec<Cell> {
        vec![
            question.into(),
            rule.into(),
            share(self.right, self.right + self.wrong),
            interval(self.right, self.right + self.wrong).into(),
            share(self.right, self.right + self.missed),
            interval(self.right, self.right + self.missed).into(),
            Cell::Number(self.right as f64, ""),
            Cell::Number(self.wrong as f64, ""),
            Cell::Number(self.missed as f64, ""),
        ]
    }
}

fn share(part: usize, whole: usize) -> Cell {
    if whole == 0 { Cell::None } else { Cell::Number(part as f64 / whole as f64, "") }
}

/// Wilson's score interval for a share, at 95 %.
fn wilson(part: usize, whole: usize) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    ((middle - half) / scale, (middle + half) / scale)
}

fn interval(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let (low, high) = wilson(part, whole);
    format!("{low:.3} to {high:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let truth = [true, true, true, false, false];
        let said = [true, true, false, true, false];
        let counts = Counts::of(truth.into_iter(), said.into_iter());
        assert_eq!((counts.right, counts.wrong, counts.missed), (2, 1, 1));
    }

    #[test]
    fn intervals_are_wilsons() {
        // Wilson 1927 by way of textbooks: 10 of 10 gives 0.7225 to 1.
        let (low, high) = wilson(10, 10);
        assert!((low - 0.7225).abs() < 0.001 && (high - 1.0).abs() < 1e-9, "{low} {high}");
    }
}
