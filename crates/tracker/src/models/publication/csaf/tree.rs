//! The product tree: channels, their packages, the versions of these.

use super::super::text::line;
use super::super::{Build, InChannel, Package, Published, purl};
use crate::models::advisory::status::{Justification, Status};
use serde_json::{Map, Value, json};

/// A product, and what is said of it.
pub(super) struct Product<'p> {
    /// Its identifier in the document.
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) justification: Option<Justification>,
    pub(super) why: &'p str,
    channel: Option<String>,
    package: String,
    version: Option<String>,
    purl: Option<String>,
}

/// All products of an advisory: never none.
pub(super) struct Tree<'p> {
    pub(super) products: Vec<Product<'p>>,
}

impl<'p> Tree<'p> {
    pub(super) fn of(published: &'p Published) -> Self {
        let mut products = Vec::new();
        for package in &published.packages {
            for channel in &package.channels {
                if channel.builds.is_empty() {
                    products.push(absent(package, channel));
                }
                products.extend(channel.builds.iter().map(|build| present(package, channel, build)));
            }
        }
        if products.is_empty() {
            // A document without products is none, and nobody knows yet of any channel.
            products.extend(published.packages.iter().map(nowhere));
        }
        for (product, number) in products.iter_mut().zip(1..) {
            product.id = format!("P-{number:04}");
        }
        Self { products }
    }

    /// As the document holds it.
    pub(super) fn value(&self, publisher: &str) -> Value {
        let mut rest = self.products.iter().peekable();
        let mut names = Vec::new();
        let mut channels: Vec<(&str, Vec<&Product<'_>>)> = Vec::new();
        for product in rest.by_ref() {
            let Some(channel) = &product.channel else {
                names.push(product.full());
                continue;
            };
            match channels.iter_mut().find(|(name, _)| name == channel) {
                Some((_, products)) => products.push(product),
                None => channels.push((channel, vec![product])),
            }
        }
        let families: Vec<Value> = channels
            .into_iter()
            .map(|(channel, products)| {
                let branches: Vec<Value> = packages(&products);
                json!({ "category": "product_family", "name": channel, "branches": branches })
            })
            .collect();
        let mut tree = Map::new();
        if !families.is_empty() {
            let vendor = json!({ "category": "vendor", "name": publisher, "branches": families });
            tree.insert("branches".into(), json!([vendor]));
        }
        if !names.is_empty() {
            tree.insert("full_product_names".into(), json!(names));
        }
        Value::Object(tree)
    }
}

/// The branches of a channel: a package each, with its versions, or the package itself.
fn packages(products: &[&Product<'_>]) -> Vec<Value> {
    let mut branches = Vec::new();
    let mut versions: Vec<(&str, Vec<Value>)> = Vec::new();
    for product in products {
        let Some(version) = &product.version else {
            branches.push(json!({
                "category": "product_name",
                "name": product.package,
                "product": product.full(),
            }));
            continue;
        };
        let branch = json!({ "category": "product_version", "name": version, "product": product.full() });
        match versions.iter_mut().find(|(name, _)| *name == product.package) {
            Some((_, branches)) => branches.push(branch),
            None => versions.push((&product.package, vec![branch])),
        }
    }
    branches.extend(versions.into_iter().map(
        |(package, branches)| json!({ "category": "product_name", "name": package, "branches": branches }),
    ));
    branches
}

impl Product<'_> {
    fn full(&self) -> Value {
        let version = self.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let channel = self.channel.as_deref().map(|channel| format!(" in {channel}")).unwrap_or_default();
        let mut full = json!({
            "name": format!("{}{version}{channel}", self.package),
            "product_id": self.id,
        });
        if let Some(purl) = &self.purl {
            full["product_identification_helper"] = json!({ "purl": purl });
        }
        full
    }
}

fn present<'p>(package: &Package, channel: &InChannel, build: &'p Build) -> Product<'p> {
    let purl = purl::of(purl::Form::default(), &build.attribute, &build.pname, &build.version)
        .filter(|_| !build.version.is_empty());
    // Without a package URL readers would take the branches' names for that of a derivation.
    let version = line(&build.version).filter(|version| purl.is_some() && !is_vague(version));
    Product {
        id: String::new(),
        status: build.status,
        justification: build.justification,
        why: &build.why,
        channel: line(&channel.channel).or_else(|| Some("unnamed".to_owned())),
        package: line(&build.attribute).unwrap_or_else(|| name(package)),
        version,
        purl,
    }
}

fn absent<'p>(package: &Package, channel: &'p InChannel) -> Product<'p> {
    Product {
        id: String::new(),
        status: channel.status,
        justification: channel.justification,
        why: &channel.why,
        channel: line(&channel.channel).or_else(|| Some("unnamed".to_owned())),
        package: name(package),
        version: None,
        purl: None,
    }
}

fn nowhere(package: &Package) -> Product<'_> {
    Product {
        id: String::new(),
        status: Status::UnderInvestigation,
        justification: None,
        why: "",
        channel: None,
        package: name(package),
        version: None,
        purl: None,
    }
}

fn name(package: &Package) -> String {
    line(&package.name).unwrap_or_else(|| "unnamed".to_owned())
}

/// Whether a version looks like a range: a branch for a version must not (test 6.1.31). The package
/// URL still has it.
fn is_vague(version: &str) -> bool {
    const WORDS: [&str; 7] = ["after", "all", "before", "earlier", "later", "prior", "versions"];
    let version = version.to_lowercase();
    version.contains(['<', '>']) || WORDS.iter().any(|word| version.contains(word))
}
