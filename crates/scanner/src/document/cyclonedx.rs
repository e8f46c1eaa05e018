//! CycloneDX documents in either form. XML is turned into what the same document would be in JSON,
//! as far as it is read here, so that everything that follows needs to know one form only.

use super::xml::{self, Shape};
use super::{DocumentError, utf16};
use serde_json::Value;
use vulnerability::json::Any;

/// Where the namespaces of all versions begin; the version follows.
pub(crate) const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

/// A serial number is a UUID.
const MAXIMUM_SERIAL: usize = 100;

/// Reads a document in either form.
pub(crate) fn document(bytes: &[u8]) -> Result<Value, DocumentError> {
    let bytes = utf16::decoded(bytes).map_err(DocumentError::Utf16)?;
    if xml::is_xml(&bytes) {
        return from_xml(&bytes);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let Any(document) = vulnerability::json::from_slice(bytes, bytes.len())?;
    Ok(document)
}

/// The link to a document (ECMA-424, BOM-Link): `urn:cdx:SERIAL/VERSION`. `None` if it has no
/// serial number.
pub(crate) fn link(document: &Value) -> Option<String> {
    let serial = document.get("serialNumber")?.as_str()?.trim().to_ascii_lowercase();
    let serial = serial.strip_prefix("urn:uuid:").unwrap_or(&serial);
    if serial.is_empty() || serial.len() > MAXIMUM_SERIAL {
        return None;
    }
    let version = match document.get("version") {
        Some(Value::Number(version)) => version.as_u64(),
        Some(Value::String(version)) => version.trim().parse().ok(),
        _ => None,
    };
    Some(format!("urn:cdx:{serial}/{}", version.unwrap_or(1)))
}

/// A link to a component, or to a whole document, as [`link`] writes it: the serial number in lower
/// case, the reference without escapes.
pub(crate) fn normal_link(text: &str) -> Option<String> {
    let rest = text.strip_prefix("urn:cdx:")?;
    let (document, reference) = match rest.split_once('#') {
        Some((document, reference)) => (document, Some(reference)),
        None => (rest, None),
    };
    let mut link = format!("urn:cdx:{}", document.to_ascii_lowercase());
    if let Some(reference) = reference {
        link.push('#');
        link.push_str(&unescaped(reference));
    }
    Some(link)
}

/// A text with its `%xx` resolved, if that gives text.
pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (first, more) {
            (b'%', [high, low, after @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                bytes.push(digit(high).unwrap_or(0) << 4 | digit(low).unwrap_or(0));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn from_xml(bytes: &[u8]) -> Result<Value, DocumentError> {
    let (namespace, mut document) = xml::read(bytes, |name, namespace| {
        if name == "bom" && namespace.starts_with(NAMESPACE) { Ok(&BOM) } else { Err(DocumentError::NotABom) }
    })?;
    if let Value::Object(members) = &mut document {
        let version = namespace.strip_prefix(NAMESPACE).unwrap_or_default();
        members.insert("bomFormat".to_owned(), "CycloneDX".into());
        members.insert("specVersion".to_owned(), version.into());
    }
    Ok(document)
}

// The parts of the XML schemas (bom-1.0.xsd to bom-1.7.xsd) that the readers use.

static BOM: Shape = Shape::Object {
    attributes: &["serialNumber", "version"],
    fields: &[
        ("metadata", &METADATA),
        ("components", &COMPONENTS),
        ("dependencies", &DEPENDENCIES),
        ("vulnerabilities", &VULNERABILITIES),
    ],
    text: None,
};
static METADATA: Shape = Shape::object(&[("component", &COMPONENT)]);
static COMPONENTS: Shape = Shape::List("component", &COMPONENT);
static COMPONENT: Shape = Shape::Object {
    attributes: &["type", "bom-ref"],
    fields: &[
        ("group", &Shape::Text),
        ("name", &Shape::Text),
        ("version", &Shape::Text),
        ("description", &Shape::Text),
        ("cpe", &Shape::Text),
        ("purl", &Shape::Text),
        ("externalReferences", &EXTERNAL_REFERENCES),
        ("properties", &PROPERTIES),
        ("pedigree", &PEDIGREE),
        ("components", &COMPONENTS),
    ],
    text: None,
};
static EXTERNAL_REFERENCES: Shape = Shape::List(
    "reference",
    &Shape::Object { attributes: &["type"], fields: &[("url", &Shape::Text)], text: None },
);
static PROPERTIES: Shape =
    Shape::List("property", &Shape::Object { attributes: &["name"], fields: &[], text: Some("value") });
static PEDIGREE: Shape = Shape::object(&[("patches", &PATCHES)]);
static PATCHES: Shape = Shape::List("patch", &PATCH);
static PATCH: Shape = Shape::Object {
    attributes: &["type"],
    fields: &[("diff", &DIFF), ("resolves", &Shape::List("issue", &ISSUE))],
    text: None,
};
static DIFF: Shape = Shape::object(&[("url", &Shape::Text)]);
static ISSUE: Shape = Shape::object(&[("id", &Shape::Text), ("name", &Shape::Text)]);
static DEPENDENCIES: Shape =
    Shape::List("dependency", &Shape::Object { attributes: &["ref"], fields: &[], text: None });
static VULNERABILITIES: Shape = Shape::List("vulnerability", &VULNERABILITY);
static VULNERABILITY: Shape = Shape::object(&[
    ("id", &Shape::Text),
    ("references", &Shape::List("reference", &REFERENCE)),
    ("analysis", &ANALYSIS),
    ("affects", &Shape::List("target", &TARGET)),
]);
static REFERENCE: Shape = Shape::object(&[("id", &Shape::Text)]);
static ANALYSIS: Shape =
    Shape::object(&[("state", &Shape::Text), ("justification", &Shape::Text), ("detail", &Shape::Text)]);
static TARGET: Shape = Shape::object(&[("ref", &Shape::Text)]);
