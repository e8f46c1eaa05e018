//! SPDX 3.0 as JSON-LD, in the one serialisation that the specification allows (a flat `@graph`,
//! compact names).

use super::super::node::Node;
use super::super::{MAXIMUM_PACKAGES, TargetContents};
use super::SpdxPackage;
use crate::document::DocumentError;
use serde_json::Value;
use std::collections::HashSet;

pub(super) fn parse(document: &Value) -> Result<TargetContents, DocumentError> {
    let mut contents = TargetContents::default();
    let context = document.get("@context").map(ToString::to_string).unwrap_or_default();
    if !context.contains("spdx.org/rdf/3") {
        contents.warn("@context", "does not name SPDX 3");
    }
    let root = Node::root(document);
    // A document of one element needs no graph.
    let nodes = match root.get("@graph") {
        Some(_) => root.list("@graph", &mut contents),
        None => vec![root],
    };
    let mut ids = HashSet::new();
    for node in nodes {
        if !node.is_object(&mut contents) {
            continue;
        }
        let Some(kind) = node.text("type", &mut contents) else { continue };
        if kind != "software_Package" {
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
        if let Some(id) = node.text("spdxId", &mut contents)
            && !ids.insert(id.clone())
        {
            contents.warn(format!("{}.spdxId", node.place), format!("`{id}` stands there twice"));
        }
        let mut package = SpdxPackage {
            name: node.text("name", &mut contents),
            version: node.text("software_packageVersion", &mut contents),
            homepage: node.text("software_homePage", &mut contents),
            download: node.text("software_downloadLocation", &mut contents),
            summary: node.text("summary", &mut contents),
            description: node.text("description", &mut contents),
            purpose: node.text("software_primaryPurpose", &mut contents).map(|p| p.to_ascii_uppercase()),
            ..SpdxPackage::default()
        };
        package.purls.extend(node.text("software_packageUrl", &mut contents).map(Into::into));
        for identifier in node.list("externalIdentifier", &mut contents) {
            let kind = identifier.text("externalIdentifierType", &mut contents);
            let value = identifier.text("identifier", &mut contents);
            if let (Some(kind), Some(value)) = (kind, value) {
                match kind.as_str() {
                    "packageUrl" if !package.purls.iter().any(|p| *p == value.as_str()) => {
                        package.purls.push(value.into());
                    }
                    "cpe23" | "cpe22" => package.cpes.push(value),
                    _ => {}
                }
            }
        }
        match package.into_package(&node.place, &mut contents) {
            Some(package) => contents.packages.push(package),
            None => contents.not_packages += 1,
        }
    }
    Ok(contents)
}
