//! What a record is about besides product names: signs that it speaks of something that no Nix package is, or of a
//! part, companion or port of the software that bears its name.

use crate::identity::PackageFacts;
use crate::owners::{Owners, dashed, squash, vendor_names};
use crate::prose::versions::Span;
use crate::prose::{parts, systems, versions};
use crate::set::PackageSet;
use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use vulnerability::cpe::{self, CpePart, Value};
use vulnerability::model::{Container, Product, Statement, Vulnerability};
use vulnerability::names;
use vulnerability::ranges::{self, Verdict};

/// What the whole record tells, whatever the statement.
#[derive(Debug)]
pub struct RecordContext<'a> {
    vulnerability: &'a Vulnerability,
    references: OnceCell<Owners>,
    /// The title in lower case.
    pub title: String,
    description: OnceCell<String>,
    system: OnceCell<Option<(&'static str, String)>>,
    language: OnceCell<Option<(&'static str, Option<PackageSet>)>>,
    spans: OnceCell<Vec<Span>>,
    hosted_edition: OnceCell<bool>,
    /// Only a service that its operator hosts is affected.
    pub hosted: bool,
    /// Product names (squashed) that some statement of the record places into a language's package collection.
    pub collections: Vec<(String, PackageSet)>,
    /// The other operating system that the title limits the record to.
    pub elsewhere: Option<&'static str>,
    plugin_of: OnceCell<Option<&'static str>>,
}

/// How many bytes of a description are looked at.
const DESCRIPTION_LIMIT: usize = 4000;

/// Phrases that show a plugin, and of what.
const PLUGIN_PHRASES: &[(&str, &str)] = &[
    ("plugin for wordpress", "wordpress"),
    ("theme for wordpress", "wordpress"),
    ("wordpress plugin", "wordpress"),
    ("wordpress theme", "wordpress"),
    ("jenkins plugin", "jenkins"),
    ("joomla extension", "joomla"),
    ("extension for joomla", "joomla"),
    ("component for joomla", "joomla"),
    ("drupal module", "drupal"),
    ("module for drupal", "drupal"),
    ("extension for typo3", "typo3"),
    ("extension for mediawiki", "mediawiki"),
    ("mediawiki extension", "mediawiki"),
    ("module for prestashop", "prestashop"),
    ("plugin for moodle", "moodle"),
];

/// All of them in one pass over a text: every candidate record is searched.
static PLUGINS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let phrases = PLUGIN_PHRASES.iter().map(|(phrase, _)| phrase);
    AhoCorasick::builder().ascii_case_insensitive(true).build(phrases).ok()
});

/// Sites with plugins and themes for WordPress.
const WORDPRESS_SITES: [&str; 5] =
    ["wordpress.org/plugins", "wordpress.org/themes", "themeforest.net", "codecanyon.net", "woocommerce.com"];

impl<'a> RecordContext<'a> {
    /// Collects the context of a vulnerability, whose statements' facts are known already.
    pub fn of(vulnerability: &'a Vulnerability, statements: &[StatementFacts<'_>]) -> Self {
        let mut context = Self {
            vulnerability,
            references: OnceCell::new(),
            title: String::new(),
            description: OnceCell::new(),
            system: OnceCell::new(),
            language: OnceCell::new(),
            spans: OnceCell::new(),
            hosted_edition: OnceCell::new(),
            hosted: false,
            collections: Vec::new(),
            elsewhere: None,
            plugin_of: OnceCell::new(),
        };
        for record in &vulnerability.records {
            context.hosted |= record.tags.iter().any(|t| t == "exclusively-hosted-service");
            if context.title.is_empty() {
                context.title = record.title.as_deref().unwrap_or("").to_ascii_lowercase();
            }
        }
        for facts in statements {
            if let Some(set) = facts.set {
                context.collections.extend(facts.products.iter().map(|p| (p.clone(), set)));
            }
        }
        context.elsewhere = systems::system_of_title(&context.title);
        context
    }
}

impl RecordContext<'_> {
    /// The first description, cut to a length that all sentences about the product fit in.
    fn prose(&self) -> &str {
        let mut texts = self.vulnerability.records.iter().map(|r| r.details.description.as_str());
        let text = texts.find(|d| !d.is_empty()).unwrap_or("");
        text.get(..text.floor_char_boundary(DESCRIPTION_LIMIT)).unwrap_or(text)
    }

    /// The application whose plugin or theme the record speaks of, such as `wordpress`. Found when a rule first asks.
    pub fn plugin_of(&self) -> Option<&'static str> {
        *self.plugin_of.get_or_init(|| {
            let in_text = [self.title.as_str(), self.prose()].into_iter().find_map(|text| {
                let found = PLUGINS.as_ref()?.find(text)?;
                PLUGIN_PHRASES.get(found.pattern().as_usize()).map(|(_, of)| *of)
            });
            in_text.or_else(|| self.vulnerability.statements().find_map(plugin_of))
        })
    }

    /// The same in lower case. Made when a rule first asks.
    pub fn description(&self) -> &str {
        self.description.get_or_init(|| self.prose().to_ascii_lowercase())
    }

    /// The other operating system that the description limits the record to, and the sentence that does. Found when a rule
    /// first asks, once for all packages, like the next ones.
    pub(crate) fn other_system(&self) -> Option<&(&'static str, String)> {
        // Few texts name another system at all, and most are long: those need no lower case.
        let find = || {
            systems::names_any(self.prose())
                .then(|| systems::system_of_description(self.description()))
                .flatten()
        };
        self.system.get_or_init(find).as_ref()
    }

    /// The language whose part of the software the title limits the record to, and its package set.
    pub(crate) fn other_language(&self) -> Option<(&'static str, Option<PackageSet>)> {
        *self.language.get_or_init(|| parts::language_of_title(&self.title, self.products()))
    }

    /// The versions that the description gives.
    pub(crate) fn spans(&self) -> &[Span] {
        self.spans.get_or_init(|| versions::spans(self.description()))
    }

    /// Whether the description speaks of an edition that its maker hosts.
    pub(crate) fn has_hosted_edition(&self) -> bool {
        *self.hosted_edition.get_or_init(|| parts::speaks_of_service(self.description()))
    }

    /// The products of all statements, as they are spelt.
    fn products(&self) -> impl Iterator<Item = &str> {
        let statements = self.vulnerability.records.iter().flat_map(|r| &r.statements);
        statements.filter_map(|s| s.product.product.as_deref())
    }

    /// The products as the record's own authors name them, not its enrichments.
    pub(crate) fn authored(&self) -> impl Iterator<Item = &Product> {
        let statements = self.vulnerability.records.iter().flat_map(|r| &r.statements);
        statements.filter(|s| matches!(s.origin.container(), Container::Cna(_))).map(|s| &*s.product)
    }

    /// Whether the record's own authors name no product at all, but in the text.
    pub(crate) fn names_no_product(&self) -> bool {
        let mut names = self.authored().flat_map(|p| [p.product.as_deref(), p.package_name.as_deref()]);
        !names.any(|name| name.is_some_and(has_name))
    }

    /// The day (`YYYY-MM-DD…`) when the record was published, of several the first.
    pub(crate) fn published(&self) -> Option<String> {
        let published = self.vulnerability.records.iter().filter_map(|r| r.published).min();
        published.map(|time| time.to_string())
    }

    /// The package of npm that the title begins with.
    pub(crate) fn npm_package(&self) -> Option<&str> {
        parts::npm_package(&self.title)
    }

    /// Owners, sites and repositories that the references name. Read when a rule first asks: most records are decided without.
    pub fn references(&self) -> &Owners {
        self.references.get_or_init(|| {
            let mut owners = Owners::default();
            for reference in self.vulnerability.records.iter().flat_map(|r| &r.details.references) {
                owners.add_url(&reference.url);
            }
            owners
        })
    }
}

/// The application that a statement's product plugs into.
fn plugin_of(statement: &Statement) -> Option<&'static str> {
    let product = &statement.product;
    if let Some(collection) = &product.collection_url {
        let collection = collection.to_ascii_lowercase();
        if WORDPRESS_SITES.iter().any(|site| collection.contains(site)) {
            return Some("wordpress");
        }
        if collection.contains("extensions.joomla.org") {
            return Some("joomla");
        }
    }
    let of_jenkins = || product.vendor.as_deref().map(squash).is_some_and(|v| v.starts_with("jenkins"));
    let name = product.product.as_deref().unwrap_or("");
    (name.to_ascii_lowercase().contains("plugin") && of_jenkins()).then_some("jenkins")
}

/// What a CPE says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpeFacts {
    /// The class of product.
    pub part: CpePart,
    /// Vendor, squashed.
    pub vendor: String,
    /// Product, squashed.
    pub product: String,
    /// Product as it is spelt, unescaped.
    pub spelt: String,
    /// Target software, or empty.
    pub target: String,
}

impl CpeFacts {
    /// Reads a CPE name, however sloppily it is written. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (cpe, _) = cpe::parse_loosely(text)?;
        let squashed = |value: &Value| value.text().map(squash).unwrap_or_default();
        Some(Self {
            part: cpe.part,
            vendor: squashed(&cpe.vendor),
            product: squashed(&cpe.product),
            spelt: cpe.product.text().unwrap_or("").to_owned(),
            target: squashed(&cpe.target_sw),
        })
    }
}

/// What a statement says of its product, in the form that rules compare. The same for every statement on an equal
/// [`Product`], and thousands of records speak of one kernel.
#[derive(Debug)]
pub struct ProductFacts {
    /// Product names, squashed: product, package name (whole and its last part), CPE products.
    pub products: Vec<String>,
    /// The same names with their separators kept as `-`.
    pub spelt: Vec<String>,
    /// Vendor names, squashed.
    pub vendors: Vec<String>,
    /// Owners and repositories that the statement itself names.
    pub owners: Owners,
    /// The package set of its collection, or of its CPEs' target software.
    pub set: Option<PackageSet>,
    /// The collection is that of a distribution.
    pub of_distribution: bool,
    /// Every CPE is of hardware or of its firmware.
    pub device: bool,
    /// The application that every CPE is of a plugin of.
    pub plugin_target: Option<&'static str>,
    /// The other operating system that every CPE is for.
    cpes_elsewhere: Option<String>,
}

/// What a statement says, in the form that rules compare: the facts of its product, and its own.
#[derive(Debug)]
pub struct StatementFacts<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// What it runs on that a Linux package does not, such as `windows`: from platforms, CPEs and conditions.
    pub elsewhere: Option<String>,
    product: Rc<ProductFacts>,
    /// The verdict on the version that was asked about last.
    last: Cell<Option<(usize, Verdict)>>,
}

/// Whether a text names a product, and is not what the form requires where there is none to name.
pub(crate) fn has_name(text: &str) -> bool {
    !matches!(
        text.trim().to_ascii_lowercase().as_str(),
        "" | "n/a" | "na" | "-" | "*" | "unknown" | "unspecified" | "none"
    )
}

impl StatementFacts<'_> {
    /// Whether somebody else than the record's authors added it.
    pub(crate) fn is_enrichment(&self) -> bool {
        !matches!(self.statement.origin.container(), Container::Cna(_))
    }

    /// Whether identity is the same question for both: of one record, on one product.
    pub(crate) fn identifies_like(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.product, &other.product) && self.is_enrichment() == other.is_enrichment()
    }

    /// What the statement says about the package's version. Kernels have many packages of one version; asked about one after
    /// the other, they cost one evaluation.
    pub fn verdict(&self, package: &PackageFacts<'_>) -> Verdict {
        let verdict = || ranges::evaluate(self.statement, &package.version);
        let Some(number) = package.version_number else { return verdict() };
        match self.last.get() {
            Some((last, verdict)) if last == number => verdict,
            _ => {
                let verdict = verdict();
                self.last.set(Some((number, verdict)));
                verdict
            }
        }
    }
}

impl Deref for StatementFacts<'_> {
    type Target = ProductFacts;

    fn deref(&self) -> &ProductFacts {
        &self.product
    }
}

/// Reads the facts of statements, those of equal products once.
pub struct FactsReader<'a, F> {
    is_distribution: F,
    known: FxHashMap<&'a Product, Rc<ProductFacts>>,
    /// Of the last statement: most share their product with the one before.
    last: Option<(&'a Arc<Product>, Rc<ProductFacts>)>,
}

impl<'a, F: Fn(&str) -> bool> FactsReader<'a, F> {
    /// `is_distribution` knows the (squashed) names of distributions.
    pub fn new(is_distribution: F) -> Self {
        Self { is_distribution, known: FxHashMap::default(), last: None }
    }

    /// The facts of a statement.
    pub fn read(&mut self, statement: &'a Statement) -> StatementFacts<'a> {
        let read = || Rc::new(ProductFacts::of(&statement.product, &self.is_distribution));
        let product = match &self.last {
            Some((last, facts)) if Arc::ptr_eq(last, &statement.product) => Rc::clone(facts),
            _ => Rc::clone(self.known.entry(&*statement.product).or_insert_with(read)),
        };
        self.last = Some((&statement.product, Rc::clone(&product)));
        StatementFacts {
            statement,
            elsewhere: elsewhere(statement, &product),
            product,
            last: Cell::new(None),
        }
    }
}

/// Targets that are other operating systems.
const OTHER_SYSTEMS: &[&str] = &[
    "windows",
    "microsoftwindows",
    "macos",
    "macosx",
    "osx",
    "iphoneos",
    "ios",
    "ipados",
    "ipad",
    "tvos",
    "watchos",
    "android",
    "visionos",
    "wearos",
    "tizen",
    "chromeos",
    "windowsphone",
    "harmonyos",
    "freebsd",
    "openbsd",
    "netbsd",
    "solaris",
    "aix",
    "hpux",
    "zos",
    "vxworks",
];

/// Targets that are applications with plugins.
const HOST_APPLICATIONS: &[&str] = &[
    "wordpress",
    "jenkins",
    "drupal",
    "joomla",
    "moodle",
    "typo3",
    "mediawiki",
    "prestashop",
    "magento",
    "woocommerce",
    "confluence",
    "jira",
    "bamboo",
    "bitbucket",
    "chrome",
    "firefox",
    "visualstudio",
    "visualstudiocode",
    "eclipse",
    "splunk",
    "craftcms",
    "discourse",
    "gitlab",
    "redmine",
    "mybb",
    "phpbb",
    "owncloud",
    "nextcloud",
    "opencart",
    "umbraco",
    "shopware",
    "concretecms",
];

fn language(target: &str) -> Option<PackageSet> {
    Some(match target {
        "python" | "pypi" => PackageSet::Python,
        "nodejs" | "npm" => PackageSet::Node,
        "ruby" | "rubygems" | "rubyonrails" | "rails" => PackageSet::Ruby,
        "rust" => PackageSet::Rust,
        "perl" => PackageSet::Perl,
        "haskell" => PackageSet::Haskell,
        "erlang" | "elixir" => PackageSet::Beam,
        _ => return None,
    })
}

fn collection_set(url: &str) -> Option<PackageSet> {
    let url = url.to_ascii_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|p| url.contains(p));
    Some(match () {
        () if any(&["pypi.org", "pypi.python.org"]) => PackageSet::Python,
        () if any(&["npmjs.com", "npmjs.org"]) => PackageSet::Node,
        () if any(&["crates.io"]) => PackageSet::Rust,
        () if any(&["rubygems.org"]) => PackageSet::Ruby,
        () if any(&["cpan.org"]) => PackageSet::Perl,
        () if any(&["hackage.haskell.org"]) => PackageSet::Haskell,
        () if any(&["packagist.org", "pecl.php.net"]) => PackageSet::Php,
        () if any(&["hex.pm"]) => PackageSet::Beam,
        () if any(&["luarocks.org"]) => PackageSet::Lua,
        () if any(&["cran.r-project.org"]) => PackageSet::R,
        () if any(&["opam.ocaml.org"]) => PackageSet::Ocaml,
        () => return None,
    })
}

/// Collections of distributions and of their containers.
const DISTRIBUTION_COLLECTIONS: &[&str] = &[
    "access.redhat.com",
    "catalog.redhat.com",
    "packages.fedoraproject.org",
    "repos.fedorapeople.org",
    "src-openeuler",
    "gitee.com/openeuler",
    "packages.debian.org",
    "launchpad.net/ubuntu",
    "packages.ubuntu.com",
    "software.opensuse.org",
    "opencloudos",
    "openanolis",
    "download.opensuse.org",
];

impl ProductFacts {
    /// Reads the facts from a statement's product. `is_distribution` knows the (squashed) names of distributions.
    pub fn of(product: &Product, is_distribution: impl Fn(&str) -> bool) -> Self {
        let mut products = Vec::new();
        let mut spelt = Vec::new();
        for name in names::product_names(product) {
            let squashed = squash(&name);
            if !squashed.is_empty() {
                let dashed = dashed(&name);
                if !spelt.contains(&dashed) {
                    spelt.push(dashed);
                }
                if !products.contains(&squashed) {
                    products.push(squashed);
                }
            }
        }
        let cpes: Vec<CpeFacts> = product.cpes.iter().filter_map(|c| CpeFacts::parse(c)).collect();
        let mut vendors = product.vendor.as_deref().map(vendor_names).unwrap_or_default();
        for cpe in &cpes {
            if !cpe.vendor.is_empty() && !vendors.contains(&cpe.vendor) {
                // Enriched CPEs spell vendors in their own way: "php_group" and "php".
                let spelt = vendor_names(&cpe.vendor);
                vendors.extend(spelt.into_iter().filter(|v| !v.is_empty()));
            }
        }
        let mut owners = Owners::default();
        let collection = product.collection_url.as_deref().unwrap_or("");
        owners.add_url(collection);
        owners.add_url(product.repo.as_deref().unwrap_or(""));
        if let Some(name) = product.package_name.as_deref().filter(|n| n.contains('.') && n.contains('/')) {
            owners.add_url(name);
        }
        let lower = collection.to_ascii_lowercase();
        let of_distribution = DISTRIBUTION_COLLECTIONS.iter().any(|d| lower.contains(d))
            || vendors.iter().any(|v| is_distribution(v));
        let device = !cpes.is_empty()
            && !of_distribution
            && cpes.iter().all(|c| c.part == CpePart::Hardware || c.product.ends_with("firmware"));
        let target_set = || cpes.iter().find_map(|c| language(&c.target));
        let other = |cpe: &CpeFacts| other_system(&cpe.target);
        Self {
            set: collection_set(collection).or_else(target_set),
            cpes_elsewhere: all(cpes.iter().map(other)),
            plugin_target: if cpes.len() == product.cpes.len() { plugin_target(&cpes) } else { None },
            products,
            spelt,
            vendors,
            owners,
            of_distribution,
            device,
        }
    }

    /// The names to look a statement up by: product names, and repositories it states.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.products.iter().chain(&self.owners.repositories).map(String::as_str)
    }
}

/// The application that every CPE is of a plugin of.
fn plugin_target(cpes: &[CpeFacts]) -> Option<&'static str> {
    let mut found = None;
    for cpe in cpes {
        found = HOST_APPLICATIONS.iter().find(|h| **h == cpe.target).copied();
        found?;
    }
    found
}

/// The other operating system that a text names.
fn other_system(text: &str) -> Option<String> {
    let squashed = squash(text);
    OTHER_SYSTEMS.iter().find(|system| squashed.starts_with(**system)).map(|system| (*system).to_owned())
}

/// The first of them if there are any and each is known.
fn all(found: impl Iterator<Item = Option<String>>) -> Option<String> {
    let found: Option<Vec<String>> = found.collect();
    found.and_then(|f| f.into_iter().next())
}

/// The other operating system that a statement is limited to, if it is.
fn elsewhere(statement: &Statement, product: &ProductFacts) -> Option<String> {
    all(statement.platforms.iter().map(|p| other_system(p)))
        .or_else(|| product.cpes_elsewhere.clone())
        .or_else(|| {
            statement.conditions.iter().find_map(|any| {
                all(any.iter().map(|c| {
                    let system = CpeFacts::parse(c).filter(|c| c.part != CpePart::Application)?;
                    other_system(&system.product)
                }))
            })
        })
}
