//! Where outputs come from, for those who check: in-toto statements with SLSA provenance, and an
//! SBOM.
//!
//! [`statements`] gives one in-toto Statement (v1) an output, with the predicate SLSA Provenance
//! v1; [`DsseKey`] signs them; [`cyclonedx`] lists the whole chain as CycloneDX. Nothing in them
//! depends on when, where or how fast something was built: who builds the same gets the same texts,
//! and only signatures distinguish builders.
//!
//! **`narSha256`** is the SHA-256 of a folder's Nix archive, as `nix hash path` computes it;
//! in-toto has no name for it. Each file of a folder is a subject of its own beside it, with its
//! plain `sha256`.

mod dsse;
mod sbom;

pub use dsse::{DsseKey, DsseKeyError};
pub use sbom::cyclonedx;

use crate::built::{Built, BuiltStep};
use crate::key::SANDBOX;
use crate::object::{Digest, Object, ObjectKind};
use crate::sandbox;
use crate::steps::{InputOrigin, Plan, Step};
use crate::store::Contents;
use files::FileError;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// The type of the statements.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of the predicate.
pub const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// The type of the build: what `externalParameters` and `internalParameters` mean
/// (docs/bootstrap.md).
pub const BUILD_TYPE: &str = "urn:snowguard:bootstrap:step:1";

/// Why there is no provenance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// It was not built.
    #[error("step {0} is not built in this store, so nothing is known of its outputs")]
    NotBuilt(String),
    /// An output cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ProvenanceError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotBuilt(_) => Some("build it first: snowguard bootstrap build"),
            Self::File(_) => None,
        }
    }
}

/// One statement for each output of the steps of a plan. `builder` is the URI of who vouches for
/// the build.
///
/// # Errors
/// If a step is not built, or an output cannot be read.
pub fn statements(
    plan: &Plan,
    built: &Built,
    store: &Contents,
    builder: &str,
) -> Result<Vec<Value>, ProvenanceError> {
    let mut all = Vec::new();
    for step in &plan.steps {
        let known =
            built.steps.get(&step.name).ok_or_else(|| ProvenanceError::NotBuilt(step.name.clone()))?;
        for (output, found) in &known.outputs {
            let mut subject = vec![json!({
                "name": format!("{}/{output}", step.name),
                "digest": digest(&found.object),
            })];
            if found.object.kind == ObjectKind::Folder {
                let path = store.path(&found.object);
                files_of(&path, &format!("{}/{output}", step.name), &mut subject)?;
            }
            all.push(json!({
                "_type": STATEMENT,
                "subject": subject,
                "predicateType": PREDICATE,
                "predicate": predicate(plan, step, known, builder),
            }));
        }
    }
    Ok(all)
}

fn predicate(plan: &Plan, step: &Step, known: &BuiltStep, builder: &str) -> Value {
    let dependencies: Vec<Value> = step
        .inputs
        .iter()
        .map(|(name, origin)| {
            let mut descriptor = Map::new();
            descriptor.insert("name".into(), json!(format!("/in/{name}")));
            if let Some(uri) = uri(plan, origin) {
                descriptor.insert("uri".into(), json!(uri));
            }
            if let Some(object) = known.inputs.get(name) {
                descriptor.insert("digest".into(), digest(object));
            }
            descriptor.insert("annotations".into(), json!({ "origin": origin.to_string() }));
            Value::Object(descriptor)
        })
        .chain(archives(plan, step))
        .collect();
    json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "step": step.name,
                "run": step.run,
                "environment": step.environment,
                "proc": step.proc,
                "arch": step.arch,
                "outputs": step.outputs.keys().collect::<Vec<_>>(),
            },
            "internalParameters": {
                "sandbox": SANDBOX,
                "environment": sandbox::environment(&BTreeMap::new()),
                "time": sandbox::TIME,
            },
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": { "id": builder, "version": { "snowguard": env!("CARGO_PKG_VERSION") } },
            // The key stands for all inputs and commands by their content: who builds the same has
            // the same.
            "metadata": { "invocationId": known.key.to_string() },
        },
    })
}

/// The archives that unpacked inputs came out of.
fn archives(plan: &Plan, step: &Step) -> impl Iterator<Item = Value> {
    step.inputs.iter().filter_map(|(name, origin)| {
        let InputOrigin::Unpacked { source, .. } = origin else { return None };
        let source = plan.sources.get(source)?;
        let mut descriptor = Map::new();
        descriptor.insert("name".into(), json!(source.file));
        if let Some(uri) = purl(source).or_else(|| addresses(source).next().map(str::to_owned)) {
            descriptor.insert("uri".into(), json!(uri));
        }
        descriptor.insert("digest".into(), json!({ "sha256": source.sha256.to_string() }));
        descriptor.insert("annotations".into(), json!({ "unpackedAs": format!("/in/{name}") }));
        Some(Value::Object(descriptor))
    })
}

/// Where an input comes from: a package URL or an address of the web, or a name of the chain.
fn uri(plan: &Plan, origin: &InputOrigin) -> Option<String> {
    match origin {
        InputOrigin::Seed => Some("urn:snowguard:bootstrap:seed".into()),
        InputOrigin::Step { step, output } => Some(format!("urn:snowguard:bootstrap:output:{step}/{output}")),
        InputOrigin::File(path) => Some(format!("urn:snowguard:bootstrap:file:{}", path.display())),
        InputOrigin::Source(name) => {
            let source = plan.sources.get(name)?;
            purl(source).or_else(|| addresses(source).next().map(str::to_owned))
        }
        // The archive has its own entry.
        InputOrigin::Unpacked { .. } => None,
    }
}

/// The addresses of a source that are URIs to the letter (RFC 3986).
pub(crate) fn addresses(source: &crate::steps::SourceArchive) -> impl Iterator<Item = &str> {
    let fits = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c);
    source.urls.iter().map(String::as_str).filter(move |url| url.chars().all(fits))
}

/// The package URL of a source that Debian has.
pub(crate) fn purl(source: &crate::steps::SourceArchive) -> Option<String> {
    let package = source.debian.as_ref()?;
    let (name, version) = match package.split_once('=') {
        Some((name, version)) => (name, format!("@{}", percent(version))),
        None => (package.as_str(), String::new()),
    };
    Some(format!("pkg:deb/debian/{}{version}?arch=source", percent(name)))
}

/// What package URLs allow as it is, the rest in percent.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn digest(object: &Object) -> Value {
    let name = if object.kind == ObjectKind::Folder { "narSha256" } else { "sha256" };
    json!({ name: object.sha256.to_string() })
}

/// All files of a folder as subjects, in the order of their names.
fn files_of(folder: &Path, name: &str, subject: &mut Vec<Value>) -> Result<(), FileError> {
    let list = || fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>();
    let mut entries = list().map_err(FileError::on("list", folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(FileError::on("read", &path))?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            files_of(&path, &name, subject)?;
        } else if kind.is_file() {
            let sha256 = Digest::of_file(&path)?;
            subject.push(json!({ "name": name, "digest": { "sha256": sha256.to_string() } }));
        }
    }
    Ok(())
}
