//! What a record's author says in words only: "GNOME GLib before 2.78.5", where the fields for
//! vendor and product hold "n/a".

use super::related::add_on;
use super::{Identity, is_rare, repository_of_others};
use crate::facts::product::Naming;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, IdentityRule};
use crate::knowledge::Knowledge;
use crate::prose::has_word;
use crate::set::PackageSet;
use crate::vocabulary::NAMES;
use std::iter;
use vulnerability::CveId;
use vulnerability::names::squash;

/// How a text calls a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    /// The name (squashed).
    name: String,
    /// Whether its maker stands before it.
    after_its_maker: bool,
    /// Whether curated knowledge has the name for the package.
    curated: bool,
}

/// Whether a name that stands before versions in a text is one of the package's, alone or behind
/// its maker's.
pub(crate) fn called(phrase: &str, record: &RecordFacts<'_>, package: &PackageFacts<'_>) -> Option<Called> {
    let starts = iter::once(0).chain(phrase.match_indices('-').map(|(at, _)| at + 1));
    let known = |maker: &str| {
        maker.is_empty()
            || NAMES.communities.contains(maker)
            || NAMES.makers.contains(maker)
            || package.owners.names.contains(maker)
            || package.software.iter().any(|s| s.vendors.iter().any(|v| v == maker))
    };
    let of = |start: usize| {
        let (maker, name) = phrase.split_at_checked(start)?;
        let (maker, name) = (squash(maker), squash(name));
        let curated = package.software.iter().any(|s| s.products.contains(&name));
        let own = curated || name == package.name;
        (own && known(&maker)).then_some(Called { name, after_its_maker: !maker.is_empty(), curated })
    };
    starts.clone().find_map(of).or_else(|| {
        // "Matrix libolm", which an enrichment calls "olm".
        let last = squash(phrase.rsplit('-').next()?);
        let same = last.strip_prefix("lib") == Some(package.name.as_str())
            || package.name.strip_prefix("lib") == Some(last.as_str());
        (same && record.enrichment_names(&package.name)).then(|| Called {
            name: package.name.clone(),
            after_its_maker: true,
            curated: false,
        })
    })
}

/// A record whose author names the package in the text, with versions, and nothing in the fields.
pub(super) fn by_text(
    cve: CveId,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Option<Identity> {
    if facts.naming != Naming::Nothing || facts.is_enrichment() {
        return None;
    }
    let mut phrases = record.spans().iter().chain(record.single()).flat_map(|span| &span.of);
    let (phrase, called) = phrases.find_map(|phrase| Some((phrase, called(phrase, record, package)?)))?;
    if package.never.iter().any(|rule| rule.covers(cve, iter::once(&called.name), &[])) {
        return None;
    }
    let mut signs = vec![(true, format!("the text gives versions of \"{}\"", phrase.replace('-', " ")))];
    let links = record.references();
    let shared = links.repositories.intersection(&package.owners.repositories).next();
    let shared = shared.or_else(|| links.sites.intersection(&package.owners.sites).next());
    let in_its_language = || {
        let set = package.set.name();
        has_word(record.description(), set) || set == "node" && has_word(record.description(), "npm")
    };
    let confidence = if let Some(text) = add_on(record, package, facts) {
        signs.push((false, text));
        Confidence::Low
    } else if let Some(shared) = shared {
        signs.push((true, format!("both link to {shared}")));
        Confidence::High
    } else if let Some(other) = repository_of_others(record, facts, package).filter(|_| !called.curated) {
        signs.push((false, format!("the record links to {other}, another one of that name")));
        Confidence::Low
    } else if package.set != PackageSet::Top && !in_its_language() {
        Confidence::Low
    } else if called.after_its_maker
        || !knowledge.is_generic(&called.name) && (called.curated || is_rare(&called.name))
    {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    Some(Identity { rule: IdentityRule::Product, confidence, signs })
}
