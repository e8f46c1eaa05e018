//! SBOMs in SPDX: 2.2 and 2.3 (JSON, YAML, tag-value and XML), 3.0 (JSON-LD).
//!
//! YAML and XML are turned into what the same document would be in JSON, as far as it is read here,
//! so that what follows needs to know that form only. RDF/XML is recognised and refused by name: it
//! is a graph, needs a parser of RDF, and no tool for Nix writes it.

mod json;
mod jsonld;
mod tag_value;
mod xml;

use super::collect::merge;
use super::names::full_name;
use super::{TargetContents, purl};
use crate::document::{self, DocumentError};
use matching::Package;
use vulnerability::Stated;
use vulnerability::json::Any;
use vulnerability::purl::Purl;

/// Where the names of SPDX 2 begin in RDF.
pub(super) const VOCABULARY: &str = "http://spdx.org/rdf/terms#";

/// Reads an SBOM in SPDX, in whichever form it is; RDF/XML is refused.
pub fn parse(bytes: &[u8]) -> Result<TargetContents, DocumentError> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let mut contents = if start.first() == Some(&b'{') {
        let Any(document) = vulnerability::json::from_slice(bytes, bytes.len())?;
        if document.get("@graph").is_some() || document.get("@context").is_some() {
            jsonld::parse(&document)?
        } else {
            json::parse(&document)?
        }
    } else if document::xml::is_xml(bytes) {
        json::parse(&xml::document(bytes)?)?
    } else {
        let text = std::str::from_utf8(bytes)
            .map_err(|e| DocumentError::NotUtf8 { offset: e.valid_up_to() })?
            .trim_start_matches('\u{feff}');
        if is_yaml(text) { json::parse(&document::yaml::read(text)?)? } else { tag_value::parse(text)? }
    };
    contents.packages = merge(std::mem::take(&mut contents.packages));
    Ok(contents)
}

/// YAML names its fields as JSON does, perhaps within one of the name `Document`; tag-value does in
/// another way.
fn is_yaml(text: &str) -> bool {
    !text.lines().any(|line| line.starts_with("SPDXVersion:"))
        && text.lines().any(|line| {
            let field = line.trim_start();
            field.starts_with("spdxVersion:") || field.starts_with("\"spdxVersion\":")
        })
}

/// The name of a kind of reference, which may be written as a whole IRI.
fn last_part(kind: &str) -> &str {
    kind.rsplit(['/', '#']).next().unwrap_or(kind)
}

/// A package as SPDX has it, whatever the form.
#[derive(Debug, Default)]
struct SpdxPackage {
    name: Option<String>,
    version: Option<String>,
    homepage: Option<String>,
    download: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    purpose: Option<String>,
    purls: Vec<Stated<Purl>>,
    cpes: Vec<String>,
}

impl SpdxPackage {
    /// Adds an external reference: category, type and locator of clause 7.21.
    fn reference(&mut self, kind: &str, locator: String) {
        match kind {
            "purl" => self.purls.push(locator.into()),
            "cpe23Type" | "cpe22Type" => self.cpes.push(locator),
            _ => {}
        }
    }

    /// `place` is where it stands.
    fn into_package(self, place: &str, contents: &mut TargetContents) -> Option<Package> {
        const NOT_SOFTWARE: &[&str] = &["SOURCE", "FILE", "ARCHIVE", "DEVICE"];
        let stated =
            |text: Option<String>| text.filter(|t| !matches!(t.as_str(), "NOASSERTION" | "NONE" | ""));
        if self.purpose.as_deref().is_some_and(|p| NOT_SOFTWARE.contains(&p)) && self.purls.is_empty() {
            return None;
        }
        for url in self.purls.iter().filter(|url| url.value().is_none()) {
            contents.warn(place, format!("`{url}` is not a package URL"));
        }
        let (purl_name, purl_version) = purl::parts(self.purls.iter());
        let Some(pname) = stated(self.name).or(purl_name) else {
            contents.warn(place, "has no name");
            return None;
        };
        let version = stated(self.version).or(purl_version).unwrap_or_default();
        if version.is_empty() {
            contents.warn(place, format!("`{pname}` has no version: nothing can be decided about it"));
        }
        Some(Package {
            name: full_name(&pname, &version),
            pname: pname.into(),
            version: version.into(),
            description: stated(self.summary).or(stated(self.description)).map(Into::into),
            homepages: stated(self.homepage).into_iter().map(Into::into).collect(),
            source_urls: stated(self.download).into_iter().map(Into::into).collect(),
            purls: self.purls,
            cpes: self.cpes.into_iter().map(Into::into).collect(),
            ..Package::default()
        })
    }
}
