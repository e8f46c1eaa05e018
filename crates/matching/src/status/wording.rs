//! Where the wording of a record says less, or more, than its ranges: for those a person reads the
//! text, and so do we.
//!
//! Each rule looks at one way in which ranges mislead, and gives what the text says with the words
//! that say it.

mod instead;

pub(super) use instead::instead;

use super::weight::Weight;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::FindingStatus;
use crate::prose::{self, parts, versions};
use crate::vocabulary::RELATED;
use jiff::civil::Date;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use vulnerability::model::{Bound, Precision, Statement, Status, VersionRange, VersionScheme};
use vulnerability::prose::Span;
use vulnerability::version;

/// What the text says of a package's version.
pub(super) struct Wording {
    /// The status.
    pub(super) status: FindingStatus,
    /// How much it weighs against other statements.
    pub(super) weight: Weight,
    /// The reason, as reports give it.
    pub(super) text: String,
    /// The comparisons behind it.
    pub(super) comparisons: Vec<String>,
}

impl Wording {
    fn unaffected(weight: Weight, text: String) -> Self {
        Self { status: FindingStatus::NotAffected, weight, text, comparisons: Vec::new() }
    }

    fn comparing(mut self, package: &PackageFacts<'_>, sign: &str, with: &str) -> Self {
        self.comparisons.push(format!("{} {sign} {with}", package.version));
        self
    }
}

/// Reasons not to believe that a package is affected, though the ranges say so. `range` is the one
/// that decided.
pub(super) fn limit(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    range: Option<&VersionRange>,
    weight: Weight,
) -> Option<Wording> {
    if facts.conventions.texts_limit_nothing {
        return None;
    }
    not_here(package, record, facts).or_else(|| {
        let range = range?;
        of_service(package, record, facts, range)
            .map(|text| Wording::unaffected(weight, text))
            .or_else(|| other_line(package, record, facts, range, weight))
            .or_else(|| below_the_text(package, record, facts, range, weight))
            .or_else(|| below_the_only(package, record, range, weight))
            .or_else(|| named_as_fix(package, record, range, weight))
    })
}

/// Reasons of the whole record: the flaw is on another operating system, or in another part.
pub(super) fn not_here(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<Wording> {
    other_system(record)
        .or_else(|| other_language(package, record, facts))
        .map(|text| Wording::unaffected(Weight::Nothing, text))
}

/// The description limits the flaw to another operating system.
fn other_system(record: &RecordFacts<'_>) -> Option<String> {
    let (system, sentence) = record.other_system()?;
    Some(format!("only on {system}: \"{sentence}\""))
}

/// The title limits the flaw to the part for another language.
fn other_language(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<String> {
    let language = record.other_language()?;
    // An entry on a part, such as "protobuf-kotlin-lite", is about that part whatever the title
    // says.
    let is_part = |name: &String| {
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| RELATED.language_parts.contains(word))
    };
    if facts.spelt.iter().any(is_part) {
        return None;
    }
    let own = language.set == Some(package.set)
        || package.package.pname.to_ascii_lowercase().contains(&language.word);
    (!own).then(|| format!("the title speaks of the part for {}", language.word))
}

/// The range's end is a version of what the maker hosts, not of what is given out.
fn of_service(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    range: &VersionRange,
) -> Option<String> {
    let (Bound::Inclusive(end) | Bound::Exclusive(end)) = &range.upper else { return None };
    let hosted = || RELATED.hosted_packages.iter().any(|word| package.bare.contains(word));
    (record.has_hosted_edition()
        && !hosted()
        && parts::is_of_service(record.description(), end, &facts.spelt))
    .then(|| format!("the text gives {end} for the hosted service only"))
}

/// Some vendors, such as Oracle, list the last affected release of each line that they support:
/// "5.7.44 and prior, 8.0.35 and prior". A line that is not on the list is not affected; a version
/// between two lines on the list is of a short-lived one that both enclose. A line that was not
/// supported any more when the record appeared is on no list: nobody said whether it is affected.
fn other_line(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    range: &VersionRange,
    weight: Weight,
) -> Option<Wording> {
    let vendor = facts.conventions.one_range_a_line.as_deref()?;
    let end = last_of_line(range)?;
    let line = line_of(end)?;
    let own = line_of(&package.version)?;
    if own == line {
        return None;
    }
    let lines: Vec<(u32, u32)> =
        facts.statement.ranges.iter().filter_map(last_of_line).filter_map(line_of).collect();
    let fixed = lines.contains(&own);
    let enclosed = lines.iter().any(|l| *l < own) && lines.iter().any(|l| *l > own);
    if !fixed && !enclosed {
        let ended = |until: &Date| record.published().is_some_and(|day| day > *until);
        if let Some(until) = package.supported_until.filter(ended) {
            let text = format!("{}, of supported lines; support for this one ended on {until}", range.text());
            return Some(Wording { status: FindingStatus::Unknown, ..Wording::unaffected(weight, text) });
        }
    }
    (fixed || !enclosed).then(|| {
        let text = format!("{}, which for {vendor} means this line of releases only", range.text());
        Wording::unaffected(weight, text).comparing(package, "is not of", &format!("{}.{}", line.0, line.1))
    })
}

/// The version that a range without lower end goes up to.
fn last_of_line(range: &VersionRange) -> Option<&str> {
    match (&range.lower, &range.upper, range.precision) {
        (Bound::Unbounded, Bound::Inclusive(end), Precision::Structured | Precision::FreeText) => Some(end),
        _ => None,
    }
}

/// The first two numbers of a version.
fn line_of(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..end)?.parse().ok()
    });
    Some((numbers.next()??, numbers.next()??))
}

/// The range begins nowhere, but the text says from which version on.
fn below_the_text(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    range: &VersionRange,
    weight: Weight,
) -> Option<Wording> {
    let (Bound::Unbounded, Bound::Inclusive(end) | Bound::Exclusive(end)) = (&range.lower, &range.upper)
    else {
        return None;
    };
    let lower = versions::lower_end(record.spans(), end, range.scheme)?;
    // "Foo 5 before 6.2" of a product that is called "Foo 5", or "hardware version 2.0".
    let of_the_name = |name: &String| prose::has_word(name, &lower.replace('.', "-"));
    if facts.spelt.iter().any(of_the_name) {
        return None;
    }
    let below = version::compare(range.scheme, &package.version, &lower)?.is_lt();
    below.then(|| {
        let text = format!("{}, and the text says from {lower} on", range.text());
        Wording::unaffected(weight, text).comparing(package, "<", &lower)
    })
}

/// The text says that only later versions are affected, whatever lines the list names.
fn below_the_only(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    range: &VersionRange,
    weight: Weight,
) -> Option<Wording> {
    let lower = versions::only_from(record.description())?;
    let below = version::compare(range.scheme, &package.version, lower)?.is_lt();
    below.then(|| {
        let text = format!("{}, and the text says that only {lower} and later are affected", range.text());
        Wording::unaffected(weight, text).comparing(package, "<", lower)
    })
}

/// The range ends with this version itself, and the text names it as the release with the fix:
/// "<= 0.13.2" beside "fixed in 0.13.2".
fn named_as_fix(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    range: &VersionRange,
    weight: Weight,
) -> Option<Wording> {
    let Bound::Inclusive(end) = &range.upper else { return None };
    let at_the_end = version::compare(range.scheme, &package.version, end)?.is_eq();
    (at_the_end && is_fix(record, end, range.scheme)).then(|| {
        let text = format!("{}, and the text names {end} as the fix", range.text());
        Wording::unaffected(weight, text).comparing(package, "=", end)
    })
}

/// Whether the text names a version as the release with the fix, and nowhere as one that is
/// affected. "Before 1.2" alone is not enough: some write it for the last affected one.
fn is_fix(record: &RecordFacts<'_>, end: &str, scheme: VersionScheme) -> bool {
    // "10.1.*" is a line.
    if end.ends_with('*') {
        return false;
    }
    let compare = |other: &str| version::compare(scheme, other, end);
    let same = |other: &str| compare(other).is_some_and(Ordering::is_eq);
    // "Patched in 0.4.7, and completely in 0.4.8".
    let later = |fix: &String| {
        compare(fix).is_some_and(Ordering::is_gt) && line_of(fix).is_some_and(|l| line_of(end) == Some(l))
    };
    record.fixes().iter().any(|fix| same(fix))
        && !record.fixes().iter().any(later)
        && !record.spans().iter().any(|span| span.inclusive && same(&span.upper))
        && !versions::says_up_to(record.description(), &end.to_ascii_lowercase())
}

/// What a statement means that leaves the package's version open, where the text gives no version
/// that could say it better.
pub(super) fn left_open(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<Wording> {
    let statement = facts.statement;
    let affected = |text: String| Wording {
        status: FindingStatus::Affected,
        weight: Weight::Vague,
        text,
        comparisons: Vec::new(),
    };
    let first = before_all(&package.version, &statement.ranges)?;
    let all = |status| statement.ranges.iter().all(|r| r.status == status);
    let exact = statement.ranges.iter().all(|r| r.precision == Precision::Exact);
    // "2.39 is not affected", and the text: "this issue affects 2.36 and newer".
    if let Some(since) = versions::since(record.description(), first)
        && exact
        && all(Status::Unaffected)
        && !facts.is_enrichment()
        && version::compare(VersionScheme::Generic, &package.version, since)?.is_ge()
    {
        let text = format!("the text says {since} and later, and {first} is not affected");
        return Some(affected(text).comparing(package, "<", first));
    }
    if versions::gives_any(&record.title) || versions::gives_any(record.description()) {
        return None;
    }
    match statement.default_status {
        // "4.19.1, 4.18.8 and 4.17.12 are not affected": the releases with the fix, one a line. A
        // single one is the fix if the record's author gives it; of an enrichment it can be
        // anything.
        Status::Unknown
            if exact
                && all(Status::Unaffected)
                && (lines(&statement.ranges) > 1 || !facts.is_enrichment()) =>
        {
            let text = format!("the first release that is not affected is {first}");
            Some(affected(text).comparing(package, "<", first))
        }
        // What is not on the list is affected, says the default. What follows the list is fixed,
        // but this is before it. A package of another name, such as the agent of a server, may lack
        // the part with the flaw.
        Status::Affected if all(Status::Affected) && facts.products.contains(&package.name) => {
            let text = format!("affected unless listed otherwise, and the list begins with {first}");
            Some(affected(text).comparing(package, "<", first))
        }
        _ => None,
    }
}

/// How many lines of releases ranges begin in.
fn lines(ranges: &[VersionRange]) -> usize {
    let starts = ranges.iter().filter_map(|range| match &range.lower {
        Bound::Inclusive(start) | Bound::Exclusive(start) => line_of(start),
        Bound::Unbounded => None,
    });
    starts.collect::<BTreeSet<_>>().len()
}

/// The least lower end, if every range has one and the version is before all of them.
fn before_all<'a>(own: &str, ranges: &'a [VersionRange]) -> Option<&'a str> {
    let mut first: Option<&str> = None;
    for range in ranges {
        let (Bound::Inclusive(start) | Bound::Exclusive(start)) = &range.lower else { return None };
        let compare = |a: &str, b: &str| version::compare(range.scheme, a, b);
        if range.precision == Precision::Unreadable || !compare(own, start)?.is_lt() {
            return None;
        }
        if first.is_none_or(|f| compare(start, f).is_some_and(Ordering::is_lt)) {
            first = Some(start);
        }
    }
    first
}

/// Single named versions often mean "up to" the last of them when the prose says so: then an older
/// package is affected too.
pub(super) fn up_to_exact(
    package: &PackageFacts<'_>,
    record: &RecordFacts<'_>,
    statement: &Statement,
    status: FindingStatus,
) -> Option<Wording> {
    if status == FindingStatus::Affected || statement.ranges.is_empty() {
        return None;
    }
    // All versions that are named, in the order of the record: the prose means the greatest.
    let mut greatest: Option<(&str, &VersionRange)> = None;
    for range in &statement.ranges {
        let (Precision::Exact, Bound::Inclusive(named)) = (range.precision, &range.upper) else {
            return None;
        };
        if range.status != Status::Affected {
            return None;
        }
        let greater = |than: &str| version::compare(range.scheme, named, than).is_some_and(Ordering::is_gt);
        if greatest.is_none_or(|(than, _)| greater(than)) {
            greatest = Some((named, range));
        }
    }
    let (named, range) = greatest?;
    if version::compare(range.scheme, &package.version, named)?.is_ge() {
        return None;
    }
    let lower = named.to_ascii_lowercase();
    // "9.8.x up to 9.8.0" is the end of one line only.
    if versions::lower_end(record.spans(), named, range.scheme).is_some() {
        return None;
    }
    let texts = [record.title.as_str(), record.description()];
    // 5.93 is 5.93.0.
    let same = |span: &Span| {
        span.inclusive && version::compare(range.scheme, &span.upper, named).is_some_and(Ordering::is_eq)
    };
    let says = texts.into_iter().any(|text| versions::says_up_to(text, &lower));
    // "24.9.0 is affected", of which the text says that it has the fix.
    let fix = statement.ranges.len() == 1 && is_fix(record, named, range.scheme);
    (says || fix || record.spans().iter().any(same)).then(|| {
        let status = FindingStatus::Affected;
        let text =
            format!("{named}, and the text {}", if fix { "names it as the fix" } else { "says up to it" });
        // The list is only how the record's form wants it stated: an enrichment that copied it
        // knows no more.
        Wording { status, weight: Weight::Precise, text, comparisons: Vec::new() }
            .comparing(package, "<", named)
    })
}

/// A package whose version is a day, and a range that ends with a release that is named by a day or
/// month.
pub(super) fn by_date(package: &PackageFacts<'_>, statement: &Statement) -> Option<Wording> {
    let own = versions::date_of(&package.version)?;
    let [range] = &statement.ranges[..] else { return None };
    // What cannot be read as a version stands in the text only: "up to edk2-stable202405".
    let text = range.text();
    let (word, end) = text.rsplit_once(' ')?;
    let end_date = versions::date_of(end)?;
    let upward = word.ends_with("before") || word.ends_with("up to");
    // Of a month without day only other months can be compared.
    let comparable = end_date.2 != 0 || (own.0, own.1) != (end_date.0, end_date.1);
    let from_the_start = !word.starts_with("from");
    (upward && comparable && from_the_start && range.status == Status::Affected).then(|| {
        let status = if own < end_date { FindingStatus::Affected } else { FindingStatus::NotAffected };
        let sign = if own < end_date { "<" } else { ">" };
        Wording {
            status,
            weight: Weight::Vague,
            text: format!("{}, by date", range.text()),
            comparisons: Vec::new(),
        }
        .comparing(package, sign, end)
    })
}
