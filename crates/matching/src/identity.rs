//! Is a statement about this package? Rules from sure to weak, each with the evidence it rests on.

mod described;
mod enrichment;
mod family;
pub(crate) mod in_words;
mod related;

use crate::facts::owners::Owners;
use crate::facts::product::Naming;
use crate::facts::{PackageFacts, RecordFacts, StatementFacts};
use crate::finding::{Confidence, Evidence, IdentityRule};
use crate::knowledge::{Knowledge, Software};
use crate::set::PackageSet;
use crate::vocabulary::NAMES;
use enrichment::{shortened, vendor_is_guessed};
use in_words::by_text;
use related::{add_on, plugs_into};
use vulnerability::names::{dashed, squash};
use vulnerability::{CveId, Stated};

/// That a statement is about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The rule that says so.
    pub(crate) rule: IdentityRule,
    /// How sure that is.
    pub(crate) confidence: Confidence,
    /// Other signs for (`true`) or against it, in words.
    pub(crate) signs: Vec<(bool, String)>,
}

impl Identity {
    fn new(rule: IdentityRule, confidence: Confidence) -> Self {
        Self { rule, confidence, signs: Vec::new() }
    }

    /// Adds the evidence for a finding. Called only when one is made: most identities lead to none
    /// that anybody reads.
    pub(crate) fn cite(
        &self,
        facts: &StatementFacts<'_>,
        package: &PackageFacts<'_>,
        evidence: &mut Vec<Evidence>,
    ) {
        evidence.push(Evidence::Identity {
            origin: facts.statement.origin.clone(),
            rule: self.rule,
            stated: stated(facts).into(),
            package: package.package.pname.clone(),
        });
        let signs = self.signs.iter();
        evidence
            .extend(signs.map(|(supports, text)| Evidence::Sign { supports: *supports, text: text.clone() }));
    }
}

/// Decides whether a statement is about a package. `None` means that it is not, or that nothing but
/// chance says so.
pub(crate) fn identify(
    cve: CveId,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Option<Identity> {
    if record.hosted || facts.device {
        return None;
    }
    if package.never.iter().any(|rule| rule.covers(cve, facts.all_products(), &facts.vendors)) {
        return None;
    }
    if facts.plugin_target.is_some_and(|host| !plugs_into(package, host)) {
        return None;
    }
    let mut identity = by_names(cve, record, facts, package, knowledge)?;
    if let Some(product) = shortened(record, facts, package) {
        identity.signs.push((false, format!("the record itself calls the product \"{product}\"")));
        identity.confidence = Confidence::Low;
        return Some(identity);
    }
    // "@grpc/grpc-js" shares owner and name with gRPC, and nothing else.
    if record.npm_package().is_some_and(|p| package.set != PackageSet::Node && squash(p) != package.name) {
        return None;
    }
    let vendor_known =
        || package.software.iter().any(|s| s.vendors.iter().any(|v| facts.vendors.contains(v)));
    let sure = match identity.rule {
        IdentityRule::Cpe | IdentityRule::Purl => true,
        IdentityRule::Curated => facts.plugin_target.is_none() && vendor_known(),
        _ => false,
    };
    if sure {
        return Some(identity);
    }
    // A plugin bears the name of what it plugs into. Only the text shows it, and is read last: few
    // records get here.
    match facts.plugin_target.or_else(|| record.plugin_of()) {
        Some(host) if !plugs_into(package, host) => None,
        _ => Some(identity),
    }
}

/// The rules on names, from sure to weak.
fn by_names(
    cve: CveId,
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Option<Identity> {
    if same_cpe(facts, package) {
        return Some(Identity::new(IdentityRule::Cpe, Confidence::High));
    }
    if same_purl(facts, package) {
        return Some(Identity::new(IdentityRule::Purl, Confidence::High));
    }
    match by_curated(record, facts, package, knowledge) {
        Curated::Same(identity) => return Some(identity),
        Curated::Other => return None,
        Curated::Silent => {}
    }
    if !facts.products.contains(&package.name) {
        return by_spelling(record, facts, package)
            .or_else(|| by_derived(record, facts, package))
            .or_else(|| by_maker(facts, package))
            .or_else(|| by_repository(facts, package))
            .or_else(|| by_text(cve, record, facts, package, knowledge))
            .or_else(|| by_reference(record, facts, package));
    }
    let set = collection(record, facts, package);
    if let Some(set) = set {
        if set == package.set {
            return Some(Identity::new(IdentityRule::Collection, Confidence::High));
        }
        if package.set != PackageSet::Top {
            return None;
        }
    }
    Some(by_name(record, facts, package, knowledge, set))
}

/// The language's collection that the statement is about, its own or that of another statement on
/// the same product.
fn collection(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<PackageSet> {
    let of_record = || record.collections.iter().find(|(name, _)| *name == package.name).map(|(_, set)| *set);
    facts.set.or_else(of_record)
}

/// What the curated knowledge says about a statement and a package.
enum Curated {
    /// The statement is about this package.
    Same(Identity),
    /// It is about other software of the same name.
    Other,
    /// The knowledge has no entry for the pair.
    Silent,
}

fn stated(facts: &StatementFacts<'_>) -> String {
    let product = &facts.statement.product;
    let names = [&product.vendor, &product.product, &product.package_name];
    let mut parts: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() {
        parts.extend(product.cpes.first().map(Stated::as_str));
    }
    parts.join(" / ")
}

fn same_cpe(facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> bool {
    package.cpes.iter().any(|own| facts.cpes.iter().any(|theirs| own.same_product(theirs)))
}

fn same_purl(facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> bool {
    let theirs = || facts.statement.product.purl.as_ref()?.value();
    !package.purls.is_empty()
        && theirs().is_some_and(|theirs| package.purls.iter().any(|own| own.same_package(theirs)))
}

fn by_curated(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Curated {
    let about = |s: &&&Software| s.products.iter().any(|p| facts.all_products().any(|name| name == p));
    let entries: Vec<&&Software> = package.software.iter().filter(about).collect();
    if entries.is_empty() {
        return Curated::Silent;
    }
    let upstream: Vec<&String> = facts.vendors.iter().filter(|v| !knowledge.is_distribution(v)).collect();
    let fits = |s: &&&Software| {
        s.vendors.is_empty() || upstream.is_empty() || upstream.iter().any(|v| s.vendors.contains(v))
    };
    // "Varnish / Varnish Cache": whoever is called like the software is behind it.
    let fitting = entries.iter().any(fits)
        || owner_agrees(facts, package).is_some()
        || (!facts.is_enrichment() && facts.vendors.contains(&package.name));
    if !fitting {
        if !is_distinctive(package, knowledge) {
            return Curated::Other;
        }
        if facts.vendors.contains(&package.name) || vendor_is_guessed(record, facts, package) {
            return Curated::Silent;
        }
        // No list of vendors is ever complete: the author who writes "Chromium / libvpx" may well
        // mean it. Only whose repository is another one does not.
        let elsewhere = || repository_of_others(record, facts, package).is_some();
        let named = !facts.is_enrichment()
            && facts.products.contains(&package.name)
            && facts.set.is_none_or(|s| s == package.set);
        if named && !elsewhere() {
            let vendor = upstream.first().map_or("", |v| v.as_str());
            let vendor = facts.statement.product.vendor.as_deref().unwrap_or(vendor);
            let text = format!("the vendor \"{vendor}\" is not among those that are known for it");
            let signs = vec![(false, text)];
            return Curated::Same(Identity {
                rule: IdentityRule::Product,
                confidence: Confidence::Medium,
                signs,
            });
        }
        return Curated::Other;
    }
    // A library in a language's collection is not the program of its name, unless the owner is the
    // same.
    if facts.set.is_some_and(|set| set != package.set)
        && (package.set != PackageSet::Top || owner_agrees(facts, package).is_none())
    {
        return Curated::Other;
    }
    let mut identity = Identity::new(IdentityRule::Curated, Confidence::High);
    let against = add_on(record, package, facts).or_else(|| family::another_member(record, facts, package));
    if let Some(text) = against {
        identity.signs.push((false, text));
        identity.confidence = Confidence::Low;
    }
    Curated::Same(identity)
}

/// Whether a name is unlikely to be that of two programs: it is long, or has a digit in it, as
/// `edk2` has.
fn is_rare(name: &str) -> bool {
    name.len() >= 6 || (name.len() >= 4 && name.bytes().any(|b| b.is_ascii_digit()))
}

/// Whether the name is long and rare enough to stand for itself.
fn is_distinctive(package: &PackageFacts<'_>, knowledge: &Knowledge) -> bool {
    package.set == PackageSet::Top && is_rare(&package.name) && !knowledge.is_generic(&package.name)
}

/// A distribution's spelling of the package's name: "Red Hat / python-urllib3".
fn by_spelling(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<Identity> {
    package.spellings.iter().find(|spelling| facts.products.contains(*spelling))?;
    if facts.set.is_some_and(|set| set != package.set) {
        return None;
    }
    let mut identity = Identity::new(IdentityRule::Spelling, Confidence::Low);
    let shared = |owners: &Owners| {
        owners.repositories.intersection(&package.owners.repositories).next().map(String::to_owned)
    };
    if facts.of_distribution {
        identity.confidence =
            if package.set == PackageSet::Top { Confidence::Medium } else { Confidence::High };
    } else if let Some(repository) = shared(&facts.owners).or_else(|| shared(record.references())) {
        // `node-saml` is not `saml`, but whose repository is the package's own is the package.
        identity.signs.push((true, format!("both name the repository {repository}")));
        identity.confidence = Confidence::High;
    } else if let Some(owner) = owner_agrees(facts, package) {
        let text = format!("the vendor agrees with the package's homepage or source ({owner})");
        identity.signs.push((true, text));
        identity.confidence = Confidence::Medium;
    }
    Some(identity)
}

/// The product's name without its vendor's, where that vendor stands behind the package: "Apache
/// Tomcat" is the `tomcat` of `tomcat.apache.org`.
fn by_derived(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<Identity> {
    if !facts.derived.contains(&package.name) || package.set != PackageSet::Top || facts.set.is_some() {
        return None;
    }
    let owner = owner_agrees(facts, package).filter(|owner| *owner != package.name)?;
    let mut signs =
        vec![(true, format!("the vendor agrees with the package's homepage or source ({owner})"))];
    let mut confidence = Confidence::High;
    if let Some(text) = add_on(record, package, facts) {
        signs.push((false, text));
        confidence = Confidence::Low;
    }
    Some(Identity { rule: IdentityRule::ProductAndVendor, confidence, signs })
}

/// A package that bears its maker's name before the product's: `apache-maven`, `gnumake`.
fn by_maker(facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> Option<Identity> {
    let (maker, rest) = package.made.as_ref()?;
    let made = facts.products.contains(rest) && facts.vendors.iter().any(|v| v == maker);
    (made && facts.set.is_none()).then(|| {
        let signs = vec![(true, format!("the package's name begins with the vendor's ({maker})"))];
        Identity { rule: IdentityRule::ProductAndVendor, confidence: Confidence::High, signs }
    })
}

/// A record without a product, that links to the package's own repository.
fn by_reference(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<Identity> {
    if facts.naming == Naming::Product {
        return None;
    }
    let found = package.repositories().find(|r| record.referenced.iter().any(|other| other == r))?;
    // A maker's place for advisories says whose product it is, and which one only the link does.
    // Who names nobody may link to anything.
    let confidence = match (facts.naming, record.referenced.len()) {
        (Naming::Umbrella, 1) => Confidence::High,
        (Naming::Umbrella, _) => Confidence::Medium,
        _ => Confidence::Low,
    };
    let signs = vec![(true, format!("the record links to {found}"))];
    Some(Identity { rule: IdentityRule::Reference, confidence, signs })
}

fn by_repository(facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> Option<Identity> {
    let shared = facts.owners.repositories.intersection(&package.owners.repositories).next()?;
    // A repository can hold several products; it must be called like the package to stand for it.
    if facts.of_distribution || squash(shared.rsplit('/').next().unwrap_or("")) != package.name {
        return None;
    }
    let signs = vec![(true, format!("both name the repository {shared}"))];
    Some(Identity { rule: IdentityRule::Repository, confidence: Confidence::Medium, signs })
}

/// An owner that the statement's vendor and the package's URLs share.
fn owner_agrees(facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> Option<String> {
    // A host called like the software itself says nothing new about a vendor of that name, unless
    // it is a site of its own.
    facts.vendors.iter().find(|v| package.owners.names.contains(*v)).cloned()
}

fn by_name(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
    collection: Option<PackageSet>,
) -> Identity {
    let mut signs = Vec::new();
    let mut rule = IdentityRule::Product;
    let mut sign = |supports, text| signs.push((supports, text));
    let repositories =
        |owners: &Owners| owners.repositories.intersection(&package.owners.repositories).next().cloned();
    let mut support = false;
    let mut described_alike = false;
    if let Some(repository) = repositories(&facts.owners).or_else(|| repositories(record.references())) {
        sign(true, format!("both name the repository {repository}"));
        rule = IdentityRule::Repository;
        support = true;
    }
    if let Some(site) = record.references().sites.intersection(&package.owners.sites).next() {
        sign(true, format!("both link to {site}"));
        rule = rule.min(IdentityRule::ProductAndVendor);
        support = true;
    }
    let vendors: Vec<&String> = facts.vendors.iter().filter(|v| !knowledge.is_distribution(v)).collect();
    if let Some(owner) = vendors.iter().find(|v| package.owners.names.contains(v.as_str())) {
        sign(true, format!("the vendor agrees with the package's homepage or source ({owner})"));
        rule = rule.min(IdentityRule::ProductAndVendor);
        support = true;
    }
    let other_repository = other_repository(record, facts, package);
    if let (Some(other), false) = (&other_repository, rule == IdentityRule::Repository) {
        sign(false, format!("the record names the repository {other}, the package another of the same name"));
    }
    let mut is_add_on = false;
    if let Some(text) = add_on(record, package, facts) {
        sign(false, text);
        is_add_on = true;
    }

    // "Samba" and "sam-ba" are the same only when squashed.
    let spelt_otherwise =
        !facts.spelt.contains(&dashed(package.bare)) && !vendors.iter().any(|v| v.as_str() == package.name);
    let generic = knowledge.is_generic(&package.name) || spelt_otherwise;
    if !support && let Some(text) = described::alike(record, package) {
        sign(true, text);
        support = true;
        described_alike = true;
    }
    let of_community = package.set == PackageSet::Top
        && collection.is_none()
        && !spelt_otherwise
        && vendors.iter().any(|v| NAMES.communities.contains(v));
    let self_named = vendors.is_empty() || vendors.iter().any(|v| v.as_str() == package.name);
    // Whose site is called like the software is the one whom the name means.
    let own_site = package.owners.own_site(&package.name);
    let common = knowledge.is_generic(&package.name);
    // A package that says nothing of its maker contradicts nobody.
    let named_after = if support || self_named || own_site.is_some() || package.owners.names.is_empty() {
        None
    } else {
        described::named_after_vendor(record, facts, package)
    };
    // A short name without an address can be anybody's: there, only the descriptions tell.
    let described_otherwise = if package.owners.names.is_empty() && !support && !is_rare(&package.name) {
        described::unlike(record, package)
    } else {
        None
    };
    let other_language = collection.is_some_and(|set| set != package.set);
    let confidence = if is_add_on || (other_repository.is_some() && rule != IdentityRule::Repository) {
        Confidence::Low
    } else if described_alike || (of_community && !support) {
        Confidence::Medium
    } else if support {
        if generic && rule != IdentityRule::Repository { Confidence::Medium } else { Confidence::High }
    } else if let (Some(site), false) = (own_site, common || spelt_otherwise || other_language) {
        if !self_named {
            sign(true, format!("the package's site {site} is called like it"));
        }
        Confidence::Medium
    } else if let Some(text) = named_after.or(described_otherwise) {
        sign(false, text);
        Confidence::Low
    } else if is_its_own_library(facts, package, collection) && !generic {
        Confidence::Medium
    } else if package.set != PackageSet::Top
        || collection.is_some()
        || generic
        || !(self_named || is_rare(&package.name))
    {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    Identity { rule, confidence, signs }
}

/// Whether an author names a library of a language's set under its own name, with a name that few
/// bear, and the library's repository is called so too: the client of a server has one that is
/// called otherwise, such as `redis-py`.
fn is_its_own_library(
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    collection: Option<PackageSet>,
) -> bool {
    package.set != PackageSet::Top
        && collection.is_none()
        && !facts.is_enrichment()
        && facts.vendors.contains(&package.name)
        && is_rare(&package.name)
        && package.owners.repositories_called(&package.name).next().is_some()
}

/// A repository of the package's name whose owner is not known to be behind the package.
fn repository_of_others(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<String> {
    let mut theirs = facts
        .owners
        .repositories_called(&package.name)
        .chain(record.references().repositories_called(&package.name));
    let known = |repository: &&str| {
        let owner = squash(repository.rsplit('/').nth(1).unwrap_or(""));
        owner == package.name
            || package.owners.names.contains(&owner)
            || package.owners.repositories.contains(*repository)
            || package.software.iter().any(|s| s.vendors.contains(&owner))
    };
    theirs.find(|repository| !known(repository)).map(str::to_owned)
}

/// A repository of the package's name that belongs to somebody else than the package's.
fn other_repository(
    record: &RecordFacts<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<String> {
    let own: Vec<&str> = package.owners.repositories_called(&package.name).collect();
    let own_host = own.first()?.split('/').next()?;
    let theirs = facts
        .owners
        .repositories_called(&package.name)
        .chain(record.references().repositories_called(&package.name));
    theirs.filter(|r| r.split('/').next() == Some(own_host)).find(|r| !own.contains(r)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
