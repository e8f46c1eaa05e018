//! Products that bear the name of a software without being it: plugins and other add-ons.

use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::set::PackageSet;
use crate::vocabulary::RELATED;
use vulnerability::names::squash;

/// How many bytes of a description say what it is about.
const BEGINNING: usize = 200;

/// Whether a package is a plugin of this application.
pub(super) fn plugs_into(package: &PackageFacts<'_>, application: &str) -> bool {
    match RELATED.plugin_sets.get(application) {
        Some(set) => package.set == *set,
        None => {
            package.set == PackageSet::Extension
                && package.package.attribute.as_deref().is_some_and(|a| a.contains(application))
        }
    }
}

/// The sentence against the identity if the title names a related product.
pub(super) fn add_on(
    record: &RecordFacts<'_>,
    package: &PackageFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<String> {
    let name = package.bare.to_ascii_lowercase();
    let titled = record.title.contains(&name) || facts.conventions.texts_limit_nothing;
    let text = if titled { record.title.as_str() } else { record.beginning(BEGINNING) };
    let at = text.find(&name)?;
    let meant = |phrase: &str| {
        let squashed = squash(phrase);
        package.name.contains(&squashed) || facts.products.iter().any(|p| p.contains(&squashed))
    };
    // "Optimization for TensorFlow" by somebody else.
    let before = text.get(..at)?.strip_suffix(" for ");
    if let Some(what) = before.and_then(|b| RELATED.made_for.iter().find(|s| b.ends_with(s)))
        && !meant(what)
    {
        return Some(format!("the record speaks of a \"{what} for {name}\", not of the software itself"));
    }
    let before_is_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let rest = text.get(at + name.len()..)?;
    let rest = rest.strip_prefix([' ', '-'])?;
    let word_end = |phrase: &str| !rest.get(phrase.len()..).unwrap_or("").starts_with(char::is_alphanumeric);
    let phrase = RELATED.add_ons.iter().find(|p| rest.starts_with(p) && word_end(p))?;
    (!before_is_word && !meant(phrase))
        .then(|| format!("the record speaks of \"{name} {phrase}\", a companion of the software"))
}
