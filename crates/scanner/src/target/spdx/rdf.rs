//! SPDX 2.2 and 2.3 as RDF/XML: a graph, in which packages may stand within each other or apart, in any order.
//!
//! Classes and properties are those of the SPDX 2.3 vocabulary. Relationships are not looked at.

use super::super::{cyclonedx, meta::cut};
use crate::xml::line_and_column;
use oxrdf::vocab::rdf::TYPE;
use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxrdfxml::RdfXmlParser;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

/// The namespace of RDF itself.
pub(super) const NAMESPACE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Where the names of SPDX 2 begin.
pub(in super::super) const VOCABULARY: &str = "http://spdx.org/rdf/terms#";

/// The one property that is not of SPDX's own vocabulary.
const HOMEPAGE: &str = "http://usefulinc.com/ns/doap#homepage";

/// The properties that JSON has under the same name, of packages and of external references.
const SAME_NAME: &[&str] = &[
    "name",
    "versionInfo",
    "downloadLocation",
    "summary",
    "description",
    "primaryPackagePurpose",
    "referenceType",
    "referenceLocator",
];

/// Reads a document that [`crate::xml::read`] has gone through, which refuses what this parser would follow: a document
/// type with entities, thousands of attributes, unbounded depth.
pub(super) fn document(bytes: &[u8]) -> Result<Value, String> {
    let mut graph = Graph::default();
    // Lenient: programs write IRIs with spaces, and nothing is done with an IRI but to compare it.
    let mut triples = RdfXmlParser::new().lenient().for_slice(bytes);
    while let Some(triple) = triples.next() {
        let triple = triple.map_err(|error| {
            let offset = usize::try_from(triples.buffer_position()).unwrap_or(usize::MAX);
            let (line, column) = line_and_column(bytes, offset);
            format!("{error} (line {line}, column {column})")
        })?;
        graph.take(triple);
    }
    graph.into_document()
}

/// What is said of a node, as far as it matters here.
#[derive(Debug, Default)]
struct Node {
    is_package: bool,
    /// Under the names of JSON.
    fields: Vec<(&'static str, String)>,
    references: Vec<NamedOrBlankNode>,
}

#[derive(Debug, Default)]
struct Graph {
    places: FxHashMap<NamedOrBlankNode, usize>,
    /// In the order of the document.
    nodes: Vec<(NamedOrBlankNode, Node)>,
    version: Option<String>,
}

impl Graph {
    fn take(&mut self, Triple { subject, predicate, object }: Triple) {
        if predicate == TYPE {
            let class = match &object {
                Term::NamedNode(class) => class.as_str().strip_prefix(VOCABULARY),
                _ => None,
            };
            if class == Some("Package") {
                self.node(subject).is_package = true;
            }
            return;
        }
        let property = predicate.as_str();
        let field = match property.strip_prefix(VOCABULARY) {
            Some("specVersion") => {
                self.version = text(object);
                return;
            }
            Some("externalRef") => {
                self.node(subject).references.extend(match object {
                    Term::NamedNode(node) => Some(node.into()),
                    Term::BlankNode(node) => Some(node.into()),
                    Term::Literal(_) => None,
                });
                return;
            }
            Some(name) => SAME_NAME.iter().find(|field| **field == name).copied(),
            None => (property == HOMEPAGE).then_some("homepage"),
        };
        if let (Some(field), Some(value)) = (field, text(object)) {
            self.node(subject).fields.push((field, value));
        }
    }

    fn node(&mut self, name: NamedOrBlankNode) -> &mut Node {
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.nodes.push((name.clone(), Node::default()));
            self.nodes.len() - 1
        });
        // The place of a node is only given when it is put there.
        &mut self.nodes[place].1
    }

    /// The document as it would be in JSON.
    fn into_document(self) -> Result<Value, String> {
        let version = self.version.ok_or("no SpdxDocument with a `specVersion`")?;
        let mut packages = Vec::new();
        let mut room = cyclonedx::MAXIMUM;
        for (name, node) in self.nodes.iter().filter(|(_, node)| node.is_package) {
            let mut package = object(name, &node.fields, &mut room)?;
            if let NamedOrBlankNode::NamedNode(iri) = name {
                let id = iri.as_str().rsplit('#').next().unwrap_or_default();
                package.insert("SPDXID".to_owned(), id.into());
            }
            let references = node.references.iter().filter_map(|name| {
                let (_, reference) = self.nodes.get(*self.places.get(name)?)?;
                Some(object(name, &reference.fields, &mut room).map(Value::Object))
            });
            package.insert("externalRefs".to_owned(), references.collect::<Result<_, _>>()?);
            packages.push(Value::Object(package));
        }
        Ok(serde_json::json!({ "spdxVersion": version, "packages": packages }))
    }
}

/// Fields as an object. None of them may have two values; to say the same twice is no contradiction.
///
/// Any number of packages may share a reference, so `room` is what all of them together may take, in bytes.
fn object(
    name: &NamedOrBlankNode,
    fields: &[(&'static str, String)],
    room: &mut u64,
) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    for (field, value) in fields {
        *room = room
            .checked_sub((field.len() + value.len()) as u64)
            .ok_or_else(|| format!("its packages hold more than {} bytes", cyclonedx::MAXIMUM))?;
        let value = match *field {
            "primaryPackagePurpose" => purpose(value),
            _ => value.clone(),
        };
        if object.get(*field).is_some_and(|known| *known != value) {
            return Err(format!("{}: `{field}` has two values", cut(&name.to_string())));
        }
        object.insert((*field).to_owned(), value.into());
    }
    Ok(object)
}

/// `purpose_operating_system` of the vocabulary is `OPERATING-SYSTEM` in JSON.
fn purpose(iri: &str) -> String {
    let name = iri.strip_prefix(VOCABULARY).and_then(|name| name.strip_prefix("purpose_"));
    name.unwrap_or(iri).replace('_', "-").to_ascii_uppercase()
}

/// A value as JSON would have it.
fn text(term: Term) -> Option<String> {
    match term {
        Term::Literal(literal) => Some(literal.destruct().0),
        Term::NamedNode(iri) => Some(match iri.as_str().strip_prefix(VOCABULARY) {
            Some("noassertion") => "NOASSERTION".to_owned(),
            Some("none") => "NONE".to_owned(),
            _ => iri.into_string(),
        }),
        Term::BlankNode(_) => None,
    }
}
