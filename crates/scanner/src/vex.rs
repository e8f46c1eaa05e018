//! Statements of others on findings (VEX): OpenVEX, CycloneDX and CSAF documents.

mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod scope;

pub(crate) use scope::{in_scope, unused};

use crate::document::{self, DocumentError, FieldProblem};
use crate::targets::{Warning, cut};
use matching::VexStatement;
use serde_json::Value;

/// The most statements of a document, and the most elements of each of its lists.
const MAXIMUM_STATEMENTS: usize = 1_000_000;

/// A product by its package URL, as rules of suppression name it too.
pub(crate) fn product_of_purl(text: &str) -> Option<matching::VexProduct> {
    product::purl(text)
}

/// What VEX documents state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VexStatements {
    /// What can be used, the most trusted last.
    pub statements: Vec<VexStatement>,
    /// What is not used, and why.
    pub warnings: Vec<Warning>,
}

impl VexStatements {
    /// Adds another document's, which count more.
    pub fn extend(&mut self, more: Self) {
        self.statements.extend(more.statements);
        self.warnings.extend(more.warnings);
    }

    /// Notes that a statement is not used.
    fn warn(&mut self, origin: String, problem: &str) {
        self.warnings.push(Warning { place: origin, problem: problem.to_owned() });
    }
}

/// Why a statement "not affected" is not used: anybody can say so.
const NO_JUSTIFICATION: &str =
    "says \"not affected\" with neither a justification nor an impact statement, and is not used";

/// Why a statement is not used: its products are images, files or texts.
const NO_PRODUCT: &str = "names only products that no package can be compared with, and is not used";

/// Reads a document, in whichever of the formats it is; `name` is for the statements' origins.
/// Statements on vulnerabilities without a CVE identifier are left out, for nothing here could be
/// matched with them.
///
/// A wrong statement makes the document unusable: half of what somebody stated may be the opposite
/// of it. One that the format allows, and that cannot be used, gives a warning.
pub fn parse(bytes: &[u8], name: &str) -> Result<VexStatements, DocumentError> {
    let document = document::cyclonedx::document(bytes)?;
    let context = document.get("@context").map(Value::to_string).unwrap_or_default();
    if document.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
        cyclonedx::parse(&document, name)
    } else if context.contains("openvex") {
        openvex::parse(&document, name)
    } else if document.get("document").is_some_and(|d| d.get("csaf_version").is_some()) {
        csaf::parse(&document, name)
    } else {
        Err(DocumentError::NotVex)
    }
}

/// The elements of a list; absent is empty, another type is an error.
fn list<'a>(value: &'a Value, key: &str, place: &str) -> Result<&'a [Value], DocumentError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) if values.len() <= MAXIMUM_STATEMENTS => Ok(values),
        Some(Value::Array(_)) => Err(too_many(key, place, MAXIMUM_STATEMENTS)),
        Some(_) => Err(wrong(key, place, FieldProblem::MustBe("a list"))),
    }
}

/// The error for more elements than are read.
fn too_many(key: &str, place: &str, limit: usize) -> DocumentError {
    DocumentError::TooMany { place: format!("{place}{key}"), limit, what: "elements" }
}

/// A text; absent is `None`, another type is an error.
fn text<'a>(value: &'a Value, key: &str, place: &str) -> Result<Option<&'a str>, DocumentError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(key, place, FieldProblem::MustBe("a text"))),
    }
}

/// The texts of a list.
fn texts<'a>(value: &'a Value, key: &str, place: &str) -> Result<Vec<&'a str>, DocumentError> {
    let must = || wrong(key, place, FieldProblem::MustBe("a list of texts"));
    list(value, key, place)?.iter().map(|text| text.as_str().ok_or_else(must)).collect()
}

/// The error for a field; `place` is that of its object and ends with a dot.
fn wrong(key: &str, place: &str, problem: FieldProblem) -> DocumentError {
    DocumentError::field(format!("{place}{key}"), problem)
}

/// The error for a field whose text cannot be read as what is `expected`.
fn is_not(key: &str, place: &str, value: &str, expected: &'static str) -> DocumentError {
    wrong(key, place, FieldProblem::IsNot { value: cut(value), expected })
}

/// The reasons of a statement in one text.
fn joined(reasons: &[String]) -> String {
    if reasons.is_empty() { "stated without a reason".to_owned() } else { cut(&reasons.join("; ")) }
}
