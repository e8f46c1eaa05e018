//! The versions that a text gives.

use crate::vocabulary::VERSIONS;
use vulnerability::model::VersionScheme;
use vulnerability::names::squash;
use vulnerability::prose::{Span, version_word};
use vulnerability::version::{self, looks_like_version};

/// More words than this of a description are not looked at.
const MOST_WORDS: usize = 400;

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

/// The version from which on a text says that the flaw is there, if it gives no other version but
/// the one with the fix: "this issue affects 2.36 and newer".
pub(crate) fn since<'t>(text: &'t str, fix: &str) -> Option<&'t str> {
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("").trim_matches([',', '.', ';', '(', ')']);
    let mut found = None;
    for at in 0..words.len() {
        let Some(version) = version_word(word(at)).filter(|version| version.contains('.')) else { continue };
        let on = matches!(word(at + 1), "and" | "or")
            && matches!(word(at + 2), "later" | "newer" | "above" | "higher" | "up" | "onwards");
        let from = at > 0 && matches!(word(at - 1), "since" | "from")
            || at > 1 && word(at - 2) == "introduced" && word(at - 1) == "in";
        if on || from {
            if found.replace(version).is_some_and(|other| other != version) {
                return None;
            }
        } else if version::compare(VersionScheme::Generic, version, fix).is_none_or(std::cmp::Ordering::is_ne)
        {
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
    use vulnerability::prose::spans;

    #[test]
    fn lower_ends() {
        let lower = |text: &str, upper: &str| lower_end(&spans(text), upper, VersionScheme::Generic);
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
    fn since_a_version() {
        assert_eq!(since("this issue affects glibc 2.36 and newer.", "2.39"), Some("2.36"));
        assert_eq!(since("it was introduced in 1.2, and fixed in 1.4.", "1.4"), Some("1.2"));
        assert_eq!(since("affects 2.36 and newer, and 2.12", "2.39"), None, "another one");
        assert_eq!(since("2 and newer", "2.39"), None, "any number");
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
