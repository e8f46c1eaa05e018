//! Is this version affected? Each identified statement is read on its own, each container is summed
//! up, and then the containers are heard in the order of their authors.
//!
//! The surest container counts: one that names the version, or gives ranges with ends around it,
//! before one that names other versions only, before one that says "all versions". Of equally sure
//! ones the record's own author counts before the NVD, and the NVD before other enrichments. So an
//! enrichment is heard where the author is silent or vague, and nowhere else.

mod container;
mod fixed;
mod opinion;
mod weight;
mod wording;

use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, Evidence, FindingStatus};
use crate::identity::Identity;
use container::Voice;
use std::rc::Rc;
use weight::Weight;

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

/// Weighs what the identified statements say. `None` if no statement was identified. Evidence is
/// gathered for a status that is `reported`.
pub(crate) fn decide(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    identified: &[(Rc<Identity>, &StatementFacts<'_>)],
    reported: impl Fn(FindingStatus) -> bool,
) -> Option<Decision> {
    let best_identity = identified.iter().map(|(i, _)| i.confidence).max()?;
    let voices = container::voices(package, record, identified, best_identity);
    let surest = voices.iter().max_by_key(|voice| voice.rank())?;
    let chosen = if surest.weight() == Weight::Nothing {
        // Nobody decides: a statement that does not apply here at all still says more than
        // "unknown".
        voices.iter().find(|v| v.status() == FindingStatus::NotAffected).or(voices.first())?
    } else {
        // Who leaves the lower end out is silent about it.
        voices.iter().find(|voice| voice.gives_the_beginning_of(surest)).unwrap_or(surest)
    };
    let speaks = |voice: &&Voice<'_>| voice.weight() > Weight::Nothing;
    let overruled: Vec<&Voice<'_>> =
        voices.iter().filter(speaks).filter(|voice| voice.status() != chosen.status()).collect();
    let opinion = chosen.opinion();
    let mut confidence = opinion.confidence.min(best_identity);
    if !overruled.is_empty() {
        confidence = confidence.min(Confidence::Medium);
    }
    let mut evidence = Vec::new();
    if reported(opinion.status) {
        // A scan keeps hundreds of thousands of these lists: no room for more than there is.
        let doubts = usize::from(opinion.doubt.is_some());
        evidence.reserve_exact(2 + opinion.identity.signs.len() + doubts + 2 * overruled.len());
        opinion.identity.cite(opinion.facts, package, &mut evidence);
        evidence.push(opinion.evidence(package));
        evidence.extend(opinion.doubt.clone().map(|text| Evidence::Sign { supports: false, text }));
        for voice in overruled {
            evidence.push(chosen.overrules(voice));
            evidence.push(voice.opinion().evidence(package));
        }
    }
    let affected = opinion.status == FindingStatus::Affected;
    let fixed_in = if affected { fixed::fixed_in(package, chosen) } else { None };
    Some(Decision { status: opinion.status, confidence, fixed_in, evidence })
}
