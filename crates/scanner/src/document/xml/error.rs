//! What can be wrong with XML.

use super::{MAXIMUM_ATTRIBUTES, MAXIMUM_NAMESPACES};
use crate::document::DocumentError;
use quick_xml::events::attributes::AttrError;
use std::error::Error;
use std::fmt;

/// Why XML cannot be read, and where: displayed as the place, with the problem as its source.
#[derive(Debug)]
pub struct XmlError(Box<(XmlPlace, XmlProblem)>);

impl XmlError {
    pub(super) fn new(place: XmlPlace, problem: XmlProblem) -> Self {
        Self(Box::new((place, problem)))
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}

impl Error for XmlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0.1)
    }
}

/// Where something is wrong.
#[derive(Debug)]
pub(super) enum XmlPlace {
    /// In the whole document.
    Document,
    /// Line and column (in bytes) from 1, and the open elements.
    At { line: usize, column: usize, open: String },
}

impl fmt::Display for XmlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("not readable as XML"),
            Self::At { line, column, open } if open.is_empty() => write!(f, "line {line}, column {column}"),
            Self::At { line, column, open } => write!(f, "line {line}, column {column}, in `{open}`"),
        }
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlProblem {
    #[error("in UTF-16, but only UTF-8 is read")]
    Utf16,
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    #[error("there is no element")]
    NoElement,
    #[error(transparent)]
    Syntax(#[from] quick_xml::Error),
    #[error("the document ends before this element does")]
    OpenElement,
    #[error("text outside of all elements")]
    TextOutside,
    #[error("a second outermost element")]
    SecondRoot,
    #[error("this element stands there twice")]
    Twice,
    #[error("elements are nested more than {0} deep")]
    TooDeep(usize),
    #[error("more than {MAXIMUM_ATTRIBUTES} attributes")]
    Attributes,
    #[error("more than {MAXIMUM_NAMESPACES} namespaces")]
    Namespaces,
    #[error(transparent)]
    Attribute(#[from] AttrError),
    #[error("the attribute `{name}`")]
    AttributeValue { name: String, source: quick_xml::Error },
    #[error("the attribute `{0}` stands there twice")]
    AttributeTwice(&'static str),
    #[error("the prefix `{0}` stands for no namespace")]
    Prefix(String),
    #[error("the entity `&{0};` is not defined")]
    Entity(String),
    #[error(
        "a document type declaration (DOCTYPE) is not accepted, \
        for it can make a document grow without bound or read other files"
    )]
    DocType,
    #[error("in the encoding `{0}`, but only XML in UTF-8 is read")]
    Encoding(String),
    /// The outermost element is not the right one; never with a place.
    #[error(transparent)]
    Root(Box<DocumentError>),
}
