//! The part, edition or package of a software that a text limits a flaw to.

use super::{has_word, words_at};
use crate::vocabulary::{Language, RELATED};

/// The language that a title limits one of the products to: "Stack overflow in Protocol Buffers
/// Java Lite". The language's word must follow the product's name at once.
pub(crate) fn language_of_title<'a>(
    title: &str,
    products: impl Iterator<Item = &'a str>,
) -> Option<&'static Language> {
    let languages = &RELATED.languages;
    if !languages.iter().any(|language| title.contains(&language.word)) {
        return None;
    }
    for product in products {
        let product = product.to_ascii_lowercase();
        if product.len() < 3 {
            continue;
        }
        for at in words_at(title, &product) {
            let Some(rest) = title.get(at + product.len()..).and_then(|t| t.strip_prefix([' ', '-'])) else {
                continue;
            };
            let language = languages.iter().find(|language| {
                let rest = rest.strip_prefix(&language.word);
                rest.is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric()))
            });
            if language.is_some() {
                return language;
            }
        }
    }
    None
}

/// The package of npm that a text begins with, if it belongs to a scope: `grpc-js` of
/// `@grpc/grpc-js`.
pub(crate) fn npm_package(text: &str) -> Option<&str> {
    let (scope, rest) = text.trim_start().strip_prefix('@')?.split_once('/')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = rest.split(|c: char| !plain(c)).next()?;
    (!scope.is_empty() && scope.chars().all(plain) && !name.is_empty()).then_some(name)
}

/// Whether a text is about an edition that its maker hosts, among others.
pub(crate) fn concerns_service(text: &str) -> bool {
    RELATED.hosted.iter().any(|word| has_word(text, word))
}

/// Whether a text names this version, and only for what its maker hosts: "Foo Cloud before 1.2",
/// "the cloud offering".
pub(crate) fn is_of_service(text: &str, version: &str) -> bool {
    let version = version.to_ascii_lowercase();
    let mut named = false;
    for clause in text.split(['\n', ';']).flat_map(|t| t.split(". ")).flat_map(|t| t.split(" and ")) {
        for _ in words_at(clause, &version) {
            named = true;
            if !concerns_service(clause) {
                return false;
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn languages_in_titles() {
        let language = |title: &str, product: &str| {
            language_of_title(title, [product].into_iter()).map(|language| language.word.as_str())
        };
        assert_eq!(language("overflow in foo buffers java lite", "Foo Buffers"), Some("java"));
        assert_eq!(language("overflow in foo rust library", "foo"), Some("rust"));
        assert_eq!(language("foo runs javascript of others", "foo"), None, "not right behind the name");
        assert_eq!(language("foo javanese", "foo"), None);
    }

    #[test]
    fn npm_scopes() {
        assert_eq!(npm_package("@foo/bar-js can allocate memory"), Some("bar-js"));
        assert_eq!(npm_package("mail to me@example.org/x"), None);
        assert_eq!(npm_package("@foo is a person"), None);
    }

    #[test]
    fn versions_of_services() {
        let text = "a bug in the cloud foo offering prior to version 24.0.2 and in foo version 23.1. version 24.1 of foo \
                    and version 24.0.2 of foo cloud fix it.";
        assert!(is_of_service(text, "24.0.2"));
        assert!(!is_of_service(text, "23.1"));
        assert!(!is_of_service(text, "9.9"), "not named at all");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9 .,<@/é-]{0,120}", version in "[0-9.x*é-]{0,9}") {
            language_of_title(&text, [text.as_str(), version.as_str()].into_iter());
            npm_package(&text);
            is_of_service(&text, &version);
        }
    }
}
