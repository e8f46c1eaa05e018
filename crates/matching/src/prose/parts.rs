//! The part, edition or package of a software that a text limits a flaw to.

use super::{has_word, words_at};
use crate::vocabulary::{Language, RELATED};
use vulnerability::names::dashed;

/// The language that a title limits one of the products to: "Stack overflow in Protocol Buffers
/// Java Lite". The language's word must follow the product's name at once, and
/// be followed by a word for a part.
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
                // "Foo Java deserialization" is a flaw, "Foo Java Lite" is a part.
                rest.is_some_and(|r| {
                    let next = r.strip_prefix([' ', '-']).unwrap_or("");
                    let next = next.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
                    RELATED.language_parts.contains(next)
                })
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

/// Whether a text names this version, and only for the edition of a product that its maker hosts:
/// "Foo Cloud before 1.2", "the cloud Foo offering". A cloud that is named for something else does
/// not count, nor does what somebody hosts himself.
pub(crate) fn is_of_service(text: &str, version: &str, dashed_products: &[String]) -> bool {
    let version = version.to_ascii_lowercase();
    let mut named = false;
    let clauses = text.split(['\n', ';']).flat_map(|t| t.split(". ")).flat_map(|t| t.split(" and "));
    for clause in clauses.flat_map(|t| t.split(", ")) {
        for _ in words_at(clause, &version) {
            named = true;
            if !dashed_products.iter().any(|product| names_hosted(clause, product)) {
                return false;
            }
        }
    }
    named
}

/// Whether a clause names the hosted edition of a product: the word stands next to its name.
fn names_hosted(clause: &str, dashed_product: &str) -> bool {
    let clause = dashed(clause);
    !dashed_product.is_empty()
        && !has_word(&clause, "self-hosted")
        && RELATED.hosted.iter().any(|word| {
            has_word(&clause, &format!("{dashed_product}-{word}"))
                || has_word(&clause, &format!("{word}-{dashed_product}"))
        })
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
        for flaw in
            ["foo java deserialization in remoting", "foo javascript sandbox escape", "code in foo java"]
        {
            assert_eq!(language(flaw, "foo"), None, "{flaw}");
        }
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
        let of_service = |text: &str, version: &str| is_of_service(text, version, &["foo".to_owned()]);
        assert!(of_service(text, "24.0.2"));
        assert!(!of_service(text, "23.1"));
        assert!(!of_service(text, "9.9"), "not named at all");
        for other in [
            "self-hosted foo before 24.0.2 leaks",
            "foo before 24.0.2 lets others impersonate a cloud agent",
            "foo before 24.0.2 leaks keys of google cloud",
            "foo 24.0.2, foo 23.1, foo cloud 22.4 leak",
        ] {
            assert!(!of_service(other, "24.0.2"), "{other}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9 .,<@/é-]{0,120}", version in "[0-9.x*é-]{0,9}") {
            language_of_title(&text, [text.as_str(), version.as_str()].into_iter());
            npm_package(&text);
            is_of_service(&text, &version, std::slice::from_ref(&text));
        }
    }
}
