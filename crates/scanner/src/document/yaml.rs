//! YAML documents as JSON values, for formats that have both forms.
//!
//! Built from the parser's events on a list of open collections, so that nothing recurses. Aliases,
//! which can make a document grow without end, are refused, and so is a key that stands twice.
//! Texts that are not quoted stay texts, whatever YAML would make of them (`1.10` is a version, not
//! a number), but for null and the truth values.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Value};

/// Collections are not nested deeper than this, as in JSON.
const MAXIMUM_DEPTH: usize = 128;

/// Why YAML cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct YamlError(YamlProblem);

#[derive(Debug, thiserror::Error)]
enum YamlProblem {
    /// The parser's error names the place.
    #[error("not valid YAML")]
    Syntax(#[source] ScanError),
    #[error("line {line}: {problem}")]
    Meaning { line: usize, problem: String },
}

impl YamlError {
    pub(crate) fn syntax(error: ScanError) -> Self {
        Self(YamlProblem::Syntax(error))
    }

    pub(crate) fn at(line: usize, problem: impl Into<String>) -> Self {
        Self(YamlProblem::Meaning { line, problem: problem.into() })
    }
}

/// A collection that is being read.
enum Open {
    List(Vec<Value>),
    /// With the key whose value comes next.
    Object(Map<String, Value>, Option<String>),
}

/// Reads the first document.
pub(crate) fn read(text: &str) -> Result<Value, YamlError> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(YamlError::syntax)?;
        let wrong = |problem: &str| YamlError::at(span.start.line(), problem);
        let done = match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if open.len() >= MAXIMUM_DEPTH {
                    return Err(wrong(&format!("nested more than {MAXIMUM_DEPTH} deep")));
                }
                if matches!(open.last(), Some(Open::Object(_, None))) {
                    return Err(wrong("a key that is not a text"));
                }
                open.push(match event {
                    Event::MappingStart(..) => Open::Object(Map::new(), None),
                    _ => Open::List(Vec::new()),
                });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop() {
                Some(Open::List(list)) => Value::Array(list),
                Some(Open::Object(object, _)) => Value::Object(object),
                None => continue,
            },
            Event::Scalar(text, style, ..) => {
                if let Some(Open::Object(object, key @ None)) = open.last_mut() {
                    if object.contains_key(&*text) {
                        let short: String = text.chars().take(40).collect();
                        return Err(wrong(&format!("the field `{short}` stands twice")));
                    }
                    *key = Some(text.into_owned());
                    continue;
                }
                match (style, &*text) {
                    (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
                    (ScalarStyle::Plain, "true" | "True" | "TRUE") => Value::Bool(true),
                    (ScalarStyle::Plain, "false" | "False" | "FALSE") => Value::Bool(false),
                    _ => Value::String(text.into_owned()),
                }
            }
            Event::Alias(_) => return Err(wrong("aliases are not supported")),
            Event::DocumentEnd => return Ok(Value::Null),
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(done),
            Some(Open::List(list)) => list.push(done),
            Some(Open::Object(object, key)) => {
                if let Some(key) = key.take() {
                    object.insert(key, done);
                }
            }
        }
    }
    Ok(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::with_causes;
    use serde_json::json;

    #[test]
    fn values() {
        let text = "# a comment\n---\na: 1.10\nb: [x, 'null', null, true]\nc:\n- d: >-\n    two\n    lines\n  e: {}\n- \"q: \\u00e9\"\nempty:\n";
        let expected = json!({"a": "1.10", "b": ["x", "null", null, true], "c": [{"d": "two lines", "e": {}}, "q: é"], "empty": null});
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(read("").unwrap(), Value::Null);
    }

    #[test]
    fn what_is_refused_has_a_line() {
        for (text, expected) in [
            ("a: 1\nb: 2\na: 3\n", "line 3: the field `a` stands twice"),
            ("a: &x [1]\nb: *x\n", "line 2: aliases"),
            ("? [1]\n: 2\n", "line 1: a key"),
            ("a: [1\n", "not valid YAML"),
            // The parser looks ahead and has a limit of its own.
            (&"[".repeat(10_000), "recursion limit"),
            (&"[\n".repeat(130), "deep"),
            (&"- ".repeat(10_000), "nested more than 128 deep"),
        ] {
            let error = with_causes(&read(text).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest::proptest! {
        /// Any JSON is YAML, and means the same where nothing but texts stands in it.
        #[test]
        fn json_reads_the_same(texts in proptest::collection::btree_map("[a-z]{1,8}", "\\PC{0,20}", 0..6)) {
            let value = json!({"list": [texts]});
            proptest::prop_assert_eq!(read(&value.to_string()).unwrap(), value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|[-:\\[\\]{}&*!|>'\"%@`?, ]){0,80}") {
            let _ = read(&text);
        }
    }
}
