//! XML documents as JSON values, guided by the [`Shape`] that is expected of them.
//!
//! Only what a shape names is kept, all else is passed over, so a reader of the JSON form of a
//! format can read its XML form too. XML 1.0 (fifth edition) with namespaces, in UTF-8. A document
//! type declaration is refused: with it the document could define entities, and with those grow
//! without bound or name files of this machine. Of references only the five predefined ones and
//! characters by number are known.

mod error;

pub use error::XmlError;

use super::DocumentError;
use error::{XmlPlace, XmlProblem};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::PrefixDeclaration;
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Elements that become values are not nested deeper than this, as objects in JSON are not.
const MAXIMUM_DEPTH: usize = 128;

/// No element is nested deeper than this, also among those that are passed over.
const MAXIMUM_OPEN: usize = 1024;

/// The most attributes of an element.
const MAXIMUM_ATTRIBUTES: usize = 128;

/// The most namespace declarations that hold at one place.
const MAXIMUM_NAMESPACES: usize = 64;

/// Declared encodings of what is read. What was UTF-16 has been decoded, and still says so.
const DECODED: [&str; 5] = ["utf-8", "us-ascii", "utf-16", "utf-16le", "utf-16be"];

/// Whether bytes are XML rather than JSON or another text, going by how they begin.
pub(crate) fn is_xml(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    matches!(start.first(), Some(b'<' | 0xfe | 0xff))
}

/// The line and column (in bytes, both from 1) of an offset in bytes.
fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.split(|byte| *byte == b'\n').count();
    (line, before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1)
}

/// What an element becomes.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Its text.
    Text,
    /// An object.
    Object {
        /// Attributes that become members of the same name.
        attributes: &'static [&'static str],
        /// Child elements that become members of the same name.
        fields: &'static [(&'static str, &'static Shape)],
        /// The member that the text of the element itself becomes.
        text: Option<&'static str>,
    },
    /// A list of the child elements of one name.
    List(&'static str, &'static Shape),
    /// As a field of an object: one of a list that has no element of its own, so the field's name
    /// stands there once for each of them.
    Each(&'static Shape),
}

impl Shape {
    /// An object without attributes and text.
    pub(crate) const fn object(fields: &'static [(&'static str, &'static Self)]) -> Self {
        Self::Object { attributes: &[], fields, text: None }
    }

    fn field(&self, name: &str) -> Option<&'static Shape> {
        match self {
            Self::Text | Self::Each(_) => None,
            Self::Object { fields, .. } => {
                fields.iter().find(|(field, _)| *field == name).map(|(_, shape)| *shape)
            }
            Self::List(item, shape) => (*item == name).then_some(*shape),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'static str> {
        match self {
            Self::Object { attributes, .. } => attributes.iter().find(|a| **a == name).copied(),
            Self::Text | Self::List(..) | Self::Each(_) => None,
        }
    }
}

/// Reads a document. `root` gets the local name and the namespace of the outermost element and
/// returns its shape, or the error if it is not the right one. Returns the namespace and the value.
pub(crate) fn read(
    bytes: &[u8],
    root: impl FnOnce(&str, &str) -> Result<&'static Shape, DocumentError>,
) -> Result<(String, Value), DocumentError> {
    let whole = |problem| XmlError::new(XmlPlace::Document, problem);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole(XmlProblem::Utf16).into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| whole(XmlProblem::NotUtf8(error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    let mut root = Some(root);
    loop {
        let before = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => return Err(tree.error(text, reader.error_position(), error.into())),
        };
        let empty = matches!(event, Event::Empty(_));
        let done = match event {
            Event::Start(start) | Event::Empty(start) => tree.open(&start, &mut root).map(|()| {
                if empty {
                    tree.close();
                }
            }),
            Event::End(_) => {
                tree.close();
                Ok(())
            }
            Event::Text(more) => tree.text(&more.xml10_content()),
            Event::CData(more) => tree.text(&more.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(character)) => tree.text(character.encode_utf8(&mut [0; 4])),
                Ok(None) => match quick_xml::escape::resolve_predefined_entity(&name.xml10_content()) {
                    Some(predefined) => tree.text(predefined),
                    None => Err(XmlProblem::Entity(shorten(&name.xml10_content()))),
                },
                Err(error) => Err(error.into()),
            },
            Event::DocType(_) => Err(XmlProblem::DocType),
            Event::Decl(declaration) => match declaration.encoding() {
                Some(Ok(name)) if !DECODED.contains(&&*name.to_ascii_lowercase()) => {
                    Err(XmlProblem::Encoding(shorten(&name)))
                }
                Some(Err(error)) => Err(error.into()),
                _ => Ok(()),
            },
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        };
        done.map_err(|problem| tree.error(text, before, problem))?;
    }
    if !tree.names.is_empty() {
        return Err(tree.error(text, text.len() as u64, XmlProblem::OpenElement));
    }
    tree.root.ok_or_else(|| whole(XmlProblem::NoElement).into())
}

/// A name or value for a message.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// An element that is being read.
struct Frame {
    shape: &'static Shape,
    object: Map<String, Value>,
    list: Vec<Value>,
    text: String,
}

impl Frame {
    fn new(shape: &'static Shape) -> Self {
        Self { shape, object: Map::new(), list: Vec::new(), text: String::new() }
    }

    fn into_value(mut self) -> Value {
        match self.shape {
            Shape::Text | Shape::Each(_) => Value::String(self.text),
            Shape::List(..) => Value::Array(self.list),
            Shape::Object { text, .. } => {
                if let Some(key) = text {
                    self.object.insert((*key).to_owned(), Value::String(self.text));
                }
                Value::Object(self.object)
            }
        }
    }
}

/// A prefix (or none, for the default), its namespace, and how deep it was declared.
struct Binding {
    depth: usize,
    prefix: Option<String>,
    namespace: String,
}

/// The open elements and what has been made of them.
#[derive(Default)]
struct Tree {
    /// Local names of all open elements.
    names: Vec<String>,
    /// Those from the root on that have a shape; the ones further in are passed over.
    frames: Vec<Frame>,
    bindings: Vec<Binding>,
    root: Option<(String, Value)>,
    namespace: String,
}

impl Tree {
    fn open<R>(&mut self, start: &BytesStart<'_>, root: &mut Option<R>) -> Result<(), XmlProblem>
    where
        R: FnOnce(&str, &str) -> Result<&'static Shape, DocumentError>,
    {
        let qualified = start.name();
        let (local, prefix) = qualified.decompose();
        let local: &str = local.as_ref();
        self.names.push(shorten(local));
        if self.names.len() > MAXIMUM_OPEN {
            return Err(XmlProblem::TooDeep(MAXIMUM_OPEN));
        }
        let attributes = self.attributes(start)?;
        let namespace = self.resolve(prefix.as_ref().map(AsRef::as_ref))?;
        let shape = match root.take() {
            Some(root) => {
                let shape = root(local, namespace).map_err(|error| XmlProblem::Root(Box::new(error)))?;
                self.namespace = namespace.to_owned();
                shape
            }
            None if self.names.len() == 1 => return Err(XmlProblem::SecondRoot),
            // Within what is passed over, and what others have added in namespaces of their own.
            None if self.frames.len() + 1 < self.names.len() || namespace != self.namespace => return Ok(()),
            None => {
                let Some(parent) = self.frames.last() else { return Ok(()) };
                match parent.shape.field(local) {
                    None => return Ok(()),
                    Some(Shape::Each(shape)) => shape,
                    Some(_) if parent.object.contains_key(local) => {
                        return Err(XmlProblem::Twice);
                    }
                    Some(shape) => shape,
                }
            }
        };
        if self.frames.len() >= MAXIMUM_DEPTH {
            return Err(XmlProblem::TooDeep(MAXIMUM_DEPTH));
        }
        let mut frame = Frame::new(shape);
        for (name, value) in attributes {
            if let Some(key) = shape.attribute(&name)
                && frame.object.insert(key.to_owned(), Value::String(value)).is_some()
            {
                return Err(XmlProblem::AttributeTwice(key));
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    /// The attributes without prefix. Namespace declarations become bindings.
    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Vec<(String, String)>, XmlProblem> {
        let mut found = Vec::new();
        // The check for duplicates takes quadratic time; those that matter are found later.
        for (index, attribute) in start.attributes().with_checks(false).enumerate() {
            if index >= MAXIMUM_ATTRIBUTES {
                return Err(XmlProblem::Attributes);
            }
            let attribute = attribute?;
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|source| {
                XmlProblem::AttributeValue { name: shorten(attribute.key.as_ref()), source }
            })?;
            if let Some(declared) = attribute.key.as_namespace_binding() {
                let prefix = match declared {
                    PrefixDeclaration::Default => None,
                    PrefixDeclaration::Named(prefix) => Some(prefix.to_owned()),
                };
                if self.bindings.len() >= MAXIMUM_NAMESPACES {
                    return Err(XmlProblem::Namespaces);
                }
                let depth = self.names.len();
                self.bindings.push(Binding { depth, prefix, namespace: value.into_owned() });
            } else if attribute.key.prefix().is_none() {
                found.push((attribute.key.as_ref().to_owned(), value.into_owned()));
            }
        }
        Ok(found)
    }

    /// The namespace of a prefix, or the default one, which may be none.
    fn resolve(&self, prefix: Option<&str>) -> Result<&str, XmlProblem> {
        let bound = self.bindings.iter().rev().find(|b| b.prefix.as_deref() == prefix);
        match (bound, prefix) {
            (Some(binding), _) => Ok(&binding.namespace),
            (None, None | Some("xml")) => Ok(""),
            (None, Some(prefix)) => Err(XmlProblem::Prefix(shorten(prefix))),
        }
    }

    /// The reader has checked that the names of begin and end agree.
    fn close(&mut self) {
        let depth = self.names.len();
        self.bindings.retain(|b| b.depth < depth);
        let name = self.names.pop().unwrap_or_default();
        if self.frames.len() < depth {
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        let value = frame.into_value();
        match self.frames.last_mut() {
            None => self.root = Some((std::mem::take(&mut self.namespace), value)),
            Some(parent) if matches!(parent.shape, Shape::List(..)) => parent.list.push(value),
            Some(parent) => match (parent.shape.field(&name), parent.object.get_mut(&name)) {
                (Some(Shape::Each(_)), Some(Value::Array(list))) => list.push(value),
                (Some(Shape::Each(_)), _) => drop(parent.object.insert(name, Value::Array(vec![value]))),
                _ => drop(parent.object.insert(name, value)),
            },
        }
    }

    fn text(&mut self, more: &str) -> Result<(), XmlProblem> {
        if self.names.is_empty() {
            let outside = !more.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty();
            return if outside { Err(XmlProblem::TextOutside) } else { Ok(()) };
        }
        if self.frames.len() == self.names.len()
            && let Some(frame) = self.frames.last_mut()
            && matches!(frame.shape, Shape::Text | Shape::Object { text: Some(_), .. })
        {
            frame.text.push_str(more);
        }
        Ok(())
    }

    /// A problem with its place. `offset` is in bytes.
    fn error(&self, text: &str, offset: u64, problem: XmlProblem) -> DocumentError {
        if let XmlProblem::Root(error) = problem {
            return *error;
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let (line, column) = line_and_column(text.as_bytes(), offset);
        let deepest = self.names.len().saturating_sub(6);
        let open = self.names.get(deepest..).unwrap_or_default().join("/");
        let dots = if deepest > 0 { "…/" } else { "" };
        let place = XmlPlace::At { line, column, open: format!("{dots}{open}") };
        XmlError::new(place, problem).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::with_causes;
    use serde_json::json;

    static ITEM: Shape = Shape::Object {
        attributes: &["type"],
        fields: &[("name", &Shape::Text), ("parts", &PARTS)],
        text: None,
    };
    static PARTS: Shape = Shape::List("part", &ITEM);
    static NOTE: Shape = Shape::Object { attributes: &["key"], fields: &[], text: Some("value") };
    static ROOT: Shape = Shape::Object {
        attributes: &[],
        fields: &[
            ("parts", &PARTS),
            ("note", &NOTE),
            ("each", &Shape::Each(&ITEM)),
            ("word", &Shape::Each(&Shape::Text)),
        ],
        text: None,
    };

    fn read(text: &str) -> Result<Value, String> {
        super::read(text.as_bytes(), |name, namespace| match (name, namespace) {
            ("root", "urn:a") => Ok(&ROOT),
            _ => Err(DocumentError::NotSpdx),
        })
        .map(|(_, value)| value)
        .map_err(|error| with_causes(&error))
    }

    #[test]
    fn what_the_shape_names_is_kept() {
        let value = read(
            "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<!-- a --><?do it?>\n\
             <a:root xmlns:a='urn:a' xmlns:b='urn:b'><a:parts>\
             <a:part type='x &amp; &#65;' b:type='no'><b:name>no</b:name><a:name> o<![CDATA[<&>]]>&lt;&#x41;\r\n</a:name>\
             <a:other><a:name>no</a:name></a:other>\
             <a:parts><a:part/><a:strange/><part xmlns='urn:a'><name>in</name></part></a:parts></a:part></a:parts>\
             <a:note key='k'>v<a:x>no</a:x>w</a:note></a:root>\n",
        );
        let expected = json!({"parts": [{"type": "x & A", "name": " o<&><A\n", "parts": [{}, {"name": "in"}]}],
            "note": {"key": "k", "value": "vw"}});
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn elements_that_repeat_are_a_list() {
        let value = read(
            "<root xmlns='urn:a'><word/><each type='1'/><word>a</word><note/><each><name>b</name><each/></each></root>",
        );
        let expected =
            json!({"word": ["", "a"], "each": [{"type": "1"}, {"name": "b"}], "note": {"value": ""}});
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn what_is_refused_has_a_place() {
        let deep = format!("<root xmlns='urn:a'>{}", "<parts><part>".repeat(100_000));
        let passed_over = format!("<root xmlns='urn:a'>{}", "<x>".repeat(100_000));
        let wide: Vec<String> = (0..200).map(|n| format!(" a{n}=''")).collect();
        let many: Vec<String> = (0..100).map(|n| format!(" xmlns:a{n}='x'")).collect();
        let (wide, many) = (wide.concat(), many.concat());
        for (text, expected) in [
            ("", "there is no element"),
            ("<root xmlns='urn:b'/>", "not SPDX"),
            ("<root xmlns='urn:a'>\n <parts>", "line 2, column 9, in `root/parts`: "),
            ("<root xmlns='urn:a'>\n <parts></part></root>", "line 2, column"),
            ("<root xmlns='urn:a'/><root/>", "line 1, column 22, in `root`: a second outermost element"),
            ("<root xmlns='urn:a'/>x", "text outside"),
            (
                "<root xmlns='urn:a'><note/>\n<note/></root>",
                "line 2, column 1, in `root/note`: this element stands there twice",
            ),
            ("<root xmlns='urn:a'><note key='1' key='2'/></root>", "the attribute `key` stands there twice"),
            (
                "<root xmlns='urn:a'><note>&no;</note></root>",
                "in `root/note`: the entity `&no;` is not defined",
            ),
            ("<root xmlns='urn:a'><note key='&no;'/></root>", "the attribute `key`"),
            ("<root xmlns='urn:a'><note>&#0;</note></root>", "line 1"),
            ("<root xmlns='urn:a'><b:note/></root>", "the prefix `b` stands for no namespace"),
            ("<!DOCTYPE root [<!ENTITY a 'aaa'>]><root xmlns='urn:a'/>", "DOCTYPE"),
            ("<?xml version='1.0' encoding='latin1'?><root xmlns='urn:a'/>", "in the encoding `latin1`"),
            (&deep, "nested more than 128 deep"),
            (&passed_over, "nested more than 1024 deep"),
            (&format!("<root xmlns='urn:a'{wide}/>"), "more than 128 attributes"),
            (&format!("<root xmlns='urn:a'{many}/>"), "more than 64 namespaces"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{}: {error}", shorten(text));
        }
        let error = |bytes: &[u8]| with_causes(&super::read(bytes, |_, _| Ok(&ROOT)).unwrap_err());
        assert!(error(b"\xff\xfe<\0").contains("UTF-16"));
        assert_eq!(error(b"<root>\xff</root>"), "not readable as XML: not UTF-8 at byte 6");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "(<|>|/|root|part|parts|name|&|;|=|'|!|\\[|\\]|--|xmlns| |\\PC){0,60}") {
            let _ = super::read(text.as_bytes(), |_, _| Ok(&ROOT));
        }

        /// Any text that XML can hold comes back.
        #[test]
        fn escaped_texts_come_back(text in "[ -~äöü€\u{10000}]{0,40}") {
            let escaped = quick_xml::escape::escape(&text);
            let document = format!("<root xmlns='urn:a'><note key=\"{escaped}\">{escaped}</note></root>");
            proptest::prop_assert_eq!(read(&document), Ok(json!({"note": {"key": text.clone(), "value": text}})));
        }
    }
}
