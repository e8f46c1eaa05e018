//! CycloneDX documents with `vulnerabilities[].analysis`: VEX documents and SBOMs that bring their
//! own.

use super::{
    NO_IDENTIFIER, NO_JUSTIFICATION, NO_PRODUCT, Unnamed, VexStatements, Vulnerability, is_not, joined, list,
    product, text, wrong,
};
use crate::document::cyclonedx::{link, normal_link};
use crate::document::{DocumentError, FieldProblem};
use matching::{FindingStatus, VexProduct};
use serde_json::Value;
use std::collections::HashMap;

pub(super) fn parse(document: &Value, name: &str) -> Result<VexStatements, DocumentError> {
    let mut components = HashMap::new();
    let own_link = link(document);
    collect(document, "", own_link.as_deref(), &mut components)?;
    let mut out = VexStatements::default();
    for (index, value) in list(document, "vulnerabilities", "")?.iter().enumerate() {
        let place = format!("vulnerabilities[{index}].");
        let Some(analysis) = value.get("analysis") else { continue };
        let inside = format!("{place}analysis.");
        let status = match text(analysis, "state", &inside)? {
            Some("exploitable") => FindingStatus::Affected,
            Some("in_triage") => FindingStatus::Unknown,
            Some("resolved" | "resolved_with_pedigree") => FindingStatus::Fixed,
            Some("not_affected" | "false_positive") => FindingStatus::NotAffected,
            Some(other) => return Err(is_not("state", &inside, other, "a state")),
            None => continue,
        };
        let origin = format!("{name}, vulnerabilities[{index}]");
        let Some(vulnerability) = vulnerability(value, &place)? else {
            out.warn(origin, NO_IDENTIFIER);
            continue;
        };
        let mut reasons = Vec::new();
        reasons.extend(text(analysis, "justification", &inside)?.map(|t| t.replace('_', " ")));
        reasons.extend(text(analysis, "detail", &inside)?.map(str::to_owned));
        reasons.retain(|reason| !reason.trim().is_empty());
        // A false positive is its own justification: nothing is claimed of the software.
        if text(analysis, "state", &inside)? == Some("not_affected") && reasons.is_empty() {
            out.warn(origin, NO_JUSTIFICATION);
            continue;
        }
        let affects = list(value, "affects", &place)?;
        let mut products = Vec::new();
        for (index, affected) in affects.iter().enumerate() {
            let place = format!("{place}affects[{index}].");
            let reference =
                text(affected, "ref", &place)?.ok_or_else(|| wrong("ref", &place, FieldProblem::Missing))?;
            match resolve(reference, own_link.as_deref(), &components) {
                Some(found) => products.extend(found.iter().cloned()),
                None => products.extend(product::of_reference(reference)),
            }
        }
        if products.is_empty() && !affects.is_empty() {
            out.warn(origin, NO_PRODUCT);
            continue;
        }
        let reason = joined(&reasons);
        vulnerability.add(Unnamed { products, status, reason, origin }, &mut out);
    }
    Ok(out)
}

fn vulnerability(value: &Value, place: &str) -> Result<Option<Vulnerability>, DocumentError> {
    let mut ids = Vec::new();
    ids.extend(text(value, "id", place)?);
    for (index, reference) in list(value, "references", place)?.iter().enumerate() {
        ids.extend(text(reference, "id", &format!("{place}references[{index}]."))?);
    }
    Ok(Vulnerability::of(ids))
}

/// Components by bom-ref, with all ways to name them. A component that has none of use is there
/// with none.
type Components = HashMap<String, Vec<VexProduct>>;

/// What a reference stands for: a bom-ref of this document, or a BOM-Link
/// (`urn:cdx:UUID/VERSION#REF`) to one.
fn resolve<'a>(
    reference: &str,
    own_link: Option<&str>,
    components: &'a Components,
) -> Option<&'a Vec<VexProduct>> {
    components.get(reference).or_else(|| {
        let link = normal_link(reference)?;
        components.get(link.strip_prefix(own_link?)?.strip_prefix('#')?)
    })
}

/// Collects `components` and `metadata.component`. The JSON reader limits the depth.
fn collect(
    value: &Value,
    place: &str,
    own_link: Option<&str>,
    components: &mut Components,
) -> Result<(), DocumentError> {
    if let Some(main) = value.get("metadata").and_then(|m| m.get("component")) {
        one(main, "metadata.component.", own_link, components)?;
    }
    for (index, component) in list(value, "components", place)?.iter().enumerate() {
        one(component, &format!("{place}components[{index}]."), own_link, components)?;
    }
    Ok(())
}

fn one(
    component: &Value,
    place: &str,
    own_link: Option<&str>,
    components: &mut Components,
) -> Result<(), DocumentError> {
    let purl = text(component, "purl", place)?.and_then(product::purl);
    let by_name = || -> Result<Option<VexProduct>, DocumentError> {
        let Some(name) = text(component, "name", place)? else { return Ok(None) };
        let version = text(component, "version", place)?.map(str::to_owned);
        Ok(Some(VexProduct { pname: Some(name.to_owned()), version, ..VexProduct::default() }))
    };
    let product = match purl {
        Some(product) => Some(product),
        None => by_name()?,
    };
    if let Some(reference) = text(component, "bom-ref", place)? {
        let named = components.entry(reference.to_owned()).or_default();
        named.extend(product);
        // If the document is what is scanned, or a version of it with statements.
        let bom_link = own_link.map(|link| format!("{link}#{reference}"));
        named.extend(bom_link.map(|link| VexProduct { bom_link: Some(link), ..VexProduct::default() }));
    }
    collect(component, place, own_link, components)
}
