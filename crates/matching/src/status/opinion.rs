//! What one statement says about the package's version.

use super::weight::Weight;
use super::wording::{self, Wording};
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, Evidence, FindingStatus};
use crate::identity::Identity;
use crate::vocabulary::VERSIONS;
use vulnerability::model::{Bound, Precision, Statement, Status, VersionRange};
use vulnerability::ranges::{Because, Verdict};

/// What one statement says about the version.
pub(super) struct Opinion<'a> {
    pub(super) identity: &'a Identity,
    pub(super) facts: &'a StatementFacts<'a>,
    pub(super) status: FindingStatus,
    /// How precise: the weight of the statement against others.
    pub(super) weight: Weight,
    pub(super) confidence: Confidence,
    /// What speaks against it, without overturning it.
    pub(super) doubt: Option<String>,
    /// What it rests on.
    pub(super) basis: Basis,
}

/// What an opinion rests on, from which its evidence is made.
pub(super) enum Basis {
    /// The ranges.
    Verdict(Verdict),
    /// Something else, as a text, and comparisons.
    Text(String, Vec<String>),
}

impl<'a> Opinion<'a> {
    /// The range that decided.
    pub(super) fn range(&self) -> Option<&'a VersionRange> {
        match self.basis {
            Basis::Verdict(Verdict { because: Because::Range(index) | Because::Line(index), .. }) => {
                self.facts.statement.ranges.get(index)
            }
            _ => None,
        }
    }

    /// Whether the version is inside a range, which says this.
    pub(super) fn is_hit(&self) -> bool {
        matches!(self.basis, Basis::Verdict(Verdict { because: Because::Range(_), .. }))
    }

    /// The evidence on the version. Made only for what is reported.
    pub(super) fn evidence(&self, package: &PackageFacts<'_>) -> Evidence {
        let statement = self.facts.statement;
        let (range, comparisons) = match &self.basis {
            Basis::Text(text, comparisons) => (text.clone(), comparisons.clone()),
            Basis::Verdict(verdict) => {
                let text = match (verdict.because, self.range()) {
                    (Because::Line(_), Some(range)) => of_its_line(range),
                    (_, Some(range)) => range.text().into_owned(),
                    (_, None) if statement.ranges.is_empty() => "no versions, only a default".to_owned(),
                    (_, None) => {
                        let texts = statement.ranges.iter().map(VersionRange::text).take(8);
                        texts.collect::<Vec<_>>().join("; ")
                    }
                };
                let comparisons = verdict.comparisons(statement, &package.version);
                (text, comparisons.iter().map(ToString::to_string).collect())
            }
        };
        Evidence::Version {
            origin: statement.origin.clone(),
            version: package.version.clone(),
            range,
            comparisons,
            status: self.status,
        }
    }
}

/// A range that ends the version's line of development, as a text.
pub(super) fn of_its_line(range: &VersionRange) -> String {
    format!("{}, for this line of development", range.text())
}

/// What a statement says.
pub(super) fn of<'a>(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    identity: &'a Identity,
    facts: &'a StatementFacts<'a>,
) -> Opinion<'a> {
    let statement = facts.statement;
    let make = |status, weight, confidence, basis| Opinion {
        identity,
        facts,
        status,
        weight,
        confidence,
        doubt: None,
        basis,
    };
    let nothing = |status, text: String| {
        make(status, Weight::Nothing, Confidence::Medium, Basis::Text(text, Vec::new()))
    };
    if let Some(system) = facts.elsewhere.or(record.elsewhere) {
        return nothing(FindingStatus::NotAffected, format!("only on {system}"));
    }
    if facts.of_distribution || has_versions_of_a_distribution(statement) {
        let text = "versions of a distribution, which are not comparable with upstream's";
        return nothing(FindingStatus::Unknown, text.to_owned());
    }
    if package.version.is_empty() {
        return nothing(FindingStatus::Unknown, "the package has no version to compare".to_owned());
    }
    let verdict = facts.verdict(package);
    let status = match verdict.status {
        Status::Affected => FindingStatus::Affected,
        Status::Unaffected => FindingStatus::NotAffected,
        Status::Unknown => FindingStatus::Unknown,
    };
    let reworded =
        |w: Wording| make(w.status, w.weight, Confidence::Medium, Basis::Text(w.text, w.comparisons));
    if let Some(wording) = wording::up_to_exact(package, record, statement, status) {
        return reworded(wording);
    }
    let range = match verdict.because {
        Because::Range(index) => statement.ranges.get(index),
        _ => None,
    };
    let (weight, confidence) = weigh(statement, verdict);
    let wording = match status {
        FindingStatus::Affected => wording::limit(package, record, facts, range, weight),
        FindingStatus::Unknown => {
            wording::by_date(package, statement).or_else(|| wording::left_open(package, record, facts))
        }
        _ => None,
    };
    let instead = || {
        let said = wording::instead(package, record, facts)?;
        let affected = said.status == FindingStatus::Affected;
        let not_here = || wording::not_here(package, record, facts);
        Some(affected.then(not_here).flatten().unwrap_or(said))
    };
    if let Some(wording) = wording.or_else(instead) {
        return reworded(wording);
    }
    make(status, weight, confidence, Basis::Verdict(verdict))
}

/// Whether a range ends with the build of a distribution, whatever the vendor: enrichments copy
/// "2:2.10-21ubuntu0.1" from the distribution's own entry.
fn has_versions_of_a_distribution(statement: &Statement) -> bool {
    let marked = |version: &str| {
        version.split(['-', '+', '~', '.', '_']).any(|part| {
            VERSIONS.of_distributions.iter().any(|mark| {
                part.find(mark)
                    .and_then(|at| part.get(at + mark.len()..))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
            })
        })
    };
    let ends = statement.ranges.iter().flat_map(|range| [range.lower.version(), range.upper.version()]);
    ends.flatten().any(|end| end.contains(['-', '+', '~']) && marked(end))
}

/// How much a verdict weighs, and how sure it is.
fn weigh(statement: &Statement, verdict: Verdict) -> (Weight, Confidence) {
    let surest = |range: &VersionRange, exact: (Weight, Confidence)| {
        let bounded =
            range.upper != Bound::Unbounded || range.lower != Bound::Unbounded || !range.changes.is_empty();
        match (range.precision, bounded) {
            (Precision::Unreadable, _) => (Weight::Nothing, Confidence::Low),
            (_, false) => (Weight::Everything, Confidence::Medium),
            (Precision::Structured, true) => (Weight::Precise, Confidence::High),
            (Precision::FreeText, true) => (Weight::Precise, Confidence::Medium),
            (Precision::Exact, true) => exact,
        }
    };
    let weight = |range| surest(range, (Weight::Precise, Confidence::High));
    let exact = |range: &VersionRange| range.precision == Precision::Exact;
    match verdict.because {
        _ if verdict.status == Status::Unknown => (Weight::Nothing, Confidence::Medium),
        Because::Range(index) | Because::Line(index) => {
            statement.ranges.get(index).map_or((Weight::Nothing, Confidence::Low), weight)
        }
        // Single versions say little of others.
        _ if !statement.ranges.is_empty() && statement.ranges.iter().all(exact) => {
            (Weight::Vague, Confidence::Medium)
        }
        // The complement of a list is as sure as the least sure entry of the list.
        _ => (statement.ranges.iter().map(weight))
            .reduce(|(weight, confidence), (w, c)| (weight.min(w), confidence.min(c)))
            .unwrap_or((Weight::Everything, Confidence::Medium)),
    }
}
