//! OpenVEX 0.0.x and 0.2.0 documents.

use super::{
    NO_IDENTIFIER, NO_JUSTIFICATION, NO_PRODUCT, Unnamed, VexStatements, Vulnerability, is_not, joined, list,
    product, text, wrong,
};
use crate::document::{DocumentError, FieldProblem};
use jiff::Timestamp;
use matching::{FindingStatus, VexProduct};
use serde_json::Value;

pub(super) fn parse(document: &Value, name: &str) -> Result<VexStatements, DocumentError> {
    let issued = time(document, "")?;
    let mut out = VexStatements::default();
    let mut statements = Vec::new();
    for (index, value) in list(document, "statements", "")?.iter().enumerate() {
        let place = format!("statements[{index}].");
        let origin = format!("{name}, statements[{index}]");
        let Some(vulnerability) = vulnerability(value, &place)? else {
            out.warn(origin, NO_IDENTIFIER);
            continue;
        };
        let status = match text(value, "status", &place)? {
            Some("affected") => FindingStatus::Affected,
            Some("not_affected") => FindingStatus::NotAffected,
            Some("fixed") => FindingStatus::Fixed,
            Some("under_investigation") => FindingStatus::Unknown,
            Some(other) => return Err(is_not("status", &place, other, "a status")),
            None => return Err(wrong("status", &place, FieldProblem::Missing)),
        };
        let mut reasons = Vec::new();
        let mut justified = false;
        for key in ["justification", "impact_statement", "action_statement", "status_notes"] {
            let Some(text) = text(value, key, &place)?.map(str::trim).filter(|t| !t.is_empty()) else {
                continue;
            };
            justified |= matches!(key, "justification" | "impact_statement");
            reasons.push(text.replace('_', " "));
        }
        let products = products(value, &place)?;
        if status == FindingStatus::NotAffected && !justified {
            out.warn(origin, NO_JUSTIFICATION);
            continue;
        }
        let Some(products) = products else {
            out.warn(origin, NO_PRODUCT);
            continue;
        };
        let statement = Unnamed { products, status, reason: joined(&reasons), origin };
        statements.push((time(value, &place)?.or(issued), vulnerability, statement));
    }
    // A later statement overrides an earlier one, wherever they stand; one without a time has the
    // document's.
    statements.sort_by_key(|(time, _, _)| *time);
    for (_, vulnerability, statement) in statements {
        vulnerability.add(statement, &mut out);
    }
    Ok(out)
}

/// When it was stated.
fn time(value: &Value, place: &str) -> Result<Option<Timestamp>, DocumentError> {
    let Some(text) = text(value, "timestamp", place)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| is_not("timestamp", place, text, "a time"))
}

/// The vulnerability of a statement: by its name, an alias, or in early versions the text itself.
fn vulnerability(value: &Value, place: &str) -> Result<Option<Vulnerability>, DocumentError> {
    let vulnerability =
        value.get("vulnerability").ok_or_else(|| wrong("vulnerability", place, FieldProblem::Missing))?;
    if let Value::String(name) = vulnerability {
        return Ok(Vulnerability::of([name.as_str()]));
    }
    let place = format!("{place}vulnerability.");
    let mut names = Vec::new();
    names.extend(text(vulnerability, "name", &place)?);
    names.extend(list(vulnerability, "aliases", &place)?.iter().filter_map(Value::as_str));
    let id = text(vulnerability, "@id", &place)?;
    names.extend(id.and_then(|id| id.rsplit(['/', '=']).next()));
    Ok(Vulnerability::of(names))
}

/// The products; empty if the statement names none, `None` if it names only what is no package.
fn products(value: &Value, place: &str) -> Result<Option<Vec<VexProduct>>, DocumentError> {
    let values = list(value, "products", place)?;
    let mut products = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let place = format!("{place}products[{index}].");
        let product = one(value, &place)?;
        // A product with subcomponents (an image with its packages) is about those, in this
        // product: that an image never calls a library says nothing of others that have it.
        let inner = list(value, "subcomponents", &place)?;
        if inner.is_empty() {
            products.extend(product);
            continue;
        }
        for (index, value) in inner.iter().enumerate() {
            let part = one(value, &format!("{place}subcomponents[{index}]."))?;
            let Some((part, product)) = part.zip(product.clone()) else { continue };
            products.push(VexProduct { within: vec![product], ..part });
        }
    }
    Ok(if !values.is_empty() && products.is_empty() { None } else { Some(products) })
}

fn one(value: &Value, place: &str) -> Result<Option<VexProduct>, DocumentError> {
    if let Value::String(id) = value {
        return Ok(product::of_identifier(id));
    }
    if !value.is_object() {
        return Err(wrong("", place.trim_end_matches('.'), FieldProblem::MustBe("an object")));
    }
    // One product in several spellings: the first that can be compared counts.
    let mut ids = Vec::new();
    ids.extend(text(value, "@id", place)?);
    if let Some(identifiers) = value.get("identifiers") {
        for key in ["purl", "cpe23", "@cpe23", "cpe22", "@cpe22"] {
            ids.extend(text(identifiers, key, &format!("{place}identifiers."))?);
        }
    }
    Ok(ids.into_iter().find_map(product::of_identifier))
}
