//! Statements of others on findings (VEX): OpenVEX and CycloneDX documents.

mod cyclonedx;
mod openvex;
mod product;

use crate::document::{self, DocumentError, FieldProblem};
use crate::targets::cut;
use matching::VexStatement;
use serde_json::Value;

/// The most statements of a document.
const MAXIMUM_STATEMENTS: usize = 1_000_000;

/// Reads a document, in whichever of the formats it is; `name` is for the statements' origins.
/// Statements on vulnerabilities without a CVE identifier are left out, for nothing here could be
/// matched with them.
///
/// A wrong statement makes the document unusable: half of what somebody stated may be the opposite
/// of it.
pub fn parse(bytes: &[u8], name: &str) -> Result<Vec<VexStatement>, DocumentError> {
    let document = document::cyclonedx::document(bytes)?;
    let context = document.get("@context").map(Value::to_string).unwrap_or_default();
    if document.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
        cyclonedx::parse(&document, name)
    } else if context.contains("openvex") {
        openvex::parse(&document, name)
    } else {
        Err(DocumentError::NotVex)
    }
}

/// The elements of a list; absent is empty, another type is an error.
fn list<'a>(value: &'a Value, key: &str, place: &str) -> Result<&'a [Value], DocumentError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) if values.len() <= MAXIMUM_STATEMENTS => Ok(values),
        Some(Value::Array(_)) => Err(DocumentError::TooMany {
            place: format!("{place}{key}"),
            limit: MAXIMUM_STATEMENTS,
            what: "elements",
        }),
        Some(_) => Err(wrong(key, place, FieldProblem::MustBe("a list"))),
    }
}

/// A text; absent is `None`, another type is an error.
fn text<'a>(value: &'a Value, key: &str, place: &str) -> Result<Option<&'a str>, DocumentError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(key, place, FieldProblem::MustBe("a text"))),
    }
}

/// The error for a field; `place` is that of its object and ends with a dot.
fn wrong(key: &str, place: &str, problem: FieldProblem) -> DocumentError {
    DocumentError::field(format!("{place}{key}"), problem)
}

/// The error for a field whose text cannot be read as what is `expected`.
fn is_not(key: &str, place: &str, value: &str, expected: &'static str) -> DocumentError {
    wrong(key, place, FieldProblem::IsNot { value: cut(value), expected })
}
