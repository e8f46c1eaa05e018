//! Packages that records call by one name, and of which the text names one.

use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::prose::has_word;

/// The sentence against the identity if the text is about other members of the package's family:
/// "GStreamer FLAC File Parsing" is about the set of plugins that reads FLAC.
pub(super) fn another_member(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<String> {
    let family = package.families.iter().find(|f| f.products.iter().any(|p| facts.products.contains(p)))?;
    let named = |text: &str| {
        let mut found = None;
        for member in &family.members {
            let Some(word) = member.words.iter().find(|word| has_word(text, word)) else { continue };
            if member.has(&package.curated_name) {
                return Some(None);
            }
            found = found.or(Some((word.clone(), member.packages.first().cloned().unwrap_or_default())));
        }
        found.map(Some)
    };
    // The title is plainer than the description; where it chooses, the rest is not read.
    let (word, other) = named(&record.title).or_else(|| named(record.description())).flatten()?;
    Some(format!("the text names \"{word}\", which is in {other}"))
}
