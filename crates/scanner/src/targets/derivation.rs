//! Derivations: what they state about a package, and everything that is needed to build one.

use super::collect::merge;
use super::meta::cut;
use super::names::{PathName, classify, split_name};
use super::store::ReadOptions;
use super::{MAXIMUM_PACKAGES, TargetContents, TargetError, TargetKind};
use crate::document::{DocumentError, with_causes};
use crate::threads::parallel;
use matching::{Package, Text};
use nix_formats::{Attributes, Derivation, DerivationOutput, StoreDir, StorePath};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How many inputs named like the source are looked into. `source` is a common name.
const SOURCES: usize = 8;

/// How many URLs are kept: mirrors of one file say nothing new.
pub(super) const URLS: usize = 4;

/// What a derivation states about its package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) name: Text,
    pname: Text,
    version: Text,
    system: Option<Text>,
    patches: Vec<Text>,
    pub(super) source_urls: Vec<Text>,
    /// Its output is known before it is built: a source, mostly.
    pub(super) fixed_output: bool,
    pub(super) outputs: Vec<StorePath>,
    inputs: Vec<StorePath>,
    /// What of it cannot be used, while the rest is.
    problems: Vec<String>,
}

impl Facts {
    pub(super) fn apply(&self, package: &mut Package) {
        package.name.clone_from(&self.name);
        package.pname.clone_from(&self.pname);
        package.version.clone_from(&self.version);
        package.system.clone_from(&self.system);
        package.patches.clone_from(&self.patches);
        package.source_urls.clone_from(&self.source_urls);
    }
}

/// Reads a file of the store. `None` if it is not there.
fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    // One read for the file and one for its end, instead of feeling the way.
    let size =
        usize::try_from(file.metadata()?.len()).unwrap_or(Derivation::MAX_SIZE).min(Derivation::MAX_SIZE);
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(Derivation::MAX_SIZE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The name of a derivation, from its path.
pub(super) fn name_of(path: &StorePath) -> &str {
    path.name().strip_suffix(".drv").unwrap_or(path.name())
}

/// Why a derivation cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FactsError {
    #[error("cannot be read")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Invalid(#[from] DocumentError),
}

/// Reads a derivation and the sources that it names. `None` if it is not in the store folder.
pub(super) fn facts(folder: &Path, store: &StoreDir, path: &StorePath) -> Result<Option<Facts>, FactsError> {
    let Some(bytes) = read_file(&folder.join(path.as_str()))? else { return Ok(None) };
    Ok(Some(facts_of(&bytes, name_of(path), folder, store)?))
}

fn facts_of(bytes: &[u8], name: &str, folder: &Path, store: &StoreDir) -> Result<Facts, DocumentError> {
    let derivation = Derivation::parse_in(bytes, name, store)?;
    let attributes = derivation.attributes()?;
    let mut facts = stated(&derivation, &attributes, store);
    facts.fixed_output = derivation.outputs.iter().any(|(_, o)| matches!(o, DerivationOutput::Fixed { .. }));
    for output in derivation.output_paths(store) {
        match output {
            Ok((_, path)) => facts.outputs.extend(path),
            Err(error) => facts.problems.push(with_causes(&error)),
        }
    }
    if facts.fixed_output {
        facts.source_urls = urls(&attributes);
    } else {
        for source in sources(&attributes) {
            facts.source_urls.extend(urls_of_source(&source, &derivation, folder, store));
        }
    }
    facts.source_urls.truncate(URLS);
    Ok(facts)
}

/// What the attributes state, which is all that does not need other files.
pub(super) fn stated(derivation: &Derivation<'_>, attributes: &Attributes<'_>, store: &StoreDir) -> Facts {
    let name = derivation.name.as_ref();
    let (pname, version) = split_name(name);
    let patches = ["patches", "extraPatches", "prePatches"]
        .into_iter()
        .flat_map(|key| attributes.list(key))
        .filter_map(|patch| file_name(&patch, store));
    let system = String::from_utf8_lossy(&derivation.system).into_owned();
    let stated = |key: &str| attributes.text(key).filter(|t| !t.is_empty()).map(|t| cut(&t));
    Facts {
        name: cut(name).into(),
        // What the package says is surer than what its name looks like.
        pname: stated("pname").unwrap_or(pname).into(),
        version: stated("version").unwrap_or(version).into(),
        system: Some(system).filter(|s| s != "builtin").map(Into::into),
        patches: patches.map(|p| cut(&p).into()).collect(),
        inputs: derivation.input_derivations.iter().map(|(path, _)| path.clone()).collect(),
        ..Facts::default()
    }
}

/// What is built from, as the attributes name it.
pub(super) fn sources(attributes: &Attributes<'_>) -> Vec<String> {
    ["src", "srcs"].into_iter().flat_map(|key| attributes.list(key)).map(Cow::into_owned).collect()
}

/// The name of a file in the store: of the store path itself, or of what is within.
fn file_name(text: &str, store: &StoreDir) -> Option<String> {
    let (path, inside) = store.parse_inside(text).ok()?;
    let inside = inside.rsplit('/').next().unwrap_or("");
    Some(if inside.is_empty() { path.name().to_owned() } else { inside.to_owned() })
}

/// Where a fetcher fetches from.
pub(super) fn urls(attributes: &Attributes<'_>) -> Vec<Text> {
    let urls = ["urls", "url"].into_iter().flat_map(|key| attributes.list(key));
    urls.filter(|u| u.contains("://")).take(URLS).map(|u| cut(&u).into()).collect()
}

/// The URLs of the input that has this source as its output. That it cannot be found is no error:
/// sources can be local files, and derivations of sources may be gone.
fn urls_of_source(source: &str, derivation: &Derivation<'_>, folder: &Path, store: &StoreDir) -> Vec<Text> {
    let Ok((source, _)) = store.parse_inside(source) else { return Vec::new() };
    let inputs = derivation.input_derivations.iter().map(|(path, _)| path);
    for input in inputs.filter(|i| name_of(i) == source.name()).take(SOURCES) {
        let Ok(Some(bytes)) = read_file(&folder.join(input.as_str())) else { continue };
        let Ok(fetcher) = Derivation::parse_in(&bytes, source.name(), store) else { continue };
        if fetcher.output_paths(store).any(|o| o.is_ok_and(|(_, path)| path.as_ref() == Some(&source)))
            && let Ok(attributes) = fetcher.attributes()
        {
            return urls(&attributes);
        }
    }
    Vec::new()
}

/// Reads a derivation in the store and all that are needed to build it.
pub(super) fn read(path: &StorePath, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let folder = options.folder()?;
    let file = folder.join(path.as_str());
    if !file.try_exists().map_err(|source| TargetError::Io { path: file.clone(), source })? {
        return Err(TargetError::NotInFolder { path: file });
    }
    Ok(build_closure(vec![path.clone()], &folder, options, TargetContents::default()))
}

/// Reads a `.drv` file that is not in the store. What it needs is looked for in the store.
pub(super) fn read_outside(path: &Path, options: &ReadOptions) -> Result<TargetContents, TargetError> {
    let invalid =
        |source| TargetError::Invalid { path: path.to_owned(), kind: TargetKind::Derivation, source };
    let io_error = |source| TargetError::Io { path: path.to_owned(), source };
    let bytes = read_file(path).map_err(io_error)?.ok_or_else(|| io_error(io::ErrorKind::NotFound.into()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".drv").unwrap_or(&name);
    // A file copied out of the store keeps its hash.
    let name = StorePath::from_base_name(name).map_or_else(|_| name.to_owned(), |p| p.name().to_owned());
    // Without a store nothing more is known than what the file itself states.
    let folder = options.folder_or_absent();
    let facts = facts_of(&bytes, &name, &folder, &options.store_dir).map_err(invalid)?;
    let mut contents = TargetContents::default();
    let inputs = facts.inputs.clone();
    add(None, &facts, options, &mut contents);
    Ok(build_closure(inputs, &folder, options, contents))
}

/// Follows inputs, a layer at a time. Each is read once, so cycles, which Nix could not have made,
/// end.
pub(super) fn build_closure(
    mut layer: Vec<StorePath>,
    folder: &Path,
    options: &ReadOptions,
    mut contents: TargetContents,
) -> TargetContents {
    let mut seen: FxHashSet<StorePath> = layer.iter().cloned().collect();
    while !layer.is_empty() {
        let read = parallel(&layer, options.threads, |path| facts(folder, &options.store_dir, path));
        let mut next = Vec::new();
        for (path, result) in layer.iter().zip(read) {
            match result {
                Ok(Some(facts)) => {
                    add(Some(path), &facts, options, &mut contents);
                    next.extend(facts.inputs.into_iter().filter(|input| seen.insert(input.clone())));
                }
                Ok(None) => contents.warn(full(path, options), "is not there; what it needs is not scanned"),
                Err(error) => contents.warn(full(path, options), with_causes(&error)),
            }
        }
        if seen.len() > MAXIMUM_PACKAGES {
            contents.warn("inputs", format!("more than {MAXIMUM_PACKAGES}; the rest is not scanned"));
            break;
        }
        layer = next;
    }
    contents.packages = merge(std::mem::take(&mut contents.packages));
    contents
}

fn full(path: &StorePath, options: &ReadOptions) -> String {
    options.store_dir.display(path).to_string()
}

/// Adds what a derivation builds, if that is a package.
pub(super) fn add(
    path: Option<&StorePath>,
    facts: &Facts,
    options: &ReadOptions,
    contents: &mut TargetContents,
) {
    contents.looked_at += 1;
    for problem in &facts.problems {
        contents.warn(path.map_or_else(|| facts.name.to_string(), |p| full(p, options)), problem.clone());
    }
    if facts.fixed_output || matches!(classify(&facts.name, None), PathName::Other(_)) {
        contents.not_packages += 1;
        return;
    }
    let mut package = Package {
        derivation: path.map(|p| full(p, options).into()),
        store_paths: facts.outputs.iter().map(|p| full(p, options).into()).collect(),
        ..Package::default()
    };
    facts.apply(&mut package);
    contents.packages.push(package);
}
