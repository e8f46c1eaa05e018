//! What titles and descriptions say besides the structured data: on which system, of which part,
//! from which version on.
//!
//! Texts are expected in lower case. Each function knows one turn of phrase that many records
//! share; none knows a product. They answer only when the text is plain, because the structured
//! data is right far more often than a guess at prose.

pub(crate) mod fixes;
pub(crate) mod parts;
pub(crate) mod systems;
pub(crate) mod versions;

use vulnerability::names::dashed;

/// Whether `word` stands in a text with no letter or digit around it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    words_at(text, word).next().is_some()
}

/// Where `word` stands in a text with no letter or digit around it.
pub(crate) fn words_at<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text.get(..*at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
        edge(before) && edge(after)
    })
}

/// Whether a text names a product, as whole words, however they are joined.
pub(crate) fn names_product(text: &str, dashed_product: &str) -> bool {
    has_word(&dashed(text), dashed_product)
}
