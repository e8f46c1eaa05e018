//! Walking a JSON document whose types cannot be trusted: what is wrong is noted with its place,
//! the rest is used.

use super::TargetContents;
use super::meta::cut;
use serde_json::Value;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) place: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, place: String::new() }
    }

    fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// A member; `null` counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key).filter(|v| !v.is_null())?;
        Some(Node { value, place: self.place_of(key) })
    }

    /// A text member. Numbers are taken as they are written, for `"version": 1.10` is a common
    /// mistake; anything else is noted.
    pub(super) fn text(&self, key: &str, contents: &mut TargetContents) -> Option<String> {
        let node = self.get(key)?;
        match node.value {
            Value::String(text) => {
                let short = cut(text);
                if short.len() < text.len() {
                    contents.warn(node.place, format!("a text of {} bytes, cut", text.len()));
                }
                let short = short.trim().to_owned();
                Some(short).filter(|t| !t.is_empty())
            }
            Value::Number(number) => {
                contents.warn(node.place, "expected a text, found a number; read as it is written");
                Some(number.to_string())
            }
            other => {
                contents.warn(node.place, format!("expected a text, found {}", type_of(other)));
                None
            }
        }
    }

    /// The elements of a list member; absent is empty, another type is noted.
    pub(super) fn list(&self, key: &str, contents: &mut TargetContents) -> Vec<Node<'a>> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let Value::Array(values) = node.value else {
            contents.warn(node.place, format!("expected a list, found {}", type_of(node.value)));
            return Vec::new();
        };
        values
            .iter()
            .enumerate()
            .map(|(i, value)| Node { value, place: format!("{}[{i}]", node.place) })
            .collect()
    }

    /// Whether it is an object; if not that is noted.
    pub(super) fn is_object(&self, contents: &mut TargetContents) -> bool {
        if !self.value.is_object() {
            contents.warn(self.place.clone(), format!("expected an object, found {}", type_of(self.value)));
        }
        self.value.is_object()
    }
}

pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
