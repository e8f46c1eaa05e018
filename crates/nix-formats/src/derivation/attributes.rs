//! What the Nix expression passed to a derivation: its attributes, whether they are in the
//! environment or structured.

use super::Derivation;
use crate::store_path::StorePath;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The attributes of a derivation; see [`Derivation::attributes`].
#[derive(Debug, Clone)]
pub struct Attributes<'d> {
    derivation: &'d Derivation<'d>,
    structured: Option<Map<String, Value>>,
}

/// Why the structured attributes cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttributesError {
    /// They are not JSON.
    #[error("derivation `{name}`: `__json` is not JSON")]
    Json {
        /// The name of the derivation.
        name: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// They are not an object.
    #[error("derivation `{name}`: `__json` is not an object")]
    NotAnObject {
        /// The name of the derivation.
        name: String,
    },
}

impl Derivation<'_> {
    /// The attributes: structured ones first, then the environment.
    pub fn attributes(&self) -> Result<Attributes<'_>, AttributesError> {
        let structured = match self.env_bytes(Self::STRUCTURED) {
            None => None,
            Some(text) => match serde_json::from_slice(text) {
                Ok(Value::Object(members)) => Some(members),
                Ok(_) => return Err(AttributesError::NotAnObject { name: self.name.to_string() }),
                Err(source) => return Err(AttributesError::Json { name: self.name.to_string(), source }),
            },
        };
        Ok(Attributes { derivation: self, structured })
    }
}

impl Attributes<'_> {
    /// A structured attribute as it is; `None` also for derivations without structured attributes.
    pub fn structured(&self, name: &str) -> Option<&Value> {
        self.structured.as_ref()?.get(name)
    }

    /// An attribute as text, as Nix would put it into an environment: `true` is `1`, `false` and
    /// `null` are empty, lists are joined by blanks. `None` if it is not there, an object, or not
    /// UTF-8.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.structured(name) {
            Some(value) => coerce(value),
            None => self.derivation.env(name).map(Cow::Borrowed),
        }
    }

    /// An attribute as a list: a structured list item by item, a text by its blanks. Empty if it is
    /// not there.
    pub fn list(&self, name: &str) -> Vec<Cow<'_, str>> {
        match self.structured(name) {
            Some(Value::Array(items)) => items.iter().filter_map(coerce).collect(),
            Some(Value::String(text)) => text.split_ascii_whitespace().map(Cow::Borrowed).collect(),
            Some(_) => Vec::new(),
            None => self
                .derivation
                .env_bytes(name)
                .map(|text| words(text).map(Cow::Borrowed).collect())
                .unwrap_or_default(),
        }
    }

    /// The package's name without the version, if nixpkgs states it. Never empty.
    pub fn pname(&self) -> Option<Cow<'_, str>> {
        self.text("pname").filter(|text| !text.is_empty())
    }

    /// The package's version, if nixpkgs states it. Never empty.
    pub fn version(&self) -> Option<Cow<'_, str>> {
        self.text("version").filter(|text| !text.is_empty())
    }

    /// The patches that are applied to the source, as paths: of the store, or placeholders for
    /// paths that only a build decides.
    pub fn patches(&self) -> Vec<Cow<'_, str>> {
        self.list("patches")
    }

    /// The file names of the patches, without the digests of store paths: `CVE-2021-1234.patch`.
    pub fn patch_names(&self) -> Vec<String> {
        let last = |path: &str| {
            let path = path.trim_end_matches('/');
            let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
            StorePath::from_base_name(file).map_or_else(|_| file.to_owned(), |path| path.name().to_owned())
        };
        self.patches().iter().map(|path| last(path)).collect()
    }

    /// Where the fetchers of nixpkgs get the contents of a fixed output: its `urls` and `url`.
    /// Mirrors stand there as `mirror://…`. Empty for other derivations, for which these attributes
    /// mean nothing.
    pub fn source_urls(&self) -> Vec<Cow<'_, str>> {
        if !self.derivation.is_fixed() {
            return Vec::new();
        }
        let mut urls = self.list("urls");
        for url in self.list("url") {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }
}

/// The parts of a text between blanks; those that are not UTF-8 are left out.
fn words(text: &[u8]) -> impl Iterator<Item = &str> {
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.filter_map(|word| std::str::from_utf8(word).ok())
}

fn coerce(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Null | Value::Bool(false) => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("1"),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => {
            let mut texts = Vec::with_capacity(items.len());
            for item in items {
                texts.push(coerce(item)?);
            }
            Cow::Owned(texts.join(" "))
        }
        Value::Object(_) => return None,
    })
}
