//! Is this version affected? Each identified statement is evaluated on its own, then the containers
//! are weighed.

mod wording;

use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, Evidence, FindingStatus};
use crate::identity::Identity;
use std::rc::Rc;
use vulnerability::model::{Bound, Container, Precision, Statement, Status, VersionRange};
use vulnerability::ranges::{Because, Verdict};
use vulnerability::version;
use wording::Wording;

/// The decision on one package and vulnerability, before corrections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The status.
    pub(crate) status: FindingStatus,
    /// Of identity and version together.
    pub(crate) confidence: Confidence,
    /// The first fixed version above the package's.
    pub(crate) fixed_in: Option<String>,
    /// Identity and version evidence of the statements that decided, and of those that contradict.
    /// Empty if not wanted.
    pub(crate) evidence: Vec<Evidence>,
}

/// What one statement says about the version.
struct Opinion<'a> {
    identity: &'a Identity,
    facts: &'a StatementFacts<'a>,
    status: FindingStatus,
    /// How precise: the weight of the statement against others.
    weight: Weight,
    confidence: Confidence,
    /// What it rests on.
    basis: Basis,
}

/// What an opinion rests on, from which its evidence is made.
enum Basis {
    /// The ranges.
    Verdict(Verdict),
    /// Something else, as a text, and comparisons.
    Text(String, Vec<String>),
}

impl Opinion<'_> {
    fn range(&self) -> Option<&VersionRange> {
        match self.basis {
            Basis::Verdict(Verdict { because: Because::Range(index), .. }) => {
                self.facts.statement.ranges.get(index)
            }
            _ => None,
        }
    }

    /// Whether this says from which version on the range that decided the other one is meant:
    /// another container gives the same upper end and a lower one, which the other left out.
    fn bounds(&self, other: &Self) -> bool {
        let Some(range) = other.range().filter(|r| r.lower == Bound::Unbounded) else { return false };
        self.status == FindingStatus::NotAffected
            && self.facts.statement.origin.container() != other.facts.statement.origin.container()
            && range.upper != Bound::Unbounded
            && self.facts.statement.ranges.iter().any(|own| {
                own.upper == range.upper && own.status == range.status && own.lower != Bound::Unbounded
            })
    }

    /// The evidence on the version. Made only for what is reported.
    fn evidence(&self, package: &PackageFacts<'_>) -> Evidence {
        let statement = self.facts.statement;
        let (range, comparisons) = match &self.basis {
            Basis::Text(text, comparisons) => (text.clone(), comparisons.clone()),
            Basis::Verdict(verdict) => {
                let text = match self.range() {
                    Some(range) => range.text().into_owned(),
                    None if statement.ranges.is_empty() => "no versions, only a default".to_owned(),
                    None => {
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

/// How much a statement's opinion weighs. Later ones beat earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It does not decide.
    Nothing,
    /// Everything, or a default without a list.
    Everything,
    /// One named version, or prose.
    Vague,
    /// A range with an upper end, or a structured list that says so.
    Precise,
}

/// Weighs what the identified statements say. `None` if no statement was identified. Evidence is
/// gathered for a status that is `reported`.
pub(crate) fn decide(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    identified: &[(Rc<Identity>, &StatementFacts<'_>)],
    reported: impl Fn(FindingStatus) -> bool,
) -> Option<Decision> {
    let best_identity = identified.iter().map(|(i, _)| i.confidence).max()?;
    // A weaker identification of another statement adds only noise: "gitlab" and "gitlab plugin" in
    // one record.
    let best = identified.iter().filter(|(identity, _)| identity.confidence == best_identity);
    let opinions = but_restatements(best, |identity, facts| opinion(package, record, identity, facts));

    let heaviest = opinions.iter().map(|o| o.weight).max()?;
    let deciding: Vec<&Opinion<'_>> = opinions.iter().filter(|o| o.weight == heaviest).collect();
    let chosen = if heaviest == Weight::Nothing {
        // Nobody decides: a statement that does not apply here at all still says more than
        // "unknown".
        deciding.iter().find(|o| o.status == FindingStatus::NotAffected).or(deciding.first()).copied()?
    } else {
        // One product can have an entry a branch: affected in one of them is affected.
        let affected = deciding.iter().find(|o| o.status == FindingStatus::Affected).copied();
        let bounded = affected.and_then(|a| deciding.iter().find(|o| o.bounds(a)).copied());
        bounded.or(affected).or(deciding.last().copied())?
    };
    let contradicted = opinions.iter().any(|o| {
        o.weight > Weight::Nothing
            && o.status != chosen.status
            && o.facts.statement.origin.container() != chosen.facts.statement.origin.container()
    });
    let mut confidence = chosen.confidence.min(best_identity);
    if contradicted {
        confidence = confidence.min(Confidence::Medium);
    }
    let mut evidence = Vec::new();
    if reported(chosen.status) {
        evidence = chosen.identity.evidence(chosen.facts, package);
        evidence.push(chosen.evidence(package));
        if contradicted {
            let others = opinions.iter().filter(|o| o.weight > Weight::Nothing && o.status != chosen.status);
            evidence.extend(others.map(|o| o.evidence(package)));
        }
    }
    let affected = chosen.status == FindingStatus::Affected;
    let fixed_in = if affected { fixed_in(package, chosen.facts.statement, chosen.range()) } else { None };
    Some(Decision { status: chosen.status, confidence, fixed_in, evidence })
}

/// The opinions of all statements but those that their authors restate as `cpeApplicability` when
/// their own list decides.
///
/// The restatement says less: the kernel's CNA gives "from 5.13, fixed in 5.15.5 and in 5.16" as
/// the ranges 5.13 to 5.15.5 and 5.13 to 5.16, of which the second covers the fixed 5.15.6, and
/// leaves off the end of lines that got no fix.
fn but_restatements<'a>(
    identified: impl Iterator<Item = &'a (Rc<Identity>, &'a StatementFacts<'a>)>,
    opinion: impl Fn(&'a Identity, &'a StatementFacts<'a>) -> Opinion<'a>,
) -> Vec<Opinion<'a>> {
    let mut opinions = Vec::new();
    let mut restatements = Vec::new();
    let mut precise: Vec<&Container> = Vec::new();
    for (place, (identity, facts)) in identified.enumerate() {
        let origin = &facts.statement.origin;
        if origin.is_applicability() {
            restatements.push((place, identity, *facts));
            continue;
        }
        let opinion = opinion(identity, facts);
        if opinion.weight == Weight::Precise {
            precise.push(origin.container());
        }
        opinions.push((place, opinion));
    }
    // Most records of the kernel have a dozen that nobody needs to look at.
    restatements.retain(|(_, _, facts)| !precise.contains(&facts.statement.origin.container()));
    opinions
        .extend(restatements.into_iter().map(|(place, identity, facts)| (place, opinion(identity, facts))));
    opinions.sort_by_key(|(place, _)| *place);
    opinions.into_iter().map(|(_, opinion)| opinion).collect()
}

fn opinion<'a>(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    identity: &'a Identity,
    facts: &'a StatementFacts<'a>,
) -> Opinion<'a> {
    let statement = facts.statement;
    let make =
        |status, weight, confidence, basis| Opinion { identity, facts, status, weight, confidence, basis };
    let nothing = |status, text: String| {
        make(status, Weight::Nothing, Confidence::Medium, Basis::Text(text, Vec::new()))
    };
    if let Some(system) = facts.elsewhere.or(record.elsewhere) {
        return nothing(FindingStatus::NotAffected, format!("only on {system}"));
    }
    if facts.of_distribution {
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
    let (weight, confidence) = match (status, range) {
        (FindingStatus::Unknown, _) => (Weight::Nothing, Confidence::Medium),
        (_, Some(range)) => of_range(range),
        // The default decided. With a list of readable ranges it is the complement of the list.
        (_, None) => statement
            .ranges
            .iter()
            .map(of_range)
            .reduce(|(weight, confidence), (w, c)| (weight.min(w), confidence.min(c)))
            .unwrap_or((Weight::Everything, Confidence::Medium)),
    };
    let wording = match status {
        FindingStatus::Affected => wording::limit(package, record, facts, range, weight),
        FindingStatus::Unknown => {
            wording::by_date(package, statement).or_else(|| wording::left_open(package, record, facts))
        }
        _ => None,
    };
    if let Some(wording) = wording.or_else(|| wording::instead(package, record, facts)) {
        return reworded(wording);
    }
    make(status, weight, confidence, Basis::Verdict(verdict))
}

fn of_range(range: &VersionRange) -> (Weight, Confidence) {
    let bounded =
        range.upper != Bound::Unbounded || range.lower != Bound::Unbounded || !range.changes.is_empty();
    match (range.precision, bounded) {
        (Precision::Unreadable, _) => (Weight::Nothing, Confidence::Low),
        (_, false) => (Weight::Everything, Confidence::Medium),
        (Precision::Structured, true) => (Weight::Precise, Confidence::High),
        (Precision::FreeText, true) => (Weight::Precise, Confidence::Medium),
        (Precision::Exact, true) => (Weight::Vague, Confidence::Medium),
    }
}

/// The first version above the package's that the statement gives as not affected.
fn fixed_in(
    package: &PackageFacts<'_>,
    statement: &Statement,
    range: Option<&VersionRange>,
) -> Option<String> {
    let above = |range: &VersionRange, candidate: &str| {
        version::compare(range.scheme, candidate, &package.version).is_some_and(std::cmp::Ordering::is_gt)
    };
    if let Some(range) = range {
        let change = range.changes.iter().find(|c| c.status == Status::Unaffected && above(range, &c.at));
        if let Some(change) = change {
            return Some(change.at.to_string());
        }
        if let Bound::Exclusive(end) = &range.upper
            && **end != *"*"
        {
            return Some(end.to_string());
        }
        return None;
    }
    // The default is "affected": the lowest listed unaffected version above the package's.
    let unaffected = statement.ranges.iter().filter(|r| r.status == Status::Unaffected);
    let mut starts: Vec<(&VersionRange, &str)> = unaffected
        .filter_map(|r| match &r.lower {
            Bound::Inclusive(v) | Bound::Exclusive(v) => Some((r, &**v)),
            Bound::Unbounded => None,
        })
        .filter(|(r, v)| above(r, v))
        .collect();
    starts.sort_by(|(r, a), (_, b)| version::compare(r.scheme, a, b).unwrap_or(std::cmp::Ordering::Equal));
    starts.first().map(|(_, v)| (*v).to_owned())
}
