//! `packages.json` of a channel: `{"version": 2, "packages": {ATTRIBUTE: {…}}}`.

use super::{
    Attribute, Content, Derivation, MAXIMUM_LIST, MAXIMUM_NAME, MAXIMUM_PATH, PackageSetError, cut, lines,
    meta,
};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    pname: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    outputs: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    meta: Value,
}

/// Reads entry after entry; of a document that is cut off, those before the cut, and then an error.
pub(super) fn each(
    reader: impl Read,
    give: impl FnMut(Result<Attribute, String>) -> bool,
) -> Result<(), PackageSetError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 << 10, reader));
    Document(give).deserialize(&mut json).and_then(|()| json.end()).map_err(|error| {
        if error.is_io() { PackageSetError::Io(error.into()) } else { PackageSetError::Document(error) }
    })
}

struct Document<G>(G);

impl<'de, G: FnMut(Result<Attribute, String>) -> bool> DeserializeSeed<'de> for Document<G> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, G: FnMut(Result<Attribute, String>) -> bool> Visitor<'de> for Document<G> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `packages`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "packages" if found => return Err(A::Error::duplicate_field("packages")),
                "packages" => {
                    found = true;
                    map.next_value_seed(Packages(&mut self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("packages")) }
    }
}

struct Packages<'g, G>(&'g mut G);

impl<'de, G: FnMut(Result<Attribute, String>) -> bool> DeserializeSeed<'de> for Packages<'_, G> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, G: FnMut(Result<Attribute, String>) -> bool> Visitor<'de> for Packages<'_, G> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of packages by attribute")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(path) = map.next_key::<String>()? {
            let entry = map.next_value::<Value>()?;
            let attribute = serde_json::from_value::<Entry>(entry)
                .map_err(|error| error.to_string())
                .and_then(|entry| attribute(&path, entry))
                .map_err(|problem| format!("packages.{}: {problem}", cut(&path, MAXIMUM_PATH)));
            if !(self.0)(attribute) {
                return Err(A::Error::custom("nobody wants the rest"));
            }
        }
        Ok(())
    }
}

fn attribute(path: &str, entry: Entry) -> Result<Attribute, String> {
    if path.is_empty() || path.len() > MAXIMUM_PATH {
        return Err("no path of an attribute".to_owned());
    }
    if entry.name.is_empty() {
        return Err("no name".to_owned());
    }
    let (pname, version) = lines::parts(&entry.name, entry.pname, entry.version);
    let (meta, maintainers) = meta::read(&entry.meta);
    let outputs = entry.outputs.unwrap_or_default().into_keys().filter(|name| !name.contains(['=', '\n']));
    let derivation = Derivation {
        name: cut(&entry.name, MAXIMUM_NAME).to_owned(),
        pname,
        version,
        outputs: outputs.take(MAXIMUM_LIST).map(|name| (name, None)).collect(),
        meta,
        maintainers,
        ..Derivation::default()
    };
    Ok(Attribute { path: path.to_owned(), content: Content::Derivation(Box::new(derivation)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Result<Attribute, String>>, Result<(), PackageSetError>) {
        let mut found = Vec::new();
        let end = each(text.as_bytes(), |attribute| {
            found.push(attribute);
            true
        });
        (found, end)
    }

    #[test]
    fn entries_and_what_is_wrong() {
        let (found, end) = read(
            r#"{"version":"2","packages":{"a.b":{"name":"b-1","pname":"b","meta":{"description":"d"}},"c":3}}"#,
        );
        end.unwrap();
        assert_eq!(found[0].as_ref().unwrap().path, "a.b");
        assert!(found[1].as_ref().unwrap_err().starts_with("packages.c: "));
    }

    /// What is cut off is not taken for a channel that lost its packages.
    #[test]
    fn a_document_that_ends_early_is_an_error() {
        let whole = r#"{"version":2,"packages":{"a":{"name":"a-1"},"b":{"name":"b-1"}}}"#;
        read(whole).1.unwrap();
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).1.is_err(), "{length}");
        }
        assert!(read("{}").1.is_err());
    }
}
