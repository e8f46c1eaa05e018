//! The releases that a text names as having the fix.

use vulnerability::prose::version_word;

/// More words than this are not looked at.
const MOST_WORDS: usize = 400;

/// What stands before "in" and releases with a fix: "fixed in 1.2".
const DONE: [&str; 10] = [
    "fixed",
    "patched",
    "resolved",
    "addressed",
    "corrected",
    "remediated",
    "fix",
    "patch",
    "fixes",
    "available",
];

/// What stands before "to" and such releases: "upgrade to 1.2".
const MOVE: [&str; 6] = ["upgrade", "update", "upgrading", "updating", "upgraded", "updated"];

/// What such releases do.
const DO: [&str; 11] = [
    "fix",
    "fixes",
    "fixed",
    "patch",
    "patches",
    "patched",
    "address",
    "addresses",
    "resolve",
    "resolves",
    "correct",
];

/// What they have, before a word of what they [`DO`].
const HAVE: [&str; 8] = ["contain", "contains", "include", "includes", "has", "have", "provide", "provides"];

/// The releases that a text in lower case names as having the fix: "fixed in 1.2.3 and 1.1.9",
/// "version 1.2.3 contains a patch", "upgrade to 1.2.3".
pub(crate) fn named(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '`'))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let behind = |at: usize| {
            at >= 2 && (DONE.contains(&word(at - 2)) && matches!(word(at - 1), "in" | "with" | "by"))
                || at >= 2
                    && MOVE.contains(&word(at - 2))
                    && word(at - 1) == "to"
                    // "After an upgrade to 1.2, requests are …": that is where the flaw begins.
                    && !(3..=4).any(|back| at >= back && word(at - back) == "after")
        };
        // "fixed in version 1.2", "upgrade to foo 1.2": one word may stand before the release.
        let follows = behind(at) || at > 0 && behind(at - 1) && version_word(word(at - 1)).is_none();
        let (list, end) = releases(&words, at);
        if list.is_empty() {
            at += 1;
            continue;
        }
        let last = word(end - 1);
        let do_it = !last.ends_with('.')
            && (DO.contains(&word(end))
                || HAVE.contains(&word(end))
                    && (end + 1..end + 4).any(|at| DO.contains(&word(at).trim_end_matches('.'))));
        if follows || do_it {
            found.extend(list);
        }
        at = end;
    }
    found
}

/// The versions that stand at `words[at]` with nothing but "and" between them, and where they end.
fn releases(words: &[&str], at: usize) -> (Vec<String>, usize) {
    let mut list = Vec::new();
    let mut end = at;
    while let Some(version) = words.get(end).and_then(|word| version_word(word)) {
        list.push(version.to_owned());
        let last = words.get(end).is_some_and(|word| word.ends_with('.'));
        end += 1;
        let joint = matches!(words.get(end), Some(&("and" | "or" | "&")));
        if last || joint && words.get(end + 1).is_none_or(|word| version_word(word).is_none()) {
            break;
        }
        end += usize::from(joint);
    }
    (list, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn releases_with_a_fix() {
        for (text, expected) in [
            ("this vulnerability is fixed in 24.9.0.", &["24.9.0"][..]),
            ("versions 2.6.4, 2.2.22 and 1.10.27 patch this vulnerability.", &["2.6.4", "2.2.22", "1.10.27"]),
            ("version 1.40.0 contains a patch for this issue", &["1.40.0"]),
            ("foo v3.6.8, v4.2.5 and bar v7.2.2 have been patched to resolve", &["7.2.2"]),
            ("users should upgrade to version 1.2.3 or later", &["1.2.3"]),
            ("it has been patched in foo 1.2.3.", &["1.2.3"]),
            ("foo 1.2.3 is affected. fixed clients exist. in 1.2 nothing", &[]),
            ("foo up to 1.2.3. patches are out", &[]),
            // CVE-2024-35190.
            ("after upgrade to 18.23.0, all are let in", &[]),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9 .,]{0,120}") {
            named(&text);
        }
    }
}
