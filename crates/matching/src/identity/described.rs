//! Do a record and a package describe the same thing?

use crate::facts::{PackageFacts, RecordFacts};
use crate::prose::has_word;
use crate::vocabulary::NAMES;
use std::collections::BTreeSet;

/// So many words must stand in both descriptions.
const ENOUGH: usize = 2;
/// How many bytes of a record's description say what the software is.
const BEGINNING: usize = 300;

/// The sentence for the identity if the record's description begins as the package's reads: "runc is
/// a CLI tool for spawning and running containers".
pub(super) fn alike(record: &RecordFacts<'_>, package: &PackageFacts<'_>) -> Option<String> {
    let own = package.package.description.as_deref()?.to_ascii_lowercase();
    let name = package.bare.to_ascii_lowercase();
    let text = record.beginning(BEGINNING);
    let words: BTreeSet<&str> = own
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 4 && !NAMES.common_words.contains(word) && !name.contains(word))
        .filter(|word| !word.bytes().all(|b| b.is_ascii_digit()) && has_word(text, word))
        .collect();
    if words.len() < ENOUGH {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    Some(format!("both descriptions have the words {}", words.join(", ")))
}
