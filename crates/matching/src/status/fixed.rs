//! The first version above the package's that is not affected.

use super::container::Voice;
use crate::facts::PackageFacts;
use std::cmp::Ordering;
use vulnerability::model::{Bound, Status, VersionRange};
use vulnerability::version;

/// The first version above the package's that the container gives as not affected.
pub(super) fn fixed_in(package: &PackageFacts<'_>, voice: &Voice<'_>) -> Option<String> {
    let opinion = voice.opinion();
    let statement = opinion.facts.statement;
    let above = |range: &VersionRange, candidate: &str| {
        version::compare(range.scheme, candidate, &package.version).is_some_and(Ordering::is_gt)
    };
    if let Some(range) = opinion.range() {
        let change = range.changes.iter().find(|c| c.status == Status::Unaffected && above(range, &c.at));
        if let Some(change) = change {
            return Some(change.at.to_string());
        }
        let end = |range: &VersionRange| match &range.upper {
            Bound::Exclusive(end) if **end != *"*" && above(range, end) => Some(end.to_string()),
            _ => None,
        };
        if range.lower != Bound::Unbounded || range.upper == Bound::Unbounded {
            return end(range).or_else(|| listed(statement.ranges.iter(), above));
        }
        // Of several ends without a beginning the least one above is that of the package's line, or
        // of the next that was kept up.
        let like = voice.opinions().iter().filter(|o| o.facts.is_of_one_product_with(opinion.facts));
        let nowhere = like
            .flat_map(|o| &o.facts.statement.ranges)
            .filter(|r| r.status == Status::Affected && r.lower == Bound::Unbounded);
        let ends = nowhere.filter_map(|r| Some((r, end(r)?)));
        let least = ends.min_by(|(r, a), (_, b)| version::compare(r.scheme, a, b).unwrap_or(Ordering::Equal));
        return least.map(|(_, end)| end).or_else(|| listed(statement.ranges.iter(), above));
    }
    // The default is "affected": the lowest listed unaffected version above the package's.
    listed(statement.ranges.iter(), above)
}

/// The least beginning of a range that is not affected, above the package's version.
fn listed<'a>(
    ranges: impl Iterator<Item = &'a VersionRange>,
    above: impl Fn(&VersionRange, &str) -> bool,
) -> Option<String> {
    let starts = ranges.filter(|r| r.status == Status::Unaffected).filter_map(|r| match &r.lower {
        Bound::Inclusive(v) | Bound::Exclusive(v) => Some((r, &**v)),
        Bound::Unbounded => None,
    });
    let starts = starts.filter(|(r, v)| above(r, v));
    let least = starts.min_by(|(r, a), (_, b)| version::compare(r.scheme, a, b).unwrap_or(Ordering::Equal));
    least.map(|(_, v)| v.to_owned())
}
