//! SBOMs in CycloneDX, versions 1.0 to 1.7 (ECMA-424), JSON and XML.
//!
//! Only components matter: name, version, purl, CPE, patches of the pedigree, and the properties
//! under which sbomnix and others note store paths. References between components are only checked,
//! never followed.

use super::collect::merge;
use super::meta::cut;
use super::names::full_name;
use super::node::Node;
use super::{MAXIMUM_PACKAGES, TargetContents, purl};
use crate::document::{self, DocumentError};
use matching::Package;
use serde_json::Value;
use std::collections::HashSet;
use vulnerability::Stated;
use vulnerability::purl::Purl;

/// Reads an SBOM in CycloneDX, JSON or XML.
pub fn parse(bytes: &[u8]) -> Result<TargetContents, DocumentError> {
    let document = document::cyclonedx::document(bytes)?;
    let mut contents = TargetContents::default();
    match document.get("bomFormat") {
        Some(Value::String(format)) if format == "CycloneDX" => {}
        Some(other) => return Err(DocumentError::NotCycloneDx { found: cut(&other.to_string()) }),
        // Optional before 1.3 in practice, and `$schema` says it too.
        None => contents.warn("bomFormat", "missing"),
    }
    match document.get("specVersion").and_then(Value::as_str) {
        Some("1.0" | "1.1" | "1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7") => {}
        Some(other) => {
            contents.warn("specVersion", format!("{} is not known; read as version 1.7", cut(other)));
        }
        None => contents.warn("specVersion", "missing or not a text; read as version 1.7"),
    }
    let root = Node::root(&document);
    if !root.is_object(&mut contents) {
        return Err(DocumentError::NotAnObject);
    }
    let document_link = document::cyclonedx::link(&document);
    let mut packages = Vec::new();
    let mut refs = HashSet::new();
    // Nesting is limited by the JSON reader; the list of what is still to be read replaces
    // recursion all the same.
    let mut open: Vec<Node<'_>> = root.list("components", &mut contents);
    open.reverse();
    if let Some(main) = root.get("metadata").and_then(|m| m.get("component")) {
        // What the SBOM is about counts only through its parts, except if it is software with a
        // version.
        open.push(main);
    }
    while let Some(node) = open.pop() {
        if !node.is_object(&mut contents) {
            continue;
        }
        contents.looked_at += 1;
        if contents.looked_at > MAXIMUM_PACKAGES {
            return Err(DocumentError::TooMany {
                place: node.place,
                limit: MAXIMUM_PACKAGES,
                what: "components",
            });
        }
        let mut inner = node.list("components", &mut contents);
        inner.reverse();
        open.extend(inner);
        let id = node.text("bom-ref", &mut contents);
        if let Some(id) = &id
            && !refs.insert(id.clone())
        {
            contents.warn(format!("{}.bom-ref", node.place), format!("`{id}` stands there twice"));
        }
        match component(&node, &mut contents) {
            Some(mut package) => {
                let link = document_link.as_ref().zip(id).map(|(link, id)| format!("{link}#{id}"));
                package.bom_links.extend(link.map(Into::into));
                packages.push(package);
            }
            None => contents.not_packages += 1,
        }
    }
    check_dependencies(&root, &refs, &mut contents);
    contents.packages = merge(packages);
    Ok(contents)
}

/// Types of components that are no software.
const NOT_SOFTWARE: &[&str] = &["device", "file", "data", "machine-learning-model", "cryptographic-asset"];

fn component(node: &Node<'_>, contents: &mut TargetContents) -> Option<Package> {
    let kind = node.text("type", contents);
    let url: Option<Stated<Purl>> = node.text("purl", contents).map(Into::into);
    if let Some(url) = url.as_ref().filter(|url| url.value().is_none()) {
        contents
            .warn(format!("{}.purl", node.place), format!("`{}` is not a package URL", cut(url.as_str())));
    }
    if kind.as_deref().is_some_and(|k| NOT_SOFTWARE.contains(&k)) && url.is_none() {
        return None;
    }
    let name = node.text("name", contents);
    let group = node.text("group", contents);
    let version = node.text("version", contents);
    let (purl_name, purl_version) = purl::parts(url.iter());
    let Some(pname) = name.or(purl_name) else {
        contents.warn(node.place.clone(), "has no name");
        return None;
    };
    if let (Some(stated), Some(in_purl)) = (&version, &purl_version)
        && stated != in_purl
    {
        contents.warn(
            format!("{}.version", node.place),
            format!("`{stated}`, but the package URL says `{in_purl}`; the former is used"),
        );
    }
    let version = version.or(purl_version).unwrap_or_default();
    if version.is_empty() {
        contents
            .warn(node.place.clone(), format!("`{pname}` has no version: nothing can be decided about it"));
    }
    let mut package = Package {
        name: full_name(&pname, &version),
        pname: pname.into(),
        version: version.into(),
        description: node.text("description", contents).map(Into::into),
        cpes: node.text("cpe", contents).into_iter().map(Into::into).collect(),
        purls: url.into_iter().collect(),
        ..Package::default()
    };
    // Scoped npm packages and Maven artifacts: the group is part of the name only in npm.
    if let Some(group) = group.filter(|g| g.starts_with('@') && !package.pname.starts_with('@')) {
        package.pname = format!("{group}/{}", package.pname).into();
    }
    for reference in node.list("externalReferences", contents) {
        let Some(url) = reference.text("url", contents) else { continue };
        match reference.text("type", contents).as_deref() {
            Some("website") => package.homepages.push(url.into()),
            Some("vcs" | "distribution" | "source-distribution") => package.source_urls.push(url.into()),
            _ => {}
        }
    }
    properties(node, &mut package, contents);
    patches(node, &mut package, contents);
    Some(package)
}

/// Properties that tools for Nix write.
fn properties(node: &Node<'_>, package: &mut Package, contents: &mut TargetContents) {
    for property in node.list("properties", contents) {
        let Some(name) = property.get("name").and_then(|n| n.value.as_str()) else { continue };
        let Some(value) = property.get("value").and_then(|n| n.value.as_str()).map(cut) else { continue };
        match name {
            "nix:output_path" | "nix:out_path" | "nix:store_path" | "snowguard:store_path" => {
                package.store_paths.push(value.into());
            }
            "nix:drv_path" | "snowguard:derivation" => package.derivation = Some(value.into()),
            "nix:attribute" | "snowguard:attribute" => package.attribute = Some(value.into()),
            "nix:system" | "snowguard:system" => package.system = Some(value.into()),
            "nix:patches" => package.patches.extend(value.split_whitespace().map(|name| cut(name).into())),
            "syft:cpe23" => package.cpes.push(value.into()),
            _ => {}
        }
    }
}

/// `pedigree.patches[].resolves[].id`: what the patches of this component fix.
fn patches(node: &Node<'_>, package: &mut Package, contents: &mut TargetContents) {
    let Some(pedigree) = node.get("pedigree") else { return };
    for patch in pedigree.list("patches", contents) {
        for issue in patch.list("resolves", contents) {
            let id = issue.text("id", contents).or_else(|| issue.text("name", contents));
            package.patches.extend(id.map(Into::into));
        }
        let diff = patch.get("diff").and_then(|d| d.text("url", contents));
        package.patches.extend(diff.map(|url| cut(url.rsplit('/').next().unwrap_or(&url)).into()));
    }
}

/// Dependencies are not needed, but one that names nothing shows that the document is not what it
/// says.
fn check_dependencies(root: &Node<'_>, refs: &HashSet<String>, contents: &mut TargetContents) {
    let mut seen = HashSet::new();
    for dependency in root.list("dependencies", contents) {
        let Some(id) = dependency.text("ref", contents) else { continue };
        if !refs.contains(&id) {
            contents.warn(format!("{}.ref", dependency.place), format!("`{id}` names no component"));
        }
        if !seen.insert(id.clone()) {
            contents.warn(format!("{}.ref", dependency.place), format!("`{id}` stands there twice"));
        }
    }
}
