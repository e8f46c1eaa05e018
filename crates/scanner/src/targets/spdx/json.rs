//! SPDX 2.2 and 2.3 as JSON.

use super::super::meta::cut;
use super::super::node::Node;
use super::super::{MAXIMUM_PACKAGES, TargetContents};
use super::{SpdxPackage, last_part};
use crate::document::{DocumentError, FieldProblem};
use serde_json::Value;
use std::collections::HashSet;

pub(super) fn parse(document: &Value) -> Result<TargetContents, DocumentError> {
    let mut contents = TargetContents::default();
    // Programs of the time of 2.2 put all of it into one member, as XML has an outermost element.
    let document = document.get("Document").filter(|inner| inner.is_object()).unwrap_or(document);
    match document.get("spdxVersion").and_then(Value::as_str) {
        Some("SPDX-2.2" | "SPDX-2.3") => {}
        Some(other) if other.starts_with("SPDX-2.") => {
            contents.warn("spdxVersion", format!("{} is not known; read as SPDX-2.3", cut(other)));
        }
        Some(other) => {
            return Err(DocumentError::field("spdxVersion", FieldProblem::Unsupported(cut(other))));
        }
        None => return Err(DocumentError::field("spdxVersion", FieldProblem::MissingText)),
    }
    let root = Node::root(document);
    let mut ids = HashSet::new();
    for node in root.list("packages", &mut contents) {
        if !node.is_object(&mut contents) {
            continue;
        }
        contents.looked_at += 1;
        if contents.looked_at > MAXIMUM_PACKAGES {
            return Err(DocumentError::TooMany {
                place: node.place,
                limit: MAXIMUM_PACKAGES,
                what: "packages",
            });
        }
        match node.text("SPDXID", &mut contents) {
            Some(id) if !ids.insert(id.clone()) => {
                contents.warn(format!("{}.SPDXID", node.place), format!("`{id}` stands there twice"));
            }
            Some(_) => {}
            None => contents.warn(node.place.clone(), "has no SPDXID"),
        }
        let mut package = SpdxPackage {
            name: node.text("name", &mut contents),
            version: node.text("versionInfo", &mut contents),
            homepage: node.text("homepage", &mut contents),
            download: node.text("downloadLocation", &mut contents),
            summary: node.text("summary", &mut contents),
            description: node.text("description", &mut contents),
            purpose: node.text("primaryPackagePurpose", &mut contents),
            ..SpdxPackage::default()
        };
        for reference in node.list("externalRefs", &mut contents) {
            let kind = reference.text("referenceType", &mut contents);
            let locator = reference.text("referenceLocator", &mut contents);
            if let (Some(kind), Some(locator)) = (kind, locator) {
                package.reference(last_part(&kind), locator);
            }
        }
        match package.into_package(&node.place, &mut contents) {
            Some(package) => contents.packages.push(package),
            None => contents.not_packages += 1,
        }
    }
    check_relationships(&root, &ids, &mut contents);
    Ok(contents)
}

/// Relationships are not needed, but one of which an end is missing shows that the document is not
/// what it says.
fn check_relationships(root: &Node<'_>, packages: &HashSet<String>, contents: &mut TargetContents) {
    let mut ids = packages.clone();
    for list in ["files", "snippets"] {
        for node in root.list(list, contents) {
            ids.extend(node.get("SPDXID").and_then(|n| n.value.as_str()).map(str::to_owned));
        }
    }
    ids.extend(root.get("SPDXID").and_then(|n| n.value.as_str()).map(str::to_owned));
    for node in root.list("relationships", contents) {
        for key in ["spdxElementId", "relatedSpdxElement"] {
            let Some(id) = node.get(key).and_then(|n| n.value.as_str()) else { continue };
            let outside = id.starts_with("DocumentRef-") || matches!(id, "NONE" | "NOASSERTION");
            if !outside && !ids.contains(id) {
                contents.warn(format!("{}.{key}", node.place), format!("`{}` names nothing", cut(id)));
            }
        }
    }
}
