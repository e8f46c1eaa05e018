//! Does a statement speak of this package? Rules from sure to weak, each with the evidence it rests on.

mod enrichment;

use crate::context::{CpeFacts, RecordContext, StatementFacts};
use crate::finding::{Confidence, Evidence, IdentityRule};
use crate::knowledge::{Knowledge, Never, Software, curated_name};
use crate::owners::{Owners, dashed, squash};
use crate::package::Package;
use crate::set::PackageSet;
use enrichment::{shortened, vendor_is_guessed};
use vulnerability::CveId;
use vulnerability::purl::Purl;

/// What is known of a package, in the form that rules compare; made once a package.
#[derive(Debug)]
pub struct PackageFacts<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its set.
    pub set: PackageSet,
    /// The name without the set's prefix.
    pub bare: &'a str,
    /// The same, squashed.
    pub name: String,
    /// What curated rules call it.
    pub curated_name: String,
    /// Who stands behind it, by its homepages and sources.
    pub owners: Owners,
    /// Curated entries for it.
    pub software: Vec<&'a Software>,
    /// Curated rules against combinations with it.
    pub never: Vec<&'a Never>,
    /// CVEs that its patches and `meta.knownVulnerabilities` name.
    pub named: Vec<CveId>,
    /// Its version in the scheme of records.
    pub version: String,
    /// The last day of support for the line of its version, if that is known.
    pub supported_until: Option<&'a str>,
    /// A number that packages of one version share, if somebody gave one: then a statement is asked once for all of them.
    pub version_number: Option<usize>,
}

impl<'a> PackageFacts<'a> {
    /// Collects the facts.
    pub fn of(package: &'a Package, knowledge: &'a Knowledge) -> Self {
        let (set, bare) = PackageSet::of(package);
        let curated_name = curated_name(package);
        let mut owners = Owners::default();
        for url in package.homepages.iter().chain(&package.source_urls) {
            owners.add_url(url);
        }
        let supported_until = knowledge.supported_until(&curated_name, &package.version);
        let mut software = knowledge.software_of(&curated_name);
        software.retain(|s| s.fits_version(&package.version));
        let never = knowledge.never_of(&curated_name, &package.version);
        let naming = package.known_vulnerabilities.iter().chain(&package.patches);
        Self {
            package,
            set,
            bare,
            name: squash(bare),
            curated_name,
            owners,
            software,
            never,
            named: naming.flat_map(|text| CveId::find_all(text)).collect(),
            version: knowledge.version_in_records(package),
            supported_until,
            version_number: None,
        }
    }
}

impl PackageFacts<'_> {
    /// The names by which a statement may call the package, squashed; with repetitions.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let own = [self.name.clone(), squash(&self.package.pname)];
        let curated = self.software.iter().flat_map(|s| s.products.iter().cloned());
        let cpes = self.package.cpes.iter().filter_map(|c| CpeFacts::parse(c)).map(|c| c.product);
        let purls =
            self.package.purls.iter().filter_map(|p| p.parse::<Purl>().ok()).map(|p| squash(p.name()));
        let repositories = self.owners.repositories_called(&self.name).map(str::to_owned).collect::<Vec<_>>();
        own.into_iter().chain(curated).chain(cpes).chain(purls).chain(repositories).filter(|n| !n.is_empty())
    }
}

/// The answer for one statement and package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// By which rule.
    pub rule: IdentityRule,
    /// How sure.
    pub confidence: Confidence,
    /// Other signs for (`true`) or against it, in words.
    pub signs: Vec<(bool, String)>,
}

impl Identity {
    fn new(rule: IdentityRule, confidence: Confidence) -> Self {
        Self { rule, confidence, signs: Vec::new() }
    }

    /// Why, for a finding. Made only when one is made: most identities lead to none that anybody reads.
    pub fn evidence(&self, facts: &StatementFacts<'_>, package: &PackageFacts<'_>) -> Vec<Evidence> {
        let mut evidence = vec![Evidence::Identity {
            origin: facts.statement.origin.clone(),
            rule: self.rule,
            stated: stated(facts),
            package: package.package.pname.clone(),
        }];
        evidence.extend(
            self.signs
                .iter()
                .map(|(supports, text)| Evidence::Sign { supports: *supports, text: text.clone() }),
        );
        evidence
    }
}

/// Companions that share a product's name: the words that follow the name in a title when they are meant.
const COMPANIONS: &[&str] = &[
    "desktop app",
    "desktop",
    "mobile",
    "mobile app",
    "android",
    "ios app",
    "for android",
    "for ios",
    "for windows",
    "for mac",
    "for macos",
    "plugin",
    "plug-in",
    "extension",
    "add-on",
    "addon",
    "theme",
    "connector",
    "sdk",
    "operator",
    "helm chart",
    "docker image",
    "installer",
    "browser extension",
    "vs code extension",
    "outlook",
    "exporter",
    "automation platform",
];

/// What others make for a software, which then stands behind "for" in the text.
const SERVANTS: &[&str] =
    &["optimization", "plugin", "plug-in", "extension", "add-on", "addon", "theme", "connector"];

/// Decides whether a statement speaks of a package. `None` means that it does not, or that nothing but chance says so.
pub fn identify(
    cve: CveId,
    record: &RecordContext<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Option<Identity> {
    if record.hosted || facts.device {
        return None;
    }
    if package.never.iter().any(|rule| rule.covers(cve, &facts.products, &facts.vendors)) {
        return None;
    }
    if facts.plugin_target.is_some_and(|host| !plugs_into(package, host)) {
        return None;
    }
    let mut identity = by_names(record, facts, package, knowledge)?;
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
    // A plugin bears the name of what it plugs into. The text tells, and is read last: few records get here.
    match facts.plugin_target.or_else(|| record.plugin_of()) {
        Some(host) if !plugs_into(package, host) => None,
        _ => Some(identity),
    }
}

/// The rules on names, from sure to weak.
fn by_names(
    record: &RecordContext<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Option<Identity> {
    if same_cpe(facts, package.package) {
        return Some(Identity::new(IdentityRule::Cpe, Confidence::High));
    }
    if same_purl(facts, package.package) {
        return Some(Identity::new(IdentityRule::Purl, Confidence::High));
    }
    match by_curated(record, facts, package, knowledge) {
        Curated::Same(identity) => return Some(identity),
        Curated::Other => return None,
        Curated::Silent => {}
    }
    if !facts.products.contains(&package.name) {
        return by_repository(facts, package);
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

/// The language's collection that the statement is about, its own or that of another statement on the same product.
fn collection(
    record: &RecordContext<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
) -> Option<PackageSet> {
    let of_record = || record.collections.iter().find(|(name, _)| *name == package.name).map(|(_, set)| *set);
    facts.set.or_else(of_record)
}

/// What the curated knowledge says.
enum Curated {
    /// The statement speaks of this package.
    Same(Identity),
    /// It speaks of other software of the same name.
    Other,
    /// Nothing.
    Silent,
}

fn plugs_into(package: &PackageFacts<'_>, host: &str) -> bool {
    match host {
        "wordpress" => package.set == PackageSet::Wordpress,
        host => {
            package.set == PackageSet::Extension
                && package.package.attribute.as_deref().is_some_and(|a| a.contains(host))
        }
    }
}

fn stated(facts: &StatementFacts<'_>) -> String {
    let product = &facts.statement.product;
    let names = [&product.vendor, &product.product, &product.package_name];
    let mut parts: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() {
        parts.extend(product.cpes.first().map(String::as_str));
    }
    parts.join(" / ")
}

fn same_cpe(facts: &StatementFacts<'_>, package: &Package) -> bool {
    let key = |cpe: &str| {
        CpeFacts::parse(cpe)
            .map(|c| (c.part, c.vendor, c.product))
            .filter(|(_, v, p)| !v.is_empty() && !p.is_empty())
    };
    let theirs = &facts.statement.product.cpes;
    !package.cpes.is_empty()
        && theirs
            .iter()
            .filter_map(|c| key(c))
            .any(|c| package.cpes.iter().filter_map(|p| key(p)).any(|p| p == c))
}

fn same_purl(facts: &StatementFacts<'_>, package: &Package) -> bool {
    let read = |purl: &String| purl.parse::<Purl>().ok();
    let Some(theirs) = facts.statement.product.purl.as_ref().filter(|_| !package.purls.is_empty()) else {
        return false;
    };
    read(theirs).is_some_and(|theirs| package.purls.iter().filter_map(read).any(|p| p.same_package(&theirs)))
}

fn by_curated(
    record: &RecordContext<'_>,
    facts: &StatementFacts<'_>,
    package: &PackageFacts<'_>,
    knowledge: &Knowledge,
) -> Curated {
    let about = |s: &&&Software| s.products.iter().any(|p| facts.products.contains(p));
    let entries: Vec<&&Software> = package.software.iter().filter(about).collect();
    if entries.is_empty() {
        return Curated::Silent;
    }
    let upstream: Vec<&String> = facts.vendors.iter().filter(|v| !knowledge.is_distribution(v)).collect();
    let fits = |s: &&&Software| {
        s.vendors.is_empty() || upstream.is_empty() || upstream.iter().any(|v| s.vendors.contains(v))
    };
    let fitting = entries.iter().any(fits) || owner_agrees(facts, package).is_some();
    if !fitting {
        let guessed = is_distinctive(package, knowledge) && vendor_is_guessed(record, facts, package);
        return if guessed { Curated::Silent } else { Curated::Other };
    }
    // A library in a language's collection is not the program of its name, unless the owner is the same.
    if facts.set.is_some_and(|set| set != package.set)
        && (package.set != PackageSet::Top || owner_agrees(facts, package).is_none())
    {
        return Curated::Other;
    }
    let mut identity = Identity::new(IdentityRule::Curated, Confidence::High);
    if let Some(companion) = companion(record, package, facts) {
        identity.signs.push((false, companion));
        identity.confidence = Confidence::Low;
    }
    Curated::Same(identity)
}

/// Whether the name is long and rare enough to stand for itself.
fn is_distinctive(package: &PackageFacts<'_>, knowledge: &Knowledge) -> bool {
    package.set == PackageSet::Top && package.name.len() >= 6 && !knowledge.is_generic(&package.name)
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
    // A host called like the software itself says nothing new about a vendor of that name, unless it is a site of its own.
    facts.vendors.iter().find(|v| package.owners.names.contains(*v)).cloned()
}

fn by_name(
    record: &RecordContext<'_>,
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
    let mut companion_found = false;
    if let Some(text) = companion(record, package, facts) {
        sign(false, text);
        companion_found = true;
    }

    // "Samba" and "sam-ba" are spelt alike only when nobody looks.
    let spelt_otherwise =
        !facts.spelt.contains(&dashed(package.bare)) && !vendors.iter().any(|v| v.as_str() == package.name);
    let generic = knowledge.is_generic(&package.name) || spelt_otherwise;
    let self_named = vendors.is_empty() || vendors.iter().any(|v| v.as_str() == package.name);
    let distinctive = package.name.len() >= 6 && !generic;
    let confidence = if companion_found || (other_repository.is_some() && rule != IdentityRule::Repository) {
        Confidence::Low
    } else if support {
        if generic && rule != IdentityRule::Repository { Confidence::Medium } else { Confidence::High }
    } else if package.set != PackageSet::Top
        || collection.is_some()
        || generic
        || !(self_named || distinctive)
    {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    Identity { rule, confidence, signs }
}

/// A repository of the package's name that belongs to somebody else than the package's.
fn other_repository(
    record: &RecordContext<'_>,
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

/// The sentence against the identity if the title speaks of a companion of the product.
fn companion(
    record: &RecordContext<'_>,
    package: &PackageFacts<'_>,
    facts: &StatementFacts<'_>,
) -> Option<String> {
    let name = package.bare.to_ascii_lowercase();
    // The kernel's titles never name it, and it has no companions: their descriptions need not be read.
    let titled = record.title.contains(&name) || facts.vendors.iter().any(|v| v == "linux");
    let text = if titled {
        record.title.as_str()
    } else {
        record.description().get(..200).unwrap_or(record.description())
    };
    let at = text.find(&name)?;
    let meant = |phrase: &str| {
        let squashed = squash(phrase);
        package.name.contains(&squashed) || facts.products.iter().any(|p| p.contains(&squashed))
    };
    // "Optimization for TensorFlow" by somebody else.
    let before = text.get(..at)?.strip_suffix(" for ");
    if let Some(what) = before.and_then(|b| SERVANTS.iter().find(|s| b.ends_with(**s)))
        && !meant(what)
    {
        return Some(format!("the record speaks of a \"{what} for {name}\", not of the software itself"));
    }
    let before_is_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let rest = text.get(at + name.len()..)?;
    let rest = rest.strip_prefix([' ', '-'])?;
    let word_end = |phrase: &str| !rest.get(phrase.len()..).unwrap_or("").starts_with(char::is_alphanumeric);
    let phrase = COMPANIONS.iter().find(|p| rest.starts_with(**p) && word_end(p))?;
    (!before_is_word && !meant(phrase))
        .then(|| format!("the record speaks of \"{name} {phrase}\", a companion of the software"))
}
