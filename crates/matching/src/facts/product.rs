//! What is known of a product that statements are about.

use super::cpe::CpeFacts;
use super::owners::{Owners, vendor_names};
use crate::knowledge::{Conventions, Knowledge};
use crate::set::PackageSet;
use crate::vocabulary::{NAMES, RELATED, SETS, SITES, SYSTEMS};
use vulnerability::cpe::CpePart;
use vulnerability::model::Product;
use vulnerability::names::{self, dashed, squash};

/// What a statement says of its product, in the form that rules compare. The same for every
/// statement on an equal [`Product`], and thousands of records are about one kernel.
#[derive(Debug)]
pub(crate) struct ProductFacts {
    /// Product names, squashed: product, package name (whole and its last part), CPE products.
    pub(crate) products: Vec<String>,
    /// Names that follow from these, squashed: `tomcat` of "Apache Tomcat".
    pub(crate) derived: Vec<String>,
    /// The same names as in `products` with their separators kept as `-`.
    pub(crate) spelt: Vec<String>,
    /// Vendor names, squashed.
    pub(crate) vendors: Vec<String>,
    /// How these vendors write records, where that is a rule of its own.
    pub(crate) conventions: Conventions,
    /// Owners and repositories that the statement itself names.
    pub(crate) owners: Owners,
    /// Its CPE names, but for texts that are none.
    pub(crate) cpes: Vec<CpeFacts>,
    /// The package set of its collection, or of its CPEs' target software.
    pub(crate) set: Option<PackageSet>,
    /// It is what a distribution makes of a software: with versions of its own.
    pub(crate) of_distribution: bool,
    /// What it calls the product.
    pub(crate) naming: Naming,
    /// Every CPE is of hardware or of its firmware.
    pub(crate) device: bool,
    /// The application that every CPE is of a plugin of.
    pub(crate) plugin_target: Option<&'static str>,
    /// The other operating system that every CPE is for.
    pub(super) cpes_elsewhere: Option<&'static str>,
}

/// What a statement calls its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// A product.
    Product,
    /// The repository of its maker's advisories, whatever the product.
    Umbrella,
    /// Nothing.
    Nothing,
}

impl Naming {
    fn of(product: &Product) -> Self {
        if names::is_umbrella(product) {
            Self::Umbrella
        } else if names::is_nameless(product) {
            Self::Nothing
        } else {
            Self::Product
        }
    }
}

impl ProductFacts {
    /// Reads the facts from a statement's product.
    pub(crate) fn of(product: &Product, knowledge: &Knowledge) -> Self {
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
        let cpes: Vec<CpeFacts> =
            product.cpes.iter().filter_map(|cpe| cpe.value()).map(CpeFacts::of).collect();
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
        for name in [&product.package_name, &product.product].into_iter().flatten() {
            if name.contains('.') && name.contains('/') {
                owners.add_url(name);
            }
        }
        let collection = collection.to_ascii_lowercase();
        // "Red Hat / wildfly" is wildfly itself; "Red Hat / Red Hat Enterprise Linux 8 / libtiff"
        // is what the distribution makes of libtiff.
        let distribution = vendors.iter().find(|v| knowledge.is_distribution(v));
        let within = |distribution: &String| {
            product.package_name.is_some()
                || product.product.as_deref().is_none_or(|p| is_distribution_product(p, distribution))
        };
        let of_distribution = SITES.distribution_collections.iter().any(|d| collection.contains(d))
            || distribution.is_some_and(within);
        let mut derived = Vec::new();
        // "Debian Linux" is no Linux of Debian's.
        if !of_distribution {
            let names = names::derived_names(product).into_iter().map(|name| squash(&name));
            derived.extend(names.filter(|name| !name.is_empty() && !products.contains(name)));
        }
        let device = !cpes.is_empty()
            && !of_distribution
            && cpes.iter().all(|c| c.part == CpePart::Hardware || c.product.ends_with("firmware"));
        let target_set = || cpes.iter().find_map(|c| SETS.target_software.get(&c.target).copied());
        Self {
            set: collection_set(&collection).or_else(target_set),
            cpes_elsewhere: all(cpes.iter().map(|cpe| other_system(&cpe.target))),
            plugin_target: if cpes.len() == product.cpes.len() { plugin_target(&cpes) } else { None },
            conventions: knowledge.conventions(&vendors, &products),
            products,
            derived,
            spelt,
            vendors,
            owners,
            cpes,
            of_distribution,
            naming: Naming::of(product),
            device,
        }
    }

    /// Product names, and what follows from them.
    pub(crate) fn all_products(&self) -> impl Iterator<Item = &String> {
        self.products.iter().chain(&self.derived)
    }

    /// The names to look a statement up by: product names, what follows from them, and repositories
    /// it states.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all_products().chain(&self.owners.repositories).map(String::as_str)
    }
}

/// Whether what a distribution's maker calls a product is the distribution, or a product that bears
/// the maker's name: "Red Hat Enterprise Linux 8", "openSUSE Leap 15.5".
fn is_distribution_product(product: &str, distribution: &str) -> bool {
    let product = squash(product);
    // Red Hat Linux, before there was an "Enterprise".
    product == "linux"
        // Fedora of the Fedora Project.
        || (product.len() > 3 && distribution.starts_with(&product))
        || product.contains(distribution)
        || NAMES.distribution_products.iter().any(|name| product.contains(name))
}

/// The language's package set of a collection, by its URL in lower case.
fn collection_set(url: &str) -> Option<PackageSet> {
    SITES.collections.iter().find(|(part, _)| url.contains(part)).map(|(_, set)| *set)
}

/// The application that every CPE is of a plugin of.
fn plugin_target(cpes: &[CpeFacts]) -> Option<&'static str> {
    let mut found = None;
    for cpe in cpes {
        found = RELATED.applications.get(&cpe.target);
        found?;
    }
    found
}

/// The application that a product plugs into, as its collection or its own name and vendor show.
pub(super) fn plugin_of(product: &Product) -> Option<&'static str> {
    if let Some(collection) = &product.collection_url {
        let collection = collection.to_ascii_lowercase();
        let found = RELATED.plugin_collections.iter().find(|(part, _)| collection.contains(part));
        if let Some((_, application)) = found {
            return Some(application);
        }
    }
    if !product.product.as_deref()?.to_ascii_lowercase().contains("plugin") {
        return None;
    }
    let vendor = squash(product.vendor.as_deref()?);
    RELATED.plugin_vendors.iter().find(|(start, _)| vendor.starts_with(start)).map(|(_, of)| of.as_str())
}

/// Whether a text names a product, and is not what the form requires where there is none to name.
pub(crate) fn has_name(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !NAMES.no_product.contains(&text.to_ascii_lowercase())
}

/// The other operating system that a platform or target names.
pub(super) fn other_system(text: &str) -> Option<&'static str> {
    let squashed = squash(text);
    SYSTEMS.targets.iter().find(|system| squashed.starts_with(system))
}

/// The first of them if there are any and each is known.
pub(super) fn all(found: impl Iterator<Item = Option<&'static str>>) -> Option<&'static str> {
    let mut first = None;
    for system in found {
        first = first.or(Some(system?));
    }
    first
}
