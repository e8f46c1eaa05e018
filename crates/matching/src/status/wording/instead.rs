//! What a text says of versions where the fields of an entry say nothing.

use super::Wording;
use crate::facts::product::Naming;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::FindingStatus;
use crate::identity::in_words::called;
use crate::prose::{self, versions};
use crate::status::weight::Weight;
use std::cmp::Ordering;
use vulnerability::model::{Bound, Status, VersionRange, VersionScheme};
use vulnerability::prose::{Span, spans as spans_of};
use vulnerability::{ranges, version};

/// What the description says, where the statement gives no version at all.
pub(in crate::status) fn instead(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<Wording> {
    let silent = |r: &VersionRange| {
        r.status == Status::Affected
            && r.changes.is_empty()
            && r.lower == Bound::Unbounded
            && r.upper == Bound::Unbounded
    };
    if facts.statement.ranges.is_empty() || !facts.statement.ranges.iter().all(silent) {
        return None;
    }
    if facts.naming == Naming::Nothing && !facts.is_enrichment() {
        return in_words(package, record);
    }
    let text = record.description();
    if let Some(only) = versions::only_version(text, &facts.products) {
        // The newest version when the record was written, and the range goes up to that.
        let newest = facts.statement.ranges.iter().any(ranges::is_up_to_the_newest);
        let before = || version::compare(VersionScheme::Generic, &package.version, only);
        if newest && before().is_some_and(Ordering::is_lt) {
            let text = format!("up to the latest version, and the only one that the text gives is {only}");
            let (status, weight) = (FindingStatus::Affected, Weight::Vague);
            let wording = Wording { status, weight, text, comparisons: Vec::new() };
            return Some(wording.comparing(package, "<", only));
        }
        let same = is_of_release(only, &package.version);
        // Who names one version has looked at no other.
        let status = if same { FindingStatus::Affected } else { FindingStatus::Unknown };
        let text = format!("{only}, the only version that the text gives");
        return Some(Wording { status, weight: Weight::Vague, text, comparisons: Vec::new() }.comparing(
            package,
            if same { "=" } else { "is not" },
            only,
        ));
    }
    let about = |sentence: &&str| facts.spelt.iter().any(|name| prose::names_product(sentence, name));
    let spans: Vec<Span> = text.split(". ").filter(about).flat_map(spans_of).collect();
    let decided = by_spans(&spans, &package.version)?;
    let status = if decided.0 { FindingStatus::Affected } else { FindingStatus::NotAffected };
    let text = format!("the text: {}", decided.1);
    Some(Wording { status, weight: Weight::Vague, text, comparisons: Vec::new() })
}

/// Whether a version in a text is a release or a snapshot after it: "6.1-3-gdeadbee" of 6.1.
fn is_of_release(named: &str, release: &str) -> bool {
    named
        .strip_prefix(release)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

/// What an author says in words who gives one version: that it is affected. Of others an enrichment
/// may know more, whatever it says.
fn alone(package: &PackageFacts<'_>, only: &str) -> Wording {
    let same = same_version(only, &package.version) || is_of_release(only, &package.version);
    let (status, weight) = if same {
        (FindingStatus::Affected, Weight::Vague)
    } else {
        (FindingStatus::Unknown, Weight::Nothing)
    };
    let text = format!("{only}, the version that the text gives");
    let wording = Wording { status, weight, text, comparisons: Vec::new() };
    wording.comparing(package, if same { "=" } else { "is not" }, only)
}

/// What the author says in words alone. An enrichment that gives the same end has read them, and
/// says it in a form that is made for it; one that gives another end has misread them.
fn in_words(package: &PackageFacts<'_>, record: &RecordFacts<'_>) -> Option<Wording> {
    let about = |span: &&Span| span.of.iter().any(|name| called(name, record, package).is_some());
    let spans: Vec<Span> = record.spans().iter().filter(about).cloned().collect();
    if spans.is_empty() {
        return Some(alone(package, &record.single().filter(about)?.upper));
    }
    let (inside, text) = by_spans(&spans, &package.version)?;
    let status = if inside { FindingStatus::Affected } else { FindingStatus::NotAffected };
    let gives = |span: &Span| {
        record.enrichments().flat_map(|s| &s.ranges).any(|range| match &range.upper {
            Bound::Inclusive(end) => span.inclusive && same_version(end, &span.upper),
            Bound::Exclusive(end) => !span.inclusive && same_version(end, &span.upper),
            Bound::Unbounded => false,
        })
    };
    let restated = spans.iter().all(gives);
    let weight = if restated { Weight::Vague } else { Weight::Precise };
    Some(Wording { status, weight, text: format!("the text: {text}"), comparisons: Vec::new() })
}

fn same_version(a: &str, b: &str) -> bool {
    version::compare(VersionScheme::Generic, a, b).is_some_and(Ordering::is_eq)
}

/// Whether one of the spans holds a version, and the spans as a text. Several that begin nowhere
/// are one a line of development. `None` if there are none or one cannot be compared.
fn by_spans(spans: &[Span], own: &str) -> Option<(bool, String)> {
    let compare = |other: &str| version::compare(VersionScheme::Generic, own, other);
    let mut inside = false;
    let mut texts = Vec::new();
    for span in spans {
        let below = match compare(span.upper.trim_end_matches(".x").trim_end_matches(".*"))? {
            Ordering::Less => true,
            Ordering::Equal => span.inclusive,
            Ordering::Greater => false,
        };
        let above = match &span.lower {
            // "HFS 3 before 0.52.10": the first is a number of something else, or a slip.
            Some(lower)
                if version::compare(VersionScheme::Generic, lower, &span.upper)
                    .is_some_and(Ordering::is_gt) =>
            {
                return None;
            }
            Some(lower) => compare(lower)?.is_ge(),
            None => true,
        };
        inside |= below && above;
        let from = span.lower.as_ref().map_or(String::new(), |lower| format!("from {lower} "));
        texts.push(format!("{from}{} {}", if span.inclusive { "up to" } else { "before" }, span.upper));
    }
    let nowhere: Vec<VersionRange> = spans.iter().filter(|s| s.lower.is_none()).map(Span::to_range).collect();
    let covered = spans.iter().any(|s| s.lower.is_some());
    inside &= covered || ranges::past_its_line(nowhere.iter(), own).is_none();
    (!spans.is_empty()).then(|| (inside, texts.join("; ")))
}
