//! The operating system that a text limits a flaw to.

use super::words_at;
use crate::vocabulary::SYSTEMS;
use vulnerability::version::looks_like_version;

/// Whether a text, in whatever case, names another operating system at all. Few do, and every
/// candidate record is looked at.
pub(crate) fn names_any(text: &str) -> bool {
    SYSTEMS.names.are_in(text)
}

/// The other system that a text begins with, and the rest behind it.
fn system_at(text: &str) -> Option<(&'static str, &str)> {
    SYSTEMS.names.iter().find_map(|(word, system)| {
        let rest = text.strip_prefix(word)?;
        (!rest.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some((system, rest))
    })
}

/// The other operating system that a title names, unless it names Linux too.
pub(crate) fn system_of_title(title: &str) -> Option<&'static str> {
    if !names_any(title) || SYSTEMS.linux_too.are_in(title) {
        return None;
    }
    let behind = ["on ", "for "].into_iter().find_map(|word| {
        let mut places = words_at(title, word.trim_end());
        places.find_map(|at| system_at(title.get(at + word.len()..)?).map(|(system, _)| system))
    });
    // "Foo: escalation on its Windows nodes": machines of that system, wherever the words stand.
    let machines = || {
        SYSTEMS.names.iter().find_map(|(word, system)| {
            let mut places = words_at(title, word);
            let followed = |at: usize| {
                let rest = title.get(at + word.len()..).unwrap_or("").trim_start();
                SYSTEMS.machines.iter().any(|m| rest.starts_with(m))
            };
            places.any(followed).then_some(system)
        })
    };
    behind.or_else(machines)
}

/// The other operating system that a description limits the flaw to, with the words that do.
///
/// Either a sentence says that *only* this system is affected, or a sentence describes the flaw of
/// "NAME on SYSTEM", or it happens "when …ing … on SYSTEM". A text that names Linux anywhere is
/// limited only by the first way.
pub(crate) fn system_of_description(text: &str) -> Option<(&'static str, String)> {
    let sentences = || text.split_inclusive(". ").flat_map(|s| s.split('\n'));
    for sentence in sentences() {
        let only = SYSTEMS.only.iter().find_map(|p| sentence.find(p).map(|at| at + p.len()));
        let Some(rest) = only.and_then(|at| sentence.get(at..)) else { continue };
        // "limited to its own site on desktops, but not on Android": the clause ends where another
        // begins.
        let end = [",", ";", " but ", " while ", " by "].iter().filter_map(|joint| rest.find(joint)).min();
        let rest = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        if SYSTEMS.linux_too.are_in(rest) {
            continue;
        }
        if let Some(system) = systems_in(rest) {
            return Some((system, quote(sentence)));
        }
    }
    if SYSTEMS.linux_too.are_in(text) {
        return None;
    }
    sentences().take(2).find_map(|sentence| {
        let mut places = words_at(sentence, "on").chain(words_at(sentence, "for"));
        places.find_map(|at| {
            let before = sentence.get(..at)?.trim_end();
            let (system, rest) = sentence.get(at..)?.split_once(' ').and_then(|(_, rest)| system_at(rest))?;
            let rest = rest.trim_start();
            let foreign =
                before.rsplit(' ').next().is_some_and(|word| SYSTEMS.not_the_software.contains(word));
            let listed = rest.starts_with(',') && other_system_follows(rest);
            // "foo before 2.9.3 on windows."
            let versioned = before.rsplit(' ').next().is_some_and(looks_like_version);
            let described = versioned
                || SYSTEMS.verbs.iter().any(|verb| rest.starts_with(verb))
                || rest.starts_with(|c: char| c.is_ascii_digit())
                || (happens_when(before) && rest.starts_with([',', '.']) && !listed);
            (!before.is_empty() && !foreign && described).then(|| (system, quote(sentence)))
        })
    })
}

/// Whether the last clause of a text is "when running …", "when installed …".
fn happens_when(before: &str) -> bool {
    let clause = before.rsplit([',', ';']).next().unwrap_or(before).trim_start();
    let Some(at) = words_at(clause, "when").last() else { return false };
    let next = clause.get(at + 4..).unwrap_or("").split_whitespace().next().unwrap_or("");
    next.ends_with("ing") || matches!(next, "run" | "used" | "installed" | "built" | "compiled" | "deployed")
}

/// Whether the clause behind a comma names one more system, as in "on Windows, macOS".
fn other_system_follows(rest: &str) -> bool {
    system_at(rest.trim_start_matches([',', ' '])).is_some()
}

/// A system that a text names as what is concerned: the first one behind "on", "for" or nothing but
/// the verb.
fn systems_in(text: &str) -> Option<&'static str> {
    let direct = system_at(text.trim_start());
    let named = || {
        ["on", "for"].into_iter().find_map(|word| {
            words_at(text, word).find_map(|at| system_at(text.get(at + word.len()..)?.trim_start()))
        })
    };
    direct.or_else(named).map(|(system, _)| system)
}

/// A sentence, short enough to cite.
fn quote(sentence: &str) -> String {
    const LONGEST: usize = 160;
    let sentence = sentence.trim().trim_matches('*');
    match sentence.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", sentence.get(..at).unwrap_or("")),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn systems_in_titles() {
        assert_eq!(system_of_title("path traversal in foo for windows"), Some("windows"));
        assert_eq!(system_of_title("foo on macos: buffer overflow"), Some("macos"));
        assert_eq!(system_of_title("foo - windows nodes - escalation"), Some("windows"));
        assert_eq!(system_of_title("foo draws windows twice"), None);
        assert_eq!(system_of_title("foo on windows and linux"), None);
        assert_eq!(system_of_title("foo for windowsill"), None);
    }

    #[test]
    fn systems_in_descriptions() {
        let system = |text: &str| system_of_description(text).map(|(system, _)| system);
        assert_eq!(system("foo before 2.9.3 on windows allows ../ traversal."), Some("windows"));
        assert_eq!(
            system("inappropriate work in bar in foo on android prior to 1.2 let attackers"),
            Some("android")
        );
        assert_eq!(
            system("a file was not checked. *this bug only affects foo on windows. others are unaffected.*"),
            Some("windows")
        );
        assert_eq!(
            system("a hijack exists in foo before 3.0.19 on windows. the uninstaller"),
            Some("windows")
        );
        assert_eq!(system("foo 8 before 8.3, when using cgi on windows, may read"), Some("windows"));
        assert_eq!(system("this only affects windows; linux users need not worry. "), Some("windows"));
        assert_eq!(system("this only affects windows and linux. "), None);
        assert_eq!(system("access is limited to one site on desktops, but unlimited on android."), None);
        assert_eq!(system("foo is a server. it runs on windows and linux. foo on windows allows"), None);
        assert_eq!(system("foo before 3 lets attackers on windows allow"), None);
        assert_eq!(system("foo before 3 leaks memory, especially on windows allow"), None);
        assert_eq!(system("foo before 3 has a flaw in its window handling"), None);
        assert_eq!(system("this vulnerability only affects foo < 116 and bar < 102."), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9 .,<@/é-]{0,120}", version in "[0-9.x*é-]{0,9}") {
            system_of_title(&text);
            system_of_description(&text);
            system_of_title(&version);
        }
    }
}
