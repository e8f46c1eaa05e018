//! SPDX 2.2 and 2.3 as XML: elements named as the fields of JSON, one for each member of a list, in
//! no namespace.

use crate::document::DocumentError;
use crate::document::xml::{self, Shape};
use serde_json::Value;

/// The namespace of RDF itself.
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Reads a document as what it would be in JSON.
pub(super) fn document(bytes: &[u8]) -> Result<Value, DocumentError> {
    let (_, document) = xml::read(bytes, |name, namespace| match (name, namespace) {
        ("Document", "") => Ok(&DOCUMENT),
        ("RDF", RDF) => Err(DocumentError::RdfXml),
        _ => Err(DocumentError::NotSpdx),
    })?;
    Ok(document)
}

// The fields of the JSON schema (spdx-schema.json) that the reader uses.

static DOCUMENT: Shape = Shape::object(&[
    ("SPDXID", &Shape::Text),
    ("spdxVersion", &Shape::Text),
    ("packages", &Shape::Each(&PACKAGE)),
    ("files", &Shape::Each(&ELEMENT)),
    ("snippets", &Shape::Each(&ELEMENT)),
    ("relationships", &Shape::Each(&RELATIONSHIP)),
]);
static PACKAGE: Shape = Shape::object(&[
    ("SPDXID", &Shape::Text),
    ("name", &Shape::Text),
    ("versionInfo", &Shape::Text),
    ("homepage", &Shape::Text),
    ("downloadLocation", &Shape::Text),
    ("summary", &Shape::Text),
    ("description", &Shape::Text),
    ("primaryPackagePurpose", &Shape::Text),
    ("externalRefs", &Shape::Each(&REFERENCE)),
]);
static REFERENCE: Shape =
    Shape::object(&[("referenceType", &Shape::Text), ("referenceLocator", &Shape::Text)]);
static ELEMENT: Shape = Shape::object(&[("SPDXID", &Shape::Text)]);
static RELATIONSHIP: Shape =
    Shape::object(&[("spdxElementId", &Shape::Text), ("relatedSpdxElement", &Shape::Text)]);
