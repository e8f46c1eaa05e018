//! Documents that others wrote, SBOMs and VEX: the forms that several readers share, and what can
//! be wrong with them.

pub(crate) mod cyclonedx;
mod line;
pub(crate) mod utf16;
pub(crate) mod xml;
pub(crate) mod yaml;

pub use line::LineError;
pub use xml::XmlError;
pub use yaml::YamlError;

use nix_formats::{AttributesError, DerivationError};
use std::error::Error;
use vulnerability::json::JsonError;

/// Why a document cannot be used: what is wrong, and where in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is not JSON, or not of the expected shape.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is not XML, or not of the expected shape.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is not YAML, or not of the expected shape.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// It is a derivation that cannot be read.
    #[error(transparent)]
    Derivation(Box<DerivationError>),
    /// It is a derivation whose structured attributes cannot be read.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// A line of it is wrong.
    #[error(transparent)]
    Line(#[from] LineError),
    /// It begins as UTF-16 and is none.
    #[error(transparent)]
    Utf16(std::io::Error),
    /// It is not text.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not part of a character.
        offset: usize,
    },
    /// Its outermost value is not an object.
    #[error("the document is not an object")]
    NotAnObject,
    /// It names another format than the one it is read as.
    #[error("`bomFormat` is {found}, not \"CycloneDX\"")]
    NotCycloneDx {
        /// The value of `bomFormat`.
        found: String,
    },
    /// Its outermost element is not CycloneDX's.
    #[error("not a `bom` in the namespace {}…, and so not CycloneDX", cyclonedx::NAMESPACE)]
    NotABom,
    /// Its outermost element is not SPDX's.
    #[error("not a `Document` without namespace, and so not SPDX")]
    NotSpdx,
    /// It is a graph in RDF/XML.
    #[error("SPDX in RDF/XML is not supported")]
    RdfXml,
    /// It is in none of the formats of VEX.
    #[error(
        "neither an OpenVEX document (`@context` with openvex), a CycloneDX one (`bomFormat`) nor a CSAF one (`document.csaf_version`)"
    )]
    NotVex,
    /// A field does not have a value that it may have.
    #[error("{place}: {problem}")]
    Field {
        /// The field, such as `statements[3].status`.
        place: String,
        /// What is wrong with it.
        problem: FieldProblem,
    },
    /// There is more of something than in any real document.
    #[error("{place}: more than {limit} {what}")]
    TooMany {
        /// Where the limit is passed.
        place: String,
        /// The most that are read.
        limit: usize,
        /// What there is too much of, such as `packages`.
        what: &'static str,
    },
    /// The value of a tag begins with `<text>` and does not end.
    #[error("line {line}: this `<text>` is not closed")]
    OpenText {
        /// Where it begins, from 1.
        line: usize,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldProblem {
    /// It has to be there.
    #[error("missing")]
    Missing,
    /// It has to be there and be a text.
    #[error("missing or not a text")]
    MissingText,
    /// It is of the wrong type.
    #[error("must be {0}")]
    MustBe(&'static str),
    /// Its value is not one of those there are, or cannot be read.
    #[error("`{value}` is not {expected}")]
    IsNot {
        /// The value, cut if it is long.
        value: String,
        /// What it should be, such as `a status`.
        expected: &'static str,
    },
    /// It names a version of the format that cannot be read.
    #[error("`{0}` is not supported")]
    Unsupported(String),
}

impl DocumentError {
    /// What may help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::RdfXml => {
                Some("convert it to JSON: `pyspdxtools --infile sbom.rdf.xml --outfile sbom.json`")
            }
            _ => None,
        }
    }

    pub(crate) fn field(place: impl Into<String>, problem: FieldProblem) -> Self {
        Self::Field { place: place.into(), problem }
    }
}

impl From<DerivationError> for DocumentError {
    fn from(error: DerivationError) -> Self {
        Self::Derivation(Box::new(error))
    }
}

/// An error with its causes, for a warning.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some libraries repeat the cause in their own text.
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
