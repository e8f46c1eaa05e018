//! What is known of a record besides product names: signs that it is about something that no Nix
//! package is, or about a part, an add-on or a port of the software that bears its name.

use super::owners::Owners;
use super::product::{Naming, has_name, plugin_of};
use super::statement::StatementFacts;
use crate::prose::{fixes, parts, systems};
use crate::set::PackageSet;
use crate::vocabulary::{Language, RELATED};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::OnceCell;
use vulnerability::model::{Container, Product, Statement, Vulnerability};
use vulnerability::names;
use vulnerability::prose::{self, Span};

/// How many bytes of a description are looked at.
const DESCRIPTION_LIMIT: usize = 4000;

/// What the whole record says, whatever the statement. What only some rules need is found when one
/// first asks, once for all packages: most records are decided without.
#[derive(Debug)]
pub(crate) struct RecordFacts<'a> {
    vulnerability: &'a Vulnerability,
    references: OnceCell<Owners>,
    /// The title in lower case.
    pub(crate) title: String,
    description: OnceCell<String>,
    system: OnceCell<Option<(&'static str, String)>>,
    language: OnceCell<Option<&'static Language>>,
    spans: OnceCell<Vec<Span>>,
    single: OnceCell<Option<Span>>,
    fixes: OnceCell<Vec<String>>,
    hosted_edition: OnceCell<bool>,
    /// Only a service that its operator hosts is affected.
    pub(crate) hosted: bool,
    /// Product names (squashed) that some statement of the record places into a language's package
    /// collection.
    pub(crate) collections: Vec<(String, PackageSet)>,
    /// The other operating system that the title limits the record to.
    pub(crate) elsewhere: Option<&'static str>,
    /// The repositories that stand for the product where the statements name none.
    pub(crate) referenced: Vec<String>,
    plugin_of: OnceCell<Option<&'static str>>,
}

/// The repositories that stand for the product where none of these statements, which are all of the
/// vulnerability's, names one.
pub(crate) fn referenced(vulnerability: &Vulnerability, statements: &[StatementFacts<'_>]) -> Vec<String> {
    // Most records name their products, and then nothing of this is looked at.
    if !statements.iter().any(|s| s.naming == Naming::Umbrella)
        && statements.iter().any(|s| s.naming == Naming::Product)
    {
        return Vec::new();
    }
    let references = vulnerability.records.iter().flat_map(|r| &r.details.references);
    names::referenced(&statements.iter().map(|s| s.statement), references)
}

/// The names that the text gives with versions where the author's own statements name nothing.
pub(crate) fn described(vulnerability: &Vulnerability) -> Vec<String> {
    if !vulnerability.statements().any(names::is_authors_nameless) {
        return Vec::new();
    }
    let mut texts = vulnerability.records.iter().map(|r| r.details.description.as_str());
    names::described(texts.find(|d| !d.is_empty()).unwrap_or(""))
}

impl<'a> RecordFacts<'a> {
    /// Collects the facts of a vulnerability, whose statements' facts and
    /// [`referenced`] repositories are known already.
    pub(crate) fn of(
        vulnerability: &'a Vulnerability,
        statements: &[StatementFacts<'_>],
        referenced: Vec<String>,
    ) -> Self {
        let mut record = Self {
            vulnerability,
            references: OnceCell::new(),
            title: String::new(),
            description: OnceCell::new(),
            system: OnceCell::new(),
            language: OnceCell::new(),
            spans: OnceCell::new(),
            single: OnceCell::new(),
            fixes: OnceCell::new(),
            hosted_edition: OnceCell::new(),
            hosted: false,
            collections: Vec::new(),
            elsewhere: None,
            referenced,
            plugin_of: OnceCell::new(),
        };
        for source in &vulnerability.records {
            record.hosted |= source.tags.iter().any(|t| t == "exclusively-hosted-service");
            if record.title.is_empty() {
                record.title = source.title.as_deref().unwrap_or("").to_ascii_lowercase();
            }
        }
        for facts in statements {
            if let Some(set) = facts.set {
                record.collections.extend(facts.products.iter().map(|p| (p.clone(), set)));
            }
        }
        record.elsewhere = systems::system_of_title(&record.title);
        record
    }
}

impl RecordFacts<'_> {
    /// The first description, cut to a length that all sentences about the product fit in.
    fn prose(&self) -> &str {
        let mut texts = self.vulnerability.records.iter().map(|r| r.details.description.as_str());
        start(texts.find(|d| !d.is_empty()).unwrap_or(""), DESCRIPTION_LIMIT)
    }

    /// The application whose plugin or theme the record is about, such as `wordpress`.
    pub(crate) fn plugin_of(&self) -> Option<&'static str> {
        *self.plugin_of.get_or_init(|| {
            let mut texts = [self.title.as_str(), self.prose()].into_iter();
            let in_text = texts.find_map(|text| RELATED.plugin_phrases.find_in(text));
            in_text.or_else(|| self.vulnerability.statements().find_map(|s| plugin_of(&s.product)))
        })
    }

    /// The description in lower case.
    pub(crate) fn description(&self) -> &str {
        self.description.get_or_init(|| self.prose().to_ascii_lowercase())
    }

    /// The first bytes of the description in lower case, as many as given or a few less.
    pub(crate) fn beginning(&self, bytes: usize) -> &str {
        start(self.description(), bytes)
    }

    /// The other operating system that the description limits the record to, and the sentence that
    /// does.
    pub(crate) fn other_system(&self) -> Option<&(&'static str, String)> {
        // Few texts name another system at all, and most are long: those need no lower case.
        let find = || {
            systems::names_any(self.prose())
                .then(|| systems::system_of_description(self.description()))
                .flatten()
        };
        self.system.get_or_init(find).as_ref()
    }

    /// The language whose part of the software the title limits the record to.
    pub(crate) fn other_language(&self) -> Option<&'static Language> {
        *self.language.get_or_init(|| parts::language_of_title(&self.title, self.products()))
    }

    /// The versions that the description gives.
    pub(crate) fn spans(&self) -> &[Span] {
        self.spans.get_or_init(|| prose::spans(self.description()))
    }

    /// The first version that the description gives behind a name, as a span of it alone.
    pub(crate) fn single(&self) -> Option<&Span> {
        self.single.get_or_init(|| prose::single(self.description())).as_ref()
    }

    /// The releases that the description names as having the fix.
    pub(crate) fn fixes(&self) -> &[String] {
        self.fixes.get_or_init(|| fixes::named(self.description()))
    }

    /// Whether the description is about an edition that its maker hosts, among others.
    pub(crate) fn has_hosted_edition(&self) -> bool {
        *self.hosted_edition.get_or_init(|| parts::concerns_service(self.description()))
    }

    /// The products of all statements, as they are spelt.
    fn products(&self) -> impl Iterator<Item = &str> {
        let statements = self.vulnerability.records.iter().flat_map(|r| &r.statements);
        statements.filter_map(|s| s.product.product.as_deref())
    }

    /// Whether an enrichment calls the product so (squashed).
    pub(crate) fn enrichment_names(&self, name: &str) -> bool {
        self.enrichments()
            .flat_map(|s| names::product_names(&s.product))
            .any(|product| names::squash(&product) == name)
    }

    /// The statements of enrichments.
    pub(crate) fn enrichments(&self) -> impl Iterator<Item = &Statement> {
        let statements = self.vulnerability.records.iter().flat_map(|r| &r.statements);
        statements.filter(|s| !matches!(s.origin.container(), Container::Cna(_)))
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

    /// The day (in UTC) when the record was published, of several the first.
    pub(crate) fn published(&self) -> Option<Date> {
        let published = self.vulnerability.records.iter().filter_map(|r| r.published).min()?;
        Some(TimeZone::UTC.to_datetime(published).date())
    }

    /// The package of npm that the title begins with.
    pub(crate) fn npm_package(&self) -> Option<&str> {
        parts::npm_package(&self.title)
    }

    /// Owners, sites and repositories that the references name.
    pub(crate) fn references(&self) -> &Owners {
        self.references.get_or_init(|| {
            let mut owners = Owners::default();
            for reference in self.vulnerability.records.iter().flat_map(|r| &r.details.references) {
                owners.add_url(&reference.url);
            }
            owners
        })
    }
}

/// The first bytes of a text, as many as given, or less where a character would be cut.
fn start(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
