//! `nix derivation show`: derivations by store path, up to version 3 of the format with the paths'
//! folder, later below `derivations` and without it.
//!
//! Everything that identifies a package is the same in all versions; what differs, inputs and
//! hashes, is read only as far as it is needed. [`nix_formats::Derivation`] reads the newest
//! version in full.

use super::collect::merge;
use super::derivation::{self, Facts};
use super::listed::StoreOfDocument;
use super::nix_json::store_path;
use super::store::ReadOptions;
use super::{MAXIMUM_PACKAGES, TargetContents};
use crate::document::DocumentError;
use matching::Text;
use nix_formats::{Derivation, StoreDir, StorePath};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    derivations: BTreeMap<String, Shown>,
    #[serde(default, rename = "version")]
    _version: Option<Value>,
    #[serde(flatten)]
    by_path: BTreeMap<String, Shown>,
}

/// A derivation as far as it is of use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    system: Option<String>,
    #[serde(default)]
    env: Map<String, Value>,
    #[serde(default)]
    structured_attrs: Option<Value>,
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
    #[serde(default)]
    inputs: Option<Value>,
    #[serde(default)]
    input_drvs: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    path: Option<String>,
    /// What is there has to have this hash.
    #[serde(default)]
    hash: Option<Value>,
}

impl Shown {
    /// The derivations that it needs, as they are written.
    fn inputs(&self) -> impl Iterator<Item = &String> {
        let newer = self.inputs.as_ref().and_then(|inputs| inputs.get("drvs")).and_then(Value::as_object);
        newer.or(self.input_drvs.as_ref()).into_iter().flat_map(Map::keys)
    }

    /// Only as much of a derivation as names a package.
    fn derivation(&self, path: &StorePath) -> Derivation<'static> {
        let bytes = |text: &str| Cow::Owned(text.as_bytes().to_vec());
        let mut env: Vec<_> =
            self.env.iter().filter_map(|(key, value)| Some((bytes(key), bytes(value.as_str()?)))).collect();
        if let Some(structured) = &self.structured_attrs {
            env.retain(|(key, _): &(Cow<'_, [u8]>, _)| key.as_ref() != Derivation::STRUCTURED.as_bytes());
            env.push((bytes(Derivation::STRUCTURED), bytes(&structured.to_string())));
        }
        Derivation {
            name: Cow::Owned(self.name.clone().unwrap_or_else(|| derivation::name_of(path).to_owned())),
            outputs: Vec::new(),
            input_derivations: Vec::new(),
            input_sources: Vec::new(),
            system: bytes(self.system.as_deref().unwrap_or_default()),
            builder: bytes(""),
            args: Vec::new(),
            env,
        }
    }

    fn facts(&self, path: &StorePath, store: &StoreDir) -> Result<(Facts, Vec<String>), DocumentError> {
        let derivation = self.derivation(path);
        let attributes = derivation.attributes()?;
        let mut facts = derivation::stated(&derivation, &attributes, store);
        facts.fixed_output = self.outputs.values().any(|output| output.hash.is_some());
        for (name, output) in &self.outputs {
            // Newer versions leave out the path of a fixed output; the environment still has it.
            let text = output.path.as_deref().or_else(|| self.env.get(name).and_then(Value::as_str));
            facts.outputs.extend(text.and_then(|text| store_path(text, store)).map(|found| found.path));
        }
        let mut sources = Vec::new();
        if facts.fixed_output {
            facts.source_urls = derivation::urls(&attributes);
        } else {
            sources = derivation::sources(&attributes);
        }
        Ok((facts, sources))
    }
}

/// Reads what `nix derivation show` printed. What its derivations need and it does not list is
/// looked for in the store.
pub fn parse(bytes: &[u8], options: &ReadOptions) -> Result<TargetContents, DocumentError> {
    let document: Document = vulnerability::json::from_slice(bytes, bytes.len())?;
    let mut contents = TargetContents::default();
    let mut store = StoreOfDocument::new(options);
    let mut shown: BTreeMap<StorePath, Shown> = BTreeMap::new();
    for (text, derivation) in document.derivations.into_iter().chain(document.by_path) {
        match store_path(&text, &options.store_dir) {
            Some(written) if written.path.is_derivation() => {
                if let Some(path) = store.same(written, &super::cut(&text), &mut contents) {
                    shown.insert(path, derivation);
                }
            }
            _ => contents.warn(super::cut(&text), "is no derivation; it is not scanned"),
        }
        if shown.len() > MAXIMUM_PACKAGES {
            let place = "derivations".to_owned();
            return Err(DocumentError::TooMany { place, limit: MAXIMUM_PACKAGES, what: "derivations" });
        }
    }
    let options = &store.options();
    let mut all = Vec::with_capacity(shown.len());
    let mut needed = BTreeSet::new();
    for (path, derivation) in &shown {
        let inputs = derivation.inputs().filter_map(|text| store_path(text, &options.store_dir));
        needed.extend(inputs.map(|written| written.path).filter(|input| !shown.contains_key(input)));
        match derivation.facts(path, &options.store_dir) {
            Ok((facts, sources)) => all.push((path, facts, sources)),
            Err(error) => {
                let place = options.store_dir.display(path).to_string();
                contents.warn(place, crate::document::with_causes(&error));
            }
        }
    }
    let mut fetched: FxHashMap<StorePath, Vec<Text>> = FxHashMap::default();
    for (_, facts, _) in all.iter().filter(|(_, facts, _)| facts.fixed_output) {
        fetched.extend(facts.outputs.iter().map(|output| (output.clone(), facts.source_urls.clone())));
    }
    for (path, mut facts, sources) in all {
        for source in sources {
            let source = store_path(&source, &options.store_dir);
            facts
                .source_urls
                .extend(source.and_then(|s| fetched.get(&s.path)).into_iter().flatten().cloned());
        }
        facts.source_urls.truncate(derivation::URLS);
        derivation::add(Some(path), &facts, options, &mut contents);
    }
    let folder = options.folder_or_absent();
    let (here, gone): (Vec<_>, Vec<_>) =
        needed.into_iter().partition(|path| folder.join(path.as_str()).is_file());
    if !gone.is_empty() {
        let problem = format!(
            "{} derivations that are needed are neither listed nor in the store: was it made without --recursive?",
            gone.len()
        );
        contents.warn("inputs", problem);
    }
    if here.is_empty() {
        contents.packages = merge(std::mem::take(&mut contents.packages));
        return Ok(contents);
    }
    Ok(derivation::build_closure(here, &folder, options, contents))
}
