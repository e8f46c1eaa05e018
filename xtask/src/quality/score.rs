//! Precision and recall of a matcher on the labelled pairs, and the substring rule to compare it
//! with.
//!
//! Each question is scored twice. In the *sample* every pair counts the same. In the *population* a
//! pair counts for as many pairs of its stratum as the draw left out, because the strata were not
//! drawn in proportion: nearly all pairs that loose rules give are of the stratum `substring`, but
//! only a third of the labels are. The draw also limits how often one name may appear, so the
//! population is an estimate of pairs *of different names*, not of alerts; see `quality/README.md`.

use super::data::{self, Package};
use super::labels::{Identity, Label, Status};
use serde_json::Value;

/// A matcher's answer for a record and a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prediction {
    /// Nothing to do with each other.
    None,
    /// The same software, and this version is affected.
    Affected,
    /// The same software, and this version is not affected, or fixed.
    NotAffected,
    /// The same software, but the record does not cover this version.
    Unknown,
}

impl Prediction {
    /// Does it take record and package for the same software?
    pub(crate) fn same(self) -> bool {
        self != Self::None
    }

    /// Does it report this version as affected?
    pub(crate) fn affected(self) -> bool {
        self == Self::Affected
    }
}

/// How well a matcher does on the labels.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Is it the same software?
    pub(crate) identity: Scores,
    /// Is this version affected?
    pub(crate) affected: Scores,
    /// What the matcher said, in the order of the labels.
    pub(crate) predictions: Vec<Prediction>,
}

/// One question, scored in the sample and in the population.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scores {
    /// Every pair counts one.
    pub(crate) sample: Tally,
    /// Every pair counts its weight.
    pub(crate) population: Tally,
}

/// Asks `predict` about every label.
///
/// `weight` gives how many pairs of the population a label stands for.
///
/// # Errors
/// The first error of `predict`.
pub(crate) fn score(
    labels: &[Label],
    weight: impl Fn(&Label) -> f64,
    mut predict: impl FnMut(&Label) -> anyhow::Result<Prediction>,
) -> anyhow::Result<Report> {
    let mut report = Report {
        identity: Scores::default(),
        affected: Scores::default(),
        predictions: Vec::with_capacity(labels.len()),
    };
    for label in labels {
        let said = predict(label)?;
        let weight = weight(label);
        for (scores, truth, said) in [
            (&mut report.identity, is_same(label), said.same()),
            (&mut report.affected, is_affected(label), said.affected()),
        ] {
            scores.sample.add(truth, said, 1.0);
            scores.population.add(truth, said, weight);
        }
        report.predictions.push(said);
    }
    Ok(report)
}

/// Is the pair labelled as the same software?
pub(crate) fn is_same(label: &Label) -> bool {
    label.identity == Identity::Same
}

/// Is the pair labelled as affected?
pub(crate) fn is_affected(label: &Label) -> bool {
    label.status == Status::Affected
}

/// Weights of right, wrong and missed answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Said and true.
    pub(crate) right: f64,
    /// Said, but not true.
    pub(crate) wrong: f64,
    /// True, but not said.
    pub(crate) missed: f64,
    /// Squares of the weights of what was said, and of what is true.
    squares: (f64, f64),
}

impl Tally {
    /// Counts one answer.
    pub(crate) fn add(&mut self, truth: bool, said: bool, weight: f64) {
        match (truth, said) {
            (true, true) => self.right += weight,
            (false, true) => self.wrong += weight,
            (true, false) => self.missed += weight,
            (false, false) => {}
        }
        if said {
            self.squares.0 += weight * weight;
        }
        if truth {
            self.squares.1 += weight * weight;
        }
    }

    /// The share of what was said that is true; none if nothing was said.
    pub(crate) fn precision(&self) -> Option<Share> {
        Share::of(self.right, self.right + self.wrong, self.squares.0)
    }

    /// The share of what is true that was said; none if nothing is true.
    pub(crate) fn recall(&self) -> Option<Share> {
        Share::of(self.right, self.right + self.missed, self.squares.1)
    }
}

/// A share from 0 to 1 with Wilson's score interval at 95 % (E. B. Wilson, 1927).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// The share.
    pub(crate) value: f64,
    /// Lower end of the interval.
    pub(crate) low: f64,
    /// Upper end of the interval.
    pub(crate) high: f64,
}

impl Share {
    /// With unequal weights the number of pairs is Kish's effective one, the square of the sum over
    /// the sum of the squares; with equal weights that is just their number.
    fn of(part: f64, whole: f64, squares: f64) -> Option<Self> {
        const Z: f64 = 1.959_964;
        if whole <= 0.0 || squares <= 0.0 {
            return None;
        }
        let (n, p) = (whole * whole / squares, part / whole);
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Some(Self {
            value: p,
            low: ((middle - half) / scale).max(0.0),
            high: ((middle + half) / scale).min(1.0),
        })
    }
}

/// The substring rule of other trackers: a product or packageName of the record anywhere in the
/// derivation's name; and affected when the version is below an upper end, or is a named version,
/// of *any* product of the record, versions being compared as texts.
pub(crate) fn substring_rule(record: &Value, package: &Package) -> Prediction {
    let name = package.name.to_ascii_lowercase();
    let version = package.version.as_str();
    let mut same = false;
    let mut affected = false;
    for (_, container) in data::containers(record) {
        for entry in data::list(&container["affected"]) {
            same |= ["product", "packageName"].iter().filter_map(|key| entry[*key].as_str()).any(|text| {
                let text = text.trim().to_ascii_lowercase();
                !text.is_empty() && text != "n/a" && name.contains(&text)
            });
            affected |= data::list(&entry["versions"]).filter(|v| v["status"] == "affected").any(|range| {
                match (range["lessThan"].as_str(), range["lessThanOrEqual"].as_str()) {
                    (Some(end), _) => version < end,
                    (None, Some(end)) => version <= end,
                    (None, None) => range["version"].as_str() == Some(version),
                }
            });
        }
    }
    match (same, affected) {
        (false, _) => Prediction::None,
        (true, true) => Prediction::Affected,
        (true, false) => Prediction::NotAffected,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn label(stratum: &str, identity: Identity, status: Status) -> Label {
        Label {
            cve: "CVE-2024-1".to_owned(),
            package: "a-1".to_owned(),
            stratum: stratum.to_owned(),
            identity,
            status,
            reason: "because".to_owned(),
        }
    }

    fn package(name: &str, version: &str) -> Package {
        Package {
            name: format!("{name}-{version}"),
            pname: name.to_owned(),
            version: version.to_owned(),
            attribute: name.to_owned(),
            branch: "nixos-18.03",
            line: Value::Null,
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.0005
    }

    #[test]
    fn identity_and_status_are_scored_apart() {
        let labels = [
            label("exact", Identity::Same, Status::Affected),
            label("exact", Identity::Same, Status::Unaffected),
            label("exact", Identity::Same, Status::Affected),
            label("exact", Identity::Other, Status::Unaffected),
        ];
        let mut answers =
            [Prediction::Affected, Prediction::Affected, Prediction::Unknown, Prediction::NotAffected]
                .into_iter();
        let report =
            score(&labels, |_| 1.0, |_| Ok(answers.next().unwrap_or(Prediction::None))).expect("no errors");
        assert_eq!(report.predictions.len(), labels.len());
        let identity = report.identity.sample;
        assert_eq!((identity.right, identity.wrong, identity.missed), (3.0, 1.0, 0.0));
        let affected = report.affected.sample;
        assert_eq!((affected.right, affected.wrong, affected.missed), (1.0, 1.0, 1.0));
        assert!(close(report.identity.sample.precision().expect("something said").value, 0.75));
        assert!(close(report.affected.sample.recall().expect("something true").value, 0.5));
    }

    #[test]
    fn population_counts_weights() {
        let labels = [
            label("exact", Identity::Same, Status::Affected),
            label("substring", Identity::Other, Status::Unaffected),
        ];
        let weight = |label: &Label| if label.stratum == "exact" { 10.0 } else { 90.0 };
        let report = score(&labels, weight, |_| Ok(Prediction::Affected)).expect("no errors");
        assert!(close(report.identity.sample.precision().expect("said").value, 0.5));
        assert!(close(report.identity.population.precision().expect("said").value, 0.1));
        assert!(close(report.identity.population.recall().expect("true").value, 1.0));
    }

    #[test]
    fn intervals_are_wilsons() {
        // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in
        // Medicine 17 (1998), the four examples of table I, method 3.
        for (x, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let share = Share::of(f64::from(x), f64::from(n), f64::from(n)).expect("not empty");
            assert!(close(share.low, low) && close(share.high, high), "{x} of {n}: {share:?}");
        }
    }

    #[test]
    fn a_common_weight_changes_no_interval() {
        let one = Share::of(5.0, 10.0, 10.0);
        let seven = Share::of(35.0, 70.0, 10.0 * 49.0);
        assert_eq!(one, seven);
        assert_eq!(Share::of(0.0, 0.0, 0.0), None);
    }

    #[test]
    fn substring_rule_takes_any_name_inside() {
        let record = json!({"containers": {"cna": {"affected": [
            {"product": "wlc", "versions": [{"status": "affected", "version": "0", "lessThan": "1.15"}]}
        ]}}});
        assert_eq!(substring_rule(&record, &package("wlclock", "1.0")), Prediction::Affected);
        assert_eq!(substring_rule(&record, &package("curl", "1.0")), Prediction::None);
    }

    #[test]
    fn substring_rule_compares_versions_as_texts_and_pools_products() {
        let record = json!({"containers": {"cna": {"affected": [
            {"product": "curl", "versions": [{"status": "affected", "version": "0", "lessThan": "10.2"}]},
            {"product": "other", "versions": [{"status": "affected", "version": "7"}]}
        ]}, "adp": [{"affected": [{"product": "n/a"}]}]}});
        // "9.0" follows "10.2" as a text.
        assert_eq!(substring_rule(&record, &package("curl", "9.0")), Prediction::NotAffected);
        assert_eq!(substring_rule(&record, &package("curl", "10.1")), Prediction::Affected);
        assert_eq!(substring_rule(&record, &package("curl", "7")), Prediction::Affected);
    }
}
