//! What a container says as a whole: one author's entries on one software.

use super::opinion::{self, Basis, Opinion};
use super::weight::Weight;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, Evidence, FindingStatus};
use crate::identity::Identity;
use std::rc::Rc;
use vulnerability::model::{Bound, Container, Precision, VersionRange};
use vulnerability::ranges;

/// A container, summed up. It has at least one opinion.
pub(super) struct Voice<'a> {
    opinions: Vec<Opinion<'a>>,
    /// Which of them sums the container up.
    chosen: usize,
}

impl<'a> Voice<'a> {
    /// The opinion that sums the container up.
    pub(super) fn opinion(&self) -> &Opinion<'a> {
        &self.opinions[self.chosen]
    }

    /// All opinions.
    pub(super) fn opinions(&self) -> &[Opinion<'a>] {
        &self.opinions
    }

    /// The status.
    pub(super) fn status(&self) -> FindingStatus {
        self.opinion().status
    }

    /// How sure the container is.
    pub(super) fn weight(&self) -> Weight {
        self.opinion().weight
    }

    fn container(&self) -> &'a Container {
        self.opinion().facts.statement.origin.container()
    }

    /// Greater ones are listened to: how sure it is, then whose word it is.
    pub(super) fn rank(&self) -> (Weight, u8) {
        let author = match self.container() {
            Container::Cna(_) => 2,
            Container::Analysis => 1,
            Container::Adp(_) => 0,
        };
        (self.weight(), author)
    }

    /// Whether this says from which version on the range that decided the other one is meant: it
    /// gives the same upper end and a lower one, which the other left out.
    pub(super) fn gives_the_beginning_of(&self, other: &Self) -> bool {
        let decided = other.opinion();
        let Some(range) = decided.range().filter(|r| r.lower == Bound::Unbounded) else { return false };
        self.status() == FindingStatus::NotAffected
            && decided.status == FindingStatus::Affected
            && self.container() != other.container()
            && self.weight() == other.weight()
            && range.upper != Bound::Unbounded
            && self.opinions.iter().flat_map(|o| &o.facts.statement.ranges).any(|own| {
                own.upper == range.upper
                    && own.status == range.status
                    && own.lower != Bound::Unbounded
                    && own.precision != Precision::Exact
            })
    }

    /// Why this is listened to and not the other one.
    pub(super) fn overrules(&self, other: &Self) -> Evidence {
        let why = match (self.weight().cmp(&other.weight()), self.container()) {
            (std::cmp::Ordering::Greater, _) => "it says it more exactly",
            (std::cmp::Ordering::Equal, Container::Cna(_)) => "it is the record's own author",
            (std::cmp::Ordering::Equal, _) => "it comes before other enrichments",
            (std::cmp::Ordering::Less, _) => "it gives the lower end that the other leaves out",
        };
        let name = |voice: &Self| match voice.container() {
            Container::Cna(name) => format!("CNA {name}"),
            Container::Adp(name) => format!("ADP {name}"),
            Container::Analysis => "NVD".to_owned(),
        };
        let text = format!("{} differs; {} counts, because {why}", name(other), name(self));
        Evidence::Sign { supports: false, text }
    }
}

/// A statement, and why it is about the package.
type Identified<'a> = (Rc<Identity>, &'a StatementFacts<'a>);

/// What each container says, in the order of the record.
pub(super) fn voices<'a>(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    identified: &'a [Identified<'a>],
    best_identity: Confidence,
) -> Vec<Voice<'a>> {
    let container = |(_, facts): &Identified<'a>| {
        let origin = &facts.statement.origin;
        (origin.source(), origin.container())
    };
    let mut containers: Vec<Vec<&'a Identified<'a>>> = Vec::new();
    // A weaker identification of another statement adds only noise: "gitlab" and "gitlab plugin" in
    // one record. But an author is not less heard because an enrichment spells the name better.
    let best_of = |entry: &Identified<'a>| {
        let of_one = identified.iter().filter(|other| container(other) == container(entry));
        of_one.map(|(identity, _)| identity.confidence).max()
    };
    let counts = |entry: &&'a Identified<'a>| {
        let confidence = entry.0.confidence;
        confidence == best_identity || confidence >= Confidence::Medium && best_of(entry) == Some(confidence)
    };
    for entry in identified.iter().filter(counts) {
        let same = |entries: &&mut Vec<&Identified<'a>>| {
            entries.first().is_some_and(|first| container(first) == container(entry))
        };
        match containers.iter_mut().find(same) {
            Some(entries) => entries.push(entry),
            None => containers.push(vec![entry]),
        }
    }
    let voice = |entries: Vec<&'a Identified<'a>>| {
        let mut opinions =
            but_restatements(&entries, |identity, facts| opinion::of(package, record, identity, facts));
        end_lines(package, &mut opinions);
        let chosen = sum_up(&opinions)?;
        Some(Voice { opinions, chosen })
    };
    containers.into_iter().filter_map(voice).collect()
}

/// Which opinion sums a container up: of the surest ones an affected one, because one product can
/// have an entry a branch, unless another entry names the version more narrowly as not affected.
fn sum_up(opinions: &[Opinion<'_>]) -> Option<usize> {
    let heaviest = opinions.iter().map(|o| o.weight).max()?;
    let deciding = || opinions.iter().enumerate().filter(|(_, o)| o.weight == heaviest);
    if heaviest == Weight::Nothing {
        let unaffected = deciding().find(|(_, o)| o.status == FindingStatus::NotAffected);
        return unaffected.or(deciding().next()).map(|(index, _)| index);
    }
    let spared = |affected: &Opinion<'_>| {
        let narrower = |own: &VersionRange| {
            affected.range().filter(|_| affected.is_hit()).is_none_or(|other| ranges::is_narrower(own, other))
        };
        deciding().any(|(_, o)| {
            o.status == FindingStatus::NotAffected && o.is_hit() && o.range().is_some_and(narrower)
        })
    };
    let affected = deciding().filter(|(_, o)| o.status == FindingStatus::Affected);
    let affected = affected.filter(|(_, o)| !spared(o));
    // A version inside a range says more than a default.
    let affected = affected.max_by_key(|(index, o)| (o.is_hit(), std::cmp::Reverse(*index)));
    let hit =
        || deciding().filter(|(_, o)| o.status == FindingStatus::NotAffected).max_by_key(|(_, o)| o.is_hit());
    affected.or_else(hit).or_else(|| deciding().next_back()).map(|(index, _)| index)
}

/// Reads upper ends that stand in several entries on one product as one a line of development, as
/// [`ranges::evaluate`] does inside of one entry.
fn end_lines(package: &PackageFacts<'_>, opinions: &mut [Opinion<'_>]) {
    let nowhere = |range: &&VersionRange| range.lower == Bound::Unbounded && range.upper != Bound::Unbounded;
    for index in 0..opinions.len() {
        let Some(own) = opinions.get(index) else { continue };
        if own.status != FindingStatus::Affected
            || !own.is_hit()
            || !own.range().as_ref().is_some_and(nowhere)
        {
            continue;
        }
        let facts = own.facts;
        let like = |other: &&Opinion<'_>| {
            other.facts.is_of_one_product_with(facts)
                && other.facts.statement.platforms == facts.statement.platforms
        };
        let all = opinions.iter().filter(like).flat_map(|o| &o.facts.statement.ranges).filter(nowhere);
        if let Some(range) = ranges::past_its_line(all, &package.version) {
            let (text, sign) = (
                opinion::of_its_line(range),
                if matches!(range.upper, Bound::Inclusive(_)) { ">" } else { ">=" },
            );
            let comparison = format!("{} {sign} {}", package.version, range.upper.version().unwrap_or(""));
            if let Some(own) = opinions.get_mut(index) {
                own.status = FindingStatus::NotAffected;
                own.basis = Basis::Text(text, vec![comparison]);
            }
        }
    }
}

/// The opinions of all statements but those that their authors restate as `cpeApplicability` when
/// their own list decides.
///
/// The restatement says less: the kernel's CNA gives "from 5.13, fixed in 5.15.5 and in 5.16" as
/// the ranges 5.13 to 5.15.5 and 5.13 to 5.16, of which the second covers the fixed 5.15.6, and
/// leaves off the end of lines that got no fix.
fn but_restatements<'a>(
    entries: &[&'a Identified<'a>],
    opinion: impl Fn(&'a Identity, &'a StatementFacts<'a>) -> Opinion<'a>,
) -> Vec<Opinion<'a>> {
    let of = |restated: bool| {
        let entries =
            entries.iter().filter(move |(_, facts)| facts.statement.origin.is_applicability() == restated);
        entries.map(|(identity, facts)| opinion(identity, facts))
    };
    let mut opinions: Vec<Opinion<'a>> = of(false).collect();
    // Most records of the kernel have a dozen that nobody needs to look at.
    if !opinions.iter().any(|o| o.weight == Weight::Precise) {
        opinions.extend(of(true));
    }
    opinions
}
