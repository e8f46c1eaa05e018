//! Do a record and a package describe the same thing?

use crate::facts::owners::vendor_names;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::prose::{has_word, words_at};
use crate::vocabulary::NAMES;
use std::collections::BTreeSet;

/// So many words must stand in both descriptions.
const ENOUGH: usize = 2;
/// How many bytes of a record's description say what the software is.
const BEGINNING: usize = 300;

/// The sentence for the identity if the record's description begins as the package's reads: "runc
/// is a CLI tool for spawning and running containers".
pub(super) fn alike(record: &RecordFacts<'_>, package: &PackageFacts<'_>) -> Option<String> {
    let text = record.beginning(BEGINNING);
    let own = package.package.description.as_deref()?.to_ascii_lowercase();
    let words: Vec<&str> = telling(&own, package).into_iter().filter(|word| has_word(text, word)).collect();
    if words.len() < ENOUGH {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    Some(format!("both descriptions have the words {}", words.join(", ")))
}

/// The sentence against the identity if both are described, with nothing in common.
pub(super) fn unlike(record: &RecordFacts<'_>, package: &PackageFacts<'_>) -> Option<String> {
    let description = package.package.description.as_deref()?;
    let own = description.to_ascii_lowercase();
    let words = telling(&own, package);
    let text = record.description();
    (words.len() > ENOUGH && !text.is_empty() && !words.iter().any(|word| has_word(text, word)))
        .then(|| format!("the package is described as \"{description}\", of which the record has no word"))
}

/// The words of a package's description that tell it from other software, each once.
fn telling<'d>(description: &'d str, package: &PackageFacts<'_>) -> BTreeSet<&'d str> {
    let name = package.bare.to_ascii_lowercase();
    description
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 4 && !NAMES.common_words.contains(word) && !name.contains(word))
        .filter(|word| !word.bytes().all(|b| b.is_ascii_digit()))
        .collect()
}

/// The sentence against the identity if the record's text calls the product after its vendor:
/// "MongoDB Compass", "Apache Ranger". Whose name stands for itself needs none.
pub(super) fn named_after_vendor(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<String> {
    let name = package.bare.to_ascii_lowercase();
    let vendor = facts.statement.product.vendor.as_deref()?;
    let words: Vec<String> = vendor
        .split([' ', '_', ',', '.'])
        .map(str::to_ascii_lowercase)
        .filter(|word| word.len() > 1 && !vendor_names(word).is_empty())
        .collect();
    let follows = |text: &str| {
        words_at(text, &name).any(|at| {
            let before = text.get(..at).unwrap_or("").trim_end_matches([' ', '-', '_']);
            words.iter().any(|word| {
                before.strip_suffix(word.as_str()).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
            })
        })
    };
    [record.title.as_str(), record.description()]
        .into_iter()
        .any(follows)
        .then(|| format!("the record calls it after its vendor, \"{vendor} {name}\""))
}
