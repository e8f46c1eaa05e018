//! CSAF 2.0 documents (OASIS; ISO/IEC 20153), of the profile VEX or with the same parts.
//!
//! The statements of a vulnerability are lists of product identifiers by status. What those stand
//! for is in the product tree: branches of vendors, products and versions, products that stand
//! alone, and relationships, which make a product of a component and what it is part of.

use super::{
    MAXIMUM_STATEMENTS, NO_IDENTIFIER, NO_JUSTIFICATION, NO_PRODUCT, Unnamed, VexStatements, Vulnerability,
    is_not, joined, list, product, text, texts, too_many, wrong,
};
use crate::document::{DocumentError, FieldProblem};
use matching::{FindingStatus, VexProduct};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use vulnerability::cpe::Cpe;

/// The most groups that one product is in.
const MAXIMUM_GROUPS: usize = 100;

/// How a product identifier can be compared with a package; with nothing, if it cannot.
type Products<'a> = HashMap<&'a str, Vec<VexProduct>>;

pub(super) fn parse(document: &Value, name: &str) -> Result<VexStatements, DocumentError> {
    let about = document.get("document").unwrap_or(&Value::Null);
    match text(about, "csaf_version", "document.")? {
        Some("2.0") => {}
        other => {
            let found = other.unwrap_or_default().to_owned();
            return Err(wrong("csaf_version", "document.", FieldProblem::Unsupported(found)));
        }
    }
    let tree = document.get("product_tree").unwrap_or(&Value::Null);
    let products = products(tree)?;
    let groups = groups(tree)?;
    let mut out = VexStatements::default();
    let mut total = 0_usize;
    for (index, value) in list(document, "vulnerabilities", "")?.iter().enumerate() {
        let place = format!("vulnerabilities[{index}].");
        let Some(status) = value.get("product_status") else { continue };
        let Some(vulnerability) = vulnerability(value, &place)? else {
            out.warn(format!("{name}, vulnerabilities[{index}]"), NO_IDENTIFIER);
            continue;
        };
        let inside = format!("{place}product_status.");
        let why = Reasons::read(value, &place)?;
        for (key, status_of) in STATUSES {
            let ids = texts(status, key, &inside)?;
            total += ids.len();
            if total > MAXIMUM_STATEMENTS {
                return Err(too_many(key, &inside, MAXIMUM_STATEMENTS));
            }
            let origin = format!("{name}, {inside}{key}");
            // Products of one reason make one statement.
            let mut statements: BTreeMap<String, Vec<VexProduct>> = BTreeMap::new();
            let mut unjustified = 0_usize;
            let mut named = ids.is_empty();
            for id in ids {
                let mut reasons = Vec::new();
                if status_of == FindingStatus::NotAffected {
                    reasons = why.of(id, &groups);
                    if reasons.is_empty() {
                        unjustified += 1;
                        continue;
                    }
                }
                let Some(product) = products.get(id) else {
                    return Err(is_not(key, &inside, id, "an identifier of the product tree"));
                };
                named |= !product.is_empty();
                statements.entry(joined(&reasons)).or_default().extend(product.iter().cloned());
            }
            if unjustified > 0 {
                out.warn(origin.clone(), NO_JUSTIFICATION);
            }
            if !named && !statements.is_empty() {
                out.warn(origin.clone(), NO_PRODUCT);
            }
            for (reason, products) in statements {
                if !products.is_empty() {
                    let (status, origin) = (status_of, origin.clone());
                    vulnerability.add(Unnamed { products, status, reason, origin }, &mut out);
                }
            }
        }
    }
    Ok(out)
}

/// The lists of a vulnerability's product status, the one that counts most last: a product that
/// stands in two of them is contradictory, and nobody wants to hear that it is safe.
const STATUSES: [(&str, FindingStatus); 7] = [
    ("first_fixed", FindingStatus::Fixed),
    ("fixed", FindingStatus::Fixed),
    ("known_not_affected", FindingStatus::NotAffected),
    ("under_investigation", FindingStatus::Unknown),
    ("first_affected", FindingStatus::Affected),
    ("last_affected", FindingStatus::Affected),
    ("known_affected", FindingStatus::Affected),
];

fn vulnerability(value: &Value, place: &str) -> Result<Option<Vulnerability>, DocumentError> {
    let mut ids = Vec::new();
    ids.extend(text(value, "cve", place)?);
    for (index, id) in list(value, "ids", place)?.iter().enumerate() {
        ids.extend(text(id, "text", &format!("{place}ids[{index}]."))?);
    }
    Ok(Vulnerability::of(ids))
}

/// Why a product is not affected: labels of flags, and impact statements of threats.
struct Reasons {
    /// By product or group identifier.
    by_id: HashMap<String, Vec<String>>,
    /// Of threats that are about every product.
    general: Vec<String>,
}

impl Reasons {
    fn read(value: &Value, place: &str) -> Result<Self, DocumentError> {
        let mut reasons = Self { by_id: HashMap::new(), general: Vec::new() };
        for (index, flag) in list(value, "flags", place)?.iter().enumerate() {
            let place = format!("{place}flags[{index}].");
            let label =
                text(flag, "label", &place)?.ok_or_else(|| wrong("label", &place, FieldProblem::Missing))?;
            // A flag without products is invalid (6.1.32).
            reasons.add(flag, &place, &label.replace('_', " "))?;
        }
        for (index, threat) in list(value, "threats", place)?.iter().enumerate() {
            let place = format!("{place}threats[{index}].");
            if text(threat, "category", &place)? != Some("impact") {
                continue;
            }
            let Some(details) = text(threat, "details", &place)? else { continue };
            let details = details.split_whitespace().collect::<Vec<_>>().join(" ");
            if !details.is_empty() && !reasons.add(threat, &place, &details)? {
                reasons.general.push(details);
            }
        }
        Ok(reasons)
    }

    /// Adds a reason to what it is about; says whether that is anything.
    fn add(&mut self, value: &Value, place: &str, reason: &str) -> Result<bool, DocumentError> {
        let mut ids = texts(value, "product_ids", place)?;
        ids.extend(texts(value, "group_ids", place)?);
        for id in &ids {
            self.by_id.entry((*id).to_owned()).or_default().push(reason.to_owned());
        }
        Ok(!ids.is_empty())
    }

    fn of(&self, product: &str, groups: &HashMap<&str, Vec<&str>>) -> Vec<String> {
        let groups = groups.get(product).into_iter().flatten();
        let own = std::iter::once(&product).chain(groups).filter_map(|id| self.by_id.get(*id)).flatten();
        let mut reasons: Vec<String> = own.chain(&self.general).cloned().collect();
        reasons.dedup();
        reasons
    }
}

/// The groups of each product.
fn groups(tree: &Value) -> Result<HashMap<&str, Vec<&str>>, DocumentError> {
    let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
    for (index, group) in list(tree, "product_groups", "product_tree.")?.iter().enumerate() {
        let place = format!("product_tree.product_groups[{index}].");
        let id = text(group, "group_id", &place)?
            .ok_or_else(|| wrong("group_id", &place, FieldProblem::Missing))?;
        for product in texts(group, "product_ids", &place)? {
            let of_product = groups.entry(product).or_default();
            if of_product.len() >= MAXIMUM_GROUPS {
                return Err(too_many("product_ids", &place, MAXIMUM_GROUPS));
            }
            of_product.push(id);
        }
    }
    Ok(groups)
}

/// All product identifiers of the tree.
fn products(tree: &Value) -> Result<Products<'_>, DocumentError> {
    let mut products = Products::new();
    branches(tree, "product_tree.", Path::default(), &mut products)?;
    for (index, product) in list(tree, "full_product_names", "product_tree.")?.iter().enumerate() {
        let place = format!("product_tree.full_product_names[{index}].");
        add(product, &place, Path::default(), &mut products)?;
    }
    for (index, value) in list(tree, "relationships", "product_tree.")?.iter().enumerate() {
        let place = format!("product_tree.relationships[{index}].");
        let reference = |key| -> Result<&str, DocumentError> {
            text(value, key, &place)?.ok_or_else(|| wrong(key, &place, FieldProblem::Missing))
        };
        let component = reference("product_reference")?;
        let whole = reference("relates_to_product_reference")?;
        let inner = "full_product_name";
        let full = value.get(inner).ok_or_else(|| wrong(inner, &place, FieldProblem::Missing))?;
        let inside = format!("{place}full_product_name.");
        let id = text(full, "product_id", &inside)?
            .ok_or_else(|| wrong("product_id", &inside, FieldProblem::Missing))?;
        if products.contains_key(id) {
            continue;
        }
        // The combination may have a name of its own, that of the component as it is there.
        let own = helped(full, &inside)?;
        let related = match own {
            Some(product) => vec![product],
            None => part_of(
                products.get(component).map_or(&[], Vec::as_slice),
                products.get(whole).map_or(&[], Vec::as_slice),
            ),
        };
        products.insert(id, related);
    }
    Ok(products)
}

/// A component as a part of something.
fn part_of(component: &[VexProduct], whole: &[VexProduct]) -> Vec<VexProduct> {
    let in_whole = |product: &VexProduct| {
        if whole.iter().any(|whole| is_distributor(whole, product)) {
            return Some(product.clone());
        }
        let mut product = product.clone();
        // What a whole is a part of itself is not asked.
        product.within = whole.iter().map(|w| VexProduct { within: Vec::new(), ..w.clone() }).collect();
        // A part of what cannot be compared cannot either.
        (!whole.is_empty()).then_some(product)
    };
    component.iter().filter_map(in_whole).collect()
}

/// Whether a whole is a product of the distribution that a component's package URL names:
/// `pkg:rpm/redhat/…` as a part of `cpe:/o:redhat:…`. The URL alone then tells that it is the
/// distribution's build.
fn is_distributor(whole: &VexProduct, component: &VexProduct) -> bool {
    let vendor = whole.cpe.as_ref().and_then(|cpe| cpe.value()).and_then(|cpe: &Cpe| cpe.vendor.text());
    let purl = component.purl.as_ref().and_then(|purl| purl.value());
    let of_distribution = purl.filter(|p| matches!(p.package_type(), "rpm" | "deb" | "apk" | "alpm"));
    vendor.is_some() && of_distribution.and_then(|purl| purl.namespace()) == vendor
}

/// What the branches above a product say of it.
#[derive(Debug, Clone, Copy, Default)]
struct Path<'a> {
    product: Option<&'a str>,
    version: Option<&'a str>,
    /// A range of versions, or of others, cannot be compared.
    vague: bool,
}

/// Reads branches. The JSON reader limits the depth.
fn branches<'a>(
    value: &'a Value,
    place: &str,
    path: Path<'a>,
    products: &mut Products<'a>,
) -> Result<(), DocumentError> {
    for (index, branch) in list(value, "branches", place)?.iter().enumerate() {
        let place = format!("{place}branches[{index}].");
        let mut path = path;
        let name = text(branch, "name", &place)?;
        match text(branch, "category", &place)? {
            Some("product_name") => path.product = name,
            Some("product_version") => path.version = name,
            Some("product_version_range" | "patch_level" | "service_pack") => path.vague = true,
            _ => {}
        }
        if let Some(product) = branch.get("product") {
            add(product, &format!("{place}product."), path, products)?;
        }
        branches(branch, &place, path, products)?;
    }
    Ok(())
}

/// Adds a product. Of several with one identifier, which is invalid, the first counts.
fn add<'a>(
    product: &'a Value,
    place: &str,
    path: Path<'a>,
    products: &mut Products<'a>,
) -> Result<(), DocumentError> {
    let id = text(product, "product_id", place)?
        .ok_or_else(|| wrong("product_id", place, FieldProblem::Missing))?;
    let by_name = || {
        let pname = path.product.filter(|_| !path.vague)?;
        let version = path.version?;
        Some(VexProduct {
            pname: Some(pname.to_owned()),
            version: Some(version.to_owned()),
            ..VexProduct::default()
        })
    };
    let named = helped(product, place)?.or_else(by_name);
    products.entry(id).or_insert_with(|| named.into_iter().collect());
    if products.len() > MAXIMUM_STATEMENTS {
        return Err(too_many("product_id", place, MAXIMUM_STATEMENTS));
    }
    Ok(())
}

/// What helps to identify a product: the package URL, or else the CPE.
fn helped(product: &Value, place: &str) -> Result<Option<VexProduct>, DocumentError> {
    let Some(helper) = product.get("product_identification_helper") else { return Ok(None) };
    let place = format!("{place}product_identification_helper.");
    let purl = text(helper, "purl", &place)?.and_then(product::purl);
    let cpe = text(helper, "cpe", &place)?;
    let mut links = Vec::new();
    for url in list(helper, "sbom_urls", &place)?.iter().filter_map(Value::as_str) {
        links.extend(url.starts_with("urn:cdx:").then(|| product::of_reference(url)).flatten());
    }
    Ok(purl.or_else(|| cpe.and_then(product::cpe)).or_else(|| links.pop()))
}
