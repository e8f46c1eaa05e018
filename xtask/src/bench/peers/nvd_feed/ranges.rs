//! Which versions of one product a record calls affected, in the four bounds that the NVD has for a
//! range.

use serde_json::Value;
use std::cmp::Ordering;

/// The versions of one match of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// This one.
    One(String),
    /// From a bound to a bound; not both are missing.
    Range { from: Option<Bound>, to: Option<Bound> },
}

/// A place in the order of versions: just before one, or just after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) version: String,
    pub(super) after: bool,
}

/// Schemes whose versions the NVD does not take over: commits, and the releases of distributions.
const SCHEMES_LEFT_OUT: &[&str] = &["git", "rpm", "commit-id", "Commit Hash"];

/// Letters of a commit; shorter numbers may be dates.
const COMMIT: std::ops::RangeInclusive<usize> = 20..=40;

/// The affected versions of one member of `affected`, each range once.
pub(super) fn affected(product: &Value) -> Vec<Match> {
    let entries = || product["versions"].as_array().into_iter().flatten().filter(|entry| !left_out(entry));
    let by_default = product["defaultStatus"].as_str() == Some("affected");
    let mut matches = by_default.then(|| between(entries())).flatten().unwrap_or_default();
    // Releases that begin a line which the default calls affected anyway add nothing.
    if matches.is_empty() {
        matches = entries().flat_map(listed).collect();
    }
    let mut once: Vec<Match> = Vec::new();
    for found in matches {
        if !once.contains(&found) {
            once.push(found);
        }
    }
    once
}

fn left_out(entry: &Value) -> bool {
    let is_commit = |key: &str| {
        entry[key]
            .as_str()
            .is_some_and(|text| COMMIT.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    entry["versionType"].as_str().is_some_and(|scheme| SCHEMES_LEFT_OUT.contains(&scheme))
        || ["version", "lessThan", "lessThanOrEqual"].into_iter().any(is_commit)
}

/// What one entry of `versions` itself calls affected, its `changes` followed.
fn listed(entry: &Value) -> Vec<Match> {
    let version = entry["version"].as_str().map(plain).unwrap_or_default();
    let end = end(entry);
    let changes = entry["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_affected = |value: &Value| value["status"].as_str() == Some("affected");
    let Some(end) = end else {
        if !is_affected(entry) || is_everything(version) {
            return Vec::new();
        }
        return vec![text(version)];
    };
    // Chrome and others write "before 1.2" as a range from 1.2 to 1.2.
    let empty = matches!(&end, Some(bound) if !bound.after && bound.version == version);
    let start = (!is_everything(version) && !empty).then(|| Bound::before(version));
    let mut pieces = Vec::new();
    let mut open = is_affected(entry).then_some(start);
    for change in changes {
        let Some(at) = change["at"].as_str().map(plain) else { continue };
        match (open.take(), is_affected(change)) {
            (Some(from), false) => pieces.push((from, Some(Bound::before(at)))),
            (None, true) => open = Some(Some(Bound::before(at))),
            (still, _) => open = still,
        }
    }
    pieces.extend(open.map(|from| (from, end)));
    pieces.into_iter().filter_map(|(from, to)| range(from, to)).collect()
}

/// What lies between the versions that are not affected, when everything else is: None where there
/// are none, or one that cannot be put in order.
fn between<'a>(entries: impl Iterator<Item = &'a Value>) -> Option<Vec<Match>> {
    let mut safe = Vec::new();
    for entry in entries.filter(|entry| entry["status"].as_str() == Some("unaffected")) {
        let version = entry["version"].as_str().map(plain)?;
        let from = if is_everything(version) { None } else { Some(Point::of(Bound::before(version))?) };
        let to = match end(entry) {
            Some(Some(end)) => Some(Point::of(end)?),
            Some(None) => None,
            // One fixed release stands for what follows in its line.
            None => Some(Point::of(Bound::before(&next(from.as_ref()?.bound.version.rsplit_once('.')?.0)?))?),
        };
        safe.push((from, to));
    }
    safe.sort_by(|(a, _), (b, _)| a.cmp(b));
    // The last fixed release has nothing affected after it.
    safe.last_mut()?.1 = None;
    let mut pieces = Vec::new();
    let mut at: Option<Point> = None;
    for (from, to) in safe {
        if from > at
            && let Some(piece) = range(at.as_ref().map(|p| p.bound.clone()), from.map(|p| p.bound))
        {
            pieces.push(piece);
        }
        let Some(to) = to else { break };
        at = at.max(Some(to));
    }
    Some(pieces)
}

/// The end of an entry: None for a single version, `Some(None)` for no end.
#[expect(clippy::option_option, reason = "no range, an endless one, one with an end")]
fn end(entry: &Value) -> Option<Option<Bound>> {
    let (text, after) = match (entry["lessThan"].as_str(), entry["lessThanOrEqual"].as_str()) {
        (Some(text), _) => (plain(text), false),
        (None, Some(text)) => (plain(text), true),
        (None, None) => return None,
    };
    if is_everything(text) && text != "0" {
        return Some(None);
    }
    // `4.2.*` ends where 4.3 begins.
    Some(Some(match text.strip_suffix(".*").and_then(next) {
        Some(next) if after => Bound::before(&next),
        _ => Bound { version: text.trim_end_matches(".*").to_owned(), after },
    }))
}

/// What a text in the place of a version means, in the ways that whole CNAs write ranges; anything
/// else is a version.
fn text(text: &str) -> Match {
    comparisons(text)
        .or_else(|| prose(text))
        .unwrap_or_else(|| Match::One(text.trim_start_matches('=').trim().to_owned()))
}

/// `>= 1.0, < 1.2`.
fn comparisons(text: &str) -> Option<Match> {
    let (mut from, mut to) = (None, None);
    for part in text.split(',').map(str::trim) {
        let (place, after, version) = if let Some(rest) = part.strip_prefix(">=") {
            (&mut from, false, rest)
        } else if let Some(rest) = part.strip_prefix('>') {
            (&mut from, true, rest)
        } else if let Some(rest) = part.strip_prefix("<=") {
            (&mut to, true, rest)
        } else {
            (&mut to, false, part.strip_prefix('<')?)
        };
        let version = word(version)?.to_owned();
        if place.replace(Bound { version, after }).is_some() {
            return None;
        }
    }
    range(from, to)
}

/// `1.2 and earlier`, `before 1.2`.
fn prose(text: &str) -> Option<Match> {
    const BEFORE: &[&str] = &[
        "before version ",
        "before ",
        "prior to version ",
        "prior to ",
        "all versions < ",
        "all versions before ",
    ];
    const UP_TO: &[&str] =
        &[" and prior", " and earlier", " and below", " and prior versions", " and earlier versions"];
    let lower = text.to_ascii_lowercase();
    let before = BEFORE.iter().find_map(|prefix| Some((word(lower.strip_prefix(prefix)?)?, false)));
    let up_to = || UP_TO.iter().find_map(|suffix| Some((word(lower.strip_suffix(suffix)?)?, true)));
    let (version, after) = before.or_else(up_to)?;
    range(None, Some(Bound { version: version.to_owned(), after }))
}

/// One version without blanks.
fn word(text: &str) -> Option<&str> {
    let text = plain(text);
    (text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(char::is_whitespace)).then_some(text)
}

/// A version without the `v` of its tag.
fn plain(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// Is this no version, but the beginning or the whole of the order?
fn is_everything(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "0" | "*" | "-" | "n/a" | "unspecified" | "all" | "all versions"
    )
}

fn range(from: Option<Bound>, to: Option<Bound>) -> Option<Match> {
    (from.is_some() || to.is_some()).then_some(Match::Range { from, to })
}

/// What follows the line `4.2`: 4.3.
fn next(line: &str) -> Option<String> {
    let (head, last) = line.rsplit_once('.').map_or(("", line), |(head, last)| (head, last));
    let last = last.parse::<u64>().ok()?.checked_add(1)?;
    Some(if head.is_empty() { last.to_string() } else { format!("{head}.{last}") })
}

impl Bound {
    fn before(version: &str) -> Self {
        Self { version: version.to_owned(), after: false }
    }
}

/// A bound that can be put in order: numbers with dots, perhaps a candidate for a release.
#[derive(Debug, PartialEq, Eq)]
struct Point {
    numbers: Vec<u64>,
    /// The number of the candidate; releases come after all.
    candidate: u64,
    bound: Bound,
}

impl Point {
    fn of(bound: Bound) -> Option<Self> {
        let (release, candidate) = match bound.version.split_once("-rc") {
            Some((release, candidate)) => (release, candidate.parse().ok()?),
            None => (bound.version.as_str(), u64::MAX),
        };
        let mut numbers: Vec<u64> = release.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self { numbers, candidate, bound })
    }
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.numbers, self.candidate, self.bound.after).cmp(&(
            &other.numbers,
            other.candidate,
            other.bound.after,
        ))
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Ranges as text: `[1,2)`, `(1,2]`, and a version alone.
    fn shown(product: &Value) -> Vec<String> {
        let side = |bound: Option<Bound>, signs: [&str; 2], after: bool| {
            let sign = if bound.as_ref().is_some_and(|b| b.after) { signs[1] } else { signs[0] };
            let version = bound.map(|b| b.version).unwrap_or_default();
            if after { format!("{version}{sign}") } else { format!("{sign}{version}") }
        };
        let show = |found| match found {
            Match::One(version) => version,
            Match::Range { from, to } => {
                format!("{},{}", side(from, ["[", "("], false), side(to, [")", "]"], true))
            }
        };
        affected(product).into_iter().map(show).collect()
    }

    /// The record CVE-2021-47209 as the kernel's CNA wrote it: releases, and commits next to them.
    #[test]
    fn kernel_lines() {
        let releases = json!({ "defaultStatus": "affected", "versions": [
            { "version": "5.13", "status": "affected" },
            { "version": "0", "lessThan": "5.13", "status": "unaffected", "versionType": "semver" },
            { "version": "5.15.5", "lessThanOrEqual": "5.15.*", "status": "unaffected", "versionType": "semver" },
            { "version": "5.16", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "original_commit_for_fix" },
        ]});
        assert_eq!(shown(&releases), ["[5.13,5.15.5)"]);
        let commits = json!({ "defaultStatus": "unaffected", "versions": [
            { "version": "a7b359fc6a37faaf472125867c8dc5a068c90982",
              "lessThan": "512e21c150c1c3ee298852660f3a796e267e62ec", "status": "affected", "versionType": "git" },
        ]});
        assert!(shown(&commits).is_empty());
    }

    #[test]
    fn between_fixed_lines() {
        let of = |versions: Value| shown(&json!({ "defaultStatus": "affected", "versions": versions }));
        let fixed = |from: &str, to: &str| json!({ "version": from, "lessThanOrEqual": to, "status": "unaffected", "versionType": "semver" });
        assert_eq!(
            of(json!([
                fixed("5.15.3", "5.15.*"),
                fixed("0", "4.1"),
                fixed("5.16-rc1", "*"),
                fixed("5.10.80", "5.10.*")
            ])),
            ["(4.1,5.10.80)", "[5.11,5.15.3)"]
        );
        assert_eq!(of(json!([{ "version": "1.4.0", "status": "unaffected" }])), ["[,1.4.0)"]);
        assert_eq!(
            of(
                json!([{ "version": "2.1.7", "status": "unaffected" }, { "version": "2.0.9", "status": "unaffected" }])
            ),
            ["[,2.0.9)", "[2.1,2.1.7)"]
        );
        // What cannot be put in order leaves what is listed.
        assert_eq!(
            of(
                json!([{ "version": "Spring", "status": "unaffected" }, { "version": "7", "status": "affected" }])
            ),
            ["7"]
        );
    }

    #[test]
    fn listed_ranges() {
        let of = |versions: Value| shown(&json!({ "defaultStatus": "unaffected", "versions": versions }));
        let one = |entry: Value| of(json!([entry]));
        assert_eq!(
            one(json!({ "version": "7.1", "lessThan": "8.4.0", "status": "affected" })),
            ["[7.1,8.4.0)"]
        );
        assert_eq!(one(json!({ "version": "8.4", "lessThan": "8.4", "status": "affected" })), ["[,8.4)"]);
        assert_eq!(
            one(json!({ "version": "v4.1", "lessThanOrEqual": "4.2.*", "status": "affected" })),
            ["[4.1,4.3)"]
        );
        assert_eq!(one(json!({ "version": "0", "lessThanOrEqual": "6", "status": "affected" })), ["[,6]"]);
        assert!(one(json!({ "version": "0", "lessThan": "*", "status": "affected" })).is_empty());
        assert!(one(json!({ "version": "1", "lessThan": "2", "status": "unaffected" })).is_empty());
        let changing = json!({ "version": "9", "lessThanOrEqual": "9.*", "status": "affected", "changes": [
            { "at": "9.2", "status": "unaffected" }, { "at": "9.5", "status": "affected" }] });
        assert_eq!(one(changing), ["[9,9.2)", "[9.5,10)"]);
        let twice = json!({ "version": "1", "status": "affected" });
        assert_eq!(of(json!([twice, twice])), ["1"]);
    }

    #[test]
    fn texts() {
        let of =
            |version: &str| shown(&json!({ "versions": [{ "version": version, "status": "affected" }] }));
        assert_eq!(of(">= 2.0, < v2.3.1"), ["[2.0,2.3.1)"]);
        assert_eq!(of("<= 1.4"), ["[,1.4]"]);
        assert_eq!(of("> 1.4"), ["(1.4,)"]);
        assert_eq!(of("= 1.4"), ["1.4"]);
        assert_eq!(of("8.0.31 and prior"), ["[,8.0.31]"]);
        assert_eq!(of("All versions < V3.1"), ["[,3.1)"]);
        assert_eq!(of("before version 2"), ["[,2)"]);
        assert_eq!(of("< next release"), ["< next release"]);
        assert!(of("n/a").is_empty());
    }
}
