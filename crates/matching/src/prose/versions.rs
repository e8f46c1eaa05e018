//! The versions that a text gives.

use crate::vocabulary::VERSIONS;
use vulnerability::model::{Bound, Precision, Status, VersionRange, VersionScheme};
use vulnerability::names::squash;
use vulnerability::version::{self, looks_like_version};

/// Versions that a text gives: from `lower`, if it says from where, up to `upper`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The lowest version, itself included.
    pub(crate) lower: Option<String>,
    /// The upper end.
    pub(crate) upper: String,
    /// The upper end is affected.
    pub(crate) inclusive: bool,
    /// The text marks the lower end as one: "from 3.2", "3.2.x", "3.2 through 3.4". Without a mark
    /// it can be a number of something else: "Foo 3.0 before 3.3.5" of the third generation of a
    /// device.
    pub(crate) marked: bool,
}

impl Span {
    /// The same as a range of affected versions.
    pub(crate) fn to_range(&self) -> VersionRange {
        let end = self.upper.trim_end_matches(".x").trim_end_matches(".*");
        VersionRange {
            status: Status::Affected,
            scheme: VersionScheme::Generic,
            lower: self.lower.as_deref().map_or(Bound::Unbounded, |v| Bound::Inclusive(v.into())),
            upper: if self.inclusive { Bound::Inclusive(end.into()) } else { Bound::Exclusive(end.into()) },
            changes: Vec::new(),
            precision: Precision::FreeText,
            raw_text: None,
        }
    }
}

/// More words than this of a description are not looked at.
const MOST_WORDS: usize = 400;

/// The spans in a text: "3.2.x through 3.4.x before 3.5", "up to 5.1.5", "1.2 and earlier".
pub(crate) fn spans(text: &str) -> Vec<Span> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '`'))
        .filter(|w| !w.is_empty())
        .take(MOST_WORDS)
        .collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let mut spans = Vec::new();
    for (at, _) in words.iter().enumerate() {
        // "before 1.2", "prior to version 1.2", "up to and including 1.2": where the version
        // stands, and whether it counts.
        let end = match (word(at), word(at + 1), word(at + 2), word(at + 3)) {
            ("up" | "prior", "to", "and", "including") => Some((at + 4, true)),
            ("up", "to", ..) => Some((at + 2, true)),
            ("prior", "to", ..) => Some((at + 2, false)),
            ("before" | "<", ..) => Some((at + 1, false)),
            ("through" | "<=", ..) => Some((at + 1, true)),
            _ => None,
        };
        if let Some((mut next, inclusive)) = end {
            if matches!(word(next), "version" | "versions" | "release" | "v") {
                next += 1;
            }
            if let Some(upper) = version_word(word(next)) {
                // "1.x through 1.4 before 1.5" is one span, that of its last end.
                let goes_on = matches!(word(next + 1), "before" | "prior");
                if !goes_on {
                    let (lower, marked) = lower_before(&words, at).unzip();
                    let marked = marked.unwrap_or(false);
                    // "Before 3.5.9, 3.6.4, and 4.0.5": the ends of lines of development.
                    if lower.is_none() {
                        spans.extend(ends_behind(&words, next, inclusive));
                    }
                    spans.push(Span { lower, upper: upper.to_owned(), inclusive, marked });
                }
            }
        } else if let Some(upper) = version_word(word(at)) {
            let older = matches!(
                (word(at + 1), word(at + 2).trim_end_matches('.')),
                ("and" | "or", "earlier" | "prior" | "below" | "older" | "lower" | "previous" | "before")
            );
            // "1.2 and before 1.3" is something else.
            let of_next = word(at + 3) == "to" || version_word(word(at + 3)).is_some();
            if older && !of_next {
                spans.push(Span { lower: None, upper: upper.to_owned(), inclusive: true, marked: false });
            }
        }
    }
    spans
}

/// The other versions of a list whose first one is `words[at]`, if a list of versions stands there
/// and nothing goes on behind it.
fn ends_behind(words: &[&str], at: usize, inclusive: bool) -> Vec<Span> {
    let mut spans = Vec::new();
    // A sentence ends there.
    let ends = |at: usize| words.get(at).is_none_or(|word| word.ends_with('.'));
    let mut at = at;
    while !ends(at) {
        at += 1;
        if words.get(at) == Some(&"and") {
            at += 1;
        }
        let Some(version) = words.get(at).and_then(|word| version_word(word)) else { break };
        // "1.2 and 1.3 before 1.4": of the next one.
        if matches!(words.get(at + 1), Some(&("before" | "prior" | "through" | "to" | "up" | "<" | "<="))) {
            return Vec::new();
        }
        spans.push(Span { lower: None, upper: version.to_owned(), inclusive, marked: false });
    }
    spans
}

/// The lowest version of the chain that ends before `words[at]`: `3.2` of "3.2.x through 3.4.x
/// before", and whether it is marked as a lower end.
fn lower_before(words: &[&str], at: usize) -> Option<(String, bool)> {
    let mut lower = None;
    let mut at = at;
    loop {
        let mut last = at.checked_sub(1)?;
        while matches!(words.get(last), Some(&("versions" | "version" | "up"))) && last > 0 {
            last -= 1;
        }
        // "from 1.2 and prior to 1.4" is one span, "through 1.2 and prior to 1.4" are two.
        let from = last >= 2 && matches!(words.get(last - 2), Some(&("from" | "starting" | "with")));
        if words.get(last) == Some(&"and") && from {
            last -= 1;
        }
        let Some(version) = words.get(last).and_then(|w| version_word(w)) else { return lower };
        let first = version.trim_end_matches(".x").trim_end_matches(".*");
        let chained = lower.is_some();
        let Some(joint) = last.checked_sub(1) else {
            return Some((first.to_owned(), chained || first.len() < version.len()));
        };
        let from = matches!(words.get(joint), Some(&("from" | "since" | "with" | "between")))
            || words.get(joint).is_some_and(|w| w.starts_with("version"))
                && joint
                    .checked_sub(1)
                    .is_some_and(|i| matches!(words.get(i), Some(&("from" | "since" | "with"))));
        lower = Some((first.to_owned(), chained || from || first.len() < version.len()));
        if !matches!(words.get(joint), Some(&("through" | "to" | "-"))) {
            return lower;
        }
        at = joint;
    }
}

/// A word that is a version, without what surrounds it.
fn version_word(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', ':']);
    let bare = word.strip_prefix("v.").or_else(|| word.strip_prefix('v')).unwrap_or(word);
    let stem = bare.strip_suffix(".x").or_else(|| bare.strip_suffix(".*")).unwrap_or(bare);
    // "3dexperience" is a name.
    let digits = stem.trim_start_matches(|c: char| c.is_ascii_digit());
    let letters = digits.chars().take_while(char::is_ascii_alphabetic).count();
    (looks_like_version(stem) && letters < 6).then_some(bare)
}

/// From which version on a text says that the flaw is there, if each mention of this upper end has
/// a lower one.
pub(crate) fn lower_end(spans: &[Span], upper: &str, scheme: VersionScheme) -> Option<String> {
    let plain = upper.to_ascii_lowercase();
    let plain = plain.trim_start_matches('v');
    let mut lowest: Option<String> = None;
    for span in spans.iter().filter(|s| s.upper == plain) {
        let lower = span.lower.as_ref().filter(|_| span.marked)?;
        // "Windows 10 before 1.2": a number of something else.
        if version::compare(scheme, lower, plain)?.is_ge() {
            return None;
        }
        let is_lower =
            |than: &String| version::compare(scheme, lower, than).is_some_and(std::cmp::Ordering::is_lt);
        if lowest.as_ref().is_none_or(is_lower) {
            lowest = Some(lower.clone());
        }
    }
    lowest
}

/// The version from which on a text says that the flaw is there, and nowhere else: "Only Python
/// versions 3.12 or later are affected".
pub(crate) fn only_from(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
    let is = |at: usize, any: &[&str]| {
        words.get(at).is_some_and(|word| any.iter().any(|other| word.eq_ignore_ascii_case(other)))
    };
    let mut found = None;
    for only in (0..words.len()).filter(|at| is(*at, &["only"])) {
        // Of one sentence: a product's name and "versions" may stand between.
        let version = (only + 1..only + 6)
            .take_while(|at| words.get(at - 1).is_some_and(|word| !word.ends_with(['.', ';'])))
            .find_map(|at| Some((at, version_word(words.get(at)?)?)));
        let Some((at, version)) = version else { continue };
        let later = is(at + 1, &["or", "and"])
            && is(at + 2, &["later", "newer", "above", "higher", "up", "onwards"])
            && is(at + 3, &["are", "is"])
            && words.get(at + 4).is_some_and(|word| {
                matches!(word.trim_end_matches([',', '.', ';']), "affected" | "vulnerable")
            });
        // Two such sentences are about two lines.
        if later && found.replace(version).is_some() {
            return None;
        }
    }
    found
}

/// The only version that a text gives for a software: "libfoo v1.2.3 was discovered to contain".
/// `None` if it gives none, several, or mentions others too.
pub(crate) fn only_version<'a>(text: &'a str, names: &[String]) -> Option<&'a str> {
    if VERSIONS.others_too.are_in(text) {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("").trim_matches([',', ';', '(', ')', '"', '\'']);
    let mut found: Option<&str> = None;
    for at in 0..words.len() {
        let name = squash(word(at));
        if name.is_empty() || !names.contains(&name) {
            continue;
        }
        let next = if matches!(word(at + 1), "version" | "release" | "v" | "v.") { at + 2 } else { at + 1 };
        let Some(version) = snapshot_word(word(next)) else { continue };
        // "1.0 to 1.4" and "1.0 and 1.2" are more than one.
        let listed =
            words.get(next).is_some_and(|w| w.ends_with(',')) && snapshot_word(word(next + 1)).is_some();
        let joined = listed || matches!(word(next + 1), "to" | "and" | "or" | "-" | "&" | "/");
        if joined || version.contains(['x', '*']) || found.is_some_and(|f| f != version) {
            return None;
        }
        found = Some(version);
    }
    found
}

/// A version, also in the form in which `git describe` writes it: `n6.1-3-g466799d4f5`.
fn snapshot_word(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', ':']);
    let bare = word.strip_prefix("v.").or_else(|| word.strip_prefix('v')).unwrap_or(word);
    let bare = bare.strip_prefix('n').filter(|w| w.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(bare);
    looks_like_version(bare).then_some(bare)
}

/// Whether a text has "up to VERSION", "VERSION and earlier" or the like.
pub(crate) fn says_up_to(text: &str, version: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '-'));
    text.match_indices(version).any(|(at, _)| {
        let before = text.get(..at).unwrap_or("");
        let after = text.get(at + version.len()..).unwrap_or("");
        let after_dot =
            after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if !edge(after.chars().next()) || after_dot {
            return false;
        }
        let before = before
            .trim_end_matches(['v', ' '])
            .trim_end_matches(" version")
            .trim_end_matches(" versions")
            .trim_end();
        let after = after.trim_start();
        VERSIONS.up_to_before.iter().any(|phrase| before.ends_with(phrase))
            || VERSIONS.up_to_behind.iter().any(|phrase| after.starts_with(phrase))
    })
}

/// A day or month that a version stands for, as year, month and day (0 where only the month is
/// given): `2014-12-10`, `edk2-stable202405`, `20240514`. `None` unless there is just one.
pub(crate) fn date_of(version: &str) -> Option<(u32, u32, u32)> {
    let digits: Vec<&str> =
        version.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let sound = |(year, month, day): (u32, u32, u32)| {
        ((1990..2100).contains(&year) && (1..=12).contains(&month) && day <= 31).then_some((year, month, day))
    };
    match digits[..] {
        [run] if run.len() == 8 => {
            sound((number(run.get(..4)?)?, number(run.get(4..6)?)?, number(run.get(6..)?)?))
        }
        [.., run] if run.len() == 6 && version.ends_with(run) && !version.contains('.') => {
            sound((number(run.get(..4)?)?, number(run.get(4..)?)?, 0))
        }
        [year, month, day, ..] if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
            sound((number(year)?, number(month)?, number(day)?))
        }
        _ => None,
    }
}

/// Whether a text gives any version, or a number that could be one of a line ("in version 20").
pub(crate) fn gives_any(text: &str) -> bool {
    let dotted = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).trim_start_matches('v');
        word.starts_with(|c: char| c.is_ascii_digit())
            && word
                .split('.')
                .nth(1)
                .is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit() || c == 'x' || c == '*'))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().any(|word| dotted(word))
        || words.windows(2).any(|pair| {
            let [first, second] = pair else { return false };
            matches!(first.trim_matches(','), "version" | "versions" | "release" | "releases" | "v")
                && second.starts_with(|c: char| c.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(lower: Option<&str>, upper: &str, inclusive: bool) -> Span {
        Span { lower: lower.map(str::to_owned), upper: upper.to_owned(), inclusive, marked: false }
    }

    /// The spans of a text, whatever is marked.
    fn spans(text: &str) -> Vec<Span> {
        super::spans(text).into_iter().map(|span| Span { marked: false, ..span }).collect()
    }

    #[test]
    fn spans_of_prose() {
        assert_eq!(spans("foo 3.2.x through 3.4.x before 3.5 has a flaw"), [span(Some("3.2"), "3.5", false)]);
        assert_eq!(
            spans("foo 5.0 before 5.0.8 and 4.2 before 4.2.15."),
            [span(Some("5.0"), "5.0.8", false), span(Some("4.2"), "4.2.15", false)]
        );
        assert_eq!(spans("foo up to version 1.2.3 lets"), [span(None, "1.2.3", true)]);
        assert_eq!(spans("foo v1.2.3 and earlier let"), [span(None, "1.2.3", true)]);
        assert_eq!(
            spans("from 2.0 through 2.4, and prior to 3.1"),
            [span(Some("2.0"), "2.4", true), span(None, "3.1", false)]
        );
        assert_eq!(spans("foo from 1.2 and prior to 1.4"), [span(Some("1.2"), "1.4", false)]);
        assert_eq!(spans("foo looks before it leaps"), []);
        assert_eq!(
            spans("foo before 3.5.9, 3.6.4 and 4.0.5 leaks"),
            [span(None, "3.6.4", false), span(None, "4.0.5", false), span(None, "3.5.9", false)]
        );
        assert_eq!(spans("foo before 3.5. 4 people saw it"), [span(None, "3.5", false)]);
        assert_eq!(spans("foo up to 3dexperience"), []);
    }

    #[test]
    fn lower_ends() {
        let lower = |text: &str, upper: &str| lower_end(&super::spans(text), upper, VersionScheme::Generic);
        assert_eq!(lower("foo 3.2.x through 3.4.x before 3.5 has", "3.5").as_deref(), Some("3.2"));
        assert_eq!(lower("foo from version 3.2 before 3.5 has", "3.5").as_deref(), Some("3.2"));
        assert_eq!(lower("foo 3.2 through 3.4 before 3.5 has", "3.5").as_deref(), Some("3.2"));
        assert_eq!(lower("foo 3.0 before 3.3.5 has", "3.3.5"), None, "the third generation of a device");
        assert_eq!(lower("foo before 3.5 has", "3.5"), None);
        assert_eq!(lower("foo 3 before 3.5 has, all before 3.5 should", "3.5"), None, "once without");
        assert_eq!(lower("app for windows 10 before 3.5", "3.5"), None, "another thing's number");
    }

    #[test]
    fn only_from_a_version_on() {
        let from = |text| only_from(text);
        assert_eq!(
            from("A flaw. Only Python versions 3.12 or later are affected by these, earlier ones lack it."),
            Some("3.12")
        );
        assert_eq!(from("only v2.0 and above is vulnerable."), Some("2.0"));
        assert_eq!(from("Only users of 3.12 or later who enable it are affected."), None);
        assert_eq!(from("It is read only. Version 3.12 or later are affected"), None);
        assert_eq!(from("only 1.2 or later are fixed"), None);
        assert_eq!(from("only 1.2 or later are affected; only 2.2 or later are affected"), None);
    }

    #[test]
    fn the_only_version() {
        let names = ["foo".to_owned()];
        assert_eq!(only_version("overflow in foo v1.2.3 allows", &names), Some("1.2.3"));
        assert_eq!(
            only_version("overflow in foo v.n6.1-3-g466799d4f5 allows", &names),
            Some("6.1-3-g466799d4f5")
        );
        assert_eq!(only_version("overflow in foo 1.2.3 and earlier allows", &names), None);
        assert_eq!(only_version("overflow in foo 1.2.3 and in foo 2.0 allows", &names), None);
        assert_eq!(only_version("overflow in foo 1.2 to 1.4 allows", &names), None);
        assert_eq!(only_version("overflow in foo 1.2, 1.4 allows", &names), None);
        assert_eq!(only_version("overflow in foo 1.2, allows", &names), Some("1.2"));
        assert_eq!(only_version("overflow in bar 1.2.3 allows", &names), None);
    }

    #[test]
    fn prose_that_says_up_to() {
        assert!(says_up_to("a flaw in foo up to 1.2.3.", "1.2.3"));
        assert!(says_up_to("foo version 1.2.3 and earlier", "1.2.3"));
        assert!(says_up_to("foo through version 1.2.3 is", "1.2.3"));
        assert!(!says_up_to("foo up to 1.2.3.4", "1.2.3"));
        assert!(!says_up_to("foo 1.2.3 is vulnerable", "1.2.3"));
    }

    #[test]
    fn dates_in_versions() {
        assert_eq!(date_of("2014-12-10"), Some((2014, 12, 10)));
        assert_eq!(date_of("edk2-stable202405"), Some((2024, 5, 0)));
        assert_eq!(date_of("20180412"), Some((2018, 4, 12)));
        assert_eq!(date_of("1.2.3"), None);
        assert_eq!(date_of("8.0.202405"), None);
        assert_eq!(date_of("2014-13-10"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9 .,<@/é-]{0,120}", version in "[0-9.x*é-]{0,9}") {
            spans(&text);
            lower_end(&spans(&text), &version, VersionScheme::Generic);
            only_version(&text, &[squash(&version)]);
            says_up_to(&text, &version);
            date_of(&text);
        }
    }
}
