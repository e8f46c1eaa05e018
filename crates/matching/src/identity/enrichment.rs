//! What enrichments add to records: names and vendors by others than the record's author, who knew
//! it better.

use crate::facts::owners::vendor_names;
use crate::facts::product::has_name;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::prose;
use crate::vocabulary::NAMES;
use vulnerability::names::{dashed, squash};

/// Whether the vendor is one that an enrichment had to make up, because the record itself names no
/// product but in its text: "exiftags v.1.01" under the vendor "aertherwide". Such a vendor
/// contradicts nothing. One that the text names does: "the Ledger Monero app" is Ledger's.
pub(super) fn vendor_is_guessed(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> bool {
    facts.is_enrichment()
        && record.names_no_product()
        && prose::names_product(record.description(), &dashed(package.bare))
        && !facts.vendors.iter().any(|v| prose::has_word(record.description(), v))
}

/// The product as the record itself calls it, if that is another one of the same maker which an
/// enrichment took for the package's software: "electron-builder" as "electron", "worldmap-panel"
/// of Grafana as "grafana".
pub(super) fn shortened<'a>(
    record: &'a RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<&'a str> {
    if !facts.is_enrichment() {
        return None;
    }
    let mut own = None;
    for product in record.authored() {
        let vendors = product.vendor.as_deref().map(vendor_names).unwrap_or_default();
        let texts = [product.product.as_deref(), product.package_name.as_deref()];
        let mut named = false;
        let mut foreign = None;
        for text in texts.into_iter().flatten().filter(|t| has_name(t)) {
            named = true;
            let words = dashed(&text.replace("(R)", " ").replace("(TM)", " ").replace(['®', '™'], " "));
            // A maker's plugin need not bear the name of what it plugs into.
            let plugin = || {
                vendors.iter().any(|v| facts.vendors.contains(v))
                    && prose::has_word(record.description(), "plugin")
            };
            let related = prose::names_product(text, &dashed(package.bare)) || plugin();
            let known = |word: &str| {
                word.is_empty()
                    || word.bytes().all(|b| b.is_ascii_digit())
                    || NAMES.neutral_product_words.contains(word)
                    || vendors.iter().any(|v| v.contains(word))
                    || facts.vendors.iter().any(|v| v.contains(word))
                    || package.name.contains(word)
                    || package.software.iter().any(|s| s.products.iter().any(|p| p.contains(word)))
            };
            let own_words = words.split('-').any(|word| !known(word));
            if !related || !own_words || facts.products.contains(&squash(text)) {
                return None;
            }
            foreign = Some(text);
        }
        if named {
            own = own.or(foreign);
        }
    }
    own
}
