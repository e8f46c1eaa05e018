//! The little YAML that a whitelist needs: a list of mappings from names to a text or a list of
//! texts.
//!
//! Built from the parser's events, so that nesting cannot grow and aliases, which can grow a
//! document without end, are refused.

use crate::document::YamlError;
use saphyr_parser::{Event, Parser, ScanError, Span};

/// One mapping of the list.
pub(super) struct Entry {
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// Its fields in order.
    pub(super) fields: Vec<(String, Vec<String>)>,
}

struct Events<'a>(Parser<'a, saphyr_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), YamlError> {
        let next: Option<Result<(Event<'a>, Span), ScanError>> = self.0.next();
        match next {
            Some(Ok((Event::Alias(_), span))) => {
                Err(YamlError::at(span.start.line(), "aliases are not supported"))
            }
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => Err(YamlError::syntax(error)),
            None => Ok((Event::StreamEnd, 0)),
        }
    }

    /// A text, or a list of texts.
    fn texts(&mut self, field: &str) -> Result<Vec<String>, YamlError> {
        let wrong = |line| YamlError::at(line, format!("`{field}` must be a text or a list of texts"));
        match self.next()? {
            (Event::Scalar(text, ..), _) => Ok(vec![text.into_owned()]),
            (Event::SequenceStart(..), _) => {
                let mut texts = Vec::new();
                loop {
                    match self.next()? {
                        (Event::Scalar(text, ..), _) => texts.push(text.into_owned()),
                        (Event::SequenceEnd, _) => return Ok(texts),
                        (_, line) => return Err(wrong(line)),
                    }
                }
            }
            (_, line) => Err(wrong(line)),
        }
    }

    fn mapping(&mut self, line: usize) -> Result<Entry, YamlError> {
        let mut fields: Vec<(String, Vec<String>)> = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, _) => return Ok(Entry { line, fields }),
                (Event::Scalar(key, ..), line) => {
                    if fields.iter().any(|(k, _)| *k == key) {
                        return Err(YamlError::at(line, format!("`{key}` stands there twice")));
                    }
                    let texts = self.texts(&key)?;
                    fields.push((key.into_owned(), texts));
                }
                (_, line) => return Err(YamlError::at(line, "a key that is not a text")),
            }
        }
    }
}

/// Reads the list of the first document.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, YamlError> {
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::SequenceStart(..), _) => break,
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Vec::new()),
            // An empty document.
            (Event::Scalar(text, ..), _) if text.is_empty() || text == "~" || text == "null" => {
                return Ok(Vec::new());
            }
            (_, line) => return Err(YamlError::at(line, "a whitelist in YAML must be a list")),
        }
    }
    let mut entries = Vec::new();
    loop {
        match events.next()? {
            (Event::MappingStart(..), line) => entries.push(events.mapping(line)?),
            (Event::SequenceEnd, _) => return Ok(entries),
            (_, line) => return Err(YamlError::at(line, "every rule must be a mapping")),
        }
    }
}
