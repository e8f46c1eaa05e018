//! `nix path-info --json`: a list up to Nix 2.18 and in Lix, an object by store path since 2.19,
//! and with `--json-format 2` one whose paths stand without their folder.

use super::closure::Member;
use super::listed::{self, StoreOfDocument};
use super::nix_json::store_path;
use super::store::ReadOptions;
use super::{MAXIMUM_PACKAGES, TargetContents};
use crate::document::DocumentError;
use nix_formats::StorePath;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is said of one path; `null` if it is not valid in the store that was asked.
#[derive(Debug, Default, Deserialize)]
struct Info {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    deriver: Option<String>,
    #[serde(default)]
    references: Option<Vec<String>>,
    /// `false` of a path that the store does not have; only in lists.
    #[serde(default)]
    valid: Option<bool>,
}

/// The document: paths as they are written, in any of the forms.
#[derive(Debug, Default)]
struct Document {
    store: Option<String>,
    entries: Vec<(String, Option<Info>)>,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of paths, or an object by store path")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(info) = list.next_element::<Info>()? {
            let path = info.path.clone().ok_or_else(|| de::Error::missing_field("path"))?;
            let info = Some(info).filter(|info| info.valid != Some(false));
            document.push(path, info)?;
        }
        Ok(document)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "info" => {
                    for (path, info) in map.next_value::<BTreeMap<String, Option<Info>>>()? {
                        document.push(path, info)?;
                    }
                }
                "storeDir" => document.store = Some(map.next_value()?),
                "version" => drop(map.next_value::<IgnoredAny>()?),
                _ => {
                    let info = map.next_value()?;
                    document.push(key, info)?;
                }
            }
        }
        Ok(document)
    }
}

impl Document {
    fn push<E: de::Error>(&mut self, path: String, info: Option<Info>) -> Result<(), E> {
        if self.entries.len() >= MAXIMUM_PACKAGES {
            return Err(E::custom(format!("more than {MAXIMUM_PACKAGES} paths")));
        }
        self.entries.push((path, info));
        Ok(())
    }
}

/// Reads what `nix path-info --json` printed.
pub fn parse(bytes: &[u8], options: &ReadOptions) -> Result<TargetContents, DocumentError> {
    let document: Document = vulnerability::json::from_slice(bytes, bytes.len())?;
    let mut contents = TargetContents::default();
    let mut store = StoreOfDocument::new(options);
    let mut members: BTreeMap<StorePath, Option<StorePath>> = BTreeMap::new();
    let mut needed: BTreeSet<StorePath> = BTreeSet::new();
    for (index, (text, info)) in document.entries.into_iter().enumerate() {
        let place = || format!("path {}", index + 1);
        let read = store_path(&text, &options.store_dir).map(|mut written| {
            written.folder = written.folder.or_else(|| document.store.clone());
            written
        });
        let Some(written) = read else {
            contents.warn(place(), format!("`{}` is no store path", super::cut(&text)));
            continue;
        };
        let Some(path) = store.same(written, &place(), &mut contents) else { continue };
        let Some(info) = info else {
            contents.warn(super::cut(&text), "is not in the store that was asked; it is not scanned");
            continue;
        };
        let reference = |text: &String| Some(store_path(text, &options.store_dir)?.path);
        needed.extend(info.references.iter().flatten().filter_map(reference));
        members.insert(path, info.deriver.as_ref().and_then(reference));
    }
    let missing = needed.iter().filter(|path| !members.contains_key(path)).count();
    if missing > 0 {
        contents.warn(
            "references",
            format!("{missing} paths that are needed are not listed: was it made without --recursive?"),
        );
    }
    let members = members.into_iter().map(|(path, deriver)| Member { path, deriver }).collect();
    listed::add(members, &store.options(), &mut contents);
    Ok(contents)
}
