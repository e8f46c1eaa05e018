//! Statements of others on findings (VEX): OpenVEX, CycloneDX and CSAF documents.

mod advisory;
mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod scope;

pub use advisory::AdvisoryStatement;
pub(crate) use advisory::on_cves;
pub(crate) use scope::{in_scope, unused};

use crate::document::{self, DocumentError, FieldProblem};
use crate::targets::{Warning, cut};
use matching::{FindingStatus, VexProduct, VexStatement};
use serde_json::Value;
use vulnerability::CveId;

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
    /// What names its vulnerability only by an advisory of GitHub.
    pub by_advisory: Vec<AdvisoryStatement>,
    /// What is not used, and why.
    pub warnings: Vec<Warning>,
}

impl VexStatements {
    /// Adds another document's, which count more.
    pub fn extend(&mut self, more: Self) {
        let before = self.statements.len();
        let shifted = |statement: AdvisoryStatement| AdvisoryStatement {
            before: before + statement.before,
            ..statement
        };
        self.by_advisory.extend(more.by_advisory.into_iter().map(shifted));
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

/// Why a statement is not used: nothing here could be matched with it.
const NO_IDENTIFIER: &str =
    "names its vulnerability by neither a CVE nor an advisory of GitHub, and is not used";

/// How a statement names its vulnerability.
enum Vulnerability {
    Cve(CveId),
    /// By an advisory of GitHub, in capital letters.
    Advisory(String),
}

impl Vulnerability {
    /// The CVE among some identifiers, or else the advisory.
    fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut advisory = None;
        for id in ids {
            if let Ok(cve) = id.parse() {
                return Some(Self::Cve(cve));
            }
            if advisory.is_none() && crate::is_advisory(id) {
                advisory = Some(Self::Advisory(id.to_ascii_uppercase()));
            }
        }
        advisory
    }

    /// Adds a statement on it to what a document states.
    fn add(&self, statement: Unnamed, to: &mut VexStatements) {
        let Unnamed { products, status, reason, origin } = statement;
        match self {
            Self::Cve(cve) => {
                to.statements.push(VexStatement { cve: *cve, products, status, reason, origin });
            }
            Self::Advisory(id) => {
                let (before, advisory) = (to.statements.len(), id.clone());
                let statement = AdvisoryStatement { advisory, before, products, status, reason, origin };
                to.by_advisory.push(statement);
            }
        }
    }
}

/// A statement, but for its vulnerability.
struct Unnamed {
    products: Vec<VexProduct>,
    status: FindingStatus,
    reason: String,
    origin: String,
}

/// Reads a document, in whichever of the formats it is; `name` is for the statements' origins.
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
