//! The sets of pairs at and just after a fix.

use super::{add_mistakes, interval, matched, value};
use crate::bench::table::{Cell, Table};
use crate::quality::data::{Data, Package};
use crate::quality::fixes::{Boundaries, FixSet, KINDS, Pair, SETS};
use crate::quality::labels::{Label, Status};
use crate::quality::score::{self, Prediction, Report, is_affected};
use anyhow::Context;
use matching::Knowledge;
use serde_json::Value;
use std::collections::BTreeMap;

/// A set, or a half of one.
struct Set<'a> {
    name: &'static str,
    labels: Vec<Label>,
    /// The kind of each pair, where the set tells it.
    kinds: Vec<String>,
    records: &'a BTreeMap<String, Value>,
    packages: &'a BTreeMap<String, Package>,
    /// Are there pairs of other software among them?
    others: bool,
    /// May its mistakes be printed?
    open: bool,
}

/// A set of ours, read.
struct Own {
    pairs: Vec<Pair>,
    packages: BTreeMap<String, Package>,
}

impl Own {
    fn read(set: &FixSet) -> anyhow::Result<Self> {
        Ok(Self { pairs: set.pairs()?, packages: set.packages()? })
    }

    /// The pairs of it that are held out, or those that are not, or both.
    fn part<'a>(
        &'a self,
        data: &'a Data,
        name: &'static str,
        open: bool,
        wanted: impl Fn(bool) -> bool,
    ) -> Set<'a> {
        let chosen: Vec<_> = self.pairs.iter().filter(|pair| wanted(pair.held_out)).collect();
        Set {
            name,
            labels: chosen.iter().map(|pair| pair.label.clone()).collect(),
            kinds: chosen.iter().map(|pair| pair.kind.clone()).collect(),
            records: &data.records,
            packages: &self.packages,
            others: true,
            open,
        }
    }
}

/// Scores our matching and the substring rule.
pub(super) fn tables(data: &Data, knowledge: &Knowledge) -> anyhow::Result<Vec<Table>> {
    let boundaries = Boundaries::read()?;
    let [at_the_fix, fresh] = [Own::read(&SETS[0])?, Own::read(&SETS[1])?];
    let sets = [
        at_the_fix.part(data, "at-the-fix", false, |_| true),
        at_the_fix.part(data, "at-the-fix, tuned half", true, |held_out| !held_out),
        at_the_fix.part(data, "at-the-fix, hold-out half", false, |held_out| held_out),
        fresh.part(data, "fresh", false, |_| true),
        Set {
            name: "boundaries",
            kinds: vec![String::new(); boundaries.labels.len()],
            labels: boundaries.labels,
            records: &boundaries.records,
            packages: &boundaries.packages,
            others: false,
            open: true,
        },
    ];
    let mut summary = Table::new(
        "matching: at the fix",
        &[
            "set",
            "question",
            "rule",
            "pairs",
            "precision",
            "95 %",
            "recall",
            "95 %",
            "right",
            "wrong",
            "missed",
            "unknown",
        ],
    );
    let mut kinds =
        Table::new("matching: at the fix, by kind", &["set", "kind", "pairs", "affected", "wrong", "missed"]);
    let mut mistakes = Table::new(
        "matching: mistakes at the fix",
        &["set", "record", "package", "label", "we say", "the labeller's reason"],
    );
    for set in &sets {
        let ours = set.score(|record, package| matched(record, package, knowledge))?;
        let substring = set.score(|record, package| Ok(score::substring_rule(record, package)))?;
        for (rule, report) in [("snowguard", &ours), ("substring", &substring)] {
            set.add_summary(&mut summary, rule, report);
        }
        set.add_kinds(&mut kinds, &ours);
        if set.open {
            let known = set.known(&ours).map(|(label, prediction, _)| (label, prediction));
            add_mistakes(&mut mistakes, set.name, known);
        }
    }
    summary.note("Truth is what upstream says. A pair whose truth is unknown is left out of \"affected\".");
    summary.note("unknown: pairs with a truth for which the rule says that it cannot tell.");
    summary.note(
        "The even records of at-the-fix are the tuned half; the odd ones and fresh are held out: quality/README.md.",
    );
    Ok(vec![summary, kinds, mistakes])
}

impl Set<'_> {
    fn score(
        &self,
        mut predict: impl FnMut(&Value, &Package) -> anyhow::Result<Prediction>,
    ) -> anyhow::Result<Report> {
        score::score(
            &self.labels,
            |_| 1.0,
            |label| {
                let record =
                    self.records.get(&label.cve).with_context(|| format!("no record {}", label.cve))?;
                let package = self
                    .packages
                    .get(&label.package)
                    .with_context(|| format!("no package {}", label.package))?;
                predict(record, package)
            },
        )
    }

    /// The pairs with a known truth, and what was said of them.
    fn known<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = (&'a Label, Prediction, &'a str)> {
        let kinds = self.kinds.iter().map(String::as_str);
        let all = self.labels.iter().zip(report.predictions.iter().copied()).zip(kinds);
        all.map(|((label, prediction), kind)| (label, prediction, kind))
            .filter(|(label, ..)| label.status != Status::Unknown)
    }

    fn add_summary(&self, table: &mut Table, rule: &str, report: &Report) {
        let mut affected = score::Tally::default();
        let mut unknown = 0.0;
        for (label, prediction, _) in self.known(report) {
            affected.add(is_affected(label), prediction.affected(), 1.0);
            unknown += f64::from(u8::from(prediction == Prediction::Unknown));
        }
        let mut questions =
            vec![("this version affected?", self.known(report).count(), affected, Cell::Number(unknown, ""))];
        if self.others {
            let same = ("the same software?", self.labels.len(), report.identity.sample, Cell::None);
            questions.insert(0, same);
        }
        for (question, pairs, tally, unknown) in questions {
            let (precision, recall) = (tally.precision(), tally.recall());
            table.row(vec![
                self.name.into(),
                question.into(),
                rule.into(),
                Cell::Number(pairs as f64, ""),
                value(precision),
                interval(precision).into(),
                value(recall),
                interval(recall).into(),
                Cell::Number(tally.right, ""),
                Cell::Number(tally.wrong, ""),
                Cell::Number(tally.missed, ""),
                unknown,
            ]);
        }
    }

    fn add_kinds(&self, table: &mut Table, report: &Report) {
        for kind in KINDS {
            let mut pairs = 0.0;
            let mut tally = score::Tally::default();
            for (label, prediction, _) in self.known(report).filter(|(.., of)| *of == kind) {
                pairs += 1.0;
                tally.add(is_affected(label), prediction.affected(), 1.0);
            }
            if pairs > 0.0 {
                table.row(vec![
                    self.name.into(),
                    kind.into(),
                    Cell::Number(pairs, ""),
                    Cell::Number(tally.right + tally.missed, ""),
                    Cell::Number(tally.wrong, ""),
                    Cell::Number(tally.missed, ""),
                ]);
            }
        }
    }
}
